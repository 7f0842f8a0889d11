/**
 * Delivery: each connection's batches against TikTok, one request of a connection at a time, connections side by side.
 *
 * Send, judge, wait, isolate. A connection's lane is its own: its backoff, its parking and its queue delay nobody
 * else. A request starts only while we are sure to own what we send (active assignment, fresh heartbeat), and never
 * when an earlier attempt may be older than TikTok's memory, for then it could count twice.
 */

import type { Assignment } from './assignment.ts';
import { backoffDelay } from './core/backoff.ts';
import { isolatePoison } from './core/isolate-poison.ts';
import type { Verdict } from './core/judge-response.ts';
import type { PendingEvent } from './core/pending-event.ts';
import { DeliveryEndings } from './delivery-endings.ts';
import type { DeliveryParts } from './delivery-parts.ts';
import { DeliveryRequests } from './delivery-request.ts';
import { Lane, type LaneBatch } from './lane.ts';
import { UnderWay } from './under-way.ts';

/** How a part of a batch ended: taken or refused as a whole (`events`: what of it was sent), or settled otherwise. */
type PartEnd =
  | { readonly kind: 'taken'; readonly events: readonly PendingEvent[] }
  | { readonly kind: 'refused'; readonly verdict: Verdict; readonly events: readonly PendingEvent[] }
  | { readonly kind: 'gone' };

/** How often a process that is not sure of its partitions looks again. */
const LEASE_CHECK_MS = 200;

export class Delivery {
  readonly #parts: DeliveryParts;
  readonly #requests: DeliveryRequests;
  readonly #endings: DeliveryEndings;
  readonly #lanes = new Map<string, Lane>();
  /** Lanes that are not idle and not waiting for a retry. */
  readonly #busy = new UnderWay();

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
    this.#requests = new DeliveryRequests(parts);
    this.#endings = new DeliveryEndings(parts);
  }

  /** Hands a batch to its connection's lane. All of its events share one destination. */
  deliver(assignment: Assignment, events: readonly PendingEvent[]): void {
    const [first] = events;
    if (first === undefined) return;
    const lane = this.#lane(first.connectionId);
    lane.queue.push({ assignment, events });
    if (!lane.running) void this.#run(lane);
  }

  /** Resolves when no request is under way and no lane is about to start one, retries that wait left aside. */
  quiet(): Promise<void> {
    return this.#busy.none();
  }

  /** Whether `quiet` would wait. */
  get isBusy(): boolean {
    return this.#busy.any;
  }

  get requestsInFlight(): number {
    return this.#requests.inFlight;
  }

  #lane(connectionId: string): Lane {
    let lane = this.#lanes.get(connectionId);
    if (lane === undefined) {
      lane = new Lane(connectionId);
      this.#lanes.set(connectionId, lane);
    }
    return lane;
  }

  async #run(lane: Lane): Promise<void> {
    lane.running = true;
    this.#busy.begin();
    for (let batch = lane.queue.shift(); batch !== undefined; batch = lane.queue.shift()) {
      const { clock, telemetry } = this.#parts;
      const startedAt = clock.monotonic();
      await this.#flush(lane, batch);
      const result = batch.assignment.isVoid ? 'abandoned' : 'settled';
      telemetry.flushFinished(result, clock.monotonic() - startedAt);
    }
    lane.running = false;
    this.#lanes.delete(lane.connectionId);
    if (this.#parts.connectionNow(lane.connectionId) === null) this.#parts.states.forget(lane.connectionId);
    this.#busy.end();
  }

  /** Sends a batch; where TikTok refuses it as a whole, finds the events it refuses and sends the others. */
  async #flush(lane: Lane, batch: LaneBatch): Promise<void> {
    const { assignment } = batch;
    const first = await this.#send(lane, assignment, batch.events);
    if (first.kind !== 'refused') return;
    const open = new Set(first.events);
    const verdicts = new Map<PendingEvent, Verdict>(first.events.map(event => [event, first.verdict]));
    const isolation = isolatePoison(first.events, first.verdict.row);
    let step = isolation.next();
    while (!step.done) {
      const part = step.value;
      const end = await this.#send(lane, assignment, part);
      for (const event of part) open.delete(event);
      if (end.kind === 'refused') {
        for (const event of end.events) {
          verdicts.set(event, end.verdict);
          open.add(event);
        }
      }
      // What became too old on the way is settled. The answer is one for the others, and not for the part asked about.
      if (end.kind === 'gone' || end.events.length < part.length) return this.#sendAgain(lane, assignment, open);
      step = isolation.next(end.kind === 'taken' ? { accepted: true } : { accepted: false, row: end.verdict.row });
    }
    this.#endings.poison(assignment, step.value, verdicts);
  }

  /** Isolating came to no end, as when the connection was parked in its midst: what is left is a batch of its own. */
  #sendAgain(lane: Lane, assignment: Assignment, open: ReadonlySet<PendingEvent>): void {
    if (open.size > 0 && !assignment.isVoid) lane.queue.unshift({ assignment, events: [...open] });
  }

  /** Sends one request until its answer is final, the same ids again after a wait. */
  async #send(lane: Lane, assignment: Assignment, wanted: readonly PendingEvent[]): Promise<PartEnd> {
    let events = wanted;
    for (let attempt = 1; ; attempt++) {
      if (!(await this.#ourTurn(assignment))) return { kind: 'gone' };
      events = this.#endings.withoutUnsendable(lane, assignment, events);
      if (events.length === 0) return { kind: 'gone' };
      const verdict = await this.#requests.make(lane, assignment, events);
      if ('deadLetter' in verdict) {
        this.#endings.refused(assignment, events, verdict);
        return { kind: 'gone' };
      }
      switch (verdict.class) {
        case 'delivered':
          this.#endings.delivered(lane, assignment, events, verdict);
          return { kind: 'taken', events };
        case 'connection-refused':
          this.#endings.park(lane, assignment, events, verdict);
          return { kind: 'gone' };
        case 'poison':
          this.#endings.credentialsPassed(lane);
          return { kind: 'refused', verdict, events };
        case 'split':
        case 'partial':
          this.#endings.credentialsPassed(lane);
          if (events.length > 1 || verdict.class === 'split') return { kind: 'refused', verdict, events };
          break;
        case 'retry':
        case 'throttled':
        case 'ambiguous':
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
