/**
 * Admission: a claimed batch becomes part of its assignment, all at once and without waiting.
 *
 * Nothing of this happens before every claim of the batch is decided, so a batch that must wait leaves no trace here
 * and can simply be read again.
 */

import type { Assignment } from './assignment.ts';
import type { Decided } from './claiming.ts';
import type { Draft, Part } from './core/draft.ts';
import type { PartitionAccount, Ticket } from './core/offset-ledger.ts';
import type { PendingEvent } from './core/pending-event.ts';
import type { RecordBatch } from './core/record.ts';
import { retainRecord } from './core/record-copy.ts';
import {
  duplicate,
  NO_CONNECTION,
  refused,
  replayed,
  type Settled,
  skipped,
  subjectOf,
  subjectOfEvent,
} from './core/settled.ts';
import { MAX_EVENTS_PER_REQUEST } from './core/tiktok-body.ts';
import type { RecordCopy, TikTokEvent } from './core/tiktok-event.ts';

/** What came of a batch. */
export interface Admitted {
  /** Batches that are full now and must leave at once. */
  readonly leaving: readonly (readonly PendingEvent[])[];
  /** Events that ended here: duplicates, replays, skips and refusals. */
  readonly settled: readonly Settled[];
  readonly eventsByConnection: ReadonlyMap<string, number>;
  readonly newestEventTime: number | null;
}

/** Rough bytes that a waiting event takes besides its JSON and its share of the source record. */
const EVENT_OVERHEAD_BYTES = 600;

/** Admits a batch. `decided` holds one decision for each part to be sent, in order; `now` is epoch milliseconds. */
export function admit(
  assignment: Assignment,
  account: PartitionAccount,
  batch: RecordBatch,
  drafts: readonly Draft[],
  decided: readonly Decided[],
  now: number,
): Admitted {
  const placing = new Placing(assignment, account, now);
  let next = 0;
  for (const draft of drafts) next = placing.record(draft, decided, next);
  account.advance(batch.nextOffset);
  return placing.finish();
}

/** Places the parts of one batch. */
class Placing {
  readonly #assignment: Assignment;
  readonly #account: PartitionAccount;
  readonly #now: number;
  readonly #leaving: PendingEvent[][] = [];
  readonly #settled: Settled[] = [];
  readonly #eventsByConnection = new Map<string, number>();
  #bytes = 0;
  #newestEventTime: number | null = null;

  constructor(assignment: Assignment, account: PartitionAccount, now: number) {
    this.#assignment = assignment;
    this.#account = account;
    this.#now = now;
  }

  /** Tracks a record and places each of its parts; returns the index of the next decision. */
  record(draft: Draft, decided: readonly Decided[], next: number): number {
    const { event, offset, parts, record } = draft;
    const eventTime = event === null ? record.timestamp : event.occurred_at;
    if (this.#newestEventTime === null || eventTime > this.#newestEventTime) this.#newestEventTime = eventTime;
    const ticket = this.#account.track(offset, parts.length, eventTime, record.timestamp);
    let copy: RecordCopy | null = null;
    for (const part of parts) {
      const decision = part.kind === 'send' ? (decided[next++] ?? null) : null;
      const keeps = part.kind === 'refuse' || decision?.decision.kind === 'send';
      // One copy serves all events of the record; the first of them answers for its bytes.
      const share = keeps && copy === null;
      if (share) copy = retainRecord(record);
      this.#place(part, decision, draft, ticket, copy, share ? (copy?.bytes ?? 0) : 0);
    }
    return next;
  }

  finish(): Admitted {
    this.#assignment.admit(this.#eventsByConnection, this.#bytes);
    return {
      leaving: this.#leaving,
      settled: this.#settled,
      eventsByConnection: this.#eventsByConnection,
      newestEventTime: this.#newestEventTime,
    };
  }

  #place(
    part: Part,
    decided: Decided | null,
    draft: Draft,
    ticket: Ticket,
    copy: RecordCopy | null,
    copyBytes: number,
  ): void {
    const now = this.#now;
    switch (part.kind) {
      case 'send':
        if (decided === null) throw new Error('a claim decision is missing');
        this.#sendOrSettle(part.event, decided, draft, ticket, copy, copyBytes);
        break;
      case 'same_record':
        this.#count(part.event.destination.connectionId);
        this.#settle(duplicate(subjectOfEvent(ticket, draft.record, part.event), 'same_record', draft.record, now));
        break;
      case 'skip': {
        this.#count(part.connectionId);
        const subject = subjectOf(ticket, draft.record, draft.event, part.connectionId, part.mappingId);
        this.#settle(skipped(subject, part.reason, part.logged, now));
        break;
      }
      case 'refuse': {
        this.#count(part.connectionId);
        const subject = subjectOf(ticket, draft.record, draft.event, part.connectionId, part.mappingId);
        if (copy === null) throw new Error('the source record of a dead letter is missing');
        this.#settle(refused(subject, part.refusal, copy, copyBytes, draft.schemaId, now));
        break;
      }
    }
  }

  #sendOrSettle(
    event: TikTokEvent,
    { decision, claim }: Decided,
    draft: Draft,
    ticket: Ticket,
    copy: RecordCopy | null,
    copyBytes: number,
  ): void {
    this.#count(event.destination.connectionId);
    if (decision.kind !== 'send') {
      const subject = subjectOfEvent(ticket, draft.record, event);
      const item =
        decision.kind === 'replayed'
          ? replayed(subject, this.#now)
          : duplicate(subject, decision.reason, decision.claimant, this.#now);
      this.#settle(item);
      return;
    }
    if (copy === null) throw new Error('the source record of a waiting event is missing');
    const bytes = event.json.length + copyBytes + EVENT_OVERHEAD_BYTES;
    this.#bytes += bytes;
    const full = this.#assignment.windows.add(
      {
        connectionId: event.destination.connectionId,
        destinationKey: event.destination.key,
        jsonBytes: event.jsonBytes,
        maxPerRequest: MAX_EVENTS_PER_REQUEST[event.destination.wire],
        event,
        ticket,
        source: copy,
        schemaId: draft.schemaId,
        claim,
        claimedAt: decision.claimedAt,
        bytes,
        attempts: 0,
        firstAttemptAt: decision.attemptedBefore ? decision.claimedAt : null,
        lastAnswer: null,
      },
      this.#now,
    );
    if (full !== null) this.#leaving.push(full);
  }

  #settle(item: Settled): void {
    this.#bytes += item.bytes;
    this.#settled.push(item);
  }

  #count(connectionId: string | null): void {
    const key = connectionId ?? NO_CONNECTION;
    this.#eventsByConnection.set(key, (this.#eventsByConnection.get(key) ?? 0) + 1);
  }
}
