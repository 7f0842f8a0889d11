import { describe, expect, it } from 'vitest';
import { Assignment } from '../../src/assignment.ts';
import { Commits } from '../../src/commits.ts';
import type { Releasable } from '../../src/core/offset-ledger.ts';
import type { CommitResult, PartitionOffset, RecordSource } from '../../src/ports.ts';
import { Settlement } from '../../src/settlement.ts';
import { TOPIC } from '../core/pending-events.ts';
import { MemoryClaims } from '../fakes/memory-claims.ts';
import { MemoryDeadLetters } from '../fakes/memory-dead-letters.ts';
import { MemorySyncLog } from '../fakes/memory-sync-log.ts';
import { recordingTelemetry } from '../fakes/recording-telemetry.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { BUDGET, WINDOW } from './assignments.ts';

const INTERVAL = 1_000;
const RELEASABLE: Releasable = { key: 'k', value: 'p|t|0|0|1' };

/** A group coordinator that answers when the test says so. */
class SlowCoordinator implements Pick<RecordSource, 'commit'> {
  readonly asked: { epoch: number; offsets: readonly PartitionOffset[]; answer: (result: CommitResult) => void }[] = [];

  commit(epoch: number, offsets: readonly PartitionOffset[]): Promise<CommitResult> {
    return new Promise(answer => this.asked.push({ epoch, offsets, answer }));
  }
}

function setUp() {
  const clock = new VirtualClock();
  const claims = new MemoryClaims(clock);
  const coordinator = new SlowCoordinator();
  const settlement = new Settlement({
    syncLog: new MemorySyncLog(),
    deadLetters: new MemoryDeadLetters(),
    claims,
    telemetry: recordingTelemetry(),
    clock,
    random: () => 0.5,
    insistOnMarks: true,
    connectionTold: () => Promise.resolve(),
    onSettled: () => {},
    onStalled: () => {},
  });
  const commits = new Commits(coordinator as unknown as RecordSource, settlement, clock, INTERVAL);
  return { clock, claims, coordinator, commits };
}

function assignmentOf(epoch: number, offset = 0): Assignment {
  return new Assignment(epoch, [{ topic: TOPIC, partition: 0, offset }], WINDOW, BUDGET);
}

/** Reads the next record and settles it. */
function settleOne(assignment: Assignment, release: Releasable | null = null): void {
  const account = assignment.ledger.account(TOPIC, 0)!;
  const { sequence } = account.track(account.committable(), 1, 0, 0);
  account.settle(sequence, release);
}

describe('commits', () => {
  it('happen once an interval, with everything that was settled until then', async () => {
    const { clock, commits, coordinator } = setUp();
    const assignment = assignmentOf(1);
    for (let i = 0; i < 3; i++) {
      settleOne(assignment);
      commits.soon(assignment);
    }
    await clock.advance(INTERVAL - 1);
    expect(coordinator.asked).toHaveLength(0);
    settleOne(assignment);
    await clock.advance(1);
    expect(coordinator.asked).toMatchObject([{ epoch: 1, offsets: [{ topic: TOPIC, partition: 0, offset: 4 }] }]);
  });

  it('run one at a time; what is settled meanwhile follows', async () => {
    const { clock, commits, coordinator } = setUp();
    const assignment = assignmentOf(1);
    settleOne(assignment);
    const first = commits.now(assignment);
    settleOne(assignment);
    const others = [commits.now(assignment), commits.now(assignment)];
    await clock.idle();
    expect(coordinator.asked).toHaveLength(1);
    coordinator.asked[0]!.answer('committed');
    await first;
    await clock.idle();
    expect(coordinator.asked).toHaveLength(2);
    expect(coordinator.asked[1]!.offsets).toMatchObject([{ offset: 2 }]);
    coordinator.asked[1]!.answer('committed');
    await Promise.all(others);
    expect(coordinator.asked).toHaveLength(2);
  });

  it.each(['retry', 'fenced'] as const)('that end in "%s" are tried again while the assignment lives', async result => {
    const { clock, commits, coordinator } = setUp();
    const assignment = assignmentOf(1);
    settleOne(assignment);
    commits.soon(assignment);
    await clock.advance(INTERVAL);
    coordinator.asked[0]!.answer(result);
    await clock.advance(INTERVAL);
    expect(coordinator.asked).toHaveLength(2);
    coordinator.asked[1]!.answer(result);
    await clock.idle();
    assignment.revoke();
    commits.forget();
    await clock.advance(10 * INTERVAL);
    expect(coordinator.asked).toHaveLength(2);
  });

  it('release claims when they are acknowledged, and not before', async () => {
    const { clock, claims, commits, coordinator } = setUp();
    await claims.claim([{ ...RELEASABLE, ttlMs: 1_000_000 }]);
    const assignment = assignmentOf(1);
    settleOne(assignment, RELEASABLE);
    commits.soon(assignment);
    await clock.advance(INTERVAL);
    coordinator.asked[0]!.answer('retry');
    await clock.advance(INTERVAL);
    expect(claims.peek('k')).toBe(RELEASABLE.value);
    coordinator.asked[1]!.answer('committed');
    await clock.idle();
    expect(claims.peek('k')).toBeNull();
  });

  it('wait while the group is rebalancing and go on when it was a false alarm', async () => {
    const { clock, commits, coordinator } = setUp();
    const assignment = assignmentOf(1);
    settleOne(assignment);
    commits.soon(assignment);
    assignment.suspend();
    await clock.advance(5 * INTERVAL);
    expect(coordinator.asked).toHaveLength(0);
    assignment.resume();
    await clock.advance(INTERVAL);
    expect(coordinator.asked).toHaveLength(1);
  });
});

describe('a commit that waits', () => {
  it('is known with the time since when, until it is done', async () => {
    const { clock, commits, coordinator } = setUp();
    const assignment = assignmentOf(1);
    await clock.advance(500);
    expect(commits.waitingSince).toBeNull();
    settleOne(assignment);
    commits.soon(assignment);
    await clock.advance(2 * INTERVAL);
    expect(commits.waitingSince).toBe(500);
    coordinator.asked[0]!.answer('retry');
    await clock.advance(INTERVAL);
    expect(commits.waitingSince).toBe(500);
    coordinator.asked[1]!.answer('committed');
    await clock.idle();
    expect(commits.waitingSince).toBeNull();
  });

  it('of a former assignment does not stand in for the first one of the next', async () => {
    const { clock, commits, coordinator } = setUp();
    const [former, next] = [assignmentOf(1), assignmentOf(2)];
    settleOne(former);
    commits.soon(former);
    await clock.advance(INTERVAL / 2);
    former.revoke();
    commits.forget();
    settleOne(next);
    commits.soon(next);
    await clock.advance(INTERVAL);
    expect(coordinator.asked).toMatchObject([{ epoch: 2 }]);
  });

  it('is not forgotten when the answer for a former assignment comes late', async () => {
    const { clock, commits, coordinator } = setUp();
    const [former, next] = [assignmentOf(1), assignmentOf(2)];
    settleOne(former);
    void commits.now(former);
    await clock.idle();
    former.revoke();
    commits.forget();
    settleOne(next);
    commits.soon(next);
    coordinator.asked[0]!.answer('committed');
    await clock.idle();
    expect(commits.waitingSince).toBe(0);
  });
});
