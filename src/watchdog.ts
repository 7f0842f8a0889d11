/**
 * Watchdogs: a consumer that looks alive and does nothing must end, so that its partitions go to somebody who works.
 *
 * Three ages are watched. The last heartbeat the coordinator took. The batch that has been in hand for longest: its
 * poll loop is stuck, while heartbeats beside it keep the membership. The last good commit, only while a settled offset waits: after a
 * coordinator move commits can stay dead while everything else looks well.
 */

import type { Clock } from './ports.ts';

export interface Watched {
  readonly name: 'heartbeat' | 'batch' | 'commit';
  /** Since when (monotonic milliseconds) it is overdue; null while nothing is expected. */
  readonly since: () => number | null;
  readonly maxAgeMs: number;
}

/** What a watchdog found: `overdueMs` since the last good one. */
export type Overdue = (name: Watched['name'], overdueMs: number) => void;

const CHECK_MS = 1_000;

/** Checks each second; calls back once, at the first that is overdue. The returned function ends the watch. */
export function watch(watched: readonly Watched[], clock: Clock, overdue: Overdue): () => void {
  let cancel = (): void => {};
  let lastCheck = clock.monotonic();
  let graceUntil = 0;
  const longest = Math.max(...watched.map(({ maxAgeMs }) => maxAgeMs));
  const check = (): void => {
    const now = clock.monotonic();
    // A process that was frozen finds everything overdue at once; it deserves the time to find its group again.
    if (now - lastCheck > CHECK_MS * 5) graceUntil = now + longest;
    lastCheck = now;
    for (const { name, since, maxAgeMs } of watched) {
      const from = since();
      if (now < graceUntil || from === null || now - from <= maxAgeMs) continue;
      overdue(name, now - from);
      return;
    }
    cancel = clock.after(CHECK_MS, check);
  };
  cancel = clock.after(CHECK_MS, check);
  return () => cancel();
}
