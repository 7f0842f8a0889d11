import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MOST_UNCLEAR_ATTEMPTS, partsAfter } from '../../src/core/unclear-parts.ts';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

it('three attempts are made, the first one included', () => {
  expect(MOST_UNCLEAR_ATTEMPTS).toBe(3);
});

it('the second attempt is made in about as many slices as each has events, the third event by event', () => {
  const unclear = [{ events: numbers(10), failedRows: null }];
  expect(partsAfter(1, unclear)).toEqual([
    [0, 1, 2, 3],
    [4, 5, 6, 7],
    [8, 9],
  ]);
  expect(partsAfter(2, unclear)).toEqual(numbers(10).map(n => [n]));
});

it('a list of failed rows parts them from the others, once', () => {
  const unclear = [{ events: numbers(5), failedRows: [1, 3] }];
  expect(partsAfter(1, unclear)).toEqual([
    [0, 2, 4],
    [1, 3],
  ]);
  expect(partsAfter(2, unclear)).toEqual(numbers(5).map(n => [n]));
});

it.each([
  ['none', []],
  ['every one', [0, 1, 2, 3]],
  ['one it does not have', [0, 4]],
])('a list that names %s of the rows parts nothing', (_, failedRows) => {
  expect(partsAfter(1, [{ events: numbers(4), failedRows }])).toEqual([
    [0, 1],
    [2, 3],
  ]);
});

it('every event is in exactly one part, in its order, and no part is empty', () => {
  const parts = fc.array(fc.record({ count: fc.integer({ min: 1, max: 200 }) }), { maxLength: 5 });
  fc.assert(
    fc.property(parts, fc.constantFrom(1, 2), (sizes, attempt) => {
      let next = 0;
      const unclear = sizes.map(({ count }) => ({
        events: Array.from({ length: count }, () => next++),
        failedRows: null,
      }));
      const tried = partsAfter(attempt, unclear);
      expect(tried.flat()).toEqual(numbers(next));
      expect(tried.every(({ length }) => length > 0)).toBe(true);
      const slicesDue = sizes.map(({ count }) => Math.ceil(Math.sqrt(count))).reduce((sum, n) => sum + n, 0);
      if (attempt === 1) expect(tried.length).toBeLessThanOrEqual(slicesDue);
    }),
  );
});
