/**
 * Reads a compacted topic to its present end, for commands: no consumer group is joined, so nothing waits for a
 * rebalance, nothing is left behind on the cluster, and the right to read the topic is enough.
 */

import type { Kafka } from 'kafkajs';
import { CodedError } from '../core/error-codes.ts';
import type { SourceRecord } from '../core/record.ts';
import type { Clock } from '../ports.ts';
import { KafkaGrouplessTopic } from './kafka-groupless-topic.ts';
import { kafkaErrorCode, outOfRangePartition } from './kafka-internals.ts';

/** The newest record of a key. */
export interface SnapshotRecord {
  readonly partition: number;
  readonly offset: number;
  /** A copy. */
  readonly value: Buffer;
}

export class KafkaConfigSnapshot {
  readonly #reader: KafkaGrouplessTopic;
  readonly #topic: string;
  /** The next offset to read, by partition. */
  readonly #next = new Map<number, number>();
  readonly #records = new Map<string, SnapshotRecord>();

  /** `kafka`: a client of its own. */
  constructor(kafka: Kafka, topic: string, clock: Clock) {
    this.#reader = new KafkaGrouplessTopic(kafka, topic, clock);
    this.#topic = topic;
  }

  /** @throws CodedError `TOPICS_WRONG` when there is no such topic; the client's own error when Kafka cannot be reached. */
  async connect(): Promise<void> {
    await this.#reader.connect().catch((error: unknown) => {
      if (kafkaErrorCode(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
      const message = `The topic ${this.#topic} does not exist. Create it, or run: tiktok-sync topics ensure`;
      throw new CodedError('TOPICS_WRONG', message, { cause: error });
    });
  }

  async disconnect(): Promise<void> {
    await this.#reader.disconnect();
  }

  /**
   * The newest record of every key that has not been deleted, as of the end that the topic has now. Reads on from
   * where the last call ended, so it is cheap to ask again. The answer does not change afterwards.
   */
  async read(): Promise<ReadonlyMap<string, SnapshotRecord>> {
    await this.#reader.persist(() => this.#readToEnd());
    return new Map(this.#records);
  }

  async #readToEnd(): Promise<void> {
    const [firsts, ends] = await Promise.all([this.#reader.offsets('first'), this.#reader.offsets('end')]);
    for (const [partition, end] of ends) {
      const first = firsts.get(partition) ?? 0;
      if (this.#position(partition) > end && (await this.#isDenied(partition))) this.#forget(partition);
      this.#next.set(partition, Math.max(first, this.#position(partition)));
      for (let next = this.#position(partition); next < end; next = this.#position(partition)) {
        const { records, nextOffset } = await this.#reader.fetch(partition, next);
        for (const record of records) this.#take(record);
        this.#next.set(partition, nextOffset);
      }
    }
  }

  /** Whether the topic was made anew; an end alone may be that of a leader that has only just taken over. */
  async #isDenied(partition: number): Promise<boolean> {
    try {
      await this.#reader.fetch(partition, this.#position(partition), 0);
      return false;
    } catch (error) {
      if (outOfRangePartition(error) === null) throw error;
      return true;
    }
  }

  #forget(partition: number): void {
    this.#next.delete(partition);
    for (const [key, record] of this.#records) if (record.partition === partition) this.#records.delete(key);
  }

  #take({ partition, offset, key, value }: SourceRecord): void {
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
