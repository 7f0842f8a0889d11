/**
 * What is known of each connection's credentials: whether TikTok takes the token it was last used with.
 *
 * A refusal counts only against the token and the version of the connection's entry that the request was made with; an
 * old request's refusal says nothing about a token that came meanwhile. A refused connection's events are dead-lettered
 * at once, one request per probe interval is made all the same, and other credentials release it at their first use.
 * Where no events ask, it may be asked about without any, ever more rarely (`isUnasked`).
 *
 * What other replicas found out counts here too (`learned`), and what is found out here is told to them (`onChanged`).
 */

import {
  afterChange,
  afterNews,
  afterNoRefusal,
  afterRecovery,
  afterRefusal,
  afterSuccess,
  afterTrouble,
  type ConnectionState,
  DISABLED_REASON,
  isRefused,
  isSameSubject,
  type Known,
  nowInForce,
  type Release,
  releaseOf,
  type StateAnswer,
  type StateSubject,
  stillUndecided,
  waitsForRecovery,
} from './core/connection-state.ts';
import { RefusalProbes } from './core/refusal-probes.ts';
import type { Credentials, CredentialsLookup, Telemetry } from './ports.ts';

export interface ConnectionStatesParts {
  /** The connection's token as it is now, looked up afresh. */
  readonly credentialsNow: (connectionId: string) => CredentialsLookup;
  readonly telemetry: Telemetry;
  /** How long a refused connection's events are dead-lettered before the next request probes it. */
  readonly probeIntervalMs: number;
}

/** Told of what was found out here, by connection; null: the connection is gone. */
export type ChangeListener = (connectionId: string, state: ConnectionState | null) => void;
/** Told that TikTok was asked about a connection that is refused still. */
export type ProbeListener = (connectionId: string) => void;
export type ReleaseListener = (release: Release) => void;

export class ConnectionStates {
  readonly #parts: ConnectionStatesParts;
  readonly #known = new Map<string, Known>();
  /** Connections that take requests and have failed for themselves, until that is known to be over. */
  readonly #toRecover = new Map<string, ConnectionState>();
  readonly #probes: RefusalProbes;
  readonly #releases = new Map<string, Release>();
  readonly #changeListeners: ChangeListener[] = [];
  readonly #releaseListeners: ReleaseListener[] = [];
  readonly #probeListeners: ProbeListener[] = [];

  constructor(parts: ConnectionStatesParts) {
    this.#parts = parts;
    this.#probes = new RefusalProbes(parts.probeIntervalMs);
  }

  /** Hears of every change that was found out here, not of those learned from others. */
  onChanged(listener: ChangeListener): void {
    this.#changeListeners.push(listener);
  }

  /** Hears of every probe made here that left its connection refused. */
  onProbed(listener: ProbeListener): void {
    this.#probeListeners.push(listener);
  }

  /**
   * Hears once of every release, wherever it was noticed, and at once of the newest one of each connection that is
   * known already: after a restart too, so whoever acts on a release must find out by its id whether that was done.
   */
  onReleased(listener: ReleaseListener): void {
    this.#releaseListeners.push(listener);
    for (const release of this.#releases.values()) listener(release);
  }

  /** When the newest release of the connection was, epoch milliseconds; null where none is known. */
  releasedAt(connectionId: string): number | null {
    return this.#releases.get(connectionId)?.since ?? null;
  }

  /** The state of the credentials in force; null while nobody has looked at them. */
  of(connectionId: string): ConnectionState | null {
    return this.#known.get(connectionId)?.current ?? null;
  }

  /** The newest state known, about whatever credentials; null for none. */
  latest(connectionId: string): ConnectionState | null {
    return this.#known.get(connectionId)?.latest ?? null;
  }

  /** Connections of which anything is known. */
  ids(): IterableIterator<string> {
    return this.#known.keys();
  }

  /** Connections whose credentials TikTok took or refused. */
  *answered(): Iterable<[string, ConnectionState]> {
    for (const [connectionId, { current }] of this.#known) {
      if (current !== null && (current.state === 'active' || isRefused(current))) yield [connectionId, current];
    }
  }

  /** Connections that TikTok refuses, with the reason. */
  parked(): ReadonlyMap<string, string> {
    const refused = [...this.answered()].filter(([, state]) => isRefused(state));
    return new Map(refused.map(([connectionId, { reason }]) => [connectionId, reason ?? '']));
  }

  /** These are the entry and token in force: other ones than before are undecided until there is an answer. */
  inForce(connectionId: string, subject: StateSubject, now: number): ConnectionState {
    return this.#inForce(connectionId, 'undecided', subject, now);
  }

  /** The entry in force names a token that cannot be found. */
  withoutToken(connectionId: string, configOffset: number, problem: string, now: number): ConnectionState {
    const current = this.inForce(connectionId, { configOffset, tokenDigest: null }, now);
    this.#change(connectionId, current, stillUndecided(current, { ...NO_ANSWER, message: problem }));
    return this.of(connectionId) ?? current;
  }

  /** The entry in force disables the connection. */
  disabled(connectionId: string, configOffset: number, now: number): ConnectionState {
    return this.#inForce(connectionId, 'disabled', { configOffset, tokenDigest: null }, now);
  }

  /** Why no request may be made with these credentials now; null where one may, which then counts as the probe. */
  refusal(connectionId: string, credentials: Credentials, now: number): string | null {
    const current = this.inForce(connectionId, credentials, now);
    if (!isRefused(current)) return null;
    if (!this.#probes.isDue(connectionId, now)) return current.reason ?? current.state;
    this.probed(connectionId, now);
    return null;
  }

  /** TikTok judged the events of a request made with these credentials, so it takes them, whatever it said of the events. */
  accepted(connectionId: string, credentials: Credentials, now: number): void {
    const current = this.#currentOf(connectionId, credentials, now);
    if (current !== null) this.#change(connectionId, current, afterSuccess(current, now));
  }

  /** TikTok refused the connection itself. Old news, about credentials that are no longer in force, changes nothing. */
  refused(connectionId: string, credentials: Credentials, answer: StateAnswer, now: number): void {
    const looked = this.#parts.credentialsNow(connectionId);
    if (looked.kind === 'missing' || !isSameSubject(looked, credentials)) return;
    const current = this.inForce(connectionId, credentials, now);
    const after = afterRefusal(current, answer, now);
    this.#change(connectionId, current, after);
    this.probed(connectionId, now);
    if (after === current) this.probedInVain(connectionId);
  }

  /** These credentials were asked about, and the answer says nothing of them. */
  undecided(connectionId: string, credentials: Credentials, answer: StateAnswer, now: number): void {
    const current = this.#currentOf(connectionId, credentials, now);
    if (current !== null) this.#change(connectionId, current, stillUndecided(current, answer));
  }

  /** These credentials were asked about without an event that counts, and TikTok found fault with that alone. */
  unrefused(connectionId: string, credentials: Credentials, answer: StateAnswer, now: number): void {
    const current = this.#currentOf(connectionId, credentials, now);
    if (current !== null) this.#change(connectionId, current, afterNoRefusal(current, answer, now));
  }

  /** A refused connection is asked about now, here or by another replica. */
  probed(connectionId: string, now: number): void {
    this.#probes.probed(connectionId, now);
  }

  /** A connection was asked about here; where it is refused still, the other replicas hear of that. */
  probedInVain(connectionId: string): void {
    const state = this.of(connectionId);
    if (state === null || !isRefused(state)) return;
    for (const listener of this.#probeListeners) listener(connectionId);
  }

  /** Whether a refused connection is to be asked about without events: none have for long enough. */
  isUnasked(connectionId: string, now: number): boolean {
    const state = this.of(connectionId);
    return state !== null && isRefused(state) && this.#probes.isOverdue(connectionId, now);
  }

  /** A connection that fails for itself (throttled, hanging) since then has had to let go of events. */
  troubled(connectionId: string, troubledSince: number): void {
    const current = this.of(connectionId);
    if (current !== null) this.#change(connectionId, current, afterTrouble(current, troubledSince));
  }

  /** Active connections that failed for themselves, here or with another replica, and were not told to have recovered. */
  toRecover(): ReadonlyMap<string, ConnectionState> {
    return this.#toRecover;
  }

  /** A connection that failed for itself has worked again for long enough. */
  recovered(connectionId: string, now: number): void {
    const current = this.of(connectionId);
    if (current !== null) this.#change(connectionId, current, afterRecovery(current, now));
  }

  /**
   * Another replica, or this one before it was restarted, found this out; null: that the connection is gone.
   */
  learned(connectionId: string, news: ConnectionState | null, now: number): void {
    const known = this.#known.get(connectionId) ?? null;
    if (news === null) {
      // Its entry is still there as far as this process knows: it will see for itself.
      if (known?.current === null) this.#drop(connectionId);
      return;
    }
    const after = afterNews(known, news);
    this.#set(connectionId, after);
    this.#tellOfRelease(connectionId, after.latest);
    const before = known?.current ?? null;
    if (after.current !== null && after.current !== before)
      this.#tellOfChange(connectionId, before, after.current, now);
  }

  /** The newest state is about an entry of a config topic that is no more: what is known of the one in force counts. */
  outdated(connectionId: string): void {
    const current = this.of(connectionId);
    if (current === null) this.#drop(connectionId);
    else this.#set(connectionId, { current, latest: current });
  }

  /** The connection is gone. */
  forget(connectionId: string): void {
    if (!this.#known.has(connectionId)) return;
    this.#drop(connectionId);
    this.#parts.telemetry.connectionState(connectionId, 'removed', 'its entry was deleted');
    for (const listener of this.#changeListeners) listener(connectionId, null);
  }

  #inForce(connectionId: string, state: 'undecided' | 'disabled', subject: StateSubject, now: number): ConnectionState {
    const known = this.#known.get(connectionId) ?? null;
    const after = nowInForce(known, state, subject, now);
    const current = after.current;
    if (after === known) return current;
    this.#set(connectionId, after);
    this.#tellOfChange(connectionId, known?.current ?? null, current, now);
    return current;
  }

  /** The state these credentials have, when they are the ones in force. */
  #currentOf(connectionId: string, subject: Credentials, now: number): ConnectionState | null {
    const current = this.of(connectionId);
    if (current !== null && isSameSubject(current, subject)) return current;
    const looked = this.#parts.credentialsNow(connectionId);
    if (looked.kind === 'missing' || !isSameSubject(looked, subject)) return null;
    return this.inForce(connectionId, subject, now);
  }

  #set(connectionId: string, known: Known): void {
    this.#known.set(connectionId, known);
    if (known.current !== null && waitsForRecovery(known.current)) this.#toRecover.set(connectionId, known.current);
    else this.#toRecover.delete(connectionId);
  }

  #change(connectionId: string, before: ConnectionState, after: ConnectionState): void {
    const known = this.#known.get(connectionId);
    if (after === before || known === undefined) return;
    this.#set(connectionId, afterChange(known, after));
    this.#tellOfChange(connectionId, before, after, after.since);
    this.#tellOfRelease(connectionId, after);
    for (const listener of this.#changeListeners) listener(connectionId, after);
  }

  #tellOfChange(connectionId: string, before: ConnectionState | null, after: ConnectionState, now: number): void {
    this.#probes.changed(connectionId, before, after, now);
    const isFirst = before === null && after.state === 'undecided';
    if (isFirst || before?.state === after.state) return;
    this.#parts.telemetry.connectionState(connectionId, after.state, after.reason ?? REASONS[after.state]);
  }

  #tellOfRelease(connectionId: string, state: ConnectionState): void {
    const release = releaseOf(connectionId, state);
    if (release === null || this.#releases.get(connectionId)?.releaseId === release.releaseId) return;
    this.#releases.set(connectionId, release);
    for (const listener of this.#releaseListeners) listener(release);
  }

  #drop(connectionId: string): void {
    this.#known.delete(connectionId);
    this.#toRecover.delete(connectionId);
    this.#probes.forget(connectionId);
    this.#releases.delete(connectionId);
  }
}

const NO_ANSWER = { apiCode: null, httpStatus: null, requestId: null } as const;

const REASONS = {
  active: 'TikTok takes the credentials',
  undecided: 'there is no answer about the entry and token in force yet',
  disabled: DISABLED_REASON,
  token_invalid: 'TikTok refuses the token',
  parked: 'TikTok refuses the connection',
} as const satisfies Record<ConnectionState['state'], string>;
