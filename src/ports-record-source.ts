/** The port to the event topics: what reads them for the story, and what it tells its consumer. */

import type { PartitionOffset, RecordBatch } from './core/record.ts';

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
