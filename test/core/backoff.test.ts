import fc from 'fast-check';
import { expect, it } from 'vitest';
import { backoffDelay } from '../../src/core/backoff.ts';

it('doubles its ceiling with each attempt up to the maximum', () => {
  const ceilings = [1, 2, 3, 4, 5, 6].map(attempt => backoffDelay(attempt, 1_000, 10_000, 0.9999999));
  expect(ceilings).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
});

it('takes the whole range from nothing to the ceiling: full jitter', () => {
  expect(backoffDelay(3, 1_000, 60_000, 0)).toBe(0);
  expect(backoffDelay(3, 1_000, 60_000, 0.5)).toBe(2_000);
});

it('never lies outside, however many attempts there were', () => {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1 }), random, (attempt, chosen) => {
      const delay = backoffDelay(attempt, 500, 60_000, chosen);
      expect(delay).toBeGreaterThanOrEqual(0);
      expect(delay).toBeLessThanOrEqual(60_000);
      expect(Number.isInteger(delay)).toBe(true);
    }),
  );
});
