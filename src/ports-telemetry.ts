/** The port of everything that is told while the story goes on, for metrics and for the operator's log. */

import type { CircuitState } from './core/connection-health.ts';
import type { StateName } from './core/connection-state.ts';
import type { DeadLetterReason, Outcome } from './core/outcome.ts';
import type { MatchKey } from './core/tiktok-event.ts';
import type { CommitResult } from './ports-record-source.ts';

/** A call of the claim store; a label of its duration. */
export type ClaimCommand = 'claim' | 'take_over' | 'mark' | 'release';

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
  /** Event times, and Kafka's times of their records (epoch milliseconds), of events TikTok has just accepted. */
  eventsAccepted(topic: string, eventTimes: readonly number[], recordTimes: readonly number[]): void;
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
  /** A request of the connection waited so long for its permit. */
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
    /** The highest offset of the config topic that was applied. */
    readonly offset: number;
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
