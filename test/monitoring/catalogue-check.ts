/**
 * Holds PromQL and texts against the metric catalogue: metrics that are not exported, labels a metric does not have,
 * and label values that never occur would make an alert or a panel that stays silent for good.
 */

import { RUNTIME_METRICS } from '../../scripts/runtime-metrics.ts';
import {
  CONNECTION_STATES,
  HOLD_REASONS,
  METRIC_PREFIX,
  METRICS,
  type MetricDefinition,
} from '../../src/adapters/metric-catalogue.ts';
import { CIRCUIT_STATES } from '../../src/core/connection-health.ts';
import { MATCH_QUALITIES } from '../../src/core/match-quality.ts';
import { OUTCOMES } from '../../src/core/outcome.ts';
import { MATCH_KEYS } from '../../src/core/tiktok-event.ts';
import { type Matcher, selectorsOf } from './promql.ts';

/** What scraping adds to every series, in Kubernetes and with our own rules. */
const TARGET_LABELS = ['job', 'instance', 'namespace', 'pod', 'container', 'service', 'endpoint', 'cluster', 'le'];

/** Values of labels whose series come and go; those of the others are the catalogue's `known`. */
const VALUES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  connection_events_total: { outcome: OUTCOMES },
  connection_state: { state: CONNECTION_STATES },
  circuit_state: { state: CIRCUIT_STATES },
  connection_match_keys_total: { key: MATCH_KEYS },
  connection_match_quality_total: { quality: MATCH_QUALITIES },
  consumer_paused_partitions: { reason: HOLD_REASONS },
};

/** The catalogue's name of a metric as exposed: without our prefix and without a histogram's suffix; null for none of ours. */
export function catalogued(exposed: string): string | null {
  if (!exposed.startsWith(METRIC_PREFIX)) return null;
  const name = exposed.slice(METRIC_PREFIX.length);
  if (name in METRICS || name in RUNTIME_METRICS) return isHistogram(name) ? null : name;
  const family = name.replace(/_(bucket|sum|count)$/, '');
  return isHistogram(family) ? family : null;
}

function isHistogram(name: string): boolean {
  return (definition(name)?.type ?? RUNTIME_METRICS[name]?.[0]) === 'histogram';
}

function definition(name: string): MetricDefinition | undefined {
  return Object.hasOwn(METRICS, name) ? METRICS[name as keyof typeof METRICS] : undefined;
}

/** Names with our prefix in a text that are neither a metric nor a histogram's family. */
export function unknownNames(text: string): string[] {
  const names = [...text.matchAll(new RegExp(`(?<![\\w:])${METRIC_PREFIX}([a-z0-9_]*[a-z0-9])(?![\\w*:])`, 'g'))];
  return names
    .map(([name]) => name)
    .filter(name => catalogued(name) === null && !isHistogram(name.slice(METRIC_PREFIX.length)));
}

/** What is wrong with an expression, in words; `recorded` are the names that recording rules make. */
export function problemsOf(expression: string, recorded: ReadonlySet<string> = new Set()): string[] {
  return selectorsOf(expression).flatMap(({ metric, matchers }) => {
    if (metric === null) return [`a selector names no metric: ${expression}`];
    if (metric.includes(':')) return recorded.has(metric) ? [] : [`no rule records ${metric}`];
    // What the platform exports (up, kube_…) is no concern of the catalogue.
    if (!metric.startsWith(METRIC_PREFIX)) return [];
    const name = catalogued(metric);
    if (name === null) return [`${metric} is not exported`];
    return matchers.flatMap(matcher => problemsOfMatcher(name, matcher));
  });
}

function problemsOfMatcher(name: string, { label, operator, value }: Matcher): string[] {
  if (TARGET_LABELS.includes(label)) return [];
  const found = definition(name);
  // The client's own metrics: their labels are not ours to know.
  if (found === undefined) return [];
  if (!found.labels.includes(label)) return [`${name} has no label ${label}`];
  const possible = valuesOf(name, found, label);
  // A dashboard's variable, or a label of the installation.
  if (possible === null || value.includes('$')) return [];
  const wanted = operator.endsWith('~') ? value.split('|') : [value];
  const matches = (alternative: string) => possible.some(one => new RegExp(`^(?:${alternative})$`).test(one));
  return wanted.filter(one => one !== '' && !matches(one)).map(one => `${name}: ${label} is never ${one}`);
}

function valuesOf(name: string, { labels, known = [] }: MetricDefinition, label: string): readonly string[] | null {
  const at = labels.indexOf(label);
  return VALUES[name]?.[label] ?? (known.length === 0 ? null : known.map(values => values[at] ?? ''));
}
