/**
 * Where a partition is read from at an assignment.
 *
 * Guarantee: a committed offset always wins. The start option counts only for a group that had none at all, and only
 * for the partitions that existed when this process started; any other partition is read from its beginning, so that
 * one added later, or assigned before its first commit, loses nothing.
 */

import type { Coordinates } from './record.ts';

/** What the broker knows of a partition: its first offset and the one after its last. */
export interface LogRange {
  readonly topic: string;
  readonly partition: number;
  readonly first: number;
  readonly end: number;
}

/** A group's offset for a partition; -1 for none. Any other negative number is a commit without a meaning. */
export type CommittedOffset = Coordinates;

export type StartReason =
  | 'committed'
  | 'snapshot'
  | 'beginning'
  /** Committed below the first offset: records expired before they were read. */
  | 'expired'
  /** Committed above the log's end: the topic was made anew, or lost its tail. */
  | 'truncated';

export interface StartPosition extends Coordinates {
  readonly reason: StartReason;
  /** Records that are gone for good; above 0 only for `expired`. */
  readonly lost: number;
}

const NO_COMMIT = -1;

/** Start positions by topic and partition, fixed before the group is joined. */
export type StartSnapshot = ReadonlyMap<string, number>;

/** Names a partition; topic names hold no `/` (Kafka forbids it). */
export function partitionKey({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}/${partition}`;
}

/** Whether the start option applies: the group has no committed offset on any partition of its topics. */
export function isNewGroup(committed: readonly CommittedOffset[]): boolean {
  return committed.every(({ offset }) => offset === NO_COMMIT);
}

/** Fixes the start of every partition that exists now. */
export function snapshotOf(positions: readonly Coordinates[]): StartSnapshot {
  return new Map(positions.map(position => [partitionKey(position), position.offset]));
}

/** Decides for each assigned partition; `ranges` must cover them all. */
export function startPositions(
  ranges: readonly LogRange[],
  committed: readonly CommittedOffset[],
  snapshot: StartSnapshot | null,
): StartPosition[] {
  const commits = new Map(committed.map(commit => [partitionKey(commit), commit.offset]));
  return ranges.map(range => startPosition(range, commits.get(partitionKey(range)) ?? NO_COMMIT, snapshot));
}

function startPosition(range: LogRange, committed: number, snapshot: StartSnapshot | null): StartPosition {
  const { topic, partition, first, end } = range;
  const at = (offset: number, reason: StartReason, lost = 0) => ({ topic, partition, offset, reason, lost });
  if (committed > end) return at(first, 'truncated');
  if (committed >= first) return at(committed, 'committed');
  if (committed >= 0) return at(first, 'expired', first - committed);
  const chosen = committed === NO_COMMIT ? snapshot?.get(partitionKey(range)) : undefined;
  if (chosen === undefined || chosen < first || chosen > end) return at(first, 'beginning');
  return at(chosen, 'snapshot');
}
