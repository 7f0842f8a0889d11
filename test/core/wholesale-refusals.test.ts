import { expect, it } from 'vitest';
import { WHOLESALE_REFUSALS, WholesaleRefusals } from '../../src/core/wholesale-refusals.ts';

/** What each refusal alone was answered with. */
function after(refusals: WholesaleRefusals, codes: readonly (number | null)[]): readonly boolean[] {
  return codes.map(code => refusals.refusedAlone(code));
}

it('sixteen refusals with one code are about none of the events, and fifteen may be', () => {
  const refusals = new WholesaleRefusals();
  expect(after(refusals, new Array(WHOLESALE_REFUSALS).fill(40002)).indexOf(true)).toBe(15);
});

it('are suspect from the fourth on', () => {
  const refusals = new WholesaleRefusals();
  const suspect = [1, 2, 3, 4, 5].map(() => {
    refusals.refusedAlone(null);
    return refusals.isSuspect;
  });
  expect(suspect).toEqual([false, false, false, true, true]);
});

it('count by code', () => {
  const refusals = new WholesaleRefusals();
  const codes = Array.from({ length: 30 }, (_, n) => (n % 2 === 0 ? 40000 : 40002));
  expect(after(refusals, codes)).not.toContain(true);
  expect(after(refusals, [40002])).toEqual([true]);
});

it('one event taken ends it, whatever comes before or after', () => {
  const refusals = new WholesaleRefusals();
  after(refusals, new Array(10).fill(40002));
  refusals.taken();
  expect(refusals.isSuspect).toBe(false);
  expect(after(refusals, new Array(100).fill(40002))).not.toContain(true);
  expect(refusals.isSuspect).toBe(false);
});
