/**
 * The roles the story needs from the world. Adapters fill them; tests fill them with fakes; one contract suite per
 * port runs on both. Nothing here is named after a client.
 *
 * Every method that can fail because something is away says so in its comment; none throws for bad data.
 */

import type { CircuitState } from './core/connection-health.ts';
import type { StateName, StateSubject } from './core/connection-state.ts';
import type { StatusRecord } from './core/connection-status-record.ts';
import type { DeadLetter } from './core/dead-letter.ts';
import type { Claim } from './core/deduplicate.ts';
import type { EntryKind, Fields } from './core/entry-fields.ts';
import type { EventsApiAnswer } from './core/events-api-answer.ts';
import type { DeadLetterReason, Outcome } from './core/outcome.ts';
import type { Permit, Throttled } from './core/rate-limit.ts';
import type { PartitionOffset, RecordBatch } from './core/record.ts';
import type { JobHolder, JobRecord, RoundRecord } from './core/redrive-records.ts';
import type { RegistryAnswer } from './core/schema-verdict.ts';
import type { StoredConfig } from './core/stored-config.ts';
import type { SyncLogEntry } from './core/sync-log-entry.ts';
import type { MatchKey } from './core/tiktok-event.ts';
import type { ActualTopic, TopicPlan } from './core/topic-contract.ts';

export type { Claim, JobHolder, JobRecord, PartitionOffset, RoundRecord };

/** Time and timers; the only way to wait. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Milliseconds that also pass while the process is frozen and never jump. */
  monotonic(): number;
  /** Runs `callback` once after `delayMs`; the returned function cancels it. */
  after(delayMs: number, callback: () => void): () => void;
}

/** `held`: nothing was done, read the batch again after a while. */
export type Admission =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'held'; readonly reason: HoldReason; readonly retryAfterMs: number };

/** Why a partition stands still; a label of the paused-partitions metric. */
export type HoldReason =
  | 'claims'
  | 'schema_registry'
  | 'config'
  | 'buffer'
  | 'suspended'
  | 'settlement'
  | 'vendor_outage';

/** `fenced`: the assignment is gone or going; `retry`: nobody knows, the same commit may be tried again. */
export type CommitResult = 'committed' | 'fenced' | 'retry';

/** What the record source tells its consumer. No method may throw. */
export interface RecordConsumer {
  /** A new assignment: whatever was read under an earlier epoch is void and will be read again. */
  assigned(epoch: number, positions: readonly PartitionOffset[]): void;
  /**
   * Takes a batch as a whole or not at all. Batches of one partition come one after another and never overlap, but
   * one may begin after offsets that hold no record (compacted, control records). Should answer well within the session timeout.
   */
  accept(batch: RecordBatch): Promise<Admission>;
  /** A rebalance may be coming: start no request and no commit until `resumed` or `assigned`. */
  suspended(epoch: number): void;
  /** The assignment is still valid after all. */
  resumed(epoch: number): void;
  /** Awaited before the group is joined anew: deliver and commit what can be, within `budgetMs`. */
  beforeRejoin(epoch: number, budgetMs: number, signal: AbortSignal): Promise<void>;
}

/** Reads the event topics as a member of the consumer group. */
export interface RecordSource {
  /** Joins the group; resolves once the first assignment (possibly of no partition) is known; rejects if it cannot. */
  start(consumer: RecordConsumer): Promise<void>;
  /** Stops and lets go of fetching for back pressure; batches already on their way may still come. */
  pause(reason: HoldReason): void;
  resume(reason: HoldReason): void;
  /** One attempt, under the generation of `epoch`. Never throws. */
  commit(epoch: number, offsets: readonly PartitionOffset[]): Promise<CommitResult>;
  /**
   * Whether a request may start now: the last heartbeat that the coordinator took was *sent* less than the session
   * timeout ago. False in a process that was frozen and may have lost its partitions without knowing.
   */
  holdsLease(): boolean;
  /** Stops fetching but stays a member (and can still commit). */
  quiesce(): void;
  /** Leaves the group. */
  stop(): Promise<void>;
  status(): RecordSourceStatus;
}

/** How far one owned partition has been read; offsets are `null` until they are known. */
export interface PartitionProgress {
  readonly topic: string;
  readonly partition: number;
  /** The next offset to read. */
  readonly position: number | null;
  /** The group's committed offset, as far as this process knows it. */
  readonly committed: number | null;
  /** Log end offset, from the last fetch or the last poll of the broker. */
  readonly highWatermark: number | null;
  /** Why this partition alone stands still; `null` when it does not. */
  readonly held: HoldReason | null;
}

export interface RecordSourceStatus {
  readonly joined: boolean;
  readonly epoch: number;
  /** True between a sign of a coming rebalance and `resumed` or `assigned`. */
  readonly suspended: boolean;
  readonly assignment: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
  /** Why all partitions stand still. */
  readonly paused: readonly HoldReason[];
  readonly partitions: readonly PartitionProgress[];
  /** Milliseconds since the last heartbeat that the coordinator took was sent; `null` before the first. */
  readonly sinceHeartbeatMs: number | null;
  /** Milliseconds since the last good commit; `null` before the first. */
  readonly sinceCommitMs: number | null;
  /** Milliseconds the longest-waiting `accept` has been running; `null` when none is. */
  readonly acceptingForMs: number | null;
}

/** The schema registry. */
export interface SchemaFetcher {
  /** The writer schema with this id. Never rejects: being away is an answer. */
  fetchSchema(schemaId: number): Promise<RegistryAnswer>;
}

export interface TakeOver extends Claim {
  /** The value that must still be there. */
  readonly expected: string;
}

/**
 * The claim store is away, did not answer in time, or refused (`READONLY`, `LOADING`, `OOM` …). What was asked may have
 * taken effect all the same. The message names the cause and never a key or a value.
 */
export class ClaimsUnavailable extends Error {
  readonly code = 'CLAIMS_UNAVAILABLE';
  override readonly name = 'ClaimsUnavailable';
}

/**
 * The claim store. Every method rejects with `ClaimsUnavailable` when the store is away or does not answer in time;
 * the command may have taken effect all the same, so callers repeat it with the same arguments.
 */
export interface Claims {
  /** `SET key value NX GET PX ttl` for each, in order; the reply is the value that was there, null if claimed now. */
  claim(claims: readonly Claim[]): Promise<readonly (string | null)[]>;
  /** Compare-and-set for each; true where the value is ours now (also when an earlier try had set it). */
  takeOver(takeOvers: readonly TakeOver[]): Promise<readonly boolean[]>;
  /** `SET key value PX ttl` for each. */
  markSent(claims: readonly Claim[]): Promise<void>;
  /** Deletes each key that still holds `value`. */
  release(claims: readonly Pick<Claim, 'key' | 'value'>[]): Promise<void>;
}

/** A call of the claim store; a label of its duration. */
export type ClaimCommand = 'claim' | 'take_over' | 'mark' | 'release';

/** One HTTP request to the Events API. */
export interface EventsApiRequest {
  /** Path below `/open_api/v1.3/`, e.g. `event/track/`. */
  readonly path: string;
  readonly accessToken: string;
  readonly body: string;
  /**
   * Asked in the moment before the first byte is written, which may be long after `send` (a connection had to be made
   * or waited for). When false the request is not made: a failure that was surely not taken.
   */
  readonly mayStart: () => boolean;
}

export type { EventsApiAnswer };

/** TikTok. Never rejects: a failure is an answer too. */
export interface EventsApi {
  send(request: EventsApiRequest): Promise<EventsApiAnswer>;
}

/** How fast TikTok may be asked, for all replicas together. Neither method rejects: alone, a process limits itself. */
export interface RequestLimits {
  /** Takes the permit for one request of the connection, unless it has to wait; `ceilingPerSecond` is its own limit. */
  acquire(connectionId: string, ceilingPerSecond: number | null): Promise<Permit>;
  /** TikTok throttled a request of the connection. */
  throttled(connectionId: string, answer: Throttled): Promise<void>;
}

/** A token, or why there is none; `tokenDigest` tells two tokens apart without holding one. */
export type TokenLookup =
  | { readonly kind: 'token'; readonly token: string; readonly tokenDigest: string }
  | { readonly kind: 'missing'; readonly problem: string };

/** What a request was made with. */
export interface Credentials extends StateSubject {
  readonly tokenDigest: string;
}

export type CredentialsLookup =
  | (Extract<TokenLookup, { readonly kind: 'token' }> & Credentials)
  | Extract<TokenLookup, { readonly kind: 'missing' }>;

/** Resolves a connection's token reference afresh at each attempt, so that a rotated token is used at once. */
export interface Tokens {
  /** An envelope opens only for the connection that it was sealed for. */
  lookup(reference: string, connectionId: string): TokenLookup;
}

/** The dead-letter topic. Resolves once all in-sync replicas have them; rejects when they cannot be written. */
export interface DeadLetters {
  write(letters: readonly DeadLetter[]): Promise<void>;
}

/** The sync log topic. Resolves once all in-sync replicas have them; rejects when they cannot be written. */
export interface SyncLog {
  write(entries: readonly SyncLogEntry[]): Promise<void>;
}

/** The newest record of each key; one with another offset is another record. */
export type StatusRecords = ReadonlyMap<string, { readonly offset: number; readonly value: Buffer }>;

/** The compacted topic of connection states. Every method rejects when it cannot be reached; the message says why. */
export interface ConnectionStatusTopic {
  /** As of the end the topic has now; cheap to ask again. Rejects with `TOPICS_WRONG` when there is no such topic. */
  read(): Promise<StatusRecords>;
  /** By connection; null deletes. Resolves once all in-sync replicas have them. */
  write(changes: ReadonlyMap<string, StatusRecord | null>): Promise<void>;
}

/** The cluster's topics. Every method rejects when the cluster cannot be asked. */
export interface TopicAdmin {
  brokerCount(): Promise<number>;
  /** Those of the topics that exist, with their settings. */
  describe(topics: readonly string[]): Promise<ReadonlyMap<string, ActualTopic>>;
  /** Resolves once the topics exist, also when somebody else made them. */
  create(plans: readonly TopicPlan[]): Promise<void>;
}

/** An entry to be written to the config topic under its key; `record` null deletes what is there. */
export interface EntryToWrite {
  readonly key: string;
  readonly record: { readonly kind: EntryKind; readonly fields: Fields } | null;
}

/** The config topic, for commands. Every method rejects with a `CodedError` when Kafka or the registry is away. */
export interface ConfigTopic {
  /** Everything that is on the topic at this moment. */
  read(): Promise<StoredConfig>;
  /** Resolves once all in-sync replicas have the entries, which then stand on the topic in this order. */
  write(entries: readonly EntryToWrite[]): Promise<void>;
}

/** Why a batch left its window; a label of the flush metric. */
export type FlushTrigger = 'window' | 'size' | 'pressure' | 'revoke' | 'shutdown';

/** How many events of one connection ended in one way. `none` stands for records that belong to no connection. */
export interface OutcomeCount {
  readonly connectionId: string;
  readonly outcome: Outcome;
  readonly reason: string;
  readonly events: number;
}

/**
 * What happened, told once: each call is its metric and, where somebody should read it, its log line. Calls are made
 * per batch, never per event.
 */
export interface Telemetry {
  /** A batch was admitted; `eventsByConnection` counts the events its records made (at least one per record). */
  batchConsumed(batch: {
    readonly topic: string;
    readonly partition: number;
    readonly records: number;
    readonly bytes: number;
    readonly position: number;
    readonly highWatermark: number;
    /** Event time of the newest record, epoch milliseconds; null when none could be read. */
    readonly newestEventTime: number | null;
    readonly eventsByConnection: ReadonlyMap<string, number>;
  }): void;
  eventsSettled(counts: readonly OutcomeCount[]): void;
  /** Event times (epoch milliseconds) of events TikTok has just accepted. */
  eventsAccepted(topic: string, eventTimes: readonly number[]): void;
  dedupChecks(counts: {
    readonly fresh: number;
    readonly replay: number;
    readonly duplicate: number;
    readonly takenOver: number;
  }): void;
  /** A part of an event was left out while building it (see `TikTokEvent.notes`). */
  eventNotes(counts: ReadonlyMap<string, number>): void;
  /** Events built, by connection and by the match keys they have; none for those refused for lack of one. */
  eventsMatchable(counts: ReadonlyMap<string, ReadonlyMap<readonly MatchKey[], number>>): void;
  decodeFailed(topic: string, reason: string, count: number): void;
  flushed(trigger: FlushTrigger, events: number): void;
  requestSent(request: {
    readonly connectionId: string;
    readonly events: number;
    readonly httpStatus: number | null;
    readonly apiCode: number | null;
    readonly verdict: string;
    readonly durationMs: number;
    readonly requestId: string | null;
    readonly failure: string | null;
  }): void;
  requestRetried(connectionId: string, reason: string, attempt: number, delayMs: number): void;
  connectionState(connectionId: string, state: StateName | 'removed', reason: string): void;
  /** A request of the connection waits so long for its permit. */
  rateLimitWaited(connectionId: string, waitMs: number): void;
  /** The limits of all replicas together cannot be asked; this process limits itself alone. */
  rateLimitsUnavailable(problem: string): void;
  /** A connection's circuit breaker changed its state. */
  circuitChanged(connectionId: string, state: CircuitState, reason: string): void;
  /** TikTok as a whole went away or came back; `lastedMs` is 0 at the beginning. */
  vendorOutage(change: 'began' | 'ended', lastedMs: number): void;
  /** TikTok was asked about credentials that no request had had an answer about; `problem` is null where it takes them. */
  tokenChecked(connectionId: string, result: 'active' | 'refused' | 'undecided', problem: string | null): void;
  /** The status topic could not be read or written; delivery goes on, and it is tried again. */
  connectionStatusFailed(what: 'read' | 'write', problem: string): void;
  /** Events that came back from the dead-letter topic ended so. */
  eventsRedriven(counts: readonly OutcomeCount[]): void;
  /** An automatic redrive of a connection's letters ended, is gone on with later, or failed and is tried again. */
  redriveRound(result: 'finished' | 'interrupted' | 'failed'): void;
  deadLettersWritten(counts: ReadonlyMap<DeadLetterReason, number>): void;
  /** Writing letters, log entries or marks failed and is being tried again. */
  settlementFailed(what: 'dead_letter' | 'sync_log' | 'mark' | 'release', problem: string): void;
  /** A batch has ended: every event of it is on its way to be settled, or its assignment is over. */
  flushFinished(result: 'settled' | 'abandoned', durationMs: number): void;
  claimsCalled(command: ClaimCommand, durationMs: number): void;
  /** `events` could not be claimed, and wait (`pause`) or are sent without a claim (`pass_through`). */
  claimsUnavailable(problem: string, events: number, policy: 'pause' | 'pass_through'): void;
  schemaFetchFailed(schemaId: number, problem: string): void;
  schemaFetched(schemaId: number, durationMs: number): void;
  assignmentChanged(change: {
    readonly epoch: number;
    readonly kind: 'assigned' | 'suspended' | 'resumed';
    readonly partitions: number;
  }): void;
  rebalanceFinished(durationMs: number): void;
  heartbeat(): void;
  commitFinished(result: CommitResult, durationMs: number, partitions: number, problem: string | null): void;
  configApplied(change: {
    readonly entries: number;
    readonly invalid: number;
    readonly generation: number;
    readonly complete: boolean;
  }): void;
  configRejected(key: string, reason: string): void;
  /** A line an operator should read, with a stable code. */
  notice(
    level: 'info' | 'warn' | 'error',
    code: string,
    message: string,
    fields?: Readonly<Record<string, string | number | boolean>>,
  ): void;
}

/** What redrive jobs of all processes share. Every method rejects with `ClaimsUnavailable` when Redis is away. */
export interface RedriveRegister {
  /** Takes the one lock, or keeps it for another `ttlMs`; null when it is ours now, else who has it. */
  lock(holder: JobHolder, ttlMs: number): Promise<JobHolder | null>;
  /** Lets go of the lock, if it is ours. */
  unlock(holder: JobHolder): Promise<void>;
  /** Remembers a job at its first start; answers what is remembered of it. */
  remember(record: JobRecord, ttlMs: number): Promise<JobRecord>;
  recall(job: string): Promise<JobRecord | null>;
  finishRound(connectionId: string, record: RoundRecord): Promise<void>;
  /** The newest round of a connection that came to its end; null for none. */
  lastRound(connectionId: string): Promise<RoundRecord | null>;
  /** The values of claim keys as they stand, in order; changes nothing. */
  peek(claimKeys: readonly string[]): Promise<readonly (string | null)[]>;
}
