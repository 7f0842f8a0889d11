/**
 * The record source on kafkajs: reads as a member of the consumer group, never skips a record and never commits what
 * it does not own. kafkajs alone does both now and then, so positions, pauses and commits are decided here.
 *
 * - A new ownership stands still until its committed offsets were read and the reader was put there; only then is the
 *   consumer told, and everything before that is void.
 * - A batch is taken only if its fetch began after the last seek and its place is right (core/position-check.ts). A
 *   batch that is not taken is not resolved, so that kafkajs fetches it again from the same place.
 * - Nothing is dropped without a seek, and nothing escapes a handler: an unforeseen error ends the process.
 */

import type { Admin, EachBatchPayload, Kafka } from 'kafkajs';
import type { PartitionOffset, RecordBatch } from '../core/record.ts';
import type { LogRange, StartPosition } from '../core/start-position.ts';
import { pause } from '../pause.ts';
import type {
  Admission,
  Clock,
  CommitResult,
  HoldReason,
  RecordConsumer,
  RecordSource,
  RecordSourceStatus,
  Telemetry,
} from '../ports.ts';
import { commitOnce } from './kafka-commit.ts';
import { ADMIN_RETRY, GroupOffsets, type StartFrom } from './kafka-group-offsets.ts';
import { type BatchInternals, kafkaErrorCode } from './kafka-internals.ts';
import { pollLogEnds } from './kafka-lag.ts';
import { GroupMembership, type MembershipListener, type MembershipOptions } from './kafka-membership.ts';
import type { OwnedPartition, Ownership } from './kafka-ownership.ts';
import { patiently } from './kafka-patience.ts';
import { PartitionPauses } from './kafka-pauses.ts';
import { batchRange, internalsOf, recordsFrom } from './kafka-record-batch.ts';
import { startFailure } from './kafka-start-failure.ts';

export interface KafkaRecordSourceOptions extends MembershipOptions {
  /** For a group without any committed offset. */
  readonly startFrom: StartFrom;
}

export interface KafkaRecordSourceParts {
  /** A client of its own: two consumers of one client would share committed offsets. */
  readonly kafka: Kafka;
  readonly clock: Clock;
  readonly telemetry: Pick<Telemetry, 'heartbeat' | 'commitFinished' | 'rebalanceFinished' | 'notice'>;
  /** Called at most once, after `start` has resolved, when reading cannot go on: the process should exit non-zero. */
  readonly onFatal: (error: Error) => void;
}

const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 2_000;

export class KafkaRecordSource implements RecordSource {
  readonly #options: KafkaRecordSourceOptions;
  readonly #parts: KafkaRecordSourceParts;
  readonly #admin: Admin;
  readonly #offsets: GroupOffsets;
  readonly #membership: GroupMembership;
  readonly #pauses: PartitionPauses;
  readonly #firstAssignment = Promise.withResolvers<void>();
  #consumer: RecordConsumer | null = null;
  #isStarted = false;
  #hasFailed = false;
  /** Monotonic milliseconds since when there has been no sure ownership. */
  #unsettledSince: number | null = null;
  #lastCommitAt: number | null = null;
  #stopPolling = (): void => {};

  constructor(options: KafkaRecordSourceOptions, parts: KafkaRecordSourceParts) {
    this.#options = options;
    this.#parts = parts;
    this.#admin = parts.kafka.admin({ retry: ADMIN_RETRY });
    this.#offsets = new GroupOffsets(this.#admin, options.groupId, options.topics);
    this.#membership = new GroupMembership(parts.kafka, options, this.#listener(), parts);
    this.#pauses = new PartitionPauses(this.#membership.consumer, parts.clock);
  }

  async start(consumer: RecordConsumer): Promise<void> {
    this.#consumer = consumer;
    this.#unsettledSince = this.#parts.clock.monotonic();
    this.#firstAssignment.promise.catch(() => {});
    try {
      await this.#admin.connect();
      await patiently(this.#parts.clock, () => this.#offsets.fixStart(this.#options.startFrom));
      await this.#membership.join(payload => this.#eachBatch(payload));
      await this.#firstAssignment.promise;
    } catch (error) {
      throw startFailure(error, this.#options);
    }
    this.#isStarted = true;
    this.#stopPolling = pollLogEnds(this.#offsets, () => this.#membership.ownership, this.#parts.clock);
  }

  pause(reason: HoldReason): void {
    this.#pauses.pauseAll(reason);
  }

  resume(reason: HoldReason): void {
    this.#pauses.resumeAll(reason);
  }

  quiesce(): void {
    this.#pauses.quiesce();
  }

  holdsLease(): boolean {
    return this.#membership.lease.holds();
  }

  async commit(epoch: number, offsets: readonly PartitionOffset[]): Promise<CommitResult> {
    const { ownership } = this.#membership;
    if (ownership === null || ownership.epoch !== epoch || !ownership.begun) return 'fenced';
    return this.#commit(ownership, offsets);
  }

  async stop(): Promise<void> {
    this.#stopPolling();
    const leaving = [this.#membership.leave(), this.#admin.disconnect()];
    for (const result of await Promise.allSettled(leaving)) {
      if (result.status === 'fulfilled') continue;
      this.#parts.telemetry.notice('warn', 'KAFKA_LEAVE_FAILED', `leaving failed: ${kafkaErrorCode(result.reason)}`);
    }
  }

  status(): RecordSourceStatus {
    const { ownership, epoch, isInDoubt, lease } = this.#membership;
    const now = this.#parts.clock.monotonic();
    const accepting = ownership?.partitions.map(({ acceptingSince }) => acceptingSince).filter(at => at !== null) ?? [];
    return {
      joined: ownership?.begun ?? false,
      epoch,
      suspended: isInDoubt,
      assignment: ownership?.topics() ?? [],
      paused: this.#pauses.reasons,
      partitions: ownership?.progress() ?? [],
      sinceHeartbeatMs: lease.ageMs(),
      sinceCommitMs: this.#lastCommitAt === null ? null : now - this.#lastCommitAt,
      acceptingForMs: accepting.length === 0 ? null : now - Math.min(...accepting),
    };
  }

  #listener(): MembershipListener {
    return {
      joined: ownership => {
        this.#unsettledSince ??= this.#parts.clock.monotonic();
        this.#pauses.own(ownership);
        this.#begin(ownership).catch((error: Error) => this.#fail(error));
      },
      doubted: ownership => {
        this.#unsettledSince ??= this.#parts.clock.monotonic();
        this.#consumer?.suspended(ownership.epoch);
      },
      confirmed: ownership => {
        this.#unsettledSince = null;
        this.#consumer?.resumed(ownership.epoch);
      },
      flush: async (ownership, budgetMs, signal) => {
        await this.#consumer?.beforeRejoin(ownership.epoch, budgetMs, signal);
      },
      passedOver: batch => this.#passedOver(batch),
      lost: () => this.#pauses.own(null),
      failed: error => this.#fail(error),
    };
  }

  /** Finds where a new ownership starts, goes there, and tells the consumer; gives up when the next one comes. */
  async #begin(ownership: Ownership): Promise<void> {
    const starts = await this.#untilDone(ownership, 'KAFKA_START_POSITIONS', () =>
      this.#offsets.starts(ownership.partitions),
    );
    if (starts === null) return;
    this.#tellLosses(starts);
    if (!(await this.#commitStarts(ownership, starts)) || !this.#membership.isCurrent(ownership)) return;
    for (const start of starts) this.#place(ownership, start);
    ownership.begun = true;
    const positions = starts.map(({ topic, partition, offset }) => ({ topic, partition, offset }));
    this.#consumer?.assigned(ownership.epoch, positions);
    if (this.#membership.isInDoubt) this.#consumer?.suspended(ownership.epoch);
    this.#pauses.apply();
    this.#settled();
  }

  #place(ownership: Ownership, start: StartPosition): void {
    const partition = ownership.find(start.topic, start.partition);
    if (partition === undefined) return;
    partition.position.begin(start.offset);
    partition.committed = start.offset;
    this.#seek(partition, start.offset);
  }

  #seek(partition: OwnedPartition, offset: number): void {
    partition.soughtAt = this.#membership.fetches;
    const { topic, partition: number } = partition;
    this.#membership.consumer.seek({ topic, partition: number, offset: String(offset) });
  }

  /** Goes back to where the reader should be, and makes sure that there still is such a place. */
  #correct(ownership: Ownership, partition: OwnedPartition, highWatermark: number, offset: number): void {
    this.#seek(partition, offset);
    if (highWatermark >= offset) return;
    // A follower may lag; if the leader's log ends there too, what was read is not what is there now.
    const { topic, partition: number } = partition;
    const judge = ({ end }: LogRange): void => {
      if (end >= offset || !this.#membership.isCurrent(ownership)) return;
      this.#fail(new Error(`KAFKA_LOG_TRUNCATED: ${topic}/${number} ends at ${end}, below what was read (${offset})`));
    };
    this.#offsets.range(topic, number).then(judge, () => {});
  }

  #settled(): void {
    const since = this.#unsettledSince;
    this.#unsettledSince = null;
    if (since !== null) this.#parts.telemetry.rebalanceFinished(this.#parts.clock.monotonic() - since);
    this.#firstAssignment.resolve();
  }

  /**
   * Commits starts that no commit stands behind, before a record is processed: a restart must not choose again. False
   * when the ownership is gone.
   */
  async #commitStarts(ownership: Ownership, starts: readonly StartPosition[]): Promise<boolean> {
    const uncommitted = starts.filter(({ reason }) => reason !== 'committed');
    if (uncommitted.length === 0) return true;
    const result = await this.#untilDone(ownership, 'KAFKA_START_COMMIT', async () => {
      const attempt = await this.#commit(ownership, uncommitted);
      if (attempt === 'retry') throw new Error('the commit of the start positions failed');
      return attempt;
    });
    return result === 'committed';
  }

  /** Tries until it works; `null` once the ownership is not current any more. */
  async #untilDone<Result>(ownership: Ownership, code: string, attempt: () => Promise<Result>): Promise<Result | null> {
    for (let delayMs = RETRY_MIN_MS; ; delayMs = Math.min(delayMs * 2, RETRY_MAX_MS)) {
      if (!this.#membership.isCurrent(ownership)) return null;
      try {
        const result = await attempt();
        return this.#membership.isCurrent(ownership) ? result : null;
      } catch (error) {
        // The coordinator or a leader is moving; both are looked up anew each time.
        this.#parts.telemetry.notice('warn', code, `trying again: ${kafkaErrorCode(error)}`);
      }
      await pause(this.#parts.clock, delayMs);
    }
  }

  #tellLosses(starts: readonly StartPosition[]): void {
    for (const { topic, partition, offset, reason, lost } of starts) {
      if (reason === 'expired') {
        const message = `${lost} offsets of ${topic}/${partition} expired before they were read; raise the retention`;
        this.#parts.telemetry.notice('error', 'KAFKA_RECORDS_EXPIRED', message, { topic, partition, offset, lost });
      } else if (reason === 'truncated') {
        const message = `${topic}/${partition} ends below its committed offset (was it made anew?); reading it from its beginning`;
        this.#parts.telemetry.notice('error', 'KAFKA_LOG_TRUNCATED', message, { topic, partition, offset });
      }
    }
  }

  async #commit(ownership: Ownership, offsets: readonly PartitionOffset[]): Promise<CommitResult> {
    const { clock, telemetry } = this.#parts;
    const { group } = this.#membership;
    const owned = offsets.map(({ topic, partition }) => ownership.find(topic, partition));
    // In one tick with the call, so that it goes out under the generation that was checked.
    if (!this.#membership.isCurrent(ownership) || group === null || owned.includes(undefined)) return 'fenced';
    const startedAt = clock.monotonic();
    const { result, problem } = await commitOnce(group, offsets);
    const endedAt = clock.monotonic();
    telemetry.commitFinished(result, endedAt - startedAt, offsets.length, problem);
    if (result !== 'committed') return result;
    this.#lastCommitAt = endedAt;
    for (const [index, partition] of owned.entries()) {
      if (partition !== undefined) partition.committed = offsets[index]?.offset ?? partition.committed;
    }
    return result;
  }

  async #eachBatch(payload: EachBatchPayload): Promise<void> {
    try {
      await this.#take(payload);
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Takes a batch or leaves it; what is left is fetched again, because it is not resolved. */
  async #take({ batch, resolveOffset }: EachBatchPayload): Promise<void> {
    const { ownership } = this.#membership;
    const partition = ownership?.find(batch.topic, batch.partition);
    if (ownership === null || partition === undefined || partition.acceptingSince !== null) return;
    if (this.#pauses.isPaused(partition) || this.#membership.fetchOf(batch) <= partition.soughtAt) return;
    const { fetchedOffset, nextOffset, highWatermark } = batchRange(internalsOf(batch));
    partition.highWatermark = highWatermark;
    const verdict = partition.position.judge(fetchedOffset, nextOffset);
    if (verdict.kind === 'seek') this.#correct(ownership, partition, highWatermark, verdict.offset);
    if (verdict.kind !== 'take') return;
    const records = recordsFrom(batch, verdict.from);
    const { topic, epoch } = { topic: batch.topic, epoch: ownership.epoch };
    const admission = await this.#offer(partition, {
      epoch,
      topic,
      partition: batch.partition,
      records,
      nextOffset,
      highWatermark,
    });
    // A join may have come meanwhile; then this batch is void and the position is another's.
    if (!this.#membership.isCurrent(ownership)) return;
    if (admission.kind === 'held') {
      this.#pauses.hold(ownership, partition, admission.reason, admission.retryAfterMs);
      return;
    }
    partition.position.advance(nextOffset);
    resolveOffset(batch.lastOffset());
  }

  /** kafkajs is about to step over offsets that hold no record; so do we, if they are the next ones. */
  #passedOver(batch: BatchInternals): void {
    const partition = this.#membership.ownership?.find(batch.topic, batch.partition);
    if (partition === undefined || partition.acceptingSince !== null) return;
    if (this.#membership.fetchOf(batch) > partition.soughtAt) partition.position.stepOver(batchRange(batch));
  }

  async #offer(partition: OwnedPartition, batch: RecordBatch): Promise<Admission> {
    if (batch.records.length === 0 || this.#consumer === null) return { kind: 'accepted' };
    partition.acceptingSince = this.#parts.clock.monotonic();
    try {
      return await this.#consumer.accept(batch);
    } finally {
      partition.acceptingSince = null;
    }
  }

  #fail(error: Error): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#firstAssignment.reject(error);
    if (this.#isStarted) this.#parts.onFatal(error);
  }
}
