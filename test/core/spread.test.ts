import fc from 'fast-check';
import { expect, it } from 'vitest';
import { spread } from '../../src/core/spread.ts';

it('takes the middle one of each part', () => {
  expect(spread([0, 1, 2, 3, 4, 5, 6, 7, 8], 3)).toEqual([1, 4, 7]);
});

it('takes at most as many as asked for, each once and in their order, and all of fewer', () => {
  fc.assert(
    fc.property(fc.nat({ max: 300 }), fc.integer({ min: 1, max: 20 }), (length, count) => {
      const items = Array.from({ length }, (_, index) => index);
      const chosen = spread(items, count);
      expect(chosen).toHaveLength(Math.min(length, count));
      expect(chosen).toEqual([...new Set(chosen)].toSorted((a, b) => a - b));
      expect(chosen.every(item => items.includes(item))).toBe(true);
    }),
  );
});
