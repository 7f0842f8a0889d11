import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Holding, whatGoes } from '../../src/core/hold-bounds.ts';

const ENDLESS = Number.POSITIVE_INFINITY;
const holding = (tried: number, queued: readonly number[], mayYield = true): Holding => ({ tried, mayYield, queued });

describe('the share of one connection', () => {
  it.each([
    ['nothing above the bound', 0.02, [0.04, 0.04], 0],
    ['exactly the bound', 0, [0.05, 0.05], 0],
    ['a little more', 0.02, [0.04, 0.05], 1],
    ['all of a queue behind a batch that is the bound by itself', 0.1, [0.01, 0.01, 0.01], 3],
    ['never the batch that is being tried', 0.5, [], 0],
  ])('lets go of %s', (_, tried, queued, batches) => {
    expect(whatGoes([holding(tried, queued)], 0.1, ENDLESS)).toEqual([{ batches, tried: false }]);
  });

  it('lets no more go than must, and what stays is within the bound wherever the queue alone decides', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.001, max: 0.2, noNaN: true }), { maxLength: 30 }), shares => {
        const going = whatGoes([holding(0, shares)], 0.1, ENDLESS)[0]?.batches ?? 0;
        const kept = (from: number) => shares.slice(from).reduce((sum, share) => sum + share, 0);
        expect(kept(going)).toBeLessThanOrEqual(0.1 + 1e-9);
        if (going > 0) expect(kept(going - 1)).toBeGreaterThan(0.1 - 1e-9);
      }),
    );
  });
});

describe('the bound for all together', () => {
  it('takes from the largest, the batch that is being tried last of all', () => {
    const holdings = [holding(0.065, []), holding(0.04, [0.03, 0.02]), holding(0.05, [0.02])];
    expect(whatGoes(holdings, 0.1, 0.14)).toEqual([
      { batches: 0, tried: true },
      { batches: 1, tried: false },
      { batches: 1, tried: false },
    ]);
  });

  it('counts what each lets go of for its own share', () => {
    expect(whatGoes([holding(0.05, [0.4]), holding(0.05, [])], 0.1, 0.2)).toEqual([
      { batches: 1, tried: false },
      { batches: 0, tried: false },
    ]);
  });

  it('leaves a batch alone whose request is under way', () => {
    expect(whatGoes([holding(0.4, [], false), holding(0.2, [])], 0.5, 0.1)).toEqual([
      { batches: 0, tried: false },
      { batches: 0, tried: true },
    ]);
  });

  it('holds afterwards wherever all may yield', () => {
    const share = fc.double({ min: 0.001, max: 0.1, noNaN: true });
    const anyHolding = fc.record({ tried: share, mayYield: fc.boolean(), queued: fc.array(share, { maxLength: 6 }) });
    fc.assert(
      fc.property(fc.array(anyHolding, { maxLength: 20 }), holdings => {
        const going = whatGoes(holdings, 0.1, 0.25);
        let kept = 0;
        let stuck = 0;
        for (const [index, { mayYield, queued, tried }] of holdings.entries()) {
          const gone = going[index]!;
          expect(gone.batches).toBeLessThanOrEqual(queued.length);
          expect(gone.tried && !mayYield).toBe(false);
          kept += queued.slice(gone.batches).reduce((sum, each) => sum + each, gone.tried ? 0 : tried);
          stuck += mayYield ? 0 : tried;
        }
        expect(kept).toBeLessThanOrEqual(Math.max(0.25, stuck) + 1e-9);
      }),
    );
  });
});
