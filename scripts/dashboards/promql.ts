/**
 * PromQL in the shapes that panels need: every selector is limited to what the dashboard's variables name, and every
 * counter is rated.
 */

import { METRIC_PREFIX, METRICS, type MetricDefinition, type MetricName } from '../../src/adapters/metric-catalogue.ts';

/** What the client library measures of every Node.js process. */
type ProcessMetric =
  | 'process_cpu_seconds_total'
  | 'process_resident_memory_bytes'
  | 'process_start_time_seconds'
  | 'process_open_fds'
  | 'process_max_fds'
  | 'nodejs_heap_size_used_bytes'
  | 'nodejs_heap_size_total_bytes'
  | 'nodejs_external_memory_bytes'
  | 'nodejs_eventloop_lag_p50_seconds'
  | 'nodejs_eventloop_lag_p99_seconds'
  | 'nodejs_eventloop_lag_max_seconds'
  | 'nodejs_gc_duration_seconds';

/** Without the prefix; of a histogram with what it is asked for. */
export type Metric = MetricName | ProcessMetric | `${MetricName | ProcessMetric}_${HistogramPart}`;
type HistogramPart = 'bucket' | 'sum' | 'count';

/** The variables that every series has to match, and those that only some series have a label for. */
const SCOPE = ['cluster', 'namespace', 'job', 'instance'] as const;
const NARROWED_BY = ['topic', 'connection'] as const;

/** What names one process, so that replicas of two installations are not taken for one. */
export const PROCESS = 'namespace, job, instance';

/** The series of a metric that the variables choose; further matchers as PromQL has them, such as `outcome="delivered"`. */
export function series(metric: Metric, ...matchers: readonly string[]): string {
  const labels = labelsOf(metric);
  const narrowed = NARROWED_BY.filter(label => labels.includes(label));
  const scope = [...SCOPE, ...narrowed].map(label => `${label}=~"$${label}"`);
  return `${METRIC_PREFIX}${metric}{${[...scope, ...matchers].join(',')}}`;
}

/** How fast a counter grows, a second. */
export function rate(counter: Metric, ...matchers: readonly string[]): string {
  return `rate(${series(counter, ...matchers)}[$__rate_interval])`;
}

/** By how much a counter grew from one point of the panel to the next, or a little more. */
export function growth(counter: Metric, ...matchers: readonly string[]): string {
  return `increase(${series(counter, ...matchers)}[$__rate_interval])`;
}

/** By how much a counter grew within the time that the dashboard shows. */
export function overRange(counter: Metric, ...matchers: readonly string[]): string {
  return `increase(${series(counter, ...matchers)}[$__range])`;
}

/** A quantile of a histogram, for each value of the labels. */
export function quantile(q: number, histogram: MetricName, by: readonly string[] = []): string {
  return `histogram_quantile(${q}, sum by (${['le', ...by].join(', ')}) (${rate(`${histogram}_bucket`)}))`;
}

/** Seconds since a moment that a gauge tells; the longest of them for each value of the labels. */
export function age(timestamp: Metric, by = ''): string {
  return `${by === '' ? 'max' : `max by (${by})`} (time() - ${series(timestamp)})`;
}

/** The first expression that has a value wins, from the worst state to the best; each stands for a number. */
export function stateNumber(
  metric: 'connection_state' | 'circuit_state',
  states: readonly (readonly [string, number])[],
) {
  return states
    .map(([state, number]) => `(max by (connection) (${series(metric, `state="${state}"`)}) > 0) * 0 + ${number}`)
    .join('\nor ');
}

function labelsOf(metric: Metric): readonly string[] {
  const known: Readonly<Record<string, MetricDefinition>> = METRICS;
  return (known[metric] ?? known[metric.replace(/_(bucket|sum|count)$/, '')])?.labels ?? [];
}
