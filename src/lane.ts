/**
 * One connection's lane: its queue of batches, and whether TikTok refuses the connection.
 *
 * A parked connection's events are dead-lettered at once; one batch per probe interval is sent all the same, and a
 * token other than the refused one releases the connection at its first use.
 */

import type { Assignment } from './assignment.ts';
import type { PendingEvent } from './core/pending-event.ts';

export interface LaneBatch {
  readonly assignment: Assignment;
  /** All of one destination. */
  readonly events: readonly PendingEvent[];
}

interface Parked {
  /** Digest of the refused token. */
  readonly digest: string;
  readonly reason: string;
  probedAt: number;
}

export class Lane {
  readonly connectionId: string;
  readonly queue: LaneBatch[] = [];
  running = false;
  /** Digest of the token of the last request. */
  lastDigest = '';
  parked: Parked | null = null;

  constructor(connectionId: string) {
    this.connectionId = connectionId;
  }

  /** The connection was refused with the token last used; `now` in epoch milliseconds. */
  park(reason: string, now: number): void {
    this.parked = { digest: this.lastDigest, reason, probedAt: now };
  }

  /** TikTok took a request; returns whether the connection had been parked. */
  unpark(): boolean {
    const wasParked = this.parked !== null;
    this.parked = null;
    return wasParked;
  }

  /** Whether a request with this token may be made now; counts as the probe of its interval if parked. */
  mayTry(digest: string, now: number, probeIntervalMs: number): boolean {
    if (this.parked === null || this.parked.digest !== digest) return true;
    if (now - this.parked.probedAt < probeIntervalMs) return false;
    this.parked.probedAt = now;
    return true;
  }
}
