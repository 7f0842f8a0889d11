/**
 * Patch of kafkajs 2.2.4's answer to OFFSET_OUT_OF_RANGE (records expired before they were read): it *commits* the
 * offset -2 to the group and starts at the beginning. That commit wipes out the group's position, bypasses the ledger,
 * and makes the group look like one that never committed.
 *
 * So: the position moves to the first offset there is, in memory only.
 */

import { type OffsetManagerInternals, type Patchable, requireInternal } from './kafka-internals.ts';

/** Replaces the reset of every offset manager. */
export function patchOffsetReset(): void {
  const { prototype } = requireInternal<Patchable<OffsetManagerInternals>>('consumer/offsetManager/index.js');
  prototype.setDefaultOffset = async function startAtFirstOffset({ topic, partition }): Promise<void> {
    const [found] = await this.cluster.fetchTopicsOffset([{ topic, partitions: [{ partition }], fromBeginning: true }]);
    const first = found?.partitions.find(candidate => candidate.partition === partition);
    if (first === undefined) throw new Error(`KAFKA_NO_FIRST_OFFSET: ${topic}/${partition} has no leader that answers`);
    // kafkajs reads on at the offset that follows the resolved one.
    this.resolveOffset({ topic, partition, offset: (BigInt(first.offset) - 1n).toString() });
  };
}
