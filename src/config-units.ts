/**
 * Durations and sizes as people write them: "2m", "500ms", "256KiB". A plain number is milliseconds or bytes.
 */

/** In milliseconds. */
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const MILLISECONDS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const BYTES = {
  B: 1,
  kB: 1_000,
  MB: 1_000_000,
  GB: 1_000_000_000,
  KiB: 1_024,
  MiB: 1_048_576,
  GiB: 1_073_741_824,
} as const;

export const DURATION_PATTERN = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/;
export const SIZE_PATTERN = /^(\d+(?:\.\d+)?)(B|kB|MB|GB|KiB|MiB|GiB)?$/;

/** Milliseconds, or null when the text is no duration. */
export function parseDuration(text: string): number | null {
  return parse(text, DURATION_PATTERN, MILLISECONDS, 'ms');
}

/** Bytes, or null when the text is no size. */
export function parseSize(text: string): number | null {
  return parse(text, SIZE_PATTERN, BYTES, 'B');
}

/** 120000 → "2m": in the largest unit that needs no fraction. */
export function formatDuration(ms: number): string {
  return format(ms, MILLISECONDS, 'ms');
}

/** 262144 → "256KiB": in the unit that needs the fewest digits. */
export function formatSize(bytes: number): string {
  return format(bytes, BYTES, 'B');
}

function parse(text: string, pattern: RegExp, units: Readonly<Record<string, number>>, plain: string): number | null {
  const [, number, unit = plain] = pattern.exec(text.trim()) ?? [];
  const factor = units[unit];
  return number === undefined || factor === undefined ? null : Number(number) * factor;
}

function format(value: number, units: Readonly<Record<string, number>>, plain: string): string {
  const exact = Object.entries(units).filter(([, factor]) => value !== 0 && value % factor === 0);
  const [unit, factor] = exact.reduce((best, each) => (each[1] > best[1] ? each : best), [plain, 1]);
  return `${value / factor}${unit}`;
}
