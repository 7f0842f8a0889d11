import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDuration, formatSize, parseDuration, parseSize } from '../../src/config-units.ts';

test.each([
  ['250', 250],
  ['500ms', 500],
  ['1.5h', 5_400_000],
  [' 28d ', 2_419_200_000],
])('%j is %d ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each([
  ['1024', 1_024],
  ['256KiB', 262_144],
  ['1MB', 1_000_000],
  ['0.5GiB', 536_870_912],
])('%j is %d bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each(['', '-1s', '1 s', '1S', '2w', 's', '1e3', 'NaN', '1m30s', 'constructor'])('%j is no duration', text => {
  expect(parseDuration(text)).toBeNull();
});

test.each(['1kib', '1Kb', '1 MB', 'MB'])('%j is no size', text => {
  expect(parseSize(text)).toBeNull();
});

test('what is written can be read again', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 40 }), number => {
      expect(parseDuration(formatDuration(number))).toBe(number);
      expect(parseSize(formatSize(number))).toBe(number);
    }),
  );
});
