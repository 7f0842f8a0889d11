/**
 * Requests with one set of events until their answer is final: the same ids again, after a wait.
 *
 * A request starts only while we are sure to own what we send (active assignment, fresh heartbeat), and never when an
 * earlier attempt may be older than TikTok's memory, for then it could count twice.
 */

import type { Assignment } from './assignment.ts';
import { backoffDelay } from './core/backoff.ts';
import type { Verdict } from './core/judge-response.ts';
import type { PendingEvent } from './core/pending-event.ts';
import type { DeliveryEndings } from './delivery-endings.ts';
import type { DeliveryParts } from './delivery-parts.ts';
import type { DeliveryRequests } from './delivery-request.ts';
import type { Lane } from './lane.ts';
import type { UnderWay } from './under-way.ts';

/**
 * How a part of a batch ended: taken or refused as a whole (`events`: what of it was sent), or settled otherwise or put
 * back into the lane's queue.
 */
export type PartEnd =
  | { readonly kind: 'taken'; readonly events: readonly PendingEvent[] }
  | { readonly kind: 'refused'; readonly verdict: Verdict; readonly events: readonly PendingEvent[] }
  | { readonly kind: 'gone' };

/** How often an answer that nobody understands is waited for to become another one. */
export const MOST_LIMITED_ATTEMPTS = 3;

/** How often a process that is not sure of its partitions looks again. */
const LEASE_CHECK_MS = 200;
const GONE: PartEnd = { kind: 'gone' };

export class DeliveryAttempts {
  readonly #parts: DeliveryParts;
  readonly #requests: DeliveryRequests;
  readonly #endings: DeliveryEndings;
  readonly #busy: UnderWay;

  /** `busy` counts the lanes that work; a lane that waits for a retry is taken out of it. */
  constructor(parts: DeliveryParts, requests: DeliveryRequests, endings: DeliveryEndings, busy: UnderWay) {
    this.#parts = parts;
    this.#requests = requests;
    this.#endings = endings;
    this.#busy = busy;
  }

  /** `patience`: after so many answers with a code that nobody understands, the part counts as refused. */
  async send(lane: Lane, assignment: Assignment, wanted: readonly PendingEvent[], patience: number): Promise<PartEnd> {
    let events = wanted;
    let limited = 0;
    for (let attempt = 1; ; attempt++) {
      if (!(await this.#ourTurn(assignment))) return GONE;
      events = this.#endings.withoutUnsendable(lane, assignment, events);
      if (events.length === 0) return GONE;
      const verdict = await this.#requests.make(lane, assignment, events);
      if (verdict === null) continue;
      if ('deadLetter' in verdict) {
        this.#endings.withoutRequest(lane, assignment, events, verdict);
        return GONE;
      }
      switch (verdict.class) {
        case 'delivered':
          this.#endings.delivered(lane, assignment, events, verdict);
          return { kind: 'taken', events };
        case 'connection-refused':
          this.#endings.park(lane, assignment, events, verdict);
          return GONE;
        case 'poison':
          this.#endings.credentialsPassed(lane);
          return { kind: 'refused', verdict, events };
        case 'split':
          this.#endings.credentialsPassed(lane);
          return { kind: 'refused', verdict, events };
        case 'partial': {
          this.#endings.credentialsPassed(lane);
          const parted = partedBy(verdict, events);
          if (parted !== null) {
            lane.queue.unshift(...parted.map(apart => ({ assignment, events: apart })));
            return GONE;
          }
          // One event cannot be taken in part: nobody knows what that means.
          if (events.length > 1 || ++limited >= patience) return { kind: 'refused', verdict, events };
          break;
        }
        case 'retry':
        case 'throttled':
        case 'ambiguous':
          if (verdict.limitedAttempts && ++limited >= patience) return { kind: 'refused', verdict, events };
          break;
      }
      await this.#backOff(lane, assignment, verdict, attempt);
    }
  }

  /** Waits until a request may start; false when the assignment is gone. */
  async #ourTurn(assignment: Assignment): Promise<boolean> {
    while (!assignment.isVoid) {
      if (assignment.isActive && this.#parts.holdsLease()) return true;
      await this.#pause(assignment, LEASE_CHECK_MS);
    }
    return false;
  }

  async #backOff(lane: Lane, assignment: Assignment, verdict: Verdict, attempt: number): Promise<void> {
    const { options, random, telemetry } = this.#parts;
    const delay = backoffDelay(attempt, options.retryBaseMs, options.retryMaxMs, random());
    telemetry.requestRetried(lane.connectionId, verdict.class, attempt, delay);
    this.#busy.end();
    await this.#pause(assignment, delay);
    this.#busy.begin();
  }

  /** Waits, but not beyond the end of the assignment. */
  async #pause(assignment: Assignment, delayMs: number): Promise<void> {
    const { clock } = this.#parts;
    if (assignment.isVoid) return;
    await new Promise<void>(resolve => {
      const cancel = clock.after(delayMs, () => {
        forget();
        resolve();
      });
      const forget = assignment.onVoid(() => {
        cancel();
        resolve();
      });
    });
  }
}

/**
 * Where a request was taken in part and the answer lists the rows that were not: the others and those, each to be sent
 * again by themselves, for only `code: 0` means delivered. Null where it lists none, or none that can be believed.
 */
function partedBy({ failedRows }: Verdict, events: readonly PendingEvent[]): readonly PendingEvent[][] | null {
  const rows = new Set(failedRows);
  if (rows.size === 0 || rows.size === events.length || [...rows].some(row => row >= events.length)) return null;
  return [events.filter((_, row) => !rows.has(row)), events.filter((_, row) => rows.has(row))];
}
