/**
 * The metrics of the catalogue, live: the one file that knows prom-client.
 *
 * Recording happens per batch. Where a batch has a value per event (latencies), the buckets are counted here and
 * handed over when somebody scrapes: the client would take a microsecond for each.
 */

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { METRIC_PREFIX, METRICS, type MetricDefinition, type MetricName } from './metric-catalogue.ts';

/** Label values by label name. */
export type Labels = Readonly<Record<string, string>>;

export interface MetricRegistry {
  /** Adds to a counter. */
  add(name: MetricName, amount: number, labels?: Labels): void;
  /** Sets a gauge. */
  set(name: MetricName, value: number, labels?: Labels): void;
  /** Takes note of values in a histogram, all with the same labels. */
  observe(name: MetricName, values: readonly number[], labels?: Labels): void;
  /** Replaces all series of a gauge or counter. */
  replace(name: MetricName, series: Iterable<readonly [Labels, number]>): void;
  /** Runs before each scrape, to bring gauges up to date. */
  onScrape(refresh: () => void): void;
  /** Text format 0.0.4. */
  text(): Promise<string>;
  readonly contentType: string;
}

export function createMetricRegistry(): MetricRegistry {
  const registry = new Registry();
  const metrics = new Map<string, Counter | Gauge | BatchHistogram>();
  for (const [name, definition] of Object.entries<MetricDefinition>(METRICS)) {
    metrics.set(name, create(METRIC_PREFIX + name, definition, registry));
  }
  collectDefaultMetrics({ register: registry, prefix: METRIC_PREFIX });
  // Gauges with the name of a counter; they are the sums of others.
  for (const what of ['handles', 'requests', 'resources']) {
    registry.removeSingleMetric(`${METRIC_PREFIX}nodejs_active_${what}_total`);
  }
  const refreshers: (() => void)[] = [];

  function metric<T>(name: MetricName, kind: abstract new (...args: never[]) => T): T {
    const found = metrics.get(name);
    if (found instanceof kind) return found;
    throw new Error(`${name} is not a ${kind.name}`);
  }

  return {
    add: (name, amount, labels = {}) => metric(name, Counter).inc(labels, amount),
    set: (name, value, labels = {}) => metric(name, Gauge).set(labels, value),
    observe: (name, values, labels = {}) => metric(name, BatchHistogram).observeAll(values, labels),
    replace(name, series) {
      const found = metrics.get(name);
      if (found instanceof BatchHistogram || found === undefined) throw new Error(`${name} cannot be replaced`);
      found.reset();
      for (const [labels, value] of series) found.inc(labels, value);
    },
    onScrape: refresh => void refreshers.push(refresh),
    async text() {
      for (const refresh of refreshers) refresh();
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}

function create(name: string, definition: MetricDefinition, registry: Registry): Counter | Gauge | BatchHistogram {
  const { type, help, labels, buckets, known = [] } = definition;
  const settings = { name, help, labelNames: [...labels], registers: [registry] };
  if (type === 'gauge') return createGauge(settings);
  const series = known.map(values => Object.fromEntries(labels.map((label, i) => [label, values[i] ?? ''])));
  if (type === 'histogram') {
    const created = new BatchHistogram({ ...settings, buckets: [...(buckets ?? [])] });
    for (const labelled of series) created.observeAll([], labelled);
    return created;
  }
  const created = new Counter(settings);
  for (const labelled of series) created.inc(labelled, 0);
  return created;
}

/** The client starts a gauge without labels at 0; a moment that has not come yet would read as 1970. */
function createGauge(settings: ConstructorParameters<typeof Gauge>[0]): Gauge {
  const created = new Gauge(settings);
  if (settings.name.endsWith('_timestamp_seconds')) created.remove({});
  return created;
}

interface Series {
  readonly labels: Labels;
  /** Values up to each bound and above the one before; the last entry counts those above all bounds. */
  readonly counts: Float64Array;
  sum: number;
}

interface Sample {
  metricName: string;
  labels: Record<string, string | number>;
  value: number;
}

class BatchHistogram extends Histogram {
  readonly #name: string;
  readonly #help: string;
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, Series>();

  constructor(settings: ConstructorParameters<typeof Histogram>[0] & { buckets: number[] }) {
    super(settings);
    this.#name = settings.name;
    this.#help = settings.help;
    this.#bounds = settings.buckets;
  }

  observeAll(values: readonly number[], labels: Labels): void {
    const series = this.#of(labels);
    for (const value of values) {
      let i = 0;
      while (i < this.#bounds.length && value > this.#bounds[i]!) i++;
      series.counts[i]!++;
      series.sum += value;
    }
  }

  /** What the client asks for, here and in its own `get`, when it writes its text; its types do not name it. */
  async getForPromString() {
    const values = [...this.#series.values()].flatMap(series => this.#samples(series));
    return { name: this.#name, help: this.#help, type: 'histogram', aggregator: 'sum', values };
  }

  #samples({ labels, counts, sum }: Series): Sample[] {
    let total = 0;
    const buckets = [...this.#bounds, '+Inf'].map((le, i) => {
      total += counts[i]!;
      return { metricName: `${this.#name}_bucket`, labels: { ...labels, le }, value: total };
    });
    return [
      ...buckets,
      { metricName: `${this.#name}_sum`, labels, value: sum },
      { metricName: `${this.#name}_count`, labels, value: total },
    ];
  }

  #of(labels: Labels): Series {
    const key = Object.values(labels).join('\0');
    let series = this.#series.get(key);
    if (series === undefined) {
      series = { labels, counts: new Float64Array(this.#bounds.length + 1), sum: 0 };
      this.#series.set(key, series);
    }
    return series;
  }
}
