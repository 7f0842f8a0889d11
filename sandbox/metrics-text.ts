/** Reads Prometheus' text format as a scraper does: families with their type and help, and every sample with its labels. */

export interface MetricFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly MetricSample[];
}

export interface MetricSample {
  /** Of a histogram with `_bucket`, `_sum` or `_count`. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Families in their order; a sample that belongs to none is an error, as it is to `promtool check metrics`. */
export function parseMetrics(text: string): MetricFamily[] {
  const families: (MetricFamily & { readonly samples: MetricSample[] })[] = [];
  let help = '';
  for (const line of text.split('\n')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (kind === 'HELP') help = rest;
    if (kind === 'TYPE') families.push({ name, type: rest, help, samples: [] });
    if (line === '' || line.startsWith('#')) continue;
    const sample = parseSample(line);
    const family = families.at(-1);
    if (family === undefined || !belongs(sample.name, family)) throw new Error(`a sample without a family: ${line}`);
    family.samples.push(sample);
  }
  return families;
}

function belongs(sample: string, { name, type }: MetricFamily): boolean {
  return sample === name || (type === 'histogram' && /^_(bucket|sum|count)$/.test(sample.slice(name.length)));
}

/** @throws Error for a line that is none. */
function parseSample(line: string): MetricSample {
  const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`no sample: ${line}`);
  const pairs = [...labels.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"(?:,|$)/g)];
  return {
    name,
    labels: Object.fromEntries(pairs.map(([, label = '', text = '']) => [label, unescaped(text)])),
    value: value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value),
  };
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, sign: string) => (sign === 'n' ? '\n' : sign));
}
