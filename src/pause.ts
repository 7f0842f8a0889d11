/** Waiting, on the clock the story is given, so that a test's clock can let the time pass. */

import type { Clock } from './ports.ts';

/** Resolves once `ms` have passed; at once, but not in the same turn, for nothing or less. */
export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise(resolve => {
    clock.after(ms, resolve);
  });
}
