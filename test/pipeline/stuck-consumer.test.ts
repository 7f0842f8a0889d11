import { describe, expect, it } from 'vitest';
import type { RecordSourceStatus } from '../../src/ports.ts';
import { watchConsumer } from '../../src/stuck-consumer.ts';
import { ManualClock } from '../fakes/manual-clock.ts';

const MAX_AGE = { heartbeatMaxAgeMs: 20_000, batchMaxAgeMs: 40_000, commitMaxAgeMs: 60_000 };

function setUp() {
  const clock = new ManualClock();
  const status = { sinceHeartbeatMs: null as number | null, acceptingForMs: null as number | null };
  const commits = { waitingSince: null as number | null };
  const found: string[] = [];
  const source = { status: () => status as RecordSourceStatus };
  const end = watchConsumer({ source, commits, clock }, MAX_AGE, ({ code, message }) => {
    found.push(`${code} ${message}`);
  });
  return { clock, commits, end, found, status };
}

const ENDS = 's: this process holds its partitions without working on them. It ends, so that another takes them over.';

describe('a consumer is stuck', () => {
  it.each([
    ['sinceHeartbeatMs', 20_001, 20_000, 'the group coordinator has taken no heartbeat for 20 '],
    ['acceptingForMs', 40_001, 40_000, 'a fetched batch has been in hand for 40 '],
  ] as const)('when %s is %i ms, and not at %i ms', (age, tooOld, oldest, words) => {
    const { clock, found, status } = setUp();
    status[age] = oldest;
    clock.advance(1_000);
    expect(found).toEqual([]);
    status[age] = tooOld;
    clock.advance(1_000);
    expect(found).toEqual([`CONSUMER_STUCK ${words}${ENDS}`]);
  });

  it('when a settled offset has waited for its commit for too long', () => {
    const { clock, commits, found } = setUp();
    commits.waitingSince = clock.monotonic();
    clock.advance(60_000);
    expect(found).toEqual([]);
    clock.advance(1_000);
    expect(found).toEqual([`CONSUMER_STUCK settled offsets could not be committed for 61 ${ENDS}`]);
  });

  it('for nobody once the watch has ended', () => {
    const { clock, end, found, status } = setUp();
    end();
    status.sinceHeartbeatMs = 1_000_000;
    clock.advance(5_000);
    expect(found).toEqual([]);
  });
});
