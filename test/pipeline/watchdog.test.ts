import { describe, expect, it } from 'vitest';
import { type Watched, watch } from '../../src/watchdog.ts';
import { ManualClock } from '../fakes/manual-clock.ts';

const HEARTBEAT_MS = 20_000;
const COMMIT_MS = 60_000;

function setUp() {
  const clock = new ManualClock();
  const found: [Watched['name'], number][] = [];
  const last: { heartbeat: number | null; commit: number | null } = { heartbeat: null, commit: null };
  const end = watch(
    [
      { name: 'heartbeat', since: () => last.heartbeat, maxAgeMs: HEARTBEAT_MS },
      { name: 'commit', since: () => last.commit, maxAgeMs: COMMIT_MS },
    ],
    clock,
    (name, overdueMs) => found.push([name, overdueMs]),
  );
  return { clock, found, last, end };
}

describe('a watchdog', () => {
  it('says nothing while nothing is expected', () => {
    const { clock, found } = setUp();
    clock.advance(3_600_000);
    expect(found).toEqual([]);
  });

  it('says nothing while all is young enough', () => {
    const { clock, found, last } = setUp();
    for (let i = 0; i < 100; i++) {
      last.heartbeat = clock.monotonic();
      clock.advance(HEARTBEAT_MS);
    }
    expect(found).toEqual([]);
  });

  it.each([
    ['heartbeat', HEARTBEAT_MS],
    ['commit', COMMIT_MS],
  ] as const)('tells of an overdue %s once, at the first check beyond its age', (name, maxAgeMs) => {
    const { clock, found, last } = setUp();
    last[name] = 0;
    clock.advance(maxAgeMs);
    expect(found).toEqual([]);
    clock.advance(1_000);
    expect(found).toEqual([[name, maxAgeMs + 1_000]]);
    clock.advance(3_600_000);
    expect([found.length, clock.pendingTimers]).toEqual([1, 0]);
  });

  it('tells of one thing only when several are overdue', () => {
    const { clock, found, last } = setUp();
    last.commit = 0;
    clock.advance(COMMIT_MS);
    last.heartbeat = 0;
    clock.advance(10_000);
    expect(found).toEqual([['heartbeat', COMMIT_MS + 1_000]]);
  });

  it('is silent once it is ended', () => {
    const { clock, end, found, last } = setUp();
    last.heartbeat = 0;
    end();
    clock.advance(3_600_000);
    expect([found.length, clock.pendingTimers]).toEqual([0, 0]);
  });
});

describe('after a freeze of the process', () => {
  it('everything has as long as the longest age to recover, the heartbeat too', () => {
    const { clock, found, last } = setUp();
    last.heartbeat = 0;
    last.commit = 0;
    clock.freeze(600_000);
    clock.advance(COMMIT_MS - 1);
    expect(found).toEqual([]);
    last.heartbeat = clock.monotonic();
    last.commit = null;
    clock.advance(HEARTBEAT_MS);
    expect(found).toEqual([]);
  });

  it('what has not recovered by then is overdue', () => {
    const { clock, found, last } = setUp();
    last.heartbeat = 0;
    clock.freeze(600_000);
    clock.advance(COMMIT_MS);
    expect(found.map(([name]) => name)).toEqual(['heartbeat']);
  });

  it('which a few late checks are not, there is no grace', () => {
    const { clock, found, last } = setUp();
    last.heartbeat = 0;
    clock.freeze(5_000);
    clock.advance(HEARTBEAT_MS - 5_000 + 1_000);
    expect(found).toHaveLength(1);
  });
});
