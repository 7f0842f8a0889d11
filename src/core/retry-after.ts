/**
 * How long an answer asks us to wait: the header `Retry-After`, in seconds or as an HTTP date (RFC 9110, 10.2.3).
 *
 * Guarantee: between 0 and one hour; what cannot be read counts as absent. Nobody has seen TikTok send one (facts 3.2),
 * so a value beyond reason is held to be a mistake and bounded.
 */

/** No wait that an answer asks for is longer. */
export const LONGEST_RETRY_AFTER_MS = 3_600_000;

/** Milliseconds from `now` (epoch milliseconds); null without the header, or with one that cannot be read. */
export function retryAfterMs(header: string | undefined, now: number): number | null {
  const text = header?.trim() ?? '';
  const wait = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : untilDate(text, now);
  if (wait === null || Number.isNaN(wait)) return null;
  return Math.min(LONGEST_RETRY_AFTER_MS, Math.max(0, Math.ceil(wait)));
}

/** `Sun, 22 Nov 2026 12:00:05 GMT`, or the older `Sunday, 22-Nov-26 12:00:05 GMT`. */
function untilDate(text: string, now: number): number | null {
  return /^[A-Z][a-z]+, \d{2}[ -][A-Z][a-z]{2}[ -]\d{2,4} \d{2}:\d{2}:\d{2} GMT$/.test(text)
    ? Date.parse(text) - now
    : null;
}
