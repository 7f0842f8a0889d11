/**
 * One batch against TikTok: where it is refused as a whole, finds the events that are refused and sends the others.
 *
 * `event/track/` takes all of a request or nothing, so a refusal is narrowed down (core/isolate-poison.ts). Refusals
 * that are not about the events at all show by their number: one code for one event after the other, and no success.
 * Where they have parked the connection, its next probe is narrowed down too: one bad event must not keep it parked.
 */

import type { Assignment } from './assignment.ts';
import { isolatePoison } from './core/isolate-poison.ts';
import type { Verdict } from './core/judge-response.ts';
import type { PendingEvent } from './core/pending-event.ts';
import { type DeliveryAttempts, MOST_LIMITED_ATTEMPTS, type PartEnd } from './delivery-attempts.ts';
import type { DeliveryEndings } from './delivery-endings.ts';
import type { Lane, LaneBatch } from './lane.ts';

type Refused = Extract<PartEnd, { readonly kind: 'refused' }>;

/** So many events refused by themselves with one code, and none taken: then it is not about the events. */
const WHOLESALE_REFUSALS = 16;
/** Enough to leave a connection parked that was parked for that code: one may be bad by itself. */
const PROBE_REFUSALS = 2;

export class DeliveryIsolation {
  readonly #attempts: DeliveryAttempts;
  readonly #endings: DeliveryEndings;

  constructor(attempts: DeliveryAttempts, endings: DeliveryEndings) {
    this.#attempts = attempts;
    this.#endings = endings;
  }

  /** Brings every event of the batch to its end, or back into the queue where something came in between. */
  async flush(lane: Lane, batch: LaneBatch): Promise<void> {
    const { assignment } = batch;
    const first = await this.#attempts.send(lane, assignment, batch.events, MOST_LIMITED_ATTEMPTS);
    if (first.kind === 'refused') await this.#isolate(lane, assignment, first);
  }

  async #isolate(lane: Lane, assignment: Assignment, first: Refused): Promise<void> {
    // What is isolated because nobody understands the answer has been waited for already.
    const patience = first.verdict.limitedAttempts ? 1 : MOST_LIMITED_ATTEMPTS;
    const open = new Set(first.events);
    const isProbe = this.#endings.leavesParked(lane, first.events, first.verdict);
    const refusals = new WholesaleRefusals(isProbe ? PROBE_REFUSALS : WHOLESALE_REFUSALS);
    const isolation = isolatePoison(first.events, first.verdict.row);
    let step = isolation.next();
    while (!step.done) {
      const part = step.value;
      // All of it is the one probe.
      if (isProbe) lane.clearedFor = lane.sentWith;
      const end = await this.#attempts.send(lane, assignment, part, patience);
      for (const event of part) open.delete(event);
      if (end.kind === 'refused') for (const event of end.events) open.add(event);
      const wholesale = refusals.count(part, end);
      if (wholesale !== null) return this.#endings.wholesale(lane, assignment, [...open], wholesale);
      // What became too old on the way is settled. The answer is one for the others, and not for the part asked about.
      if (end.kind === 'gone' || end.events.length < part.length) return this.#sendAgain(lane, assignment, open);
      step = isolation.next(end.kind === 'taken' ? { accepted: true } : { accepted: false, row: end.verdict.row });
    }
    if (isProbe && !refusals.anyTaken) this.#endings.wholesale(lane, assignment, [...open], first.verdict);
    else this.#endings.rejected(assignment, step.value);
  }

  /** Isolating came to no end, as when the connection was parked in its midst: what is left is a batch of its own. */
  #sendAgain(lane: Lane, assignment: Assignment, open: ReadonlySet<PendingEvent>): void {
    // And no part of a probe any more.
    lane.clearedFor = null;
    if (open.size > 0 && !assignment.isVoid) lane.queue.unshift({ assignment, events: [...open] });
  }
}

/** Counts events that were refused by themselves, by code, until one is taken. */
class WholesaleRefusals {
  readonly #limit: number;
  readonly #byCode = new Map<number | null, number>();
  #anyTaken = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get anyTaken(): boolean {
    return this.#anyTaken;
  }

  /** The refusal that so many events got alone that it is about none of them; null while there is none. */
  count(part: readonly PendingEvent[], end: PartEnd): Verdict | null {
    if (end.kind === 'taken') this.#anyTaken = true;
    if (end.kind !== 'refused' || this.#anyTaken || part.length > 1) return null;
    const refused = (this.#byCode.get(end.verdict.apiCode) ?? 0) + 1;
    this.#byCode.set(end.verdict.apiCode, refused);
    return refused >= this.#limit ? end.verdict : null;
  }
}
