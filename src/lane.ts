/** One connection's lane: its queue of batches, sent one after another. */

import type { Assignment } from './assignment.ts';
import { isSameSubject } from './core/connection-state.ts';
import type { PendingEvent } from './core/pending-event.ts';
import type { Credentials, CredentialsLookup } from './ports.ts';

export interface LaneBatch {
  readonly assignment: Assignment;
  /** All of one destination. */
  readonly events: readonly PendingEvent[];
}

export class Lane {
  readonly connectionId: string;
  readonly queue: LaneBatch[] = [];
  running = false;
  /** The batch that is being sent; null while there is none. */
  current: LaneBatch | null = null;
  /** What the last request was made with. */
  sentWith: Credentials | null = null;
  /** Credentials that a request may be made with, though they were refused before: it is the probe. */
  clearedFor: Credentials | null = null;
  /** Ends the wait between two attempts; null while it does not wait. */
  wake: (() => void) | null = null;
  /** The batch that is being tried has to go, for want of room; it does so part by part. */
  yields = false;
  /** How long the last answer took. */
  answerTookMs = 0;

  constructor(connectionId: string) {
    this.connectionId = connectionId;
  }
}

/** Whether the last request was made with a token, or a version of the entry, that is not the one in force any more. */
export function isOutdated({ sentWith }: Lane, inForce: CredentialsLookup): boolean {
  return sentWith !== null && (inForce.kind === 'missing' || !isSameSubject(inForce, sentWith));
}
