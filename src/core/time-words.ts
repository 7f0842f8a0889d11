/**
 * Durations and moments as people read them in a detail of a refusal.
 *
 * Guarantee: total; any number makes a text, also one that no calendar has a date for.
 */

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;
/** Milliseconds before and after 1970 that ECMAScript has dates for. */
const LAST_DATE_MS = 8.64e15;

/** `28 days`, `1 hour`, `90 seconds`: in the largest unit that gives a whole number. */
export function durationWords(ms: number): string {
  const unit = UNITS.find(([, length]) => ms >= length && ms % length === 0);
  if (unit === undefined) return `${ms} ms`;
  const count = ms / unit[1];
  return `${count} ${unit[0]}${count === 1 ? '' : 's'}`;
}

/** ISO 8601 in UTC of epoch milliseconds; the number itself where that is no date (nanoseconds, for instance). */
export function momentWords(ms: number): string {
  return Math.abs(ms) <= LAST_DATE_MS ? new Date(ms).toISOString() : `${ms} ms after 1970`;
}
