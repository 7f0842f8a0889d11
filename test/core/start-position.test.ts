import { describe, expect, it } from 'vitest';
import { isNewGroup, snapshotOf, startPositions } from '../../src/core/start-position.ts';

const range = { topic: 't', partition: 0, first: 10, end: 50 };

function start(committed: number, snapshot: number | null = null) {
  const fixed = snapshot === null ? null : snapshotOf([{ topic: 't', partition: 0, offset: snapshot }]);
  const [position] = startPositions([range], [{ topic: 't', partition: 0, offset: committed }], fixed);
  return position;
}

describe('the start position of a partition', () => {
  it('is the committed offset where there is one, whatever the start option', () => {
    expect(start(30)).toMatchObject({ offset: 30, reason: 'committed' });
    expect(start(30, 50)).toMatchObject({ offset: 30, reason: 'committed' });
    expect(start(10, 50)).toMatchObject({ offset: 10, reason: 'committed' });
    expect(start(50)).toMatchObject({ offset: 50, reason: 'committed' });
  });

  it('is the snapshot for a group without a commit', () => {
    expect(start(-1, 50)).toMatchObject({ offset: 50, reason: 'snapshot' });
    expect(start(-1, 20)).toMatchObject({ offset: 20, reason: 'snapshot' });
  });

  it('is the beginning for a partition that the snapshot does not have', () => {
    const other = snapshotOf([{ topic: 't', partition: 1, offset: 50 }]);
    const [position] = startPositions([range], [], other);
    expect(position).toMatchObject({ offset: 10, reason: 'beginning' });
    expect(start(-1)).toMatchObject({ offset: 10, reason: 'beginning' });
  });

  it('is the beginning where the snapshot points to records that are gone or not there yet', () => {
    expect(start(-1, 5)).toMatchObject({ offset: 10, reason: 'beginning' });
    expect(start(-1, 60)).toMatchObject({ offset: 10, reason: 'beginning' });
  });

  it('is the first offset when the committed one expired, and says how much is lost', () => {
    expect(start(4)).toMatchObject({ offset: 10, reason: 'expired', lost: 6 });
  });

  it('is the first offset when the log ends below the committed one', () => {
    expect(start(51)).toMatchObject({ offset: 10, reason: 'truncated' });
  });

  it('is the beginning, not the snapshot, after a commit without a meaning', () => {
    expect(start(-2, 50)).toMatchObject({ offset: 10, reason: 'beginning' });
  });
});

describe('a new group', () => {
  it('is one without a commit on any partition', () => {
    expect(isNewGroup([])).toBe(true);
    expect(isNewGroup([{ topic: 't', partition: 0, offset: -1 }])).toBe(true);
  });

  it('is no longer new after one commit on one partition, even of an offset without a meaning', () => {
    const others = { topic: 't', partition: 0, offset: -1 };
    expect(isNewGroup([others, { topic: 't', partition: 1, offset: 0 }])).toBe(false);
    expect(isNewGroup([others, { topic: 't', partition: 1, offset: -2 }])).toBe(false);
  });
});
