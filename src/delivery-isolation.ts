/**
 * Finds the events that are refused in a part that TikTok refused as a whole, and sends the others.
 *
 * `event/track/` takes all of a request or nothing, so a refusal is narrowed down (core/isolate-poison.ts). Refusals
 * that are not about the events at all show by their number (core/wholesale-refusals.ts).
 * Where they have parked the connection, its next probe is narrowed down too: one bad event must not keep it parked.
 */

import { isSameSubject } from './core/connection-state.ts';
import { isolatePoison, type PartAnswer, type PartRefusal } from './core/isolate-poison.ts';
import type { Verdict } from './core/judge-response.ts';
import type { PendingEvent } from './core/pending-event.ts';
import type { WholesaleRefusals } from './core/wholesale-refusals.ts';
import type { AnsweredPart, DeliveryAttempts, PartEnd } from './delivery-attempts.ts';
import type { DeliveryEndings } from './delivery-endings.ts';
import type { Lane, LaneBatch } from './lane.ts';
import type { Credentials } from './ports.ts';

export class DeliveryIsolation {
  readonly #attempts: DeliveryAttempts;
  readonly #endings: DeliveryEndings;

  constructor(attempts: DeliveryAttempts, endings: DeliveryEndings) {
    this.#attempts = attempts;
    this.#endings = endings;
  }

  /**
   * `first`: how `batch` was refused; `refusals`: those of the flush it is part of. Returns the parts with an answer that
   * nobody understands; everything else has ended or stands in the queue again.
   */
  async isolate(
    lane: Lane,
    batch: LaneBatch,
    first: AnsweredPart,
    refusals: WholesaleRefusals,
  ): Promise<readonly AnsweredPart[]> {
    const { sentWith } = lane;
    const open = new Set(first.events);
    const unclear: AnsweredPart[] = [];
    const isProbe = this.#endings.leavesParked(lane, first.events, first.verdict);
    const isolation = isolatePoison(
      first.events,
      refusalOf(first.verdict),
      ({ event }) => event.eventId,
      () => refusals.isSuspect,
    );
    let step = isolation.next();
    while (!step.done) {
      const part = step.value;
      // All of it is the one probe.
      if (isProbe) lane.clearedFor = lane.sentWith;
      const end = await this.#attempts.send(lane, { ...batch, events: part });
      for (const event of part) open.delete(event);
      if (end.kind === 'taken') refusals.taken();
      if (end.kind === 'unclear') unclear.push(end);
      if (end.kind === 'refused') {
        for (const event of end.events) open.add(event);
        const isWholesale = part.length === 1 && refusals.refusedAlone(end.verdict.apiCode);
        if (isWholesale) {
          this.#wholesale(lane, batch, open, end.verdict, sentWith);
          return unclear;
        }
      }
      // What became too old on the way is settled. The answer is one for the others, and not for the part asked about.
      if (end.kind === 'gone' || end.events.length < part.length) {
        this.#sendAgain(lane, batch, open);
        return unclear;
      }
      step = isolation.next(answerOf(end));
    }
    if (isProbe && !refusals.anyTaken) this.#wholesale(lane, batch, open, first.verdict, sentWith);
    else this.#endings.rejected(batch.assignment, step.value);
    return unclear;
  }

  /** What was refused with credentials that were replaced meanwhile says nothing of those in force: that is to be seen. */
  #wholesale(
    lane: Lane,
    batch: LaneBatch,
    open: ReadonlySet<PendingEvent>,
    verdict: Verdict,
    begunWith: Credentials | null,
  ): void {
    const isMixed = begunWith !== null && lane.sentWith !== null && !isSameSubject(begunWith, lane.sentWith);
    if (isMixed || this.#endings.isOutdated(lane)) this.#sendAgain(lane, batch, open);
    else this.#endings.park(lane, batch.assignment, [...open], verdict);
  }

  /** Isolating came to no end, as when the connection was parked in its midst: what is left is sent anew. */
  #sendAgain(lane: Lane, batch: LaneBatch, open: ReadonlySet<PendingEvent>): void {
    // And no part of a probe any more.
    lane.clearedFor = null;
    if (open.size > 0 && !batch.assignment.isVoid) lane.queue.unshift({ ...batch, events: [...open] });
  }
}

function answerOf(end: Exclude<PartEnd, { readonly kind: 'gone' }>): PartAnswer {
  if (end.kind === 'refused') return { accepted: false, ...refusalOf(end.verdict) };
  return { accepted: end.kind === 'taken' ? true : 'unclear' };
}

function refusalOf({ row, class: verdict }: Verdict): PartRefusal {
  return { row, isTooLarge: verdict === 'split' };
}
