/**
 * Reads a compacted topic to its present end, for commands: no consumer group is joined, so nothing waits for a
 * rebalance, nothing is left behind on the cluster, and the right to read the topic is enough.
 */

import type { Kafka } from 'kafkajs';
import { CodedError } from '../core/error-codes.ts';
import type { Clock } from '../ports.ts';
import {
  clusterOf,
  fetchedBatch,
  type GrouplessClusterInternals,
  kafkaErrorCode,
  READ_COMMITTED,
} from './kafka-internals.ts';
import { batchRange, recordsFrom } from './kafka-record-batch.ts';

/** The newest record of a key. */
export interface SnapshotRecord {
  readonly partition: number;
  readonly offset: number;
  /** A copy. */
  readonly value: Buffer;
}

const FETCH_WAIT_MS = 250;
const FETCH_BYTES = 4 * 1024 * 1024;
const ATTEMPTS = 20;
const RETRY_MS = 250;

/** Errors that pass: a leader has moved, or a connection broke. */
const PASSING =
  /^(NOT_LEADER_|LEADER_NOT_AVAILABLE|REPLICA_NOT_AVAILABLE|UNKNOWN_LEADER_EPOCH|FENCED_LEADER_EPOCH|OFFSET_|KafkaJSConnection|KafkaJSBrokerNotFound|KafkaJSRequestTimeout|KafkaJSMetadataNotLoaded|KafkaJSLockTimeout)/;

export class KafkaConfigSnapshot {
  readonly #cluster: GrouplessClusterInternals;
  readonly #topic: string;
  readonly #clock: Clock;
  /** The next offset to read, by partition. */
  readonly #next = new Map<number, number>();
  readonly #records = new Map<string, SnapshotRecord>();

  /** `kafka`: a client of its own. */
  constructor(kafka: Kafka, topic: string, clock: Clock) {
    this.#cluster = clusterOf(kafka);
    this.#topic = topic;
    this.#clock = clock;
  }

  /** @throws CodedError `TOPICS_WRONG` when there is no such topic; the client's own error when Kafka cannot be reached. */
  async connect(): Promise<void> {
    await this.#cluster.connect();
    await this.#cluster.addTargetTopic(this.#topic).catch((error: unknown) => {
      if (kafkaErrorCode(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
      const message = `The topic ${this.#topic} does not exist. Create it, or run: tiktok-sync topics ensure`;
      throw new CodedError('TOPICS_WRONG', message, { cause: error });
    });
  }

  async disconnect(): Promise<void> {
    await this.#cluster.disconnect();
  }

  /**
   * The newest record of every key that has not been deleted, as of the end that the topic has now. Reads on from
   * where the last call ended, so it is cheap to ask again. The answer does not change afterwards.
   */
  async read(): Promise<ReadonlyMap<string, SnapshotRecord>> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#readToEnd();
        return new Map(this.#records);
      } catch (error) {
        if (attempt === ATTEMPTS || !PASSING.test(kafkaErrorCode(error))) throw error;
      }
      await new Promise<void>(resolve => this.#clock.after(RETRY_MS, resolve));
      // A failure to learn who leads now is one to meet, and count, at the next attempt.
      await this.#cluster.refreshMetadata().catch(() => {});
    }
  }

  async #readToEnd(): Promise<void> {
    const [firsts, ends] = await Promise.all([this.#offsets(true), this.#offsets(false)]);
    for (const [partition, end] of ends) {
      const first = firsts.get(partition) ?? 0;
      this.#next.set(partition, Math.max(first, this.#next.get(partition) ?? 0));
      while (this.#position(partition) < end) await this.#fetch(partition);
    }
  }

  async #offsets(fromBeginning: boolean): Promise<Map<number, number>> {
    const partitions = this.#cluster.findTopicPartitionMetadata(this.#topic);
    const asked = partitions.map(({ partitionId }) => ({ partition: partitionId }));
    const answer = await this.#cluster.fetchTopicsOffset([{ topic: this.#topic, partitions: asked, fromBeginning }]);
    return new Map(
      answer.flatMap(topic => topic.partitions.map(({ partition, offset }) => [partition, Number(offset)])),
    );
  }

  async #fetch(partition: number): Promise<void> {
    const fetchOffset = String(this.#position(partition));
    const [nodeId] = Object.keys(this.#cluster.findLeaderForPartitions(this.#topic, [partition]));
    const broker = await this.#cluster.findBroker({ nodeId: nodeId ?? '' });
    const { responses } = await broker.fetch({
      maxWaitTime: FETCH_WAIT_MS,
      minBytes: 1,
      maxBytes: FETCH_BYTES,
      isolationLevel: READ_COMMITTED,
      topics: [{ topic: this.#topic, partitions: [{ partition, fetchOffset, maxBytes: FETCH_BYTES }] }],
    });
    for (const data of responses.flatMap(({ partitions }) => partitions)) {
      const batch = fetchedBatch(this.#topic, fetchOffset, data);
      // Nothing came, not even what is filtered out: asked again, with the same offset.
      if (batch.rawMessages.length === 0) continue;
      for (const record of recordsFrom(batch, Number(fetchOffset))) this.#take(record);
      this.#next.set(partition, batchRange(batch).nextOffset);
    }
  }

  #take({ partition, offset, key, value }: ReturnType<typeof recordsFrom>[number]): void {
    // A compacted topic takes no record without a key.
    if (key === null) return;
    const name = key.toString('utf8');
    if (value === null) this.#records.delete(name);
    else this.#records.set(name, { partition, offset, value: Buffer.from(value) });
  }

  #position(partition: number): number {
    return this.#next.get(partition) ?? 0;
  }
}
