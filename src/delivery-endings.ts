/**
 * How waiting events end: taken, refused, parked with their connection, too old to send, or without a connection.
 *
 * Each ending is handed to settlement at once; nothing here waits.
 */

import type { Assignment } from './assignment.ts';
import type { Connection } from './core/config-entry.ts';
import type { ApiVerdict } from './core/dead-letter.ts';
import { sentValue } from './core/deduplicate.ts';
import type { Verdict } from './core/judge-response.ts';
import type { Refusal, SkipReason } from './core/outcome.ts';
import type { PendingEvent } from './core/pending-event.ts';
import { delivered, skippedWaiting, undeliverable } from './core/settled.ts';
import type { DeliveryParts } from './delivery-parts.ts';
import type { Lane } from './lane.ts';

const UNANSWERED: ApiVerdict = { httpStatus: null, apiCode: null, requestId: null };

export class DeliveryEndings {
  readonly #parts: DeliveryParts;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  /** TikTok took them. */
  delivered(lane: Lane, assignment: Assignment, events: readonly PendingEvent[], verdict: Verdict): void {
    const { clock, settle, telemetry } = this.#parts;
    const now = clock.now();
    this.credentialsPassed(lane);
    const items = events.map(event => {
      const mark = { ...event.claim, value: sentValue(event.source, now) };
      return delivered(event, verdict, mark, now);
    });
    const [first] = events as readonly [PendingEvent];
    const eventTimes = events.map(({ event }) => event.eventTime * 1000);
    telemetry.eventsAccepted(first.source.topic, eventTimes);
    settle(assignment, items);
  }

  /** TikTok judged the events, so it accepts the connection, whatever it says of them. */
  credentialsPassed(lane: Lane): void {
    this.#parts.states.accepted(lane.connectionId);
  }

  /** TikTok refuses these events, each by itself; `verdicts` holds its last word on each. */
  poison(assignment: Assignment, events: readonly PendingEvent[], verdicts: ReadonlyMap<PendingEvent, Verdict>): void {
    const now = this.#parts.clock.now();
    const letters = events.map(event => {
      const verdict = verdicts.get(event);
      const detail = `TikTok refuses the event: code ${verdict?.apiCode ?? '-'}, ${verdict?.message ?? ''}`;
      return undeliverable(event, { deadLetter: 'refused_by_tiktok', detail }, verdict ?? UNANSWERED, now);
    });
    this.#parts.settle(assignment, letters);
  }

  /**
   * TikTok refuses the connection: parks it, unless the events are for a pixel it no longer has. Those were built
   * before a change of pixel and token, and say nothing about the new pair.
   */
  park(lane: Lane, assignment: Assignment, events: readonly PendingEvent[], verdict: Verdict): void {
    const answered = `code ${verdict.apiCode ?? '-'}, HTTP ${verdict.httpStatus ?? '-'}`;
    const reason = `TikTok refuses the connection: ${answered}, ${verdict.message}`;
    const connection = this.#parts.connectionNow(lane.connectionId);
    const isAboutThePixel = connection !== null && connection !== 'unusable' && connection.pixel_id === pixelOf(events);
    if (isAboutThePixel && lane.sentWith !== null) {
      this.#parts.states.refused(lane.connectionId, lane.sentWith, verdict, this.#parts.clock.now());
    }
    this.refused(assignment, events, { deadLetter: 'connection_parked', detail: reason }, verdict);
  }

  /** They cannot be delivered, all for one reason. */
  refused(
    assignment: Assignment,
    events: readonly PendingEvent[],
    refusal: Refusal,
    answer: ApiVerdict = UNANSWERED,
  ): void {
    const now = this.#parts.clock.now();
    const letters = events.map(event => undeliverable(event, refusal, answer, now));
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

function reasonToSkip(connection: Connection | null): SkipReason | null {
  if (connection === null) return 'connection_removed';
  return connection.enabled ? null : 'connection_disabled';
}
