import { describe, expect, it } from 'vitest';
import type { Assignment } from '../../src/assignment.ts';
import { sentValue } from '../../src/core/deduplicate.ts';
import type { PendingEvent } from '../../src/core/pending-event.ts';
import { delivered, type Settled, undeliverable } from '../../src/core/settled.ts';
import { Settlement } from '../../src/settlement.ts';
import { TOPIC } from '../core/pending-events.ts';
import { MemoryClaims } from '../fakes/memory-claims.ts';
import { MemoryDeadLetters } from '../fakes/memory-dead-letters.ts';
import { MemorySyncLog } from '../fakes/memory-sync-log.ts';
import { recordingTelemetry } from '../fakes/recording-telemetry.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { assignmentWith } from './assignments.ts';

const ANSWER = { httpStatus: 200, apiCode: 0, requestId: 'req-0', message: 'OK' };
const AWAY = new Error('the leader is away');

function setUp(insistOnMarks = true) {
  const clock = new VirtualClock();
  const claims = new MemoryClaims(clock);
  const [deadLetters, syncLog] = [new MemoryDeadLetters(), new MemorySyncLog()];
  const telemetry = recordingTelemetry();
  const stalls: boolean[] = [];
  const settledOf: Assignment[] = [];
  /** Connections whose state is still to be told. */
  const told = new Map<string, PromiseWithResolvers<void>>();
  const settlement = new Settlement({
    syncLog,
    deadLetters,
    claims,
    telemetry,
    clock,
    random: () => 0.5,
    insistOnMarks,
    connectionTold: connectionId => told.get(connectionId)?.promise ?? Promise.resolve(),
    onSettled: assignment => settledOf.push(assignment),
    onStalled: stalled => stalls.push(stalled),
  });
  return { clock, claims, deadLetters, syncLog, telemetry, stalls, settledOf, told, settlement };
}

function deliveredNow(event: PendingEvent, now: number): Settled {
  return delivered(event, ANSWER, { ...event.claim, value: sentValue(event.source, now) }, now);
}

function letterOf(event: PendingEvent, now: number): Settled {
  return undeliverable(event, { deadLetter: 'refused_by_tiktok', detail: '' }, ANSWER, now);
}

function committable(assignment: Assignment): number | undefined {
  return assignment.ledger.account(TOPIC, 0)?.committable();
}

describe('settling', () => {
  it('writes log entry, letter and mark, then moves the ledger, counts, and says so', async () => {
    const { clock, claims, deadLetters, syncLog, telemetry, settledOf, settlement } = setUp();
    const { assignment, events } = assignmentWith(2, clock.now());
    await settlement.settle(assignment, [deliveredNow(events[0]!, clock.now()), letterOf(events[1]!, clock.now())]);
    expect(syncLog.entries.map(({ outcome }) => outcome)).toEqual(['delivered', 'dead_lettered']);
    expect(deadLetters.letters.map(({ reason }) => reason)).toEqual(['refused_by_tiktok']);
    expect(claims.peek(events[0]!.claim.key)).toMatch(/^s\|/);
    expect(committable(assignment)).toBe(2);
    expect(telemetry.totals()).toMatchObject({ delivered: 1, dead_lettered: 1 });
    expect(telemetry.told('deadLettersWritten')).toEqual([[new Map([['refused_by_tiktok', 1]])]]);
    expect(settledOf).toEqual([assignment]);
  });

  it.each(['connection_parked', 'connection_backpressure'] as const)(
    'counts a letter of %s only when the state of its connection is told: it comes back by that alone',
    async reason => {
      const { clock, deadLetters, settlement, told } = setUp();
      const { assignment, events } = assignmentWith(2, clock.now());
      const [first, second] = [events[0]!, events[1]!];
      const telling = Promise.withResolvers<void>();
      told.set(first.connectionId, telling);
      const letter = undeliverable(first, { deadLetter: reason, detail: '' }, ANSWER, clock.now());
      void settlement.settle(assignment, [letter]);
      // Others of the connection, and what does not come back, wait for nothing.
      await settlement.settle(assignment, [letterOf(second, clock.now())]);
      expect(deadLetters.letters).toHaveLength(2);
      expect(committable(assignment)).toBe(0);
      telling.resolve();
      await clock.idle();
      expect(committable(assignment)).toBe(2);
    },
  );

  it.each([
    ['the sync log', (fakes: ReturnType<typeof setUp>) => fakes.syncLog.failures.push(AWAY, AWAY)],
    ['the dead-letter topic', (fakes: ReturnType<typeof setUp>) => fakes.deadLetters.failures.push(AWAY, AWAY)],
    [
      'the claim store',
      ({ claims }: ReturnType<typeof setUp>) => {
        claims.failNext('lost-request');
        claims.failNext('lost-reply');
      },
    ],
  ])('waits while %s cannot be written, and says that it stalls', async (_, fail) => {
    const fakes = setUp();
    const { clock, settlement, stalls, syncLog, telemetry } = fakes;
    const { assignment, events } = assignmentWith(2, clock.now());
    fail(fakes);
    void settlement.settle(assignment, [deliveredNow(events[0]!, clock.now()), letterOf(events[1]!, clock.now())]);
    let idle = false;
    void settlement.idle().then(() => {
      idle = true;
    });
    await clock.idle();
    expect([committable(assignment), stalls.at(-1), idle]).toEqual([0, true, false]);
    await clock.advance(10_000);
    expect([committable(assignment), stalls.at(-1), idle]).toEqual([2, false, true]);
    expect(syncLog.entries).toHaveLength(2);
    expect(telemetry.told('settlementFailed')).toHaveLength(2);
  });

  it('is stalled until the last of several stalled writers works again', async () => {
    const { clock, claims, deadLetters, settlement, stalls } = setUp();
    const { assignment, events } = assignmentWith(2, clock.now());
    deadLetters.failures.push(...new Array<Error>(4).fill(AWAY));
    claims.failNext('lost-request');
    void settlement.settle(assignment, [deliveredNow(events[0]!, clock.now()), letterOf(events[1]!, clock.now())]);
    await clock.advance(100);
    expect(claims.peek(events[0]!.claim.key)).not.toBeNull();
    expect(stalls.at(-1)).toBe(true);
    await clock.advance(10_000);
    expect(stalls.at(-1)).toBe(false);
  });

  it('does not wait for marks with the pass-through policy, and counts them', async () => {
    const { clock, claims, settlement, telemetry } = setUp(false);
    const { assignment, events } = assignmentWith(1, clock.now());
    claims.failure = 'lost-request';
    await settlement.settle(assignment, [deliveredNow(events[0]!, clock.now())]);
    expect(committable(assignment)).toBe(1);
    expect(telemetry.told('settlementFailed')).toMatchObject([['mark', expect.any(String)]]);
  });

  it('of an assignment that ended meanwhile writes, but neither counts nor moves what is committed', async () => {
    const { clock, claims, settlement, syncLog, telemetry } = setUp();
    const { assignment, events } = assignmentWith(1, clock.now());
    const settling = settlement.settle(assignment, [deliveredNow(events[0]!, clock.now())]);
    expect(assignment.revoke()).toEqual(new Map([['connection-1', 1]]));
    expect(assignment.inFlightTotal).toBe(0);
    await settling;
    expect([syncLog.entries.length, committable(assignment)]).toEqual([1, 0]);
    expect(claims.peek(events[0]!.claim.key)).toMatch(/^s\|/);
    expect(telemetry.totals()).toMatchObject({ delivered: 0 });
  });

  it('is over with the releases too: whoever stops then leaves no claim behind', async () => {
    const { clock, claims, settlement } = setUp();
    await claims.claim([{ key: 'k', value: 'v', ttlMs: 100_000 }]);
    claims.failNext('lost-request');
    void settlement.release([{ key: 'k', value: 'v' }]);
    const idle = settlement.idle().then(() => claims.peek('k'));
    await clock.advance(10_000);
    expect(await idle).toBeNull();
  });
});

describe('the budget of an assignment', () => {
  it('gets back what its events held', async () => {
    const { clock, settlement } = setUp();
    const { assignment, events } = assignmentWith(3, clock.now());
    expect([assignment.budget.events, assignment.budget.bytes]).toEqual([3, 3_000]);
    await settlement.settle(assignment, [deliveredNow(events[0]!, clock.now()), letterOf(events[1]!, clock.now())]);
    expect([assignment.budget.events, assignment.budget.bytes]).toEqual([1, 1_000]);
    expect([...assignment.inFlight]).toEqual([['connection-1', 1]]);
  });
});
