import { expect, test } from 'vitest';
import { durationWords, momentWords } from '../../src/core/time-words.ts';

test.each([
  [28 * 86_400_000, '28 days'],
  [86_400_000, '1 day'],
  [36 * 3_600_000, '36 hours'],
  [600_000, '10 minutes'],
  [90_000, '90 seconds'],
  [1_500, '1500 ms'],
  [0, '0 ms'],
])('%i ms read as %s', (ms, words) => {
  expect(durationWords(ms)).toBe(words);
});

test.each([
  [Date.UTC(2026, 10, 22, 12), '2026-11-22T12:00:00.000Z'],
  [8.64e15, '+275760-09-13T00:00:00.000Z'],
  [8.64e15 + 1, '8640000000000001 ms after 1970'],
])('the moment %d reads as %s', (ms, words) => {
  expect(momentWords(ms)).toBe(words);
});
