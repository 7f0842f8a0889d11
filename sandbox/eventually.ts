/** Waits for a state by looking at it, never by guessing how long it takes. */

import { setTimeout as pause } from 'node:timers/promises';

const LOOK_EVERY_MS = 50;

/**
 * Resolves with the first value of `look` that is not null, undefined or false. A throw counts as not yet.
 * @throws Error naming `what` and the last thing seen, when `deadlineMs` has passed.
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  deadlineMs = 30_000,
): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  let last: unknown = null;
  while (performance.now() < deadline) {
    try {
      const value = await look();
      if (value !== null && value !== undefined && value !== false) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    await pause(LOOK_EVERY_MS);
  }
  throw new Error(`${what}: not within ${deadlineMs / 1000} s (last seen: ${String(last)})`);
}
