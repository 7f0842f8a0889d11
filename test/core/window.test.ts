import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Windowed, Windows, windowClose, windowPhase } from '../../src/core/window.ts';

interface Item extends Windowed {
  readonly id: number;
}

const MINUTES_2 = 120_000;
const OPTIONS = { sizeMs: MINUTES_2, batchMaxEvents: 3, batchMaxBytes: 100 };

let ids = 0;
function item(
  connectionId = 'a',
  jsonBytes = 10,
  destinationKey = `${connectionId}/live`,
  maxPerRequest = 1_000,
): Item {
  return { id: ids++, connectionId, destinationKey, jsonBytes, maxPerRequest };
}

describe('the time of a window', () => {
  it('closes later than now and at most one window later, at the connection’s own phase', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 600_000 }), fc.nat(2 ** 41), (connection, size, now) => {
        const close = windowClose(connection, size, now);
        expect(close).toBeGreaterThan(now);
        expect(close).toBeLessThanOrEqual(now + size);
        expect((close - windowPhase(connection, size)) % size).toBe(0);
      }),
    );
  });

  it('is the same window for every moment in it', () => {
    const first = windowClose('a', MINUTES_2, 1_000_000);
    expect(windowClose('a', MINUTES_2, first - 1)).toBe(first);
    expect(windowClose('a', MINUTES_2, first)).toBe(first + MINUTES_2);
  });

  it('is spread over the window, so that not all requests start at once', () => {
    const tenths = new Array<number>(10).fill(0);
    for (let i = 0; i < 1_000; i++) tenths[Math.floor((windowPhase(`connection-${i}`, MINUTES_2) * 10) / MINUTES_2)]!++;
    expect(Math.min(...tenths)).toBeGreaterThan(60);
    expect(Math.max(...tenths)).toBeLessThan(140);
  });
});

describe('windows', () => {
  it('lets a batch leave at once when it is full', () => {
    const windows = new Windows<Item>(OPTIONS);
    const items = [item(), item(), item()];
    expect(windows.add(items[0]!, 0)).toBeNull();
    expect(windows.add(items[1]!, 0)).toBeNull();
    expect(windows.add(items[2]!, 0)).toEqual(items);
    expect(windows.events).toBe(0);
  });

  it('lets a batch leave as soon as its destination takes no more, and others later', () => {
    const windows = new Windows<Item>({ ...OPTIONS, batchMaxEvents: 3 });
    const ofV1 = () => item('a', 1, 'a/v1', 2);
    const items = [ofV1(), item('a', 1), ofV1()];
    expect(items.map(each => windows.add(each, 0))).toEqual([null, null, [items[0], items[2]]]);
    expect(windows.events).toBe(1);
    expect(windows.add(item('b', 1, 'b', 5_000), 0)).toBeNull();
  });

  it('lets a batch leave before an event that would make it too large', () => {
    const windows = new Windows<Item>(OPTIONS);
    const [first, second] = [item('a', 60), item('a', 60)];
    windows.add(first, 0);
    expect(windows.add(second, 0)).toEqual([first]);
    expect(windows.takeAll()).toEqual([[second]]);
  });

  it('counts the commas between events: a batch may be as large as the limit, not larger', () => {
    const exact = new Windows<Item>({ ...OPTIONS, batchMaxBytes: 41 });
    exact.add(item('a', 20), 0);
    expect(exact.add(item('a', 20), 0)).toBeNull();
    const short = new Windows<Item>({ ...OPTIONS, batchMaxBytes: 40 });
    short.add(item('a', 20), 0);
    expect(short.add(item('a', 20), 0)).toHaveLength(1);
  });

  it('keeps destinations of one connection in batches of their own', () => {
    const windows = new Windows<Item>(OPTIONS);
    const [live, test] = [item('a'), item('a', 10, 'a/test')];
    windows.add(live, 0);
    windows.add(test, 0);
    expect(windows.takeAll()).toEqual([[live], [test]]);
  });

  it('closes at its time, all destinations of a connection together, and opens anew with the next event', () => {
    const windows = new Windows<Item>(OPTIONS);
    windows.add(item('a'), 0);
    windows.add(item('a', 10, 'a/test'), 1);
    const close = windows.nextClose()!;
    expect(close).toBe(windowClose('a', MINUTES_2, 0));
    expect(windows.takeDue(close - 1)).toEqual([]);
    expect(windows.takeDue(close)).toHaveLength(2);
    expect([windows.openCount, windows.nextClose()]).toEqual([0, null]);
    windows.add(item('a'), close);
    expect(windows.nextClose()).toBe(close + MINUTES_2);
  });

  it('does not open a later window while an older one waits to be taken', () => {
    const windows = new Windows<Item>(OPTIONS);
    windows.add(item('a'), 0);
    const close = windows.nextClose()!;
    windows.add(item('a'), close + 5 * MINUTES_2);
    expect(windows.nextClose()).toBe(close);
    expect(windows.takeDue(close)[0]).toHaveLength(2);
  });

  it('gives up the fullest batches first under pressure, and no more than it must', () => {
    const windows = new Windows<Item>({ ...OPTIONS, batchMaxEvents: 10 });
    for (const [connection, count] of [['a', 2] as const, ['b', 5] as const, ['c', 3] as const]) {
      for (let i = 0; i < count; i++) windows.add(item(connection), 0);
    }
    expect(windows.takeFullest(10)).toEqual([]);
    expect(windows.takeFullest(4).map(batch => batch[0]!.connectionId)).toEqual(['b', 'c']);
    expect(windows.events).toBe(2);
    expect(windows.takeFullest(0).map(batch => batch.length)).toEqual([2]);
  });
});

const anyStep = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ connection: fc.nat(3), test: fc.boolean(), bytes: fc.integer({ min: 1, max: 60 }) }),
  },
  fc.record({ pass: fc.integer({ min: 1, max: 2 * MINUTES_2 }) }),
  fc.record({ keep: fc.nat(6) }),
);

it('what goes in comes out exactly once, in batches within the limits and of one destination', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 80 }), fc.integer({ min: 1, max: 5 }), (steps, batchMaxEvents) => {
      const windows = new Windows<Item>({ ...OPTIONS, batchMaxEvents });
      const put: number[] = [];
      const out: Item[][] = [];
      let now = 0;
      for (const step of steps) {
        if ('pass' in step) {
          now += step.pass;
          out.push(...windows.takeDue(now));
          const next = windows.nextClose();
          expect(next === null || next > now).toBe(true);
        } else if ('keep' in step) {
          out.push(...windows.takeFullest(step.keep));
          expect(windows.events).toBeLessThanOrEqual(step.keep);
        } else {
          const added = item(`c${step.connection}`, step.bytes, `c${step.connection}/${step.test}`);
          put.push(added.id);
          const full = windows.add(added, now);
          if (full !== null) out.push(full);
        }
        expect(windows.events).toBe(put.length - out.flat().length);
      }
      out.push(...windows.takeAll());
      expect(windows.events).toBe(0);
      expect(
        out
          .flat()
          .map(({ id }) => id)
          .sort((a, b) => a - b),
      ).toEqual(put);
      for (const batch of out) {
        expect(batch.length).toBeGreaterThan(0);
        expect(batch.length).toBeLessThanOrEqual(batchMaxEvents);
        const joined = batch.reduce((sum, { jsonBytes }) => sum + jsonBytes, batch.length - 1);
        expect(joined).toBeLessThanOrEqual(OPTIONS.batchMaxBytes);
        expect(new Set(batch.map(({ destinationKey }) => destinationKey)).size).toBe(1);
      }
    }),
    { numRuns: 400 },
  );
});
