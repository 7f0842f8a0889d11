/** The arithmetic of the benches: percentiles, medians, and what counts as flat or as kept. Pure. */

/** The nearest-rank percentile of some numbers; `share` between 0 and 1. @throws RangeError without numbers. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('no numbers to take a percentile of');
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;
}

/** The middle number, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) throw new RangeError('no numbers to take a median of');
  return (upper + lower) / 2;
}

/** How far a latency rose, and whether that is within the bound: less than 25 % or less than 100 ms. */
export function rise(healthyMs: number, faultyMs: number): { readonly ms: number; readonly kept: boolean } {
  const ms = faultyMs - healthyMs;
  return { ms, kept: ms < 100 || ms < healthyMs * 0.25 };
}

/** Memory over time: from the second fifth, when buffers have filled, to the last. */
export interface Course {
  readonly first: number;
  readonly settled: number;
  readonly last: number;
  readonly peak: number;
  /** Share by which the last fifth lies above the second. */
  readonly growth: number;
  /** Grew by less than a tenth. */
  readonly flat: boolean;
}

/** @throws RangeError with fewer than five samples. */
export function course(samples: readonly number[]): Course {
  const fifth = Math.floor(samples.length / 5);
  if (fifth === 0) throw new RangeError('five samples at least');
  const settled = median(samples.slice(fifth, 2 * fifth));
  const last = median(samples.slice(-fifth));
  const growth = last / settled - 1;
  return { first: samples[0] as number, settled, last, peak: Math.max(...samples), growth, flat: growth < 0.1 };
}

/** Most requests that `bad` events among `batch` may cost: a bisection each, and two where a wrong row was named. */
export function requestBound(batch: number, bad: number, wronglyNamed: boolean): number {
  return bad * (2 * Math.ceil(Math.log2(batch)) + 1 + (wronglyNamed ? 2 : 0));
}
