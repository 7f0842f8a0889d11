/**
 * Exponential backoff with full jitter: a delay between nothing and a ceiling that doubles with each attempt.
 *
 * Guarantee: never above `maxMs`; the randomness is the caller's, so that tests choose it.
 */

/** `attempt` counts from 1; `random` lies in [0, 1). Milliseconds. */
export function backoffDelay(attempt: number, baseMs: number, maxMs: number, random: number): number {
  const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(ceiling * random);
}
