/**
 * Reads the compacted config topic, all of it and then on, in every process by itself: a consumer group of its own,
 * used once and never committed to. It never gives up: without it the service would go on with an old table for good.
 *
 * A join anew does not start over: each partition goes on behind what was applied last, so that an older record never
 * overwrites a newer one.
 */

import { randomUUID } from 'node:crypto';
import type { Admin, EachBatchPayload, Kafka } from 'kafkajs';
import type { LogRange } from '../core/start-position.ts';
import type { Clock, Telemetry } from '../ports.ts';
import { ADMIN_RETRY, GroupOffsets } from './kafka-group-offsets.ts';
import { type BatchInternals, kafkaErrorCode } from './kafka-internals.ts';
import { GroupMembership, type MembershipListener, type MembershipOptions } from './kafka-membership.ts';
import type { OwnedPartition, Ownership } from './kafka-ownership.ts';
import { patiently } from './kafka-patience.ts';
import { PartitionPauses } from './kafka-pauses.ts';
import { batchRange, internalsOf, recordsFrom } from './kafka-record-batch.ts';
import { startFailure } from './kafka-start-failure.ts';

/** A record of the config topic; the key is read as UTF-8. */
export interface ConfigTopicRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  /** `null` deletes the key. A slice of the fetch response: copy before keeping. */
  readonly value: Buffer | null;
}

/** Who keeps the table. */
export interface ConfigTopicReader {
  /** Takes the records of a partition one after another; `retry` has the same record come again later. Must not reject. */
  apply(record: ConfigTopicRecord): Promise<'applied' | 'retry'>;
  /** Called once: everything that was in the topic at the start has been applied. */
  caughtUp(): void;
}

export type KafkaConfigTableOptions = Omit<MembershipOptions, 'topics'> & { readonly topic: string };

export interface KafkaConfigTableParts {
  /** A client of its own. */
  readonly kafka: Kafka;
  readonly clock: Clock;
  readonly telemetry: Pick<Telemetry, 'notice'>;
}

export interface ConfigTableStatus {
  readonly caughtUp: boolean;
  /** Milliseconds since the broker was last heard of; the table may be that old. `null` before the first time. */
  readonly sinceContactMs: number | null;
}

const RETRY_APPLY_MS = 500;
const RESTART_AFTER_MS = 5_000;

export class KafkaConfigTable {
  readonly #topic: string;
  readonly #groupId: string;
  readonly #parts: KafkaConfigTableParts;
  readonly #admin: Admin;
  readonly #offsets: GroupOffsets;
  readonly #membership: GroupMembership;
  readonly #pauses: PartitionPauses;
  /** The next offset to apply, by partition; outlives assignments. */
  readonly #next = new Map<number, number>();
  /** What the topic held at the start. */
  #ranges: readonly LogRange[] = [];
  /** Partitions of which a batch is being applied; across joins, so that none is applied by two at once. */
  readonly #applying = new Set<number>();
  #reader: ConfigTopicReader | null = null;
  #isCaughtUp = false;

  constructor({ topic, ...options }: KafkaConfigTableOptions, parts: KafkaConfigTableParts) {
    this.#topic = topic;
    this.#groupId = `${options.groupId}-config-${randomUUID()}`;
    this.#parts = parts;
    this.#admin = parts.kafka.admin({ retry: ADMIN_RETRY });
    this.#offsets = new GroupOffsets(this.#admin, this.#groupId, [topic]);
    const membership = { ...options, topics: [topic], groupId: this.#groupId };
    // Heartbeats of this group say nothing about the service's own membership.
    const telemetry = { notice: parts.telemetry.notice.bind(parts.telemetry), heartbeat: () => {} };
    this.#membership = new GroupMembership(parts.kafka, membership, this.#listener(), {
      clock: parts.clock,
      telemetry,
    });
    this.#pauses = new PartitionPauses(this.#membership.consumer, parts.clock);
  }

  /** Starts reading; resolves before the end is reached (`caughtUp` tells). Rejects when the topic cannot be read at all. */
  async start(reader: ConfigTopicReader): Promise<void> {
    this.#reader = reader;
    try {
      await this.#admin.connect();
      this.#ranges = await patiently(this.#parts.clock, () => this.#offsets.ranges(this.#topic));
      for (const { partition, first } of this.#ranges) this.#next.set(partition, first);
      await this.#membership.join(payload => this.#eachBatch(payload));
    } catch (error) {
      throw startFailure(error, { topics: [this.#topic], groupId: this.#groupId });
    }
    this.#tellIfCaughtUp();
  }

  async stop(): Promise<void> {
    await Promise.allSettled([this.#membership.leave(), this.#admin.disconnect()]);
  }

  status(): ConfigTableStatus {
    return { caughtUp: this.#isCaughtUp, sinceContactMs: this.#membership.lease.ageMs() };
  }

  #listener(): MembershipListener {
    return {
      joined: ownership => this.#joined(ownership),
      doubted: () => {},
      confirmed: () => {},
      flush: () => Promise.resolve(),
      passedOver: batch => this.#passedOver(batch),
      lost: () => this.#pauses.own(null),
      failed: error => this.#failed(error),
    };
  }

  #joined(ownership: Ownership): void {
    for (const partition of ownership.partitions) {
      const offset = this.#next.get(partition.partition) ?? 0;
      partition.position.begin(offset);
      this.#seek(partition, offset);
    }
    ownership.begun = true;
    this.#pauses.own(ownership);
  }

  #failed(error: Error): void {
    const message = `reading ${this.#topic} failed (${kafkaErrorCode(error)}); the last table stays in use, trying again`;
    this.#parts.telemetry.notice('error', 'KAFKA_CONFIG_TOPIC_FAILED', message);
    this.#parts.clock.after(RESTART_AFTER_MS, () => {
      this.#membership.restart().catch((cause: Error) => this.#failed(cause));
    });
  }

  #seek(partition: OwnedPartition, offset: number): void {
    partition.soughtAt = this.#membership.fetches;
    this.#membership.consumer.seek({ topic: this.#topic, partition: partition.partition, offset: String(offset) });
  }

  async #eachBatch(payload: EachBatchPayload): Promise<void> {
    try {
      await this.#take(payload);
    } catch (error) {
      // Nothing may escape into kafkajs, which would stop for good; the batch is not resolved and comes again.
      const message = `a batch of ${this.#topic} could not be applied: ${kafkaErrorCode(error)}`;
      this.#parts.telemetry.notice('error', 'KAFKA_CONFIG_BATCH_FAILED', message);
    }
  }

  async #take({ batch, resolveOffset }: EachBatchPayload): Promise<void> {
    const { ownership } = this.#membership;
    const partition = ownership?.find(batch.topic, batch.partition);
    if (ownership === null || partition === undefined || this.#applying.has(batch.partition)) return;
    if (this.#membership.fetchOf(batch) <= partition.soughtAt) return;
    const { fetchedOffset, nextOffset, highWatermark } = batchRange(internalsOf(batch));
    const verdict = partition.position.judge(fetchedOffset, nextOffset);
    if (verdict.kind === 'seek') this.#correct(ownership, partition, highWatermark, verdict.offset);
    if (verdict.kind !== 'take') return;
    this.#applying.add(batch.partition);
    const heldAt = await this.#applyAll(batch, verdict.from).finally(() => this.#applying.delete(batch.partition));
    this.#next.set(batch.partition, heldAt ?? nextOffset);
    this.#tellIfCaughtUp();
    if (!this.#membership.isCurrent(ownership)) return;
    partition.position.advance(heldAt ?? nextOffset);
    if (heldAt === null) {
      resolveOffset(batch.lastOffset());
      return;
    }
    this.#seek(partition, heldAt);
    this.#pauses.hold(ownership, partition, 'schema_registry', RETRY_APPLY_MS);
  }

  /** Goes back to where the reader should be: behind what was applied, or to the start of a topic made anew. */
  #correct(ownership: Ownership, partition: OwnedPartition, highWatermark: number, offset: number): void {
    this.#seek(partition, offset);
    if (highWatermark >= offset) return;
    const startOver = (range: LogRange): void => {
      if (range.end >= offset || !this.#membership.isCurrent(ownership)) return;
      this.#next.set(range.partition, range.first);
      partition.position.begin(range.first);
      this.#seek(partition, range.first);
    };
    this.#offsets.range(this.#topic, partition.partition).then(startOver, () => {});
  }

  /** Applies in order; the offset of the first record that has to come again, null when there is none. */
  async #applyAll(batch: EachBatchPayload['batch'], start: number): Promise<number | null> {
    // A batch that was being applied during a join has moved on meanwhile.
    const from = Math.max(start, this.#next.get(batch.partition) ?? 0);
    for (const { partition, offset, key, value } of recordsFrom(batch, from)) {
      const record = { partition, offset, key: key === null ? null : key.toString('utf8'), value };
      if ((await this.#reader?.apply(record)) === 'retry') return offset;
    }
    return null;
  }

  #passedOver(batch: BatchInternals): void {
    const partition = this.#membership.ownership?.find(batch.topic, batch.partition);
    if (partition === undefined || this.#applying.has(batch.partition)) return;
    if (this.#membership.fetchOf(batch) <= partition.soughtAt) return;
    partition.position.stepOver(batchRange(batch));
    if (partition.position.expected !== null) this.#next.set(batch.partition, partition.position.expected);
    this.#tellIfCaughtUp();
  }

  #tellIfCaughtUp(): void {
    if (this.#isCaughtUp || this.#reader === null || this.#membership.ownership === null) return;
    if (!this.#ranges.every(({ partition, end }) => (this.#next.get(partition) ?? 0) >= end)) return;
    this.#isCaughtUp = true;
    this.#reader.caughtUp();
  }
}
