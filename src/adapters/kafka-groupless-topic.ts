/**
 * One topic read without a consumer group, for commands: nothing waits for a rebalance, nothing is left behind on the
 * cluster, and the right to read the topic is enough.
 */

import type { Kafka } from 'kafkajs';
import type { SourceRecord } from '../core/record.ts';
import type { Clock } from '../ports.ts';
import { clusterOf, fetchedBatch, type GrouplessClusterInternals, READ_COMMITTED } from './kafka-internals.ts';
import { patiently } from './kafka-patience.ts';
import { batchRange, recordsFrom } from './kafka-record-batch.ts';

/** What one fetch brought: records at and above the offset asked for, and where to go on. */
export interface Fetched {
  /** Slices of the fetch response: copy before keeping. */
  readonly records: readonly SourceRecord[];
  readonly nextOffset: number;
}

const FETCH_WAIT_MS = 250;
const FETCH_BYTES = 4 * 1024 * 1024;

export class KafkaGrouplessTopic {
  readonly #cluster: GrouplessClusterInternals;
  readonly #topic: string;
  readonly #clock: Clock;

  /** `kafka`: a client of its own. */
  constructor(kafka: Kafka, topic: string, clock: Clock) {
    this.#cluster = clusterOf(kafka);
    this.#topic = topic;
    this.#clock = clock;
  }

  /** Rejects with the client's own error: `UNKNOWN_TOPIC_OR_PARTITION` where there is no such topic. */
  async connect(): Promise<void> {
    await this.#cluster.connect();
    await this.#cluster.addTargetTopic(this.#topic);
  }

  async disconnect(): Promise<void> {
    await this.#cluster.disconnect();
  }

  /** Does it again while what goes wrong is of the kind that passes. */
  persist<T>(attempt: () => Promise<T>): Promise<T> {
    return patiently(this.#clock, attempt, () => this.#cluster.refreshMetadata());
  }

  /** By partition: its first offset, its end, or the first offset of a time (epoch milliseconds; the end for none). */
  async offsets(at: 'first' | 'end' | number): Promise<Map<number, number>> {
    if (typeof at === 'number') return this.#offsetsAt(at);
    return this.#ask({ fromBeginning: at === 'first' });
  }

  async fetch(partition: number, offset: number): Promise<Fetched> {
    const fetchOffset = String(offset);
    const [nodeId] = Object.keys(this.#cluster.findLeaderForPartitions(this.#topic, [partition]));
    const broker = await this.#cluster.findBroker({ nodeId: nodeId ?? '' });
    const { responses } = await broker.fetch({
      maxWaitTime: FETCH_WAIT_MS,
      minBytes: 1,
      maxBytes: FETCH_BYTES,
      isolationLevel: READ_COMMITTED,
      topics: [{ topic: this.#topic, partitions: [{ partition, fetchOffset, maxBytes: FETCH_BYTES }] }],
    });
    let records: SourceRecord[] = [];
    let nextOffset = offset;
    for (const data of responses.flatMap(({ partitions }) => partitions)) {
      const batch = fetchedBatch(this.#topic, fetchOffset, data);
      // Nothing came, not even what is filtered out: to be asked again, with the same offset.
      if (batch.rawMessages.length === 0) continue;
      records = records.concat(recordsFrom(batch, offset));
      nextOffset = batchRange(batch).nextOffset;
    }
    return { records, nextOffset };
  }

  async #offsetsAt(fromTimestamp: number): Promise<Map<number, number>> {
    const [found, ends] = await Promise.all([this.#ask({ fromTimestamp }), this.offsets('end')]);
    return new Map(
      [...ends].map(([partition, end]) => {
        const offset = found.get(partition) ?? -1;
        return [partition, offset < 0 ? end : offset];
      }),
    );
  }

  async #ask(from: { readonly fromBeginning: boolean } | { readonly fromTimestamp: number }) {
    const partitions = this.#cluster.findTopicPartitionMetadata(this.#topic);
    const asked = partitions.map(({ partitionId }) => ({ partition: partitionId }));
    const answer = await this.#cluster.fetchTopicsOffset([{ topic: this.#topic, partitions: asked, ...from }]);
    return new Map(
      answer.flatMap(topic => topic.partitions.map(({ partition, offset }) => [partition, Number(offset)])),
    );
  }
}
