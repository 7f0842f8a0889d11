/**
 * How long an answer asks us to wait: the header `Retry-After`, in seconds or as an HTTP date (RFC 9110, 10.2.3).
 *
 * Guarantee: between 0 and one hour; what cannot be read counts as absent. Nobody has seen TikTok send one (facts 3.2),
 * so a value beyond reason is held to be a mistake and bounded. Of several, as of a header sent twice, the longest.
 */

/** No wait that an answer asks for is longer. */
export const LONGEST_RETRY_AFTER_MS = 3_600_000;

/** Milliseconds from `now` (epoch milliseconds); null without the header, or with one that cannot be read. */
export function retryAfterMs(header: string | undefined, now: number): number | null {
  // The comma of a date stands before its day.
  const values = (header ?? '').split(/,(?! \d{2}[ -][A-Z])/);
  const waits = values.map(value => waitMs(value.trim(), now)).filter(wait => !Number.isNaN(wait));
  if (waits.length === 0) return null;
  return Math.min(LONGEST_RETRY_AFTER_MS, Math.max(0, Math.ceil(Math.max(...waits))));
}

const SECONDS = /^\d+(\.\d+)?$/;
/** `Sun, 22 Nov 2026 12:00:05 GMT`, or the older `Sunday, 22-Nov-26 12:00:05 GMT`. */
const DATE = /^[A-Z][a-z]+, \d{2}[ -][A-Z][a-z]{2}[ -]\d{2,4} \d{2}:\d{2}:\d{2} GMT$/;
/** The oldest form, `Sun Nov 22 12:00:05 2026`, which means GMT without saying so. */
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

/** NaN for what cannot be read. */
function waitMs(value: string, now: number): number {
  if (SECONDS.test(value)) return Number(value) * 1_000;
  if (DATE.test(value)) return Date.parse(value) - now;
  return ASCTIME.test(value) ? Date.parse(`${value} GMT`) - now : Number.NaN;
}
