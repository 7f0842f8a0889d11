import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unclassedName } from '../../src/core/tiktok-code-names.ts';
import { CODE_ROWS, CONNECTION_BLAMED, isTikTokCode, LISTED_CODES, ruleOfCode } from '../../src/core/tiktok-codes.ts';
import type { VerdictClass } from '../../src/core/verdict-rule.ts';

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
    expect(ruleOfCode(code).class).toBe(verdict);
  });

  it('stands in this test if it stands in the table', () => {
    const listed = new Set(ROWS.map(([code]) => code));
    expect([...LISTED_CODES].filter(code => !listed.has(code))).toEqual([]);
  });

  it('is TikTok’s where it is 0 or has five digits, as all in the table have', () => {
    const ends = CODE_ROWS.flatMap(({ from, to }) => [from, to]);
    expect(ends.filter(code => !isTikTokCode(code))).toEqual([]);
    expect([10_000, 12_345, 99_999].every(isTikTokCode)).toBe(true);
    expect([1, 14, 200, 403, 503, 9_999, 100_000, -1, -40_002, 40_002.5, 1e300].some(isTikTokCode)).toBe(false);
  });

  it('is never delivered unless it is 0', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.integer(), fc.integer({ min: 0, max: 80_000 })).filter(code => code !== 0),
        code => {
          expect(ruleOfCode(code).class).not.toBe('delivered');
        },
      ),
    );
  });

  it('that nobody knows may have been taken below 50000 and is TikTok’s fault from there on', () => {
    const classes = (codes: readonly number[]) => [...new Set(codes.map(code => ruleOfCode(code).class))];
    expect(classes([1, 12345, 20002, 40999, 45678, 49999, -1, 40014, 40302, 41013])).toEqual(['ambiguous']);
    expect(classes([50003, 55555, 59999, 90000, 99999])).toEqual(['retry']);
  });

  it('is tried three times only where nobody knows what it means for the events', () => {
    const codes = [...LISTED_CODES, ...Array.from({ length: 80 }, (_, index) => index * 1_000 + 7)];
    for (const code of codes) {
      const { class: verdict, limitedAttempts } = ruleOfCode(code);
      expect(limitedAttempts, String(code)).toBe(verdict === 'ambiguous' || verdict === 'partial');
    }
  });

  it.each([
    [40400, true],
    [41001, true],
    [50000, true],
    [51012, true],
    [55555, true],
    [60001, true],
    [61000, false],
    [70001, false],
    [99999, false],
    [40100, false],
    [40202, false],
    [49999, false],
  ])('%i is about everybody: %s', (code, vendorWide) => {
    expect(ruleOfCode(code).vendorWide).toBe(vendorWide);
  });

  it('has its name, or that of the narrowest range', () => {
    expect([40105, 51010, 53102, 50003, 75000, 40114, 49999].map(code => ruleOfCode(code).name)).toEqual([
      'INVALID_ACCESS_TOKEN',
      'inner service errors',
      'serialization errors',
      'other errors of TikTok’s',
      'other codes from 60000',
      'ADVERTISER_LOGOUT',
      null,
    ]);
  });
});

describe('the table', () => {
  it('has each code once', () => {
    expect(new Set(CODE_ROWS.map(({ from, to }) => `${from}-${to}`)).size).toBe(CODE_ROWS.length);
    expect(LISTED_CODES.size).toBe(CODE_ROWS.filter(({ from, to }) => from === to).length);
  });

  it('tells of each row what to do and where that comes from', () => {
    for (const { advice, source } of [...CODE_ROWS, CONNECTION_BLAMED, ruleOfCode(49_999)]) {
      expect(advice).toMatch(/^[A-Z].{20,}\.$/);
      expect(source).not.toBe('');
    }
  });

  it('has no code among those whose meaning is unknown', () => {
    for (const { from, to } of CODE_ROWS) if (from === to) expect(unclassedName(from)).toBeNull();
  });
});
