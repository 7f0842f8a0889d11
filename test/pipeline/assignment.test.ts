import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Assignment } from '../../src/assignment.ts';
import { replayed, type Settled, skipped, subjectOf } from '../../src/core/settled.ts';
import { type pendingOf, TOPIC } from '../core/pending-events.ts';
import { assignmentWith, BUDGET, WINDOW } from './assignments.ts';

const MAX_SPAN = 1_000_000;

function emptyAssignment() {
  const positions = [0, 1].map(partition => ({ topic: TOPIC, partition, offset: 0 }));
  const assignment = new Assignment(3, positions, WINDOW, BUDGET);
  const [first, second] = [assignment.ledger.account(TOPIC, 0)!, assignment.ledger.account(TOPIC, 1)!];
  return { assignment, first, second };
}

describe('an assignment', () => {
  it('is full when its ledger spans a million records, over all partitions, and drained at half of that', () => {
    const { assignment, first, second } = emptyAssignment();
    const tickets = Array.from({ length: MAX_SPAN / 2 }, (_, offset) => first.track(offset, 1, 0, 0));
    for (let offset = 0; offset < MAX_SPAN / 2 - 1; offset++) second.track(offset, 1, 0, 0);
    expect([assignment.isFull, assignment.isDrained]).toEqual([false, false]);
    second.track(MAX_SPAN, 1, 0, 0);
    expect([assignment.isFull, assignment.isDrained]).toEqual([true, false]);

    // Behind an unsettled record nothing becomes free.
    for (const { sequence } of tickets.slice(1)) first.settle(sequence, null);
    expect([assignment.isFull, assignment.isDrained]).toEqual([true, false]);
    first.settle(tickets[0]!.sequence, null);
    expect([assignment.isFull, assignment.isDrained]).toEqual([false, true]);
  });

  it('is full when its buffer is, and drained when that is', () => {
    const { assignment } = emptyAssignment();
    assignment.admit(new Map([['c', BUDGET.maxEvents - 1]]), 0);
    expect([assignment.isFull, assignment.isDrained]).toEqual([false, false]);
    assignment.admit(new Map([['c', 1]]), 0);
    expect([assignment.isFull, assignment.isDrained]).toEqual([true, false]);
    assignment.budget.give(BUDGET.maxEvents / 2, 0);
    expect([assignment.isFull, assignment.isDrained]).toEqual([false, true]);
  });

  it('is active until it is suspended, again when that was a false alarm, and never after its end', () => {
    const { assignment } = emptyAssignment();
    const seen = [assignment.isActive];
    assignment.suspend();
    seen.push(assignment.isActive);
    assignment.resume();
    seen.push(assignment.isActive);
    assignment.revoke();
    assignment.resume();
    seen.push(assignment.isActive);
    expect([seen, assignment.isVoid]).toEqual([[true, false, true, false], true]);
  });

  it('calls back once when it ends, and not who no longer waits', () => {
    const { assignment } = emptyAssignment();
    const called: string[] = [];
    assignment.onVoid(() => called.push('a'));
    assignment.onVoid(() => called.push('b'))();
    assignment.revoke();
    assignment.revoke();
    expect(called).toEqual(['a']);
  });
});

describe('the end of an assignment', () => {
  it('hands over exactly what is in flight, by connection, and once', () => {
    const { assignment, events } = assignmentWith(3, 0);
    assignment.admit(new Map([['connection-2', 2]]), 0);
    assignment.finish([replayedOf(events[0]!)]);
    expect(assignment.revoke()).toEqual(
      new Map([
        ['connection-1', 2],
        ['connection-2', 2],
      ]),
    );
    expect([assignment.inFlightTotal, assignment.revoke().size]).toEqual([0, 0]);
  });

  it('hands over nothing of a connection whose events are all settled', () => {
    const { assignment, events } = assignmentWith(2, 0);
    assignment.finish(events.map(replayedOf));
    expect([assignment.inFlight.size, assignment.revoke().size]).toEqual([0, 0]);
  });

  it('makes what is finished later count for nothing and move nothing', () => {
    const { assignment, events } = assignmentWith(2, 0);
    assignment.revoke();
    expect(assignment.finish(events.map(replayedOf))).toEqual([]);
    expect([assignment.inFlightTotal, assignment.ledger.committable()]).toEqual([0, []]);
  });
});

function replayedOf(event: ReturnType<typeof pendingOf>): Settled {
  const subject = subjectOf(event.ticket, event.source, null, 'connection-1', null);
  return { ...replayed(subject, 0), bytes: event.bytes };
}

describe('finishing', () => {
  const CONNECTIONS = ['c-1', 'c-2', 'none'];
  const REASONS = ['no_mapping', 'consent_denied'] as const;
  /** An event's connection, and how it ends: replayed, or skipped for one of two reasons. */
  const anyEnd = fc.record({ connectionId: fc.constantFrom(...CONNECTIONS), end: fc.nat({ max: 2 }) });

  it('counts each event once under its connection, outcome and reason, however they are mixed', () => {
    fc.assert(
      fc.property(fc.array(anyEnd, { maxLength: 40 }), fc.array(fc.nat(8)), (ends, cuts) => {
        const { assignment, first } = emptyAssignment();
        const items = ends.map(({ connectionId, end }, offset): Settled => {
          const source = { topic: TOPIC, partition: 0, offset };
          const subject = subjectOf(first.track(offset, 1, 0, 0), source, null, connectionId, null);
          const item = end === 2 ? replayed(subject, 0) : skipped(subject, REASONS[end]!, true, 0);
          return { ...item, bytes: offset };
        });
        assignment.admit(
          countBy(items, ({ connectionId }) => connectionId),
          total(items.map(({ bytes }) => bytes)),
        );

        let left = items;
        for (const cut of [...cuts, items.length]) {
          const counts = assignment.finish(left.slice(0, cut));
          const names = counts.map(({ connectionId, outcome, reason }) => `${connectionId} ${outcome} ${reason}`);
          expect(new Map(counts.map(({ events }, n) => [names[n], events]))).toEqual(
            countBy(left.slice(0, cut), nameOf),
          );
          expect(new Set(names).size).toBe(names.length);
          left = left.slice(cut);
          expect(assignment.inFlight).toEqual(countBy(left, ({ connectionId }) => connectionId));
          expect([assignment.budget.events, assignment.budget.bytes]).toEqual([
            left.length,
            total(left.map(({ bytes }) => bytes)),
          ]);
        }
        expect(first.committable()).toBe(items.length);
      }),
    );
  });
});

function nameOf({ connectionId, outcome, reason }: Settled): string {
  return `${connectionId} ${outcome} ${reason}`;
}

function countBy(items: readonly Settled[], name: (item: Settled) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(name(item), (counts.get(name(item)) ?? 0) + 1);
  return counts;
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
