import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CODES, classOfCode, type VerdictClass } from '../../src/core/tiktok-codes.ts';

/** TikTok's own list (`tiktok_code.py` of its SDK) and the few codes seen besides, by what they mean for a request. */
const BY_CLASS: Readonly<Record<VerdictClass, readonly number[]>> = {
  delivered: [0],
  partial: [20001],
  poison: [40000, 40002, 40062, 40700],
  split: [40061],
  throttled: [40100, 40132, 40133, 61000],
  'connection-refused': [
    40001, 40003, 40006, 40007, 40008, 40009, 40051, 40063, 40101, 40102, 40103, 40104, 40105, 40106, 40107, 40108,
    40110, 40113, 40115, 40116, 40117, 40118, 40124, 40125, 40130, 40300, 40301, 41000,
  ],
  retry: [
    40200, 40201, 40202, 40400, 41001, 50000, 50001, 50002, 51000, 51010, 51012, 51021, 51099, 52000, 53102, 53103,
    60001, 70001,
  ],
  ambiguous: [40016, 40050],
};

const ROWS = Object.entries(BY_CLASS).flatMap(([verdict, codes]) => codes.map(code => [code, verdict] as const));

describe('a code', () => {
  it.each(ROWS)('%i means %s', (code, verdict) => {
    expect(classOfCode(code)).toBe(verdict);
  });

  it('stands in this test if it stands in the table', () => {
    const listed = new Set(ROWS.map(([code]) => code));
    expect(Object.keys(CODES).filter(code => !listed.has(Number(code)))).toEqual([]);
  });

  it('is never delivered unless it is 0', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.integer(), fc.integer({ min: 0, max: 80_000 })).filter(code => code !== 0),
        code => {
          expect(classOfCode(code)).not.toBe('delivered');
        },
      ),
    );
  });

  it('that nobody knows may have been taken below 50000 and is TikTok’s fault from there on', () => {
    expect([1, 20002, 40999, 49999, -1].map(classOfCode)).toEqual(new Array(5).fill('ambiguous'));
    expect([50003, 59999, 90000].map(classOfCode)).toEqual(new Array(3).fill('retry'));
  });
});
