/**
 * The roles the story needs from the world. Adapters fill them; tests fill them with fakes; one contract suite per
 * port runs on both. Nothing here is named after a client.
 *
 * Every method that can fail because something is away says so in its comment; none throws for bad data.
 */

import type { AvroSchemaJson } from './core/avro-types.ts';
import type { StateSubject } from './core/connection-state.ts';
import type { StatusRecord } from './core/connection-status-record.ts';
import type { DeadLetter } from './core/dead-letter.ts';
import type { Claim } from './core/deduplicate.ts';
import type { EntryKind, Fields } from './core/entry-fields.ts';
import type { EventsApiAnswer } from './core/events-api-answer.ts';
import type { Permit, Throttled } from './core/rate-limit.ts';
import type { PartitionOffset } from './core/record.ts';
import type { JobHolder, JobRecord, RoundRecord } from './core/redrive-records.ts';
import type { RegistryAnswer } from './core/schema-verdict.ts';
import type { StoredConfig } from './core/stored-config.ts';
import type { SyncLogEntry } from './core/sync-log-entry.ts';
import type { ActualTopic, TopicPlan } from './core/topic-contract.ts';

// The two long ones.
export type * from './ports-record-source.ts';
export type * from './ports-telemetry.ts';
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

/** The subjects of the schema registry. Every method rejects when the registry cannot be asked or refuses. */
export interface SchemaAdmin extends SchemaFetcher {
  /** The registered versions of a subject, oldest first; none where there is no such subject. */
  versions(subject: string): Promise<readonly { readonly version: number; readonly id: number }[]>;
  /** The id of a schema that is registered under the subject; null when it is not. */
  lookup(subject: string, schema: AvroSchemaJson): Promise<number | null>;
  /** The subject's own rule; null where it has none. */
  compatibilityOf(subject: string): Promise<string | null>;
  /** Whether the registry, by the subject's rule, would take the schema beside this version. */
  accepts(subject: string, version: number, schema: AvroSchemaJson): Promise<boolean>;
  /** Registers the schema, sets FULL_TRANSITIVE where the subject has no rule, and gives the id. */
  register(subject: string, schema: AvroSchemaJson): Promise<number>;
  /** Sets FULL_TRANSITIVE, whatever there was. */
  setRule(subject: string): Promise<void>;
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

/** What redrive jobs of all processes share. Every method rejects with `ClaimsUnavailable` when Redis is away. */
export interface RedriveRegister {
  /** Takes the one lock, or keeps it for another `ttlMs`; null when it is ours now, else who has it. */
  lock(holder: JobHolder, ttlMs: number): Promise<JobHolder | null>;
  /** Lets go of the lock, if it is ours. */
  unlock(holder: JobHolder): Promise<void>;
  /** Remembers a job at its first start; answers what is remembered of it. */
  remember(record: JobRecord, ttlMs: number): Promise<JobRecord>;
  recall(job: string): Promise<JobRecord | null>;
  /** The jobs on record, the newest first; at most ten. */
  jobs(): Promise<readonly string[]>;
  finishRound(connectionId: string, record: RoundRecord): Promise<void>;
  /** The newest round of a connection that came to its end; null for none. */
  lastRound(connectionId: string): Promise<RoundRecord | null>;
  /** The values of claim keys as they stand, in order; changes nothing. */
  peek(claimKeys: readonly string[]): Promise<readonly (string | null)[]>;
}
