/** A board of rows, with what all boards share: variables, times, links, and a mark wherever a process started. */

import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  type DashboardLink,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { BLUE } from './colours.ts';
import { DATASOURCE, heading, type Row } from './panels.ts';
import { PROCESS, series } from './promql.ts';

export interface BoardOptions {
  /** Its address; alerts and the other board link to it. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Builder<VariableModel>[];
  readonly links: readonly Builder<DashboardLink>[];
  readonly rows: readonly Row[];
}

export function board({ uid, title, description, variables, links, rows }: BoardOptions): Dashboard {
  const built = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['tiktok-sync', 'kafka'])
    .readonly()
    .timezone('browser')
    .time({ from: 'now-3h', to: 'now' })
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .variables([...variables])
    .annotations([starts()])
    .links([...links]);
  for (const row of rows) {
    built.withRow(heading(row));
    for (const panel of row.panels) built.withPanel(panel);
  }
  return built.build();
}

/** Deployments and restarts: the moment each process started, and the version that runs in it. */
function starts(): AnnotationQueryBuilder {
  const started = series('process_start_time_seconds');
  const version = series('build_info');
  return new AnnotationQueryBuilder()
    .name('Starts and deployments')
    .datasource(DATASOURCE)
    .enable(true)
    .iconColor(BLUE)
    .expr(`1000 * ${started} * on (${PROCESS}) group_left (version, commit) ${version}`)
    .useValueForTime(true)
    .step('60s')
    .titleFormat('{{instance}} started')
    .textFormat('version {{version}}, commit {{commit}}')
    .tagKeys('namespace,job');
}
