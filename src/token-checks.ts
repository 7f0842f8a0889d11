/**
 * Looks after the credentials of every connection: notices new entries and new tokens, and asks TikTok about those that
 * no request has had an answer about yet, and about those that TikTok refuses where no events ask.
 *
 * Once per window, and when the configuration changes. Of many replicas one asks: each waits for a time of its own and
 * looks first whether somebody was quicker. What stays undecided or refused is asked about again, ever more rarely.
 */

import type { ConnectionStates } from './connection-states.ts';
import type { Connection } from './core/config-entry.ts';
import {
  type ConnectionState,
  followsTrouble,
  isRefused,
  isSameSubject,
  type StateSubject,
} from './core/connection-state.ts';
import { judgeResponse } from './core/judge-response.ts';
import type { Destination } from './core/tiktok-event.ts';
import { mayAskAgain, type ProbeResult, probeOf, readProbe } from './core/token-probe.ts';
import { pause } from './pause.ts';
import type { Clock, CredentialsLookup, EventsApi, RequestLimits, Telemetry } from './ports.ts';

/** The part of the config table that is looked at. */
export interface CheckedTable {
  readonly generation: number;
  /** Offset of the newest record taken in. */
  readonly lastOffset: number;
  connections(): Iterable<Connection>;
  connection(connectionId: string): Connection | null;
  connectionOffset(connectionId: string): number | null;
}

export interface TokenChecksParts {
  readonly table: CheckedTable;
  readonly states: ConnectionStates;
  readonly sharing: {
    isTold(connectionId: string, state: ConnectionState): boolean;
    announce(connectionId: string): void;
    overrule(connectionId: string): void;
  };
  /** Whether all that the config topic holds now has been taken in; asks Kafka. */
  readonly isConfigRead: () => Promise<boolean>;
  readonly credentialsNow: (connectionId: string) => CredentialsLookup;
  readonly destinationOf: (connection: Connection) => Destination;
  readonly api: EventsApi;
  /** Of all requests; a question is one of them. */
  readonly limits: RequestLimits;
  readonly clock: Clock;
  readonly random: () => number;
  readonly telemetry: Telemetry;
  readonly options: {
    /** Whether TikTok is asked at all. */
    readonly check: boolean;
    /** How often token files are looked at: the window. */
    readonly intervalMs: number;
  };
}

/** How soon a change of the configuration is noticed. */
const NOTICE_MS = 1_000;
/** Replicas spread over this before they tell or ask; long against the time in which they hear of each other. */
const MAX_SPREAD_MS = 15_000;
const SLOWEST_MS = 3_600_000;
/** Probes at a time, so that they take no connection to TikTok that deliveries need. */
const MAX_AT_A_TIME = 2;

/** A question that waits longer for the request rate is left for another round, so that the others have their turn. */
const LONGEST_WAIT_MS = 10_000;
const UNASKED: ProbeResult = {
  kind: 'undecided',
  answer: {
    ...{ apiCode: null, httpStatus: null, requestId: null },
    message: 'no answer about the credentials: the request rate left no room to ask',
  },
  mayPass: true,
};

/** What is planned for credentials without an answer, or that TikTok refuses. */
interface Plan {
  readonly subject: StateSubject;
  /** How often they were asked about, or left to another replica; this time included. */
  rounds: number;
  isDue: boolean;
  /** Monotonic milliseconds; the next round is planned after that. */
  notBefore: number;
}

interface Question {
  readonly connection: Connection;
  /** What is known as it is asked. */
  readonly state: ConnectionState;
  readonly token: Extract<CredentialsLookup, { readonly kind: 'token' }>;
}

export class TokenChecks {
  readonly #parts: TokenChecksParts;
  readonly #plans = new Map<string, Plan>();
  readonly #waiting: string[] = [];
  #asking = 0;
  #seenGeneration = -1;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #isStopped = false;
  #cancelTick = (): void => {};

  constructor(parts: TokenChecksParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#tick();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelTick();
  }

  #tick(): void {
    const { clock, options, table } = this.#parts;
    const isChanged = this.#seenGeneration !== table.generation;
    if (isChanged || clock.monotonic() - this.#lookedAt >= options.intervalMs) this.#look();
    this.#cancelTick = clock.after(NOTICE_MS, () => this.#tick());
  }

  #look(): void {
    const { clock, states, table } = this.#parts;
    this.#seenGeneration = table.generation;
    this.#lookedAt = clock.monotonic();
    for (const connection of table.connections()) this.#lookAt(connection);
    const ahead = new Map<string, ConnectionState>();
    for (const connectionId of [...states.ids()]) {
      const latest = states.latest(connectionId);
      const known = table.connectionOffset(connectionId);
      // What another replica knows and this one has not read of yet is not gone.
      if (latest !== null && latest.configOffset > (known ?? table.lastOffset)) ahead.set(connectionId, latest);
      else if (known === null) this.#forget(connectionId);
    }
    if (ahead.size > 0) void this.#judge(ahead);
  }

  /**
   * States about entries that this replica has not read. Where it has read all there is, they are about a config topic
   * that was deleted and made anew since, and would count for newer than all that is found out until it is as long.
   */
  async #judge(ahead: ReadonlyMap<string, ConnectionState>): Promise<void> {
    const { isConfigRead, sharing, states, table } = this.#parts;
    if (!(await isConfigRead()) || this.#isStopped) return;
    for (const [connectionId, state] of ahead) {
      const known = table.connectionOffset(connectionId);
      if (states.latest(connectionId) !== state || state.configOffset <= (known ?? -1)) continue;
      if (known === null) this.#forget(connectionId);
      else sharing.overrule(connectionId);
    }
  }

  #forget(connectionId: string): void {
    this.#plans.delete(connectionId);
    this.#parts.states.forget(connectionId);
  }

  #lookAt({ connection_id: connectionId, enabled }: Connection): void {
    const state = this.#inForce(connectionId, enabled);
    const plan = this.#plans.get(connectionId);
    if (isRefused(state)) {
      const isUnasked = this.#parts.states.isUnasked(connectionId, this.#parts.clock.now());
      if (plan?.isDue !== true && isUnasked) this.#plan(connectionId, { subject: state, rounds: 0 });
    } else if (state.state === 'active') this.#plans.delete(connectionId);
    else if (plan === undefined || !isSameSubject(plan.subject, state))
      this.#plan(connectionId, { subject: state, rounds: 0 });
    else if (!plan.isDue && this.#parts.clock.monotonic() >= plan.notBefore) this.#plan(connectionId, plan);
  }

  /** Makes the entry and the token of now those in force, and answers what is known of them. */
  #inForce(connectionId: string, enabled: boolean): ConnectionState {
    const { clock, credentialsNow, states, table } = this.#parts;
    const configOffset = table.connectionOffset(connectionId) ?? -1;
    const now = clock.now();
    if (!enabled) return states.disabled(connectionId, configOffset, now);
    const token = credentialsNow(connectionId);
    if (token.kind === 'missing') return states.withoutToken(connectionId, configOffset, token.problem, now);
    return states.inForce(connectionId, token, now);
  }

  #plan(connectionId: string, { subject, rounds }: Pick<Plan, 'subject' | 'rounds'>): void {
    const { clock, options, random } = this.#parts;
    const wait = Math.min(options.intervalMs * 2 ** rounds, SLOWEST_MS);
    const plan = { subject, rounds: rounds + 1, isDue: true, notBefore: clock.monotonic() + wait };
    this.#plans.set(connectionId, plan);
    const spread = Math.min(options.intervalMs / 4, MAX_SPREAD_MS);
    clock.after(random() * spread, () => this.#due(connectionId, plan));
  }

  #due(connectionId: string, plan: Plan): void {
    const { sharing, states } = this.#parts;
    const state = states.of(connectionId);
    if (this.#isStopped || this.#plans.get(connectionId) !== plan || state === null) return;
    // Somebody was quicker and may be asking; should that replica be gone, this one asks in the next round.
    const isLeft = plan.rounds === 1 && !isRefused(state) && sharing.isTold(connectionId, state);
    sharing.announce(connectionId);
    if (isLeft || !this.#isToBeAsked(connectionId, state)) plan.isDue = false;
    else {
      this.#waiting.push(connectionId);
      void this.#askNext();
    }
  }

  #isToBeAsked(connectionId: string, state: ConnectionState): boolean {
    const { clock, options, states } = this.#parts;
    if (!options.check || state.tokenDigest === null) return false;
    if (isRefused(state)) return states.isUnasked(connectionId, clock.now());
    if (state.state !== 'undecided') return false;
    return state.reason === null || mayAskAgain(state.apiCode) || followsTrouble(state);
  }

  async #askNext(): Promise<void> {
    if (this.#asking >= MAX_AT_A_TIME) return;
    const connectionId = this.#waiting.shift();
    if (connectionId === undefined) return;
    this.#asking += 1;
    const plan = this.#plans.get(connectionId);
    if (plan !== undefined) {
      await this.#ask(connectionId);
      plan.isDue = false;
    }
    this.#asking -= 1;
    void this.#askNext();
  }

  async #ask(connectionId: string): Promise<void> {
    const first = this.#question(connectionId);
    if (first === null) return;
    const isPermitted = await this.#permit(first.connection);
    // A request of an event may have been answered while this one waited, or another token have come.
    const question = this.#question(connectionId);
    if (question === null || this.#isStopped) return;
    const { clock, states, telemetry } = this.#parts;
    const { connection, state, token } = question;
    if (isPermitted) states.probed(connectionId, clock.now());
    const result = isPermitted ? await this.#answer(connection, token.token) : UNASKED;
    const now = clock.now();
    if (result.kind === 'active') states.accepted(connectionId, token, now);
    else if (result.kind === 'refused') states.refused(connectionId, token, result.answer, now);
    // What was found out while it was asked counts for more than that it was not refused.
    else if (!result.mayPass && states.of(connectionId) === state)
      states.unrefused(connectionId, token, result.answer, now);
    else states.undecided(connectionId, token, result.answer, now);
    if (isPermitted && result.kind === 'undecided') states.probedInVain(connectionId);
    telemetry.tokenChecked(connectionId, result.kind, result.kind === 'active' ? null : result.answer.message);
  }

  /** What there is to ask about; null where there is nothing any more. */
  #question(connectionId: string): Question | null {
    const { credentialsNow, states, table } = this.#parts;
    const connection = table.connection(connectionId);
    const token = credentialsNow(connectionId);
    if (connection === null || token.kind === 'missing') return null;
    const state = states.of(connectionId);
    const isOpen = state?.state === 'undecided' || states.isUnasked(connectionId, this.#parts.clock.now());
    return state !== null && isOpen ? { connection, state, token } : null;
  }

  /** Waits for the permit that every request needs; false when it does not come in time. */
  async #permit({ connection_id, max_requests_per_second }: Connection): Promise<boolean> {
    const { clock, limits } = this.#parts;
    const deadline = clock.monotonic() + LONGEST_WAIT_MS;
    while (!this.#isStopped) {
      const { waitMs } = await limits.acquire(connection_id, max_requests_per_second);
      if (waitMs === 0) return true;
      if (clock.monotonic() + waitMs > deadline) break;
      await pause(clock, waitMs);
    }
    return false;
  }

  async #answer(connection: Connection, accessToken: string): Promise<ProbeResult> {
    const { api, clock, destinationOf, limits } = this.#parts;
    const { body, path } = probeOf(destinationOf(connection), clock.now());
    const answer = await api.send({ path, body, accessToken, mayStart: () => !this.#isStopped });
    const verdict = judgeResponse(answer, clock.now());
    if (verdict.class === 'throttled' || verdict.retryAfterMs !== null) {
      const throttled = { retryAfterMs: verdict.retryAfterMs, sinceMs: answer.durationMs };
      await limits.throttled(connection.connection_id, throttled);
    }
    return readProbe(verdict);
  }
}
