/** Dashboards as Grafana reads them: their panels, and their expressions with everything filled in. */

import { readFileSync } from 'node:fs';
import { ROOT } from '../../scripts/documents.ts';

export interface Board {
  readonly uid: string;
  readonly title: string;
  readonly editable: boolean;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list: readonly (Target & { readonly name: string })[] };
  readonly links: readonly { readonly url: string }[];
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: DataSource;
  readonly targets?: readonly Target[];
  readonly fieldConfig?: {
    readonly defaults: { readonly unit?: string; readonly thresholds?: { readonly steps: readonly unknown[] } };
    readonly overrides: readonly unknown[];
  };
}

export interface Target {
  readonly refId?: string;
  readonly expr: string;
  readonly legendFormat?: string;
  readonly instant?: boolean;
  /** Least step. */
  readonly interval?: string;
  readonly datasource?: DataSource;
}

export interface DataSource {
  readonly type: string;
  readonly uid: string;
}

export interface Variable {
  readonly type: string;
  readonly name: string;
  readonly label?: string;
  readonly query?: string;
  readonly datasource?: DataSource;
  readonly refresh?: number;
  readonly multi?: boolean;
  readonly includeAll?: boolean;
  readonly allValue?: string;
}

/** What stands in a variable: one value, several, or all there are. */
export type Chosen = string | readonly string[] | typeof ALL;
export const ALL = Symbol('All');

/** The times that Grafana fills in, in seconds. */
export interface Times {
  readonly range: number;
  readonly step: number;
  readonly scrapeInterval: number;
}

export const OVERVIEW = 'helm/files/dashboards/tiktok-sync-overview.json';
export const CONNECTION = 'helm/files/dashboards/tiktok-sync-connection.json';

export function readBoard(path: string): Board {
  return JSON.parse(readFileSync(new URL(path, ROOT), 'utf8')) as Board;
}

/** The panels without the headings of rows. */
export function panelsOf(board: Board): readonly Panel[] {
  return board.panels.filter(({ type }) => type !== 'row');
}

/** The selector and the label that a `label_values(…)` query asks for; null where it is something else. */
export function labelValuesOf(query: string): { readonly selector: string; readonly label: string } | null {
  const [, selector, label] = /^label_values\((.+),\s*(\w+)\)$/s.exec(query) ?? [];
  return selector === undefined || label === undefined ? null : { selector, label };
}

/**
 * An expression as Grafana sends it to Prometheus.
 * @throws Error for a variable that the board does not have, or that nothing was chosen for
 */
export function filledIn(
  { expr, interval }: Pick<Target, 'expr' | 'interval'>,
  variables: readonly Variable[],
  chosen: ReadonlyMap<string, Chosen>,
  { range, step, scrapeInterval }: Times,
): string {
  const least = interval === undefined ? scrapeInterval : secondsOf(interval);
  const rateInterval = Math.max(Math.max(step, least) + least, 4 * least);
  const times: Readonly<Record<string, string>> = {
    __range: `${range}s`,
    __interval: `${Math.max(step, least)}s`,
    __rate_interval: `${rateInterval}s`,
  };
  return expr.replaceAll(/\$\{?(\w+)\}?/g, (_, name: string) => {
    const time = times[name];
    if (time !== undefined) return time;
    const variable = variables.find(candidate => candidate.name === name);
    const value = chosen.get(name);
    if (variable === undefined || value === undefined) throw new Error(`nothing is chosen for $${name} in ${expr}`);
    return value === ALL ? (variable.allValue ?? '') : alternatives(typeof value === 'string' ? [value] : value);
  });
}

/** Values between the quotes of a `=~` matcher; what is special in a pattern is escaped, once more for the quotes. */
function alternatives(values: readonly string[]): string {
  const escaped = values.map(value => value.replaceAll(/[\\$^*{}[\]'+?.()|]/g, '\\\\$&'));
  return escaped.length === 1 ? (escaped[0] ?? '') : `(${escaped.join('|')})`;
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

function secondsOf(duration: string): number {
  const [, amount, unit = ''] = /^(\d+)([smhd])$/.exec(duration) ?? [];
  const seconds = UNITS[unit];
  if (amount === undefined || seconds === undefined) throw new Error(`no duration: ${duration}`);
  return Number(amount) * seconds;
}
