import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OffsetLedger, type Ticket } from '../../src/core/offset-ledger.ts';
import { accountOf, TOPIC } from './pending-events.ts';

const claim = (offset: number) => ({ key: `k${offset}`, value: `v${offset}` });

describe('the ledger of a partition', () => {
  it('has nothing to commit at its start', () => {
    const account = accountOf();
    expect([account.committable(), account.hasProgress()]).toEqual([0, false]);
  });

  it('commits the lowest unsettled offset, not the highest settled one', () => {
    const account = accountOf();
    const tickets = [0, 1, 2].map(offset => account.track(offset, 1, 0, 0));
    account.settle(tickets[1]!.sequence, null);
    account.settle(tickets[2]!.sequence, null);
    expect(account.hasProgress()).toBe(false);
    account.settle(tickets[0]!.sequence, null);
    expect(account.committable()).toBe(3);
  });

  it('settles a record only with the last of its events', () => {
    const account = accountOf();
    const { sequence } = account.track(0, 3, 0, 0);
    account.settle(sequence, null);
    account.settle(sequence, null);
    expect(account.committable()).toBe(0);
    account.settle(sequence, null);
    expect(account.committable()).toBe(1);
  });

  it('commits past compacted and control records once everything read is settled', () => {
    const account = accountOf();
    const { sequence } = account.track(4, 1, 0, 0);
    account.advance(9);
    expect(account.committable()).toBe(4);
    account.settle(sequence, null);
    expect(account.committable()).toBe(9);
    account.advance(5);
    expect(account.committable()).toBe(9);
  });

  it('refuses an offset that was read before, a record without events, and a second settlement', () => {
    const account = accountOf();
    const { sequence } = account.track(5, 1, 0, 0);
    expect(() => account.track(5, 1, 0, 0)).toThrow(RangeError);
    expect(() => account.track(6, 0, 0, 0)).toThrow(RangeError);
    account.settle(sequence, null);
    expect(() => account.settle(sequence, null)).toThrow(/settled twice/);
    expect(() => account.settle(99, null)).toThrow(RangeError);
  });

  it('goes on as before when its arrays were cut', () => {
    const account = accountOf();
    const tickets = Array.from({ length: 10_000 }, (_, offset) => account.track(offset, 1, offset, offset));
    for (const { sequence } of tickets.slice(0, 9_999)) account.settle(sequence, null);
    expect(() => account.settle(0, null)).toThrow(/settled twice/);
    expect([account.committable(), account.oldestUnsettledEventTime()]).toEqual([9_999, 9_999]);
    expect(account.oldestUnsettledTimestamp()).toBe(9_999);
    account.settle(9_999, null);
    expect(account.committable()).toBe(10_000);
  });

  it('tells the event time of the lowest unsettled record', () => {
    const account = accountOf();
    const [a, b] = [account.track(0, 1, 111, 111), account.track(1, 1, 222, 222)];
    account.settle(b.sequence, null);
    expect(account.oldestUnsettledEventTime()).toBe(111);
    account.settle(a.sequence, null);
    expect(account.oldestUnsettledEventTime()).toBeNull();
  });

  it('tells the timestamp of the lowest record that was read, also before it is tracked', () => {
    const account = accountOf();
    expect(account.oldestUnsettledTimestamp()).toBeNull();
    account.arrived(50);
    expect(account.oldestUnsettledTimestamp()).toBe(50);
    const [a, b] = [account.track(0, 1, 111, 50), account.track(1, 1, 222, 60)];
    account.advance(2);
    account.settle(b.sequence, null);
    account.arrived(70);
    expect(account.oldestUnsettledTimestamp()).toBe(50);
    account.settle(a.sequence, null);
    expect(account.oldestUnsettledTimestamp()).toBe(70);
    account.advance(3);
    expect(account.oldestUnsettledTimestamp()).toBeNull();
  });

  it('frees a claim once, with the acknowledged commit that covers it and not before', () => {
    const account = accountOf();
    const tickets = [0, 1, 2].map(offset => account.track(offset, 1, 0, 0));
    account.settle(tickets[0]!.sequence, null);
    account.settle(tickets[1]!.sequence, claim(1));
    account.settle(tickets[2]!.sequence, claim(2));
    expect(account.acknowledge(1)).toEqual([]);
    expect(account.acknowledge(2)).toEqual([claim(1)]);
    expect(account.acknowledge(2)).toEqual([]);
    expect(account.acknowledge(3)).toEqual([claim(2)]);
  });

  it('does not forget an acknowledged commit when an older one is acknowledged late', () => {
    const account = accountOf();
    const tickets = [0, 1].map(offset => account.track(offset, 1, 0, 0));
    for (const { sequence } of tickets) account.settle(sequence, null);
    account.acknowledge(2);
    account.acknowledge(1);
    expect([account.committed, account.hasProgress()]).toEqual([2, false]);
  });
});

describe('the ledger of an assignment', () => {
  const positions = [
    { topic: TOPIC, partition: 0, offset: 10 },
    { topic: TOPIC, partition: 1, offset: 20 },
    { topic: 'sourceloop.revenue-updates', partition: 0, offset: 30 },
  ];

  it('knows its own partitions and no others', () => {
    const ledger = new OffsetLedger(positions);
    expect(ledger.size).toBe(3);
    expect(ledger.account(TOPIC, 2)).toBeUndefined();
    expect(ledger.account('sourceloop.revenue-updates', 0)?.committable()).toBe(30);
  });

  it('offers only partitions with progress, and frees claims of all acknowledged ones', () => {
    const ledger = new OffsetLedger(positions);
    const account = ledger.account(TOPIC, 1)!;
    account.settle(account.track(20, 1, 0, 0).sequence, claim(20));
    const offsets = ledger.committable();
    expect(offsets).toEqual([{ topic: TOPIC, partition: 1, offset: 21 }]);
    expect(ledger.acknowledge(offsets)).toEqual([claim(20)]);
    expect(ledger.committable()).toEqual([]);
    expect(ledger.acknowledge([{ topic: 'gone', partition: 0, offset: 1 }])).toEqual([]);
  });
});

interface Tracked {
  readonly offset: number;
  readonly ticket: Ticket;
  open: number;
}

const anyRecords = fc.array(
  fc.record({ gap: fc.integer({ min: 0, max: 3 }), events: fc.integer({ min: 1, max: 3 }) }),
  {
    minLength: 1,
    maxLength: 60,
  },
);

describe('for any records, order of settling and times of committing', () => {
  it('never commits above an unsettled record, never goes back, and frees each claim exactly once and covered', () => {
    fc.assert(fc.property(anyRecords, fc.infiniteStream(fc.nat()), settlesInAnyOrder), { numRuns: 500 });
  });

  it('does the same through many thousand records, when the arrays are cut', () => {
    const many = fc.constant(Array.from({ length: 9_500 }, () => ({ gap: 0, events: 1 })));
    fc.assert(fc.property(many, fc.infiniteStream(fc.nat()), settlesInAnyOrder), { numRuns: 1 });
  });
});

/** Tracks, settles and commits in an order that `choices` makes up, and compares with the plain truth. */
function settlesInAnyOrder(records: readonly { gap: number; events: number }[], choices: Iterator<number>): void {
  const choose = (below: number) => (choices.next().value as number) % below;
  const account = accountOf();
  const waiting: Tracked[] = [];
  const open = new Set<number>();
  const owed = new Set<number>();
  let [read, position, committable, acknowledged] = [0, 0, 0, 0];
  const commit = () => {
    const offset = account.committable();
    for (const freed of account.acknowledge(offset)) {
      const of = Number(freed.key.slice(1));
      if (!owed.delete(of)) throw new Error(`the claim of ${of} was not owed`);
      if (of >= offset) throw new Error(`the claim of ${of} was freed by a commit of ${offset}`);
    }
    acknowledged = offset;
  };
  while (read < records.length || waiting.length > 0) {
    if (read < records.length && (waiting.length === 0 || choose(2) === 0)) {
      const { gap, events } = records[read++]!;
      const offset = position + gap;
      waiting.push({ offset, ticket: account.track(offset, events, offset, offset), open: events });
      open.add(offset);
      position = offset + 1;
    } else {
      // Mostly near the head, as requests come back, at times anywhere.
      const index = choose(choose(3) === 0 ? waiting.length : Math.min(5, waiting.length));
      const record = waiting[index]!;
      record.open--;
      const released = record.open === 0 && record.offset % 3 === 0;
      account.settle(record.ticket.sequence, released ? claim(record.offset) : null);
      if (released) owed.add(record.offset);
      if (record.open === 0) {
        waiting.splice(index, 1);
        open.delete(record.offset);
      }
    }
    const next = account.committable();
    // Tracked in rising order, so the first of the set is the lowest.
    const truth = open.size === 0 ? position : open.values().next().value;
    if (next !== truth) throw new Error(`${next} is committable instead of ${truth}`);
    if (next < committable) throw new Error(`${next} comes after ${committable}`);
    if (account.hasProgress() !== next > acknowledged) throw new Error(`progress at ${next} after ${acknowledged}`);
    committable = next;
    if (choose(7) === 0) commit();
  }
  commit();
  expect([account.committable(), owed.size]).toEqual([position, 0]);
}
