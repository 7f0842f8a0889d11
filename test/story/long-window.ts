/** A window that surely stays open for the length of a story, although windows close by the clock. */

import { windowClose } from '../../src/core/window.ts';

export const LONG_WINDOW_MS = 20 * 60_000;

/** A connection id whose window of 20 minutes closes in more than ten; a window's phase is a hash of the id. */
export function connectionWithOpenWindow(prefix: string): string {
  const now = Date.now();
  for (let serial = 0; ; serial++) {
    const id = `${prefix}${serial}`;
    if (windowClose(id, LONG_WINDOW_MS, now) - now > LONG_WINDOW_MS / 2) return id;
  }
}
