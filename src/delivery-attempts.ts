/**
 * Requests with one set of events until their answer is final: the same ids again, after a wait.
 *
 * A request starts only while we are sure to own what we send (active assignment, fresh heartbeat), when the connection
 * may make one (delivery-pace.ts), and never when an earlier attempt may be older than TikTok's memory, for then it
 * could count twice.
 */

import type { Assignment } from './assignment.ts';
import type { Verdict } from './core/judge-response.ts';
import type { PendingEvent } from './core/pending-event.ts';
import type { DeliveryEndings } from './delivery-endings.ts';
import type { DeliveryHolds } from './delivery-holds.ts';
import type { DeliveryPace, Wait } from './delivery-pace.ts';
import type { DeliveryParts } from './delivery-parts.ts';
import type { DeliveryRecoveries } from './delivery-recoveries.ts';
import type { DeliveryRequests } from './delivery-request.ts';
import type { Lane, LaneBatch } from './lane.ts';
import type { UnderWay } from './under-way.ts';

/** A part of a batch as it was sent, refused as a whole or answered in a way that nobody understands. */
export interface AnsweredPart {
  readonly kind: 'refused' | 'unclear';
  readonly verdict: Verdict;
  readonly events: readonly PendingEvent[];
}

/** How a part of a batch ended: taken as a whole, with an answer that leaves it open, or settled otherwise. */
export type PartEnd =
  | { readonly kind: 'taken'; readonly events: readonly PendingEvent[] }
  | AnsweredPart
  | { readonly kind: 'gone' };

/** How often a process that is not sure of its partitions looks again. */
const LEASE_CHECK_MS = 200;
/** How often a lane that waits looks whether its token, its connection or its time is another: so long at most. */
const LOOK_MS = 5_000;
/** A shorter wait for a permit is part of the work; a drain waits for it. */
const BRIEF_MS = 1_000;
const GONE: PartEnd = { kind: 'gone' };

/** What the attempts share with the lanes. */
export interface AttemptParts {
  readonly delivery: DeliveryParts;
  readonly requests: DeliveryRequests;
  readonly endings: DeliveryEndings;
  readonly pace: DeliveryPace;
  readonly holds: DeliveryHolds;
  readonly recoveries: DeliveryRecoveries;
  /** Counts the lanes that work; a lane that waits for a retry is taken out of it. */
  readonly busy: UnderWay;
}

export class DeliveryAttempts {
  readonly #parts: AttemptParts;

  constructor(parts: AttemptParts) {
    this.#parts = parts;
  }

  /** Sends what no request may be made with, or what time ends, to its end; the rest until its answer is none to wait out. */
  async send(lane: Lane, { assignment, events: wanted }: LaneBatch): Promise<PartEnd> {
    const { endings, pace, requests } = this.#parts;
    for (let events = wanted; ; ) {
      const sendable = await this.#ready(lane, assignment, events);
      if (sendable === null) return GONE;
      events = sendable;
      const verdict = await requests.make(lane, assignment, events);
      if (verdict === null) continue;
      if ('deadLetter' in verdict) {
        endings.withoutRequest(lane, assignment, events, verdict);
        return GONE;
      }
      if (verdict.class === 'connection-refused') {
        pace.answered(lane, 'TikTok refuses its credentials');
        // With the credentials in force they have not been tried yet.
        if (endings.isOutdated(lane)) continue;
        endings.park(lane, assignment, events, verdict);
        return GONE;
      }
      const end = this.#finalEnd(lane, assignment, events, verdict);
      if (end !== null) return end;
      await pace.failed(lane, verdict);
    }
  }

  /** After an answer that nobody understands: the next request waits, for it may get another one. */
  async putOff(lane: Lane, verdict: Verdict): Promise<void> {
    await this.#parts.pace.failed(lane, verdict);
  }

  /** Nothing is waited for any more: what nobody understands the answer to has become letters. */
  giveUp(lane: Lane): void {
    this.#parts.pace.answered(lane, 'its events became dead letters');
  }

  /** There has to be room: what is left of the batch goes too, as the part that was tried has. */
  yielded(lane: Lane, assignment: Assignment, events: readonly PendingEvent[]): void {
    lane.yields = false;
    if (events.length > 0 && !assignment.isVoid) this.#parts.holds.yielded(lane, assignment, events);
  }

  /** What the answer ends; null where the same ids are to be sent again. */
  #finalEnd(lane: Lane, assignment: Assignment, events: readonly PendingEvent[], verdict: Verdict): PartEnd | null {
    const { endings, pace, recoveries } = this.#parts;
    const fails = verdict.class === 'retry' || verdict.class === 'throttled' || verdict.class === 'ambiguous';
    if (!fails) endings.credentialsPassed(lane, events, verdict);
    if (verdict.limitedAttempts) return { kind: 'unclear', verdict, events };
    if (fails) return null;
    pace.passed(lane);
    recoveries.passed(lane.connectionId);
    if (verdict.class !== 'delivered') return { kind: 'refused', verdict, events };
    endings.delivered(assignment, events, verdict);
    return { kind: 'taken', events };
  }

  /** Waits until a request may start; what of the events it may hold, or null where there is nothing left to send. */
  async #ready(
    lane: Lane,
    assignment: Assignment,
    wanted: readonly PendingEvent[],
  ): Promise<readonly PendingEvent[] | null> {
    const { endings, holds, pace, requests } = this.#parts;
    for (let events = wanted; ; ) {
      if (!(await this.#ourTurn(assignment))) return null;
      events = endings.withoutUnsendable(lane, assignment, events);
      if (events.length === 0) return null;
      const refusal = requests.refusal(lane);
      if (refusal !== null) {
        endings.withoutRequest(lane, assignment, events, refusal);
        return null;
      }
      const wait = await pace.wait(lane);
      if (wait.ms === 0) return events;
      const leftMs = holds.leftMs(lane);
      if (leftMs <= 0) {
        if (!assignment.isVoid) holds.tooLong(lane, assignment, events);
        return null;
      }
      await this.#sitOut(lane, assignment, wait, leftMs);
      if (!lane.yields) continue;
      if (!assignment.isVoid) holds.yielded(lane, assignment, events);
      return null;
    }
  }

  /** Waits until a request may start as far as the group is concerned; false when the assignment is gone. */
  async #ourTurn(assignment: Assignment): Promise<boolean> {
    while (!assignment.isVoid) {
      if (assignment.isActive && this.#parts.delivery.holdsLease()) return true;
      await this.#pause(assignment, LEASE_CHECK_MS);
    }
    return false;
  }

  async #sitOut(lane: Lane, assignment: Assignment, { ms, why }: Wait, leftMs: number): Promise<void> {
    const { busy, delivery } = this.#parts;
    const since = delivery.clock.monotonic();
    const isBrief = why === 'rate_limit' && ms <= BRIEF_MS;
    if (!isBrief) busy.end();
    await this.#pause(assignment, Math.min(ms, leftMs, LOOK_MS), wake => {
      lane.wake = wake;
    });
    lane.wake = null;
    if (!isBrief) busy.begin();
    // What was waited, not what was ahead: a long wait is looked at again and again.
    const waitedMs = delivery.clock.monotonic() - since;
    if (why === 'rate_limit') delivery.telemetry.rateLimitWaited(lane.connectionId, waitedMs);
  }

  /** Waits, but not beyond the end of the assignment; `onWait` is given what ends the wait before its time. */
  async #pause(assignment: Assignment, delayMs: number, onWait = (_wake: () => void): void => {}): Promise<void> {
    const { clock } = this.#parts.delivery;
    if (assignment.isVoid) return;
    await new Promise<void>(resolve => {
      const end = (): void => {
        cancel();
        forget();
        resolve();
      };
      const cancel = clock.after(delayMs, end);
      const forget = assignment.onVoid(end);
      onWait(end);
    });
  }
}
