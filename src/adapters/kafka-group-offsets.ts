/** Reads where a group stands and where partitions begin and end, by an admin client of its own. */

import type { Admin } from 'kafkajs';
import type { Coordinates } from '../core/record.ts';
import {
  isNewGroup,
  type LogRange,
  type StartPosition,
  type StartSnapshot,
  snapshotOf,
  startPositions,
} from '../core/start-position.ts';

/**
 * Where a new group starts: `earliest`, `latest`, the first record of a time (epoch milliseconds) or later, or at these
 * positions (a partition without one: at its beginning).
 */
export type StartFrom = 'earliest' | 'latest' | number | readonly Coordinates[];

/** Short, because who asks repeats by himself for as long as the answer is of use. */
export const ADMIN_RETRY = { retries: 2 } as const;

export class GroupOffsets {
  readonly #admin: Admin;
  readonly #groupId: string;
  readonly #topics: readonly string[];
  #snapshot: StartSnapshot | null = null;

  constructor(admin: Admin, groupId: string, topics: readonly string[]) {
    this.#admin = admin;
    this.#groupId = groupId;
    this.#topics = topics;
  }

  /**
   * Fixes the start positions of a new group; to be called before it is joined. For a group with any commit, and for
   * `earliest`, there is nothing to fix: a partition without a commit is read from its beginning.
   */
  async fixStart(startFrom: StartFrom): Promise<void> {
    if (startFrom === 'earliest' || !isNewGroup(await this.#committed(this.#topics))) return;
    if (typeof startFrom === 'object') {
      this.#snapshot = snapshotOf(startFrom);
      return;
    }
    const perTopic = this.#topics.map(topic => this.#positionsAt(topic, startFrom));
    this.#snapshot = snapshotOf((await Promise.all(perTopic)).flat());
  }

  /** The start of each of the partitions, as their committed offsets and logs are now. */
  async starts(
    partitions: readonly { readonly topic: string; readonly partition: number }[],
  ): Promise<StartPosition[]> {
    const topics = [...new Set(partitions.map(({ topic }) => topic))];
    if (topics.length === 0) return [];
    // In this order: another member's commit in between must not seem to lie beyond the end of the log.
    const committed = await this.#committed(topics);
    const ranges = (await Promise.all(topics.map(topic => this.ranges(topic)))).flat();
    const wanted = partitions.map(({ topic, partition }) => {
      const range = ranges.find(candidate => candidate.topic === topic && candidate.partition === partition);
      if (range === undefined) throw new Error(`KAFKA_PARTITION_UNKNOWN: ${topic}/${partition} is not in the metadata`);
      return range;
    });
    return startPositions(wanted, committed, this.#snapshot);
  }

  /** First and end offset of every partition of a topic. */
  async ranges(topic: string): Promise<LogRange[]> {
    const offsets = await this.#admin.fetchTopicOffsets(topic);
    return offsets.map(({ partition, low, high }) => ({ topic, partition, first: Number(low), end: Number(high) }));
  }

  /** First and end offset of one partition. */
  async range(topic: string, partition: number): Promise<LogRange> {
    const range = (await this.ranges(topic)).find(candidate => candidate.partition === partition);
    if (range === undefined) throw new Error(`KAFKA_PARTITION_UNKNOWN: ${topic}/${partition} is not in the metadata`);
    return range;
  }

  async #committed(topics: readonly string[]): Promise<Coordinates[]> {
    const answer = await this.#admin.fetchOffsets({ groupId: this.#groupId, topics: [...topics] });
    return answer.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset }) => ({ topic, partition, offset: Number(offset) })),
    );
  }

  async #positionsAt(topic: string, startFrom: 'latest' | number): Promise<Coordinates[]> {
    const offsets =
      startFrom === 'latest'
        ? await this.#admin.fetchTopicOffsets(topic)
        : await this.#admin.fetchTopicOffsetsByTimestamp(topic, startFrom);
    return offsets.map(({ partition, offset }) => ({ topic, partition, offset: Number(offset) }));
  }
}
