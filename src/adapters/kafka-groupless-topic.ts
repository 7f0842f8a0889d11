/**
 * One topic read without a consumer group: nothing waits for a rebalance, nothing is left behind on the
 * cluster, and the right to read the topic is enough.
 */

import type { Kafka } from 'kafkajs';
import type { SourceRecord } from '../core/record.ts';
import type { Clock } from '../ports.ts';
import {
  clusterOf,
  type FetchedPartitionInternals,
  fetchedBatch,
  type GrouplessClusterInternals,
  READ_COMMITTED,
} from './kafka-internals.ts';
import { patiently } from './kafka-patience.ts';
import { batchRange, recordsFrom } from './kafka-record-batch.ts';

/** What one fetch brought: records at and above the offset asked for, and where to go on. */
export interface Fetched {
  /** Slices of the fetch response: copy before keeping. */
  readonly records: readonly SourceRecord[];
  readonly nextOffset: number;
  /** Where the partition begins; absent where the broker does not say. */
  readonly first?: number;
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

  /**
   * By partition: its first offset, its end, or the first offset of a time (epoch milliseconds; the end for none).
   * `partitions`: of these alone, so that only their leaders are asked.
   */
  async offsets(at: 'first' | 'end' | number, partitions?: readonly number[]): Promise<Map<number, number>> {
    if (typeof at === 'number') return this.#offsetsAt(at);
    return this.#ask({ fromBeginning: at === 'first' }, partitions);
  }

  /** The partitions that the topic has, by the node id of the broker that leads them. */
  leaders(): Map<string, readonly number[]> {
    return new Map(Object.entries(this.#cluster.findLeaderForPartitions(this.#topic, this.#partitions())));
  }

  /** Learns anew which partitions there are and who leads them. */
  async refresh(): Promise<void> {
    await this.#cluster.refreshMetadata();
  }

  async fetch(partition: number, offset: number, waitMs = FETCH_WAIT_MS): Promise<Fetched> {
    const [nodeId] = Object.keys(this.#cluster.findLeaderForPartitions(this.#topic, [partition]));
    const fetched = await this.fetchFrom(nodeId ?? '', new Map([[partition, offset]]), waitMs);
    return fetched.get(partition) ?? { records: [], nextOffset: offset };
  }

  /**
   * What one broker has of these partitions, each from its offset on; it waits for so long while that is nothing.
   * Rejects with the error of the first partition that has one.
   */
  async fetchFrom(nodeId: string, offsets: ReadonlyMap<number, number>, waitMs: number): Promise<Map<number, Fetched>> {
    const broker = await this.#cluster.findBroker({ nodeId });
    const partitions = [...offsets].map(([partition, offset]) => {
      return { partition, fetchOffset: String(offset), maxBytes: FETCH_BYTES };
    });
    const { responses } = await broker.fetch({
      maxWaitTime: waitMs,
      minBytes: 1,
      maxBytes: FETCH_BYTES,
      isolationLevel: READ_COMMITTED,
      topics: [{ topic: this.#topic, partitions }],
    });
    const answers = responses.flatMap(answer => answer.partitions);
    const isEmpty = answers.every(({ messages }) => messages.length === 0);
    return new Map(
      answers.map(data => [data.partition, this.#fetched(data, offsets.get(data.partition) ?? 0, isEmpty)]),
    );
  }

  /** `isEmpty`: the whole answer is, so that no other partition's records can have left no room for this one's. */
  #fetched(data: FetchedPartitionInternals, offset: number, isEmpty: boolean): Fetched {
    const first = Number(data.lastStartOffset ?? -1);
    const fetched = this.#recordsOf(data, offset, isEmpty);
    return first < 0 ? fetched : { ...fetched, first };
  }

  #recordsOf(data: FetchedPartitionInternals, offset: number, isEmpty: boolean): Fetched {
    if (data.messages.length > 0) {
      const batch = fetchedBatch(this.#topic, String(offset), data);
      return { records: recordsFrom(batch, offset), nextOffset: batchRange(batch).nextOffset };
    }
    // Compaction may leave nothing, not even an empty batch, between the offset and the end of what may be read.
    const isLeftOut = isEmpty && (data.preferredReadReplica ?? -1) < 0;
    return { records: [], nextOffset: isLeftOut ? Math.max(offset, Number(data.lastStableOffset)) : offset };
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

  async #ask(
    from: { readonly fromBeginning: boolean } | { readonly fromTimestamp: number },
    partitions: readonly number[] = this.#partitions(),
  ) {
    const asked = partitions.map(partition => ({ partition }));
    const answer = await this.#cluster.fetchTopicsOffset([{ topic: this.#topic, partitions: asked, ...from }]);
    return new Map(
      answer.flatMap(topic => topic.partitions.map(({ partition, offset }) => [partition, Number(offset)])),
    );
  }

  #partitions(): number[] {
    return this.#cluster.findTopicPartitionMetadata(this.#topic).map(({ partitionId }) => partitionId);
  }
}
