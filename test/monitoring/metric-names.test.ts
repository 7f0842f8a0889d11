import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from '../../scripts/documents.ts';
import { METRIC_PREFIX, METRICS } from '../../src/adapters/metric-catalogue.ts';
import { problemsOf, unknownNames } from './catalogue-check.ts';
import { metricsOf, selectorsOf } from './promql.ts';

const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');

/** Files of a folder, with those of its folders; none where there is no such folder. */
function filesIn(folder: string, ending: RegExp): string[] {
  if (!existsSync(new URL(folder, ROOT))) return [];
  const names = readdirSync(new URL(folder, ROOT), { recursive: true, encoding: 'utf8' });
  return names.filter(name => ending.test(name)).map(name => `${folder}/${name}`);
}

const RULES = filesIn('helm/files/rules', /\.ya?ml$/);
const DASHBOARDS = filesIn('helm/files/dashboards', /\.json$/);
const TEXTS = [
  ...['README.md', 'SECURITY.md', 'CHANGELOG.md'].filter(path => existsSync(new URL(path, ROOT))),
  ...filesIn('docs', /\.md$/),
  ...filesIn('helm', /\.(md|ya?ml|tpl|txt|json)$/),
];

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
}

function rulesOf(path: string): Rule[] {
  const { groups } = parse(read(path)) as { readonly groups: readonly { readonly rules: readonly Rule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

const RECORDED = new Set(RULES.flatMap(rulesOf).flatMap(({ record }) => (record === undefined ? [] : [record])));

/** Expressions of a dashboard: those of its panels, annotations and variables. */
function expressionsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (typeof inner !== 'string') return expressionsOf(inner);
    if (key === 'expr') return [inner];
    const [, metric] = /^label_values\((.+),\s*\w+\)$/.exec(inner) ?? [];
    return metric === undefined ? [] : [metric];
  });
}

describe('names that are exported', () => {
  test.each(TEXTS)('are all that %s speaks of', path => {
    expect(unknownNames(read(path))).toEqual([]);
  });

  test.each(
    RULES.flatMap(path => rulesOf(path).map(rule => [rule.alert ?? rule.record ?? '', path, rule.expr] as const)),
  )('are asked for by %s of %s, with labels and values that occur', (_, __, expr) => {
    expect(problemsOf(expr, RECORDED)).toEqual([]);
  });

  test.each(DASHBOARDS)('are asked for by the panels of %s, with labels and values that occur', path => {
    const expressions = expressionsOf(JSON.parse(read(path)));
    expect(expressions.length).toBeGreaterThan(0);
    expect(expressions.flatMap(expression => problemsOf(expression, RECORDED))).toEqual([]);
  });

  test('are all documented', () => {
    const page = read('docs/metrics.md');
    expect(Object.keys(METRICS).filter(name => !page.includes(`| \`${METRIC_PREFIX}${name}\` |`))).toEqual([]);
  });
});

describe('a mistake that would keep an alert silent', () => {
  const events = `${METRIC_PREFIX}events_total`;

  test.each([
    ['a metric that nobody exports', 'rate(tiktok_sync_event_total[5m])', ['tiktok_sync_event_total is not exported']],
    ['a label that the metric lacks', `${events}{connection="c"}`, ['events_total has no label connection']],
    ['a value that never occurs', `${events}{outcome="deadlettered"}`, ['events_total: outcome is never deadlettered']],
    [
      'an alternative that never occurs',
      `${events}{outcome=~"skipped|dropped|dead_.*"}`,
      ['events_total: outcome is never dropped'],
    ],
    ['a histogram without a suffix', 'tiktok_sync_batch_events', ['tiktok_sync_batch_events is not exported']],
    ['a suffix that is no histogram’s', `${events}_bucket`, [`${events}_bucket is not exported`]],
    [
      'a state that does not exist',
      'tiktok_sync_connection_state{state="invalid"}',
      ['connection_state: state is never invalid'],
    ],
    ['a series that no rule records', 'job:tiktok_sync_x:rate5m > 1', ['no rule records job:tiktok_sync_x:rate5m']],
  ])('is found: %s', (_, expression, problems) => {
    expect(problemsOf(expression)).toEqual(problems);
  });

  test('is found in a text, too', () => {
    expect(
      unknownNames('look at `tiktok_sync_events_totals`, tiktok_sync_batch_events_bucket and tiktok_sync_*'),
    ).toEqual(['tiktok_sync_events_totals']);
  });

  test('is nothing that works', () => {
    const fine = `sum by (job) (rate(${events}{outcome=~"$outcome",job="x"}[$__rate_interval])) > bool 0 and on (job) up`;
    expect(problemsOf(fine)).toEqual([]);
    expect(problemsOf('histogram_quantile(0.9, sum by (le) (rate(tiktok_sync_batch_events_bucket[5m])))')).toEqual([]);
    expect(problemsOf('x:y:z', new Set(['x:y:z']))).toEqual([]);
  });

  test('is a broken expression', () => {
    expect(() => selectorsOf('sum(')).toThrow(/no PromQL/);
    expect(metricsOf('a / on (job) b{c="d"} + a')).toEqual(['a', 'b']);
  });
});
