/** One connection's lane: its queue of batches, sent one after another, those that fit into one request together. */

import type { Assignment } from './assignment.ts';
import { isSameSubject } from './core/connection-state.ts';
import type { PendingEvent } from './core/pending-event.ts';
import type { Credentials, CredentialsLookup } from './ports.ts';

export interface LaneBatch {
  readonly assignment: Assignment;
  /** All of one destination. */
  readonly events: readonly PendingEvent[];
}

/** What a request holds at most. */
export interface RequestBounds {
  readonly batchMaxEventsCount: number;
  readonly batchMaxBytes: number;
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
  /** How long of that its request waited for a connection of ours, and not for TikTok. */
  waitedMs = 0;

  constructor(connectionId: string) {
    this.connectionId = connectionId;
  }

  /**
   * Takes the oldest batch out of the queue, and those behind it that fit into one request with it: where answers come
   * slower than batches, what has gathered meanwhile needs no answer each.
   */
  take(bounds: RequestBounds): LaneBatch | undefined {
    const oldest = this.queue.shift();
    if (oldest === undefined) return undefined;
    const together = [oldest.events];
    let count = oldest.events.length;
    let bytes: number | null = null;
    for (let next = this.queue[0]; next !== undefined && isAlike(oldest, next); next = this.queue[0]) {
      count += next.events.length;
      if (count > mostOf(oldest, bounds)) break;
      bytes = (bytes ?? bytesOf(oldest)) + bytesOf(next);
      if (bytes > bounds.batchMaxBytes) break;
      together.push(next.events);
      this.queue.shift();
    }
    return together.length === 1 ? oldest : { ...oldest, events: together.flat() };
  }
}

/** Whether the last request was made with a token, or a version of the entry, that is not the one in force any more. */
export function isOutdated({ sentWith }: Lane, inForce: CredentialsLookup): boolean {
  return sentWith !== null && (inForce.kind === 'missing' || !isSameSubject(inForce, sentWith));
}

function isAlike(one: LaneBatch, other: LaneBatch): boolean {
  return one.assignment === other.assignment && one.events[0]?.destinationKey === other.events[0]?.destinationKey;
}

function mostOf({ events }: LaneBatch, { batchMaxEventsCount }: RequestBounds): number {
  return Math.min(batchMaxEventsCount, events[0]?.maxPerRequest ?? 0);
}

/** As windows count them: each event's JSON and what separates it from the next. */
function bytesOf({ events }: LaneBatch): number {
  return events.reduce((sum, { jsonBytes }) => sum + jsonBytes + 1, 0);
}
