/** One connection's lane: its queue of batches, sent one after another. */

import type { Assignment } from './assignment.ts';
import type { PendingEvent } from './core/pending-event.ts';
import type { Credentials } from './ports.ts';

export interface LaneBatch {
  readonly assignment: Assignment;
  /** All of one destination. */
  readonly events: readonly PendingEvent[];
}

export class Lane {
  readonly connectionId: string;
  readonly queue: LaneBatch[] = [];
  running = false;
  /** What the last request was made with. */
  sentWith: Credentials | null = null;

  constructor(connectionId: string) {
    this.connectionId = connectionId;
  }
}
