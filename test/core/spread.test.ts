import fc from 'fast-check';
import { expect, it } from 'vitest';
import { spread } from '../../src/core/spread.ts';

const list = (length: number, name = 'event') => Array.from({ length }, (_, index) => `${name}-${index}`);
const placesOf = (items: readonly string[], count: number) =>
  spread(items, count, id => id).map(id => items.indexOf(id));

it('takes at most as many as asked for, each once and in their order, one of each part, and all of fewer', () => {
  fc.assert(
    fc.property(fc.nat({ max: 300 }), fc.integer({ min: 1, max: 20 }), (length, count) => {
      const places = placesOf(list(length), count);
      const most = Math.min(length, count);
      expect(places).toHaveLength(most);
      expect(places).toEqual([...new Set(places)].toSorted((a, b) => a - b));
      expect(places.map(place => Math.floor(((place + 1) * most - 1) / length))).toEqual(places.map((_, part) => part));
    }),
  );
});

it('takes the same of the same list, and stands elsewhere in one with other ids', () => {
  expect(placesOf(list(120), 12)).toEqual(placesOf(list(120), 12));
  expect(placesOf(list(120, 'other'), 12)).not.toEqual(placesOf(list(120), 12));
  // The ids of the others are the same: it is the list that is another one.
  const [first, ...rest] = list(121);
  expect(placesOf(rest, 12)).not.toEqual(placesOf([`${first}'`, ...rest.slice(1)], 12));
});

it('takes every place of a part as often as any other', () => {
  const counts = new Map<number, number>();
  for (let name = 0; name < 1_000; name++) {
    for (const place of placesOf(list(20, `shop-${name}`), 2)) counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  expect(counts.size).toBe(20);
  for (const count of counts.values()) expect(count).toBeGreaterThan(50);
});
