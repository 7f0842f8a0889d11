/** What one join of the group gave this process, until the next: partitions, positions, generation. */

import { PartitionPosition } from '../core/position-check.ts';
import { partitionKey } from '../core/start-position.ts';
import type { HoldReason, PartitionProgress } from '../ports.ts';
import type { ConsumerGroupInternals, OffsetManagerInternals } from './kafka-internals.ts';

/** A partition as owned under one assignment. */
export interface OwnedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly position: PartitionPosition;
  /** Fetches that began up to this number did not know of the last seek; infinite before the first. */
  soughtAt: number;
  /** Why this partition alone is paused. */
  held: HoldReason | null;
  /** Monotonic milliseconds since when a batch of it is being accepted. */
  acceptingSince: number | null;
  committed: number | null;
  highWatermark: number | null;
}

export class Ownership {
  readonly epoch: number;
  readonly partitions: readonly OwnedPartition[];
  /** True once every position is known, the reader was put there and the consumer was told. */
  begun = false;
  /** The flush before the next join, once it has started; a join that is tried again does not repeat it. */
  flush: Promise<void> | null = null;
  readonly #group: ConsumerGroupInternals;
  readonly #offsetManager: OffsetManagerInternals | null;
  readonly #byKey: ReadonlyMap<string, OwnedPartition>;

  constructor(epoch: number, group: ConsumerGroupInternals, assignment: Readonly<Record<string, readonly number[]>>) {
    this.epoch = epoch;
    this.#group = group;
    this.#offsetManager = group.offsetManager;
    this.partitions = Object.entries(assignment).flatMap(([topic, partitions]) =>
      partitions.toSorted((a, b) => a - b).map(partition => owned(topic, partition)),
    );
    this.#byKey = new Map(this.partitions.map(partition => [partitionKey(partition), partition]));
  }

  get generationId(): number | null {
    return this.#offsetManager?.generationId ?? null;
  }

  find(topic: string, partition: number): OwnedPartition | undefined {
    return this.#byKey.get(partitionKey({ topic, partition }));
  }

  /**
   * Whether kafkajs still works under the generation this was given in. kafkajs swaps its offset manager a moment
   * before it tells of the join; a commit in that moment would go out under the new generation.
   */
  isCurrentIn(group: ConsumerGroupInternals | null): group is ConsumerGroupInternals {
    return group !== null && group === this.#group && group.offsetManager === this.#offsetManager;
  }

  topics(): { topic: string; partitions: number[] }[] {
    const byTopic = Map.groupBy(this.partitions, ({ topic }) => topic);
    return [...byTopic].map(([topic, owned]) => ({ topic, partitions: owned.map(({ partition }) => partition) }));
  }

  progress(): PartitionProgress[] {
    return this.partitions.map(({ topic, partition, position, committed, highWatermark, held }) => {
      return { topic, partition, position: position.expected, committed, highWatermark, held };
    });
  }
}

function owned(topic: string, partition: number): OwnedPartition {
  return {
    topic,
    partition,
    position: new PartitionPosition(),
    soughtAt: Number.POSITIVE_INFINITY,
    held: null,
    acceptingSince: null,
    committed: null,
    highWatermark: null,
  };
}
