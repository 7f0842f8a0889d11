/**
 * What is known of a connection's credentials, and how news changes it.
 *
 * Guarantee: a state is about one version of the connection's entry and one token, and an answer about another pair
 * never changes it. Of two states the higher in one total order holds, whatever order they arrive in, so replicas that
 * have seen the same news agree; a success always means active.
 */

import { answerText } from './answer-text.ts';

/** In rising order: of two states that came about at the same time, the later named holds. */
export const STATE_NAMES = ['disabled', 'undecided', 'token_invalid', 'parked', 'active'] as const;

/**
 * `undecided`: no answer about these credentials yet. `token_invalid`: TikTok refused the token itself. `parked`: TikTok
 * refused the connection otherwise (ownership, configuration). `disabled`: by its entry.
 */
export type StateName = (typeof STATE_NAMES)[number];

/** Why a connection that did not work does so again: its entry or token changed, the same ones pass again, or it no longer fails for itself. */
export const RELEASE_CAUSES = ['new_token', 'probe', 'recovered'] as const;
export type ReleaseCause = (typeof RELEASE_CAUSES)[number];

/** What a state is about. */
export interface StateSubject {
  /** Offset of the connection's entry on the config topic. */
  readonly configOffset: number;
  /** Tells two tokens apart; null for an entry that needs none (disabled) or whose token cannot be found. */
  readonly tokenDigest: string | null;
}

/** TikTok's answer that led to a state. */
export interface StateAnswer {
  readonly httpStatus: number | null;
  readonly apiCode: number | null;
  readonly requestId: string | null;
  /** Bounded and without personal data. */
  readonly message: string;
}

export interface ConnectionState extends StateSubject {
  readonly state: StateName;
  /** Epoch milliseconds. */
  readonly since: number;
  readonly reason: string | null;
  readonly httpStatus: number | null;
  readonly apiCode: number | null;
  readonly requestId: string | null;
  /** Grows with each change of this connection's state, whoever made it. */
  readonly revision: number;
  /** When the refusal or failure began that this state is, waits to see the end of, or ended; null where there was none. */
  readonly troubledSince: number | null;
  /** Set where this state ended it. */
  readonly releaseCause: ReleaseCause | null;
}

/** A connection works again, so its letters may be redriven. Every replica tells of the same one by the same id. */
export interface Release extends StateSubject {
  readonly releaseId: string;
  readonly connectionId: string;
  /** When it was released, epoch milliseconds. */
  readonly since: number;
  readonly cause: ReleaseCause;
}

/** Refusals of the token itself: expired, empty, incorrect or revoked, or refused by OAuth (TikTok's code list). */
const TOKEN_CODES: ReadonlySet<number> = new Set([40102, 40103, 40104, 40105, 40107, 40108, 40110]);
/** Why a connection is `disabled`. */
export const DISABLED_REASON = 'disabled by its entry';
const NO_ANSWER = { reason: null, httpStatus: null, apiCode: null, requestId: null } as const;

export function isRefused({ state }: Pick<ConnectionState, 'state'>): boolean {
  return state === 'token_invalid' || state === 'parked';
}

export function isSameSubject(a: StateSubject, b: StateSubject): boolean {
  return a.configOffset === b.configOffset && a.tokenDigest === b.tokenDigest;
}

/** Whether TikTok refused the token (401 and 403 without its JSON too) or the connection for something else. */
export function refusedStateOf({ apiCode, httpStatus }: StateAnswer): 'token_invalid' | 'parked' {
  if (apiCode !== null) return TOKEN_CODES.has(apiCode) ? 'token_invalid' : 'parked';
  return httpStatus === 401 || httpStatus === 403 ? 'token_invalid' : 'parked';
}

/** The state of credentials nobody has an answer about; `previous` is the one before them, about whatever credentials. */
export function unanswered(
  state: 'undecided' | 'disabled',
  subject: StateSubject,
  previous: ConnectionState | null,
  now: number,
): ConnectionState {
  const { configOffset, tokenDigest } = subject;
  const revision = previous === null ? 0 : previous.revision + 1;
  const inherited = previous !== null && hasOpenTrouble(previous) ? previous.troubledSince : null;
  // Older than the state, whatever the clock of whoever saw it begin: it is not these credentials' own.
  const troubledSince = inherited === null ? null : Math.min(inherited, now - 1);
  return {
    ...{ state, configOffset, tokenDigest, since: now, ...NO_ANSWER },
    ...{ reason: state === 'disabled' ? DISABLED_REASON : null, revision, troubledSince, releaseCause: null },
  };
}

/**
 * TikTok took the credentials: that ends a refusal, and the trouble of the credentials before them. Where the connection
 * failed for itself with these very credentials, one request that passes is no end of it.
 */
export function afterSuccess(current: ConnectionState, now: number): ConnectionState {
  if (current.state === 'active') return current;
  const { configOffset, since, tokenDigest, troubledSince } = current;
  // The release is told already, and the revision names it; of the two states the active one holds.
  if (isReleasedUntried(current)) return { ...current, state: 'active', since: now, ...NO_ANSWER };
  const goesOn = troubledSince === null || (!isRefused(current) && troubledSince >= since);
  const cause = isRefused(current) ? 'probe' : 'new_token';
  return {
    ...{ state: 'active', configOffset, tokenDigest, since: now, ...NO_ANSWER },
    ...{ revision: current.revision + 1, troubledSince, releaseCause: goesOn ? null : cause },
  };
}

/**
 * Asked about without an event that counts, TikTok found fault with the question, not with the credentials. That is no
 * success; but where letters wait for one it lets them be tried, once: where it refused these credentials before, and
 * where those before them were in trouble. What parked the connection, heard again, says nothing.
 */
export function afterNoRefusal(current: ConnectionState, answer: StateAnswer, now: number): ConnectionState {
  const isTried = isRefused(current) ? current.apiCode !== answer.apiCode : followsTrouble(current);
  if (!isTried) return stillUndecided(current, answer);
  const { apiCode, httpStatus, message: reason, requestId } = answer;
  return {
    ...current,
    ...{ state: 'undecided', since: now, apiCode, httpStatus, requestId, reason, revision: current.revision + 1 },
    releaseCause: isRefused(current) ? 'probe' : 'new_token',
  };
}

/** Whether the credentials before these were in trouble, and nobody has an answer about these. */
export function followsTrouble(current: ConnectionState): boolean {
  const { since, state, troubledSince } = current;
  return state === 'undecided' && troubledSince !== null && troubledSince < since && hasOpenTrouble(current);
}

/** Whether its letters may be tried, though TikTok has judged no event yet. */
export function isReleasedUntried({ releaseCause, state }: ConnectionState): boolean {
  return state === 'undecided' && releaseCause !== null;
}

/** Whether there is something whose end is not told yet. */
export function hasOpenTrouble({ releaseCause, troubledSince }: ConnectionState): boolean {
  return troubledSince !== null && releaseCause === null;
}

/**
 * The connection fails for itself (throttled, hanging), for so long that events of it were let go; what is open already
 * goes on.
 */
export function afterTrouble(current: ConnectionState, troubledSince: number): ConnectionState {
  if (hasOpenTrouble(current)) return current;
  // Without an answer yet, only the time tells it from what was before these credentials.
  const since = current.state === 'active' ? troubledSince : Math.max(troubledSince, current.since);
  return { ...current, revision: current.revision + 1, troubledSince: since, releaseCause: null };
}

/** TikTok refused the connection; the same refusal again changes nothing. */
export function afterRefusal(current: ConnectionState, answer: StateAnswer, now: number): ConnectionState {
  const state = refusedStateOf(answer);
  if (current.state === state && current.apiCode === answer.apiCode) return current;
  const { configOffset, tokenDigest } = current;
  const { apiCode, httpStatus, requestId } = answer;
  const troubledSince = current.releaseCause === null ? (current.troubledSince ?? now) : now;
  return {
    ...{ state, configOffset, tokenDigest, apiCode, httpStatus, requestId },
    since: current.state === state ? current.since : now,
    reason: `TikTok refuses the connection: ${answerText(answer)}`,
    ...{ revision: current.revision + 1, troubledSince, releaseCause: null },
  };
}

/** Asked, and the answer says nothing about the credentials. */
export function stillUndecided(current: ConnectionState, answer: StateAnswer): ConnectionState {
  const { apiCode, httpStatus, message: reason, requestId } = answer;
  if (current.state !== 'undecided' || current.reason === reason || isReleasedUntried(current)) return current;
  return { ...current, apiCode, httpStatus, requestId, reason, revision: current.revision + 1 };
}

/** Whether it is to be seen that an active connection no longer fails for itself. */
export function waitsForRecovery(current: ConnectionState): boolean {
  return current.state === 'active' && hasOpenTrouble(current);
}

/** An active connection that failed for itself has worked again for long enough. */
export function afterRecovery(current: ConnectionState, now: number): ConnectionState {
  if (!waitsForRecovery(current)) return current;
  return { ...current, since: now, revision: current.revision + 1, releaseCause: 'recovered' };
}

/** The one that holds: of the newer entry, then of the more changes seen; the rest only makes the order total. */
export function newerOf(a: ConnectionState, b: ConnectionState): ConnectionState {
  return compare(a, b) >= 0 ? a : b;
}

/** Whether two replicas tell the same of it. */
export function isSameState(a: ConnectionState, b: ConnectionState): boolean {
  return compare(a, b) === 0;
}

function compare(a: ConnectionState, b: ConnectionState): number {
  return (
    a.configOffset - b.configOffset ||
    a.revision - b.revision ||
    STATE_NAMES.indexOf(a.state) - STATE_NAMES.indexOf(b.state) ||
    Number(a.releaseCause !== null) - Number(b.releaseCause !== null) ||
    // Two replicas saw the same change: the one who saw it first was right about when it began.
    b.since - a.since ||
    compareText(JSON.stringify(Object.entries(a).sort()), JSON.stringify(Object.entries(b).sort()))
  );
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** The release that a state is the end of; null where it is none. */
export function releaseOf(connectionId: string, state: ConnectionState): Release | null {
  const { configOffset, releaseCause: cause, revision, since, tokenDigest, troubledSince } = state;
  if (cause === null) return null;
  // Revisions begin anew where there is no status topic; the time keeps the ids of two lives apart.
  const releaseId = `${connectionId}@${configOffset}.${revision}.${troubledSince}`;
  return { releaseId, connectionId, since, configOffset, tokenDigest, cause };
}

/** What one replica knows of a connection. */
export interface Known {
  /** About the entry and the token in force; null before they are known. */
  readonly current: ConnectionState | null;
  /** The newest of all, about whatever credentials: what the status topic holds, or soon will. */
  readonly latest: ConnectionState;
}

export interface KnownInForce extends Known {
  readonly current: ConnectionState;
}

function isInForce(known: Known, subject: StateSubject): known is KnownInForce {
  return known.current !== null && isSameSubject(known.current, subject);
}

/** The entry and token in force are these: other ones than before have no answer yet, unless another replica was quicker. */
export function nowInForce(
  known: Known | null,
  state: 'undecided' | 'disabled',
  subject: StateSubject,
  now: number,
): KnownInForce {
  if (known !== null && isInForce(known, subject)) return known;
  const latest = known?.latest ?? null;
  if (latest !== null && isSameSubject(latest, subject)) return { current: latest, latest };
  const current = unanswered(state, subject, known === null ? null : before(known), now);
  return { current, latest: latest ?? current };
}

/** What the credentials in force follow: trouble of the ones before them is not forgotten over another replica's news. */
function before({ current, latest }: Known): ConnectionState {
  const trouble = current !== null && hasOpenTrouble(current) ? current.troubledSince : null;
  const { revision } = current === null ? latest : { revision: Math.max(current.revision, latest.revision) };
  const inherited = hasOpenTrouble(latest) ? latest.troubledSince : null;
  return { ...latest, revision, releaseCause: null, troubledSince: trouble ?? inherited };
}

/** Takes in a state that somebody else made; older news, and news about other credentials, leaves the current one as it is. */
export function afterNews(known: Known | null, news: ConnectionState): Known {
  if (known === null) return { current: null, latest: news };
  const latest = newerOf(known.latest, news);
  const { current } = known;
  if (current === null || !isSameSubject(current, news)) return { current, latest };
  return { current: newerOf(current, news), latest };
}

/** Takes in a change of the current state that was seen here. */
export function afterChange(known: Known, current: ConnectionState): Known {
  return { current, latest: newerOf(known.latest, current) };
}
