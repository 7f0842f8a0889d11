import { describe, expect, test } from 'vitest';
import { course, median, percentile, requestBound, rise } from './figures.ts';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe('figures of the benches', () => {
  test('a percentile is the nearest rank, in whatever order the numbers come', () => {
    expect(percentile(upTo(1000).reverse(), 0.99)).toBe(990);
    expect(percentile(upTo(10), 0.99)).toBe(10);
    expect([percentile([7], 0.5), percentile([1, 2], 0)]).toEqual([7, 1]);
    expect(() => percentile([], 0.5)).toThrow(RangeError);
  });

  test('a median is the middle, or the mean of the two there', () => {
    expect([median([9, 1, 5]), median([1, 2, 3, 10])]).toEqual([5, 2.5]);
    expect(() => median([])).toThrow(RangeError);
  });

  test('a latency is kept when it rises by less than a quarter, or by less than 100 ms', () => {
    expect(rise(200, 299)).toEqual({ ms: 99, kept: true });
    expect(rise(200, 300)).toEqual({ ms: 100, kept: false });
    expect(rise(1000, 1249)).toEqual({ ms: 249, kept: true });
    expect(rise(1000, 1250)).toEqual({ ms: 250, kept: false });
    expect(rise(1000, 900)).toEqual({ ms: -100, kept: true });
  });

  test('memory is flat when it grows by less than a tenth once buffers have filled', () => {
    const filling = [10, 50, 100, 100, 100, 104, 108, 105, 106, 109];
    expect(course(filling)).toMatchObject({ first: 10, settled: 100, last: 107.5, peak: 109, flat: true });
    expect(course([...filling.slice(0, 8), 110, 111])).toMatchObject({ flat: false });
    expect(() => course([1, 2, 3, 4])).toThrow(RangeError);
  });

  test('a bad event may cost a bisection of its batch, and two requests more where a wrong row was named', () => {
    expect([requestBound(1000, 1, false), requestBound(1000, 10, false), requestBound(1000, 1, true)]).toEqual([
      21, 210, 23,
    ]);
    expect(requestBound(300, 1, false)).toBe(19);
  });
});
