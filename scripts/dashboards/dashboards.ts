/** The dashboards as files: what `npm run generate` writes for the chart to ship and Grafana to provision. */

import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { connection } from './connection.ts';
import { overview } from './overview.ts';

/** Every board by the path of its file, from the root of the project. */
export function boards(): ReadonlyMap<string, Dashboard> {
  return new Map([overview(), connection()].map(board => [`helm/files/dashboards/${board.uid}.json`, board]));
}

/** Their text, the same at every run, so that a difference is a change; narrow, for two boards must fit into ConfigMaps. */
export function dashboardFiles(): ReadonlyMap<string, string> {
  return new Map([...boards()].map(([path, board]) => [path, `${JSON.stringify(board, null, 1)}\n`]));
}
