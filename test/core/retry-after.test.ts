import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LONGEST_RETRY_AFTER_MS, retryAfterMs } from '../../src/core/retry-after.ts';

const NOW = Date.UTC(2026, 10, 22, 12);

it.each<[string | undefined, number | null]>([
  ['5', 5_000],
  ['0', 0],
  [' 120 ', 120_000],
  ['0.5', 500],
  ['Sun, 22 Nov 2026 12:00:05 GMT', 5_000],
  ['Sunday, 22-Nov-26 12:01:00 GMT', 60_000],
  ['Sun, 22 Nov 2026 11:00:00 GMT', 0],
  ['86400', LONGEST_RETRY_AFTER_MS],
  ['9'.repeat(400), LONGEST_RETRY_AFTER_MS],
  ['Sun, 22 Nov 2126 12:00:00 GMT', LONGEST_RETRY_AFTER_MS],
  [undefined, null],
  ['', null],
  ['-5', null],
  ['soon', null],
  ['5 minutes', null],
  ['5, 5', 5_000],
  ['9,20', 20_000],
  ['soon, 3', 3_000],
  ['Sun, 22 Nov 2026 12:00:05 GMT, 3', 5_000],
  ['30, Sunday, 22-Nov-26 12:00:05 GMT', 30_000],
  ['Sun, 22 Nov 2026 12:00:05 GMT,Sun, 22 Nov 2026 12:00:07 GMT', 7_000],
  ['Sun Nov 22 12:00:05 2026', 5_000],
  ['Tue Dec  1 12:00:05 2026', LONGEST_RETRY_AFTER_MS],
  [',', null],
  ['2026-11-22T12:00:05Z', null],
  ['Sun, 99 Nov 2026 12:00:05 GMT', null],
])('%j asks for %j ms', (header, wait) => {
  expect(retryAfterMs(header, NOW)).toBe(wait);
});

it('is null or between nothing and an hour, whatever the header', () => {
  const anyHeader = fc.oneof(fc.string(), fc.double().map(String), fc.date().map(String));
  fc.assert(
    fc.property(anyHeader, header => {
      const wait = retryAfterMs(header, NOW);
      expect(wait === null || (wait >= 0 && wait <= LONGEST_RETRY_AFTER_MS)).toBe(true);
    }),
  );
});
