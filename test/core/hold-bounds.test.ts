import fc from 'fast-check';
import { expect, it } from 'vitest';
import { batchesToGo } from '../../src/core/hold-bounds.ts';

it.each([
  ['nothing above the bound', 0.02, [0.04, 0.04], 0],
  ['exactly the bound', 0, [0.05, 0.05], 0],
  ['a little more', 0.02, [0.04, 0.05], 1],
  ['all of a queue behind a batch that is the bound by itself', 0.1, [0.01, 0.01, 0.01], 3],
  ['never the batch that is being tried', 0.5, [], 0],
])('lets go of %s', (_, tried, shares, going) => {
  expect(batchesToGo(tried, shares, 0.1)).toBe(going);
});

it('no more go than must, and what stays is within the bound wherever the queue alone decides', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0.001, max: 0.2, noNaN: true }), { maxLength: 30 }), shares => {
      const going = batchesToGo(0, shares, 0.1);
      const kept = (from: number) => shares.slice(from).reduce((sum, share) => sum + share, 0);
      expect(kept(going)).toBeLessThanOrEqual(0.1 + 1e-9);
      if (going > 0) expect(kept(going - 1)).toBeGreaterThan(0.1 - 1e-9);
    }),
  );
});
