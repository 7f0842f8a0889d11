/**
 * Delivery: each connection's batches against TikTok, one request of a connection at a time, connections side by side.
 *
 * A connection's lane is its own: its backoff, its parking and its queue delay nobody else. A batch is sent until its
 * answers are final (delivery-flush.ts, delivery-attempts.ts), and how each event ends is told to settlement (delivery-endings.ts).
 */

import type { Assignment } from './assignment.ts';
import type { CircuitState } from './core/connection-health.ts';
import type { PendingEvent } from './core/pending-event.ts';
import { DeliveryAttempts } from './delivery-attempts.ts';
import { DeliveryEndings } from './delivery-endings.ts';
import { DeliveryFlush } from './delivery-flush.ts';
import { DeliveryHolds } from './delivery-holds.ts';
import { DeliveryPace } from './delivery-pace.ts';
import type { DeliveryParts } from './delivery-parts.ts';
import { DeliveryRecoveries } from './delivery-recoveries.ts';
import { DeliveryRequests } from './delivery-request.ts';
import { Lane } from './lane.ts';
import { UnderWay } from './under-way.ts';

/** How often what is known of connections that are gone is forgotten. */
const FORGET_EVERY_MS = 60_000;

export class Delivery {
  readonly #parts: DeliveryParts;
  readonly #requests: DeliveryRequests;
  readonly #endings: DeliveryEndings;
  readonly #pace: DeliveryPace;
  readonly #holds: DeliveryHolds;
  readonly #recoveries: DeliveryRecoveries;
  readonly #flush: DeliveryFlush;
  readonly #lanes = new Map<string, Lane>();
  /** Lanes that are not idle and not waiting for a retry. */
  readonly #busy = new UnderWay();
  #lookedForGoneAt = 0;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
    this.#requests = new DeliveryRequests(parts);
    this.#endings = new DeliveryEndings(parts);
    this.#pace = new DeliveryPace(parts);
    this.#recoveries = new DeliveryRecoveries(parts, this.#pace);
    this.#holds = new DeliveryHolds(parts, this.#pace, this.#endings, this.#recoveries);
    const shared = { requests: this.#requests, endings: this.#endings, pace: this.#pace, holds: this.#holds };
    const attempts = new DeliveryAttempts({
      ...{ ...shared, recoveries: this.#recoveries },
      ...{ delivery: parts, busy: this.#busy },
    });
    this.#flush = new DeliveryFlush(attempts, this.#endings);
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

  /** Whether TikTok as a whole seems to be away. */
  get vendorIsOut(): boolean {
    return this.#parts.outage.active;
  }

  /** Circuits that are not closed, by connection. */
  circuits(): ReadonlyMap<string, CircuitState> {
    return this.#pace.circuits();
  }

  /** Requests a second that each connection may make, as of its last request. */
  rates(): ReadonlyMap<string, number> {
    return this.#pace.rates();
  }

  /** Called again and again: notices what time alone changes; connections in trouble let go of more than their share. */
  relieve(assignment: Assignment): void {
    this.#pace.watch();
    this.#holds.tellOfRecoveries();
    this.#forgetGone();
    const { budget, isActive } = assignment;
    // While a rebalance may be coming, or after the last commit, its events may be somebody else's soon.
    if (isActive && (budget.underPressure || budget.isDraining)) this.#holds.trim(this.#lanes.values(), assignment);
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
    const { clock, options, telemetry } = this.#parts;
    for (let batch = lane.take(options); batch !== undefined; batch = lane.take(options)) {
      const startedAt = clock.monotonic();
      await this.#flush.flush(lane, batch);
      lane.current = null;
      const result = batch.assignment.isVoid ? 'abandoned' : 'settled';
      telemetry.flushFinished(result, clock.monotonic() - startedAt);
    }
    lane.running = false;
    this.#lanes.delete(lane.connectionId);
    this.#busy.end();
  }

  /** Of every connection that made a request the rate is known, so the others are found by it. */
  #forgetGone(): void {
    const { clock, connectionNow, outage } = this.#parts;
    const now = clock.monotonic();
    if (now - this.#lookedForGoneAt < FORGET_EVERY_MS) return;
    this.#lookedForGoneAt = now;
    for (const connectionId of [...this.rates().keys()]) {
      if (this.#lanes.has(connectionId) || connectionNow(connectionId) !== null) continue;
      for (const part of [this.#pace, this.#recoveries, outage]) part.forget(connectionId);
    }
  }
}
