/** One commit of offsets, tried once, and what its failure means. */

import type { PartitionOffset } from '../core/record.ts';
import type { CommitResult } from '../ports.ts';
import { type CommitRequest, type ConsumerGroupInternals, kafkaErrorCode } from './kafka-internals.ts';
import { isMembershipLost } from './kafka-rejoin-flush.ts';

export interface CommitAttempt {
  readonly result: CommitResult;
  /** The client's code for what went wrong; `null` when nothing did. */
  readonly problem: string | null;
}

/**
 * Commits under the generation the group has at the moment of the call, which kafkajs reads before it waits for
 * anything: a caller that checks its ownership and calls this in the same tick cannot commit under another one.
 *
 * This is the method behind `commitOffsetsIfNecessary(offsets)`, which `eachBatch` gets: one request, the raw error.
 * It is called directly because start positions are committed before there is any batch. The public `commitOffsets`
 * will not do: its retries outlive a rejoin and then commit under the new generation, partitions of others included.
 */
export async function commitOnce(
  group: ConsumerGroupInternals,
  offsets: readonly PartitionOffset[],
): Promise<CommitAttempt> {
  try {
    await group.commitOffsets(commitRequest(offsets));
    return { result: 'committed', problem: null };
  } catch (error) {
    const problem = kafkaErrorCode(error);
    // kafkajs calls an unknown topic retriable and a moved coordinator an end: only the code itself tells.
    const isFenced = isMembershipLost(problem) || problem === 'REBALANCE_IN_PROGRESS';
    return { result: isFenced ? 'fenced' : 'retry', problem };
  }
}

function commitRequest(offsets: readonly PartitionOffset[]): CommitRequest {
  const byTopic = Map.groupBy(offsets, ({ topic }) => topic);
  const topics = [...byTopic].map(([topic, positions]) => ({
    topic,
    partitions: positions.map(({ partition, offset }) => ({ partition, offset: String(offset) })),
  }));
  return { topics };
}
