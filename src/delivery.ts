/**
 * Delivery: each connection's batches against TikTok, one request of a connection at a time, connections side by side.
 *
 * Send, judge, wait, isolate. A connection's lane is its own: its backoff, its parking and its queue delay nobody
 * else. A request starts only while we are sure to own what we send (active assignment, fresh heartbeat), and never
 * when an earlier attempt may be older than TikTok's memory, for then it could count twice.
 */

import type { Assignment } from './assignment.ts';
import { backoffDelay } from './core/backoff.ts';
import type { Connection } from './core/config-entry.ts';
import { sentValue } from './core/deduplicate.ts';
import { isolatePoison } from './core/isolate-poison.ts';
import { judgeResponse, type Verdict } from './core/judge-response.ts';
import type { Refusal, SkipReason } from './core/outcome.ts';
import type { PendingEvent } from './core/pending-event.ts';
import { delivered, type Settled, skippedWaiting, undeliverable } from './core/settled.ts';
import { trackBody, trackPath } from './core/tiktok-body.ts';
import { Lane, type LaneBatch } from './lane.ts';
import type { Clock, EventsApi, Telemetry, Tokens } from './ports.ts';

export interface DeliveryOptions {
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
  /** No request holds an event whose first possible attempt is older (47 h; TikTok remembers for 48 h). */
  readonly ambiguousHorizonMs: number;
  /** How long a parked connection's events are dead-lettered before the next batch probes it: one window. */
  readonly probeIntervalMs: number;
}

export interface DeliveryParts {
  readonly api: EventsApi;
  readonly tokens: Tokens;
  readonly clock: Clock;
  readonly random: () => number;
  readonly telemetry: Telemetry;
  readonly options: DeliveryOptions;
  /** The connection as the config table has it now: gone, unusable, or as it stands. */
  readonly connectionNow: (connectionId: string) => Connection | 'unusable' | null;
  /** Whether an enabled connection other than this one has the pixel. */
  readonly isPixelShared: (pixelId: string, connectionId: string) => boolean;
  /** Whether the last heartbeat is fresh enough to be sure of our partitions. */
  readonly holdsLease: () => boolean;
  readonly settle: (assignment: Assignment, items: readonly Settled[]) => void;
}

/** How a part of a batch ended: taken or refused as a whole (`events`: what of it was sent), or settled otherwise. */
type PartEnd =
  | { readonly kind: 'taken'; readonly events: readonly PendingEvent[] }
  | { readonly kind: 'refused'; readonly verdict: Verdict; readonly events: readonly PendingEvent[] }
  | { readonly kind: 'gone' };

/** How often a process that is not sure of its partitions looks again. */
const LEASE_CHECK_MS = 200;

const UNANSWERED = { httpStatus: null, apiCode: null, requestId: null };

export class Delivery {
  readonly #parts: DeliveryParts;
  readonly #lanes = new Map<string, Lane>();
  /** Lanes that are not idle and not waiting for a retry. */
  #busy = 0;
  #requestsInFlight = 0;
  #whenQuiet: (() => void)[] = [];

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
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
    if (this.#busy === 0) return Promise.resolve();
    return new Promise(resolve => this.#whenQuiet.push(resolve));
  }

  get requestsInFlight(): number {
    return this.#requestsInFlight;
  }

  /** Connections that TikTok refuses, with the reason. */
  parked(): ReadonlyMap<string, string> {
    const parked = new Map<string, string>();
    for (const lane of this.#lanes.values())
      if (lane.parked !== null) parked.set(lane.connectionId, lane.parked.reason);
    return parked;
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
    this.#becomeBusy();
    for (let batch = lane.queue.shift(); batch !== undefined; batch = lane.queue.shift()) {
      await this.#flush(lane, batch);
    }
    lane.running = false;
    // A lane has nothing to remember but that it is parked.
    if (lane.parked === null || this.#parts.connectionNow(lane.connectionId) === null) {
      this.#lanes.delete(lane.connectionId);
    }
    this.#becomeQuiet();
  }

  #becomeBusy(): void {
    this.#busy++;
  }

  #becomeQuiet(): void {
    if (--this.#busy > 0) return;
    const waiting = this.#whenQuiet;
    this.#whenQuiet = [];
    for (const resolve of waiting) resolve();
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
    const now = this.#parts.clock.now();
    const letters = step.value.map(event => poisonLetter(event, verdicts.get(event) ?? first.verdict, now));
    this.#parts.settle(assignment, letters);
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
      events = this.#stillSendable(lane, assignment, events);
      const verdict = events.length === 0 ? null : await this.#request(lane, assignment, events);
      if (verdict === null) return { kind: 'gone' };
      switch (verdict.class) {
        case 'delivered':
          this.#deliveredNow(lane, assignment, events, verdict);
          return { kind: 'taken', events };
        case 'connection-refused':
          this.#park(lane, assignment, events, verdict);
          return { kind: 'gone' };
        case 'poison':
          this.#credentialsPassed(lane);
          return { kind: 'refused', verdict, events };
        case 'split':
        case 'partial':
          this.#credentialsPassed(lane);
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

  async #request(lane: Lane, assignment: Assignment, events: readonly PendingEvent[]): Promise<Verdict | null> {
    const { api, clock, telemetry, tokens } = this.#parts;
    const [first] = events as readonly [PendingEvent];
    const connection = this.#parts.connectionNow(lane.connectionId);
    const reference = connection === null || connection === 'unusable' ? '' : connection.access_token;
    const token = tokens.lookup(reference);
    if (token.kind === 'missing') {
      this.#refuseAll(assignment, events, { deadLetter: 'token_missing', detail: token.problem });
      return null;
    }
    if (!lane.mayTry(token.digest, clock.now(), this.#parts.options.probeIntervalMs)) {
      const detail = lane.parked?.reason ?? '';
      this.#refuseAll(assignment, events, { deadLetter: 'connection_parked', detail });
      return null;
    }
    const startedAt = clock.now();
    for (const event of events) event.attempts++;
    const { destination } = first.event;
    const body = trackBody(
      destination,
      events.map(({ event }) => event.json),
    );
    this.#requestsInFlight++;
    const mayStart = (): boolean => assignment.isActive && this.#parts.holdsLease();
    const answer = await api.send({ path: trackPath(destination), accessToken: token.token, body, mayStart });
    this.#requestsInFlight--;
    const verdict = judgeResponse(answer);
    lane.lastDigest = token.digest;
    if (mayHaveBeenTaken(verdict)) for (const event of events) event.firstAttemptAt ??= startedAt;
    telemetry.requestSent({
      connectionId: lane.connectionId,
      events: events.length,
      httpStatus: verdict.httpStatus,
      apiCode: verdict.apiCode,
      verdict: verdict.class,
      durationMs: answer.durationMs,
      requestId: verdict.requestId,
      failure: answer.kind === 'failure' ? answer.code : null,
    });
    return verdict;
  }

  /** Settles what must not be sent any more; returns the rest. */
  #stillSendable(lane: Lane, assignment: Assignment, events: readonly PendingEvent[]): readonly PendingEvent[] {
    const { clock, options } = this.#parts;
    const now = clock.now();
    const connection = this.#parts.connectionNow(lane.connectionId);
    const gone = reasonToSkip(connection);
    if (gone !== null) {
      this.#skipOrRefuse(lane, assignment, events, gone);
      return [];
    }
    if (connection === 'unusable') {
      const detail = 'the connection entry became unusable while its events waited';
      this.#refuseAll(assignment, events, { deadLetter: 'config_invalid', detail });
      return [];
    }
    const horizon = now - options.ambiguousHorizonMs;
    const expired = events.filter(event => event.claimedAt <= horizon);
    if (expired.length === 0) return events;
    const detail = 'an attempt may have been taken longer ago than TikTok remembers; sending it could count twice';
    this.#refuseAll(assignment, expired, { deadLetter: 'ambiguous_past_dedup', detail });
    return events.filter(event => event.claimedAt > horizon);
  }

  /**
   * Events of a connection that went away are skipped, unless another connection has the same pixel: its own event may
   * have been dropped as a duplicate of this one, so somebody must look at it.
   */
  #skipOrRefuse(lane: Lane, assignment: Assignment, events: readonly PendingEvent[], reason: SkipReason): void {
    const now = this.#parts.clock.now();
    const pixel = events[0]?.event.destination.eventSourceId ?? '';
    if (!this.#parts.isPixelShared(pixel, lane.connectionId)) {
      const skips = events.map(event => skippedWaiting(event, reason, now));
      this.#parts.settle(assignment, skips);
      return;
    }
    const detail = `${reason} while its events waited, and another connection has the same pixel`;
    this.#refuseAll(assignment, events, { deadLetter: 'config_invalid', detail });
  }

  #deliveredNow(lane: Lane, assignment: Assignment, events: readonly PendingEvent[], verdict: Verdict): void {
    const { clock, settle, telemetry } = this.#parts;
    const now = clock.now();
    this.#credentialsPassed(lane);
    const items = events.map(event => {
      const mark = { ...event.claim, value: sentValue(event.source, now) };
      return delivered(event, verdict, mark, now);
    });
    const [first] = events as readonly [PendingEvent];
    telemetry.eventsAccepted(
      first.source.topic,
      events.map(({ event }) => event.eventTime * 1000),
    );
    settle(assignment, items);
  }

  /** TikTok judged the events, so it accepts the connection, whatever it says of them. */
  #credentialsPassed(lane: Lane): void {
    if (!lane.unpark()) return;
    this.#parts.telemetry.connectionState(lane.connectionId, 'active', 'TikTok accepts the connection again');
  }

  /**
   * Parks the connection, unless the refused events are for a pixel it no longer has: those were built before a change
   * of pixel and token, and say nothing about the new pair.
   */
  #park(lane: Lane, assignment: Assignment, events: readonly PendingEvent[], verdict: Verdict): void {
    const reason = `TikTok refuses the connection: code ${verdict.apiCode ?? '-'}, HTTP ${verdict.httpStatus ?? '-'}, ${verdict.message}`;
    const connection = this.#parts.connectionNow(lane.connectionId);
    const pixel = events[0]?.event.destination.eventSourceId;
    if (connection !== null && connection !== 'unusable' && connection.pixel_id === pixel) {
      lane.park(reason, this.#parts.clock.now());
      const code = `code ${verdict.apiCode ?? verdict.httpStatus}`;
      this.#parts.telemetry.connectionState(lane.connectionId, 'parked', code);
    }
    this.#refuseAll(assignment, events, { deadLetter: 'connection_parked', detail: reason }, verdict);
  }

  #refuseAll(
    assignment: Assignment,
    events: readonly PendingEvent[],
    refusal: Refusal,
    answer: Pick<Verdict, 'httpStatus' | 'apiCode' | 'requestId'> = UNANSWERED,
  ): void {
    const now = this.#parts.clock.now();
    const letters = events.map(event => undeliverable(event, refusal, answer, now));
    this.#parts.settle(assignment, letters);
  }

  async #backOff(lane: Lane, assignment: Assignment, verdict: Verdict, attempt: number): Promise<void> {
    const { options, random, telemetry } = this.#parts;
    const delay = backoffDelay(attempt, options.retryBaseMs, options.retryMaxMs, random());
    telemetry.requestRetried(lane.connectionId, verdict.class, attempt, delay);
    this.#becomeQuiet();
    await this.#pause(assignment, delay);
    this.#becomeBusy();
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

/** A 5xxxx code is an error on TikTok's side, timeouts among them: it need not have come before the taking. */
function mayHaveBeenTaken(verdict: Verdict): boolean {
  if (verdict.class === 'ambiguous' || verdict.class === 'partial' || verdict.class === 'delivered') return true;
  return (verdict.apiCode ?? 0) >= 50_000 || (verdict.httpStatus ?? 0) >= 500;
}

function reasonToSkip(connection: Connection | 'unusable' | null): SkipReason | null {
  if (connection === null) return 'connection_removed';
  return connection !== 'unusable' && !connection.enabled ? 'connection_disabled' : null;
}

function poisonLetter(event: PendingEvent, verdict: Verdict, now: number): Settled {
  const detail = `TikTok refuses the event: code ${verdict.apiCode ?? '-'}, ${verdict.message}`;
  return undeliverable(event, { deadLetter: 'refused_by_tiktok', detail }, verdict, now);
}
