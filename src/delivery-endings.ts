/**
 * How waiting events end: taken, refused, parked with their connection, too old to send, or without a connection.
 *
 * Each ending is handed to settlement at once; nothing here waits.
 */

import type { Assignment } from './assignment.ts';
import { answerText } from './core/answer-text.ts';
import type { Connection } from './core/config-entry.ts';
import { isRefused } from './core/connection-state.ts';
import type { ApiVerdict } from './core/dead-letter.ts';
import { sentValue } from './core/deduplicate.ts';
import type { Verdict } from './core/judge-response.ts';
import type { Refusal, SkipReason } from './core/outcome.ts';
import type { PendingEvent } from './core/pending-event.ts';
import { delivered, skippedWaiting, undeliverable } from './core/settled.ts';
import type { DeliveryParts } from './delivery-parts.ts';
import { isOutdated, type Lane } from './lane.ts';

const UNANSWERED: ApiVerdict = { httpStatus: null, apiCode: null, requestId: null };

export class DeliveryEndings {
  readonly #parts: DeliveryParts;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  /** TikTok took them. */
  delivered(assignment: Assignment, events: readonly PendingEvent[], verdict: Verdict): void {
    const { clock, settle, telemetry } = this.#parts;
    const now = clock.now();
    const items = events.map(event => {
      const mark = { ...event.claim, value: sentValue(event.source, now) };
      return delivered(event, verdict, mark, now);
    });
    for (const [topic, accepted] of Map.groupBy(events, ({ source }) => source.topic)) {
      const eventTimes = accepted.map(({ event }) => event.eventTime * 1000);
      const recordTimes = accepted.map(({ source }) => source.timestamp);
      telemetry.eventsAccepted(topic, eventTimes, recordTimes);
    }
    settle(assignment, items);
  }

  /**
   * TikTok judged the events, so it accepts the connection, whatever it says of them; but for what parked it before:
   * refusals of event after event that were about none of them are no more than that when they are heard again.
   */
  credentialsPassed(lane: Lane, events: readonly PendingEvent[], verdict: Verdict): void {
    const { clock, states } = this.#parts;
    const { connectionId, sentWith } = lane;
    if (sentWith === null || !this.#isForItsPixel(lane, events) || this.#isWhatParkedIt(connectionId, verdict)) return;
    states.accepted(connectionId, sentWith, clock.now());
  }

  /** Whether a probe hears what parked its connection: of all of its events again, or of one that is bad by itself. */
  leavesParked(lane: Lane, events: readonly PendingEvent[], verdict: Verdict): boolean {
    return this.#isForItsPixel(lane, events) && this.#isWhatParkedIt(lane.connectionId, verdict);
  }

  #isWhatParkedIt(connectionId: string, { apiCode, class: verdict }: Verdict): boolean {
    const state = this.#parts.states.of(connectionId);
    return state !== null && isRefused(state) && verdict !== 'delivered' && state.apiCode === apiCode;
  }

  /** TikTok refuses these events, each by itself, or nobody understands what it says of them. */
  rejected(assignment: Assignment, events: readonly PendingEvent[]): void {
    const now = this.#parts.clock.now();
    const letters = events.map(event => {
      const answer = event.lastAnswer ?? UNANSWERED;
      return undeliverable(event, rejection(event.lastAnswer), answer, now);
    });
    this.#parts.settle(assignment, letters);
  }

  /** Whether the last answer is about credentials that are not in force any more: it says nothing of those that are. */
  isOutdated(lane: Lane): boolean {
    return isOutdated(lane, this.#parts.credentialsNow(lane.connectionId));
  }

  /**
   * TikTok refuses the connection: parks it, unless the events are for a pixel it no longer has. Those were built
   * before a change of pixel and token, and say nothing about the new pair.
   */
  park(lane: Lane, assignment: Assignment, events: readonly PendingEvent[], verdict: Verdict): void {
    const reason = `TikTok refuses the connection: ${answerText(verdict)}`;
    if (lane.sentWith !== null && this.#isForItsPixel(lane, events)) {
      this.#parts.states.refused(lane.connectionId, lane.sentWith, verdict, this.#parts.clock.now());
    }
    this.refused(assignment, events, { deadLetter: 'connection_parked', detail: reason });
  }

  /** False for events that were built for a pixel that the connection has no more. */
  #isForItsPixel({ connectionId }: Lane, events: readonly PendingEvent[]): boolean {
    const connection = this.#parts.connectionNow(connectionId);
    return connection !== null && connection !== 'unusable' && connection.pixel_id === pixelOf(events);
  }

  /** No request may be made with them. Those of a parked connection take along the answer that parked it. */
  withoutRequest(lane: Lane, assignment: Assignment, events: readonly PendingEvent[], refusal: Refusal): void {
    const parkedBy = refusal.deadLetter === 'connection_parked' ? this.#parts.states.of(lane.connectionId) : null;
    this.refused(assignment, events, refusal, parkedBy ?? UNANSWERED);
  }

  /** They cannot be delivered, all for one reason; each takes along the last answer it got, or else `answer`. */
  refused(
    assignment: Assignment,
    events: readonly PendingEvent[],
    refusal: Refusal,
    answer: ApiVerdict = UNANSWERED,
  ): void {
    const now = this.#parts.clock.now();
    const letters = events.map(event => undeliverable(event, refusal, event.lastAnswer ?? answer, now));
    this.#parts.settle(assignment, letters);
  }

  /** Settles what must not be sent any more; returns the rest. */
  withoutUnsendable(lane: Lane, assignment: Assignment, events: readonly PendingEvent[]): readonly PendingEvent[] {
    const { clock, options } = this.#parts;
    const connection = this.#parts.connectionNow(lane.connectionId);
    if (connection === 'unusable') {
      const detail = 'the connection entry became unusable while its events waited';
      this.refused(assignment, events, { deadLetter: 'config_invalid', detail });
      return [];
    }
    const gone = reasonToSkip(connection);
    if (gone !== null) {
      this.#withoutConnection(lane, assignment, events, gone);
      return [];
    }
    const horizon = clock.now() - options.ambiguousHorizonMs;
    const expired = events.filter(event => event.claimedAt <= horizon);
    if (expired.length === 0) return events;
    const detail = 'an attempt may have been taken longer ago than TikTok remembers; sending it could count twice';
    this.refused(assignment, expired, { deadLetter: 'ambiguous_past_dedup', detail });
    return events.filter(event => event.claimedAt > horizon);
  }

  /**
   * Events of a connection that went away are skipped, unless another connection has the same pixel: its own event may
   * have been dropped as a duplicate of this one, so somebody must look at it.
   */
  #withoutConnection(lane: Lane, assignment: Assignment, events: readonly PendingEvent[], reason: SkipReason): void {
    if (this.#parts.isPixelShared(pixelOf(events), lane.connectionId)) {
      const detail = `${reason} while its events waited, and another connection has the same pixel`;
      this.refused(assignment, events, { deadLetter: 'config_invalid', detail });
      return;
    }
    const now = this.#parts.clock.now();
    const skips = events.map(event => skippedWaiting(event, reason, now));
    this.#parts.settle(assignment, skips);
  }
}

function pixelOf(events: readonly PendingEvent[]): string {
  return events[0]?.event.destination.eventSourceId ?? '';
}

/** Why an event that was refused by itself becomes a dead letter. */
function rejection(answer: Verdict | null): Refusal {
  if (answer === null) return { deadLetter: 'refused_by_tiktok', detail: 'TikTok refuses the event' };
  if (!answer.limitedAttempts)
    return { deadLetter: 'refused_by_tiktok', detail: `TikTok refuses the event: ${answerText(answer)}` };
  const detail = `nobody knows whether TikTok took the event, its answer is not understood: ${answerText(answer)}`;
  return { deadLetter: 'ambiguous_answer', detail };
}

function reasonToSkip(connection: Connection | null): SkipReason | null {
  if (connection === null) return 'connection_removed';
  return connection.enabled ? null : 'connection_disabled';
}
