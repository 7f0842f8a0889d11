/**
 * How long, and how much of the buffer, a failing connection may hold; the rest becomes dead letters that are redriven
 * when it recovers.
 *
 * The time counts from the connection's first failure since its last success and stands still during an outage of the
 * vendor; it ends what waits in the whole lane. The share counts only under pressure, where there is another
 * connection to make room for, and not at the first failure: a single timeout must cost nobody his queue.
 */

import type { Assignment } from './assignment.ts';
import { answerText } from './core/answer-text.ts';
import { batchesToGo } from './core/hold-bounds.ts';
import type { PendingEvent } from './core/pending-event.ts';
import type { DeliveryEndings } from './delivery-endings.ts';
import type { DeliveryPace } from './delivery-pace.ts';
import type { DeliveryParts } from './delivery-parts.ts';
import type { Lane } from './lane.ts';

/** A connection that fails for less is left its queue. */
const SHARE_GRACE_MS = 10_000;

/** A connection with letters of this kind; epoch milliseconds. */
interface Troubled {
  readonly since: number;
  worksSince: number | null;
}

export class DeliveryHolds {
  readonly #parts: DeliveryParts;
  readonly #pace: DeliveryPace;
  readonly #endings: DeliveryEndings;
  readonly #troubled = new Map<string, Troubled>();

  constructor(parts: DeliveryParts, pace: DeliveryPace, endings: DeliveryEndings) {
    this.#parts = parts;
    this.#pace = pace;
    this.#endings = endings;
  }

  /** Milliseconds that events of the lane may wait on; endless while its connection does not fail. */
  leftMs({ connectionId }: Lane): number {
    const { maxHoldMs } = this.#parts.options;
    return this.#isBounded ? maxHoldMs - this.#failingForMs(connectionId) : Number.POSITIVE_INFINITY;
  }

  /** They have waited as long as they may. */
  tooLong(lane: Lane, assignment: Assignment, events: readonly PendingEvent[]): void {
    const minutes = Math.round(this.#failingForMs(lane.connectionId) / 60_000);
    this.#letGo(lane, assignment, events, `the connection has failed for ${minutes} min`);
  }

  /** The buffer is under pressure: what a failing connection holds above its share goes, the oldest of its queue first. */
  trim(lane: Lane, assignment: Assignment): void {
    const { enabledConnections, options } = this.#parts;
    if (!this.#isBounded || enabledConnections() < 2) return;
    if (this.#failingForMs(lane.connectionId) < SHARE_GRACE_MS) return;
    const shareOf = (events: readonly PendingEvent[]): number =>
      assignment.budget.shareOf(
        events.length,
        events.reduce((bytes, event) => bytes + event.bytes, 0),
      );
    const shares = lane.queue.map(batch => (batch.assignment === assignment ? shareOf(batch.events) : 0));
    const going = batchesToGo(shareOf(lane.current?.events ?? []), shares, options.maxBufferShareRatio);
    const percent = Math.round(options.maxBufferShareRatio * 100);
    for (const batch of lane.queue.splice(0, going)) {
      const reason = `the connection fails and holds more than ${percent} % of the buffer`;
      if (!batch.assignment.isVoid) this.#letGo(lane, batch.assignment, batch.events, reason);
    }
  }

  /** Tells of connections that work again for as long as they may fail: their letters can be redriven. */
  tellOfRecoveries(): void {
    const { clock, options, states } = this.#parts;
    const now = clock.now();
    for (const [connectionId, troubled] of this.#troubled) {
      if (this.#failingForMs(connectionId) >= SHARE_GRACE_MS) troubled.worksSince = null;
      else if (this.#pace.failing(connectionId) === null) troubled.worksSince ??= now;
      if (troubled.worksSince === null || now - troubled.worksSince < options.maxHoldMs) continue;
      this.#troubled.delete(connectionId);
      states.recovered(connectionId, troubled.since, now);
    }
  }

  /** The connection is gone. */
  forget(connectionId: string): void {
    this.#troubled.delete(connectionId);
  }

  get #isBounded(): boolean {
    return this.#parts.options.backpressure === 'dead_letter' && !this.#parts.outage.active;
  }

  #failingForMs(connectionId: string): number {
    const { clock, outage } = this.#parts;
    return this.#pace.failing(connectionId)?.failingForMs(outage.workingTime(clock.monotonic())) ?? 0;
  }

  #letGo({ connectionId }: Lane, assignment: Assignment, events: readonly PendingEvent[], reason: string): void {
    const answer = this.#pace.failing(connectionId)?.lastAnswer ?? null;
    const detail = answer === null ? reason : `${reason}: ${answerText(answer)}`;
    const since = this.#parts.clock.now() - this.#failingForMs(connectionId);
    const troubled = this.#troubled.get(connectionId) ?? { since, worksSince: null };
    troubled.worksSince = null;
    this.#troubled.set(connectionId, troubled);
    this.#endings.refused(assignment, events, { deadLetter: 'connection_backpressure', detail }, answer ?? undefined);
  }
}
