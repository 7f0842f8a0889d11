import { describe, expect, it } from 'vitest';
import { CoalescingWriter } from '../../src/coalescing-writer.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

/** What was written, in writes of which size; every write fails while the topic is away. */
class Topic {
  readonly written: number[] = [];
  readonly writes: number[] = [];
  away = false;

  async write(items: readonly number[]): Promise<void> {
    // One turn of waiting, so that others can hand in while a write is under way.
    await Promise.resolve();
    if (this.away) throw new Error('the topic cannot be written');
    this.writes.push(items.length);
    this.written.push(...items);
  }
}

function setUp(maxItems = 5) {
  const clock = new VirtualClock();
  const topic = new Topic();
  const told: string[] = [];
  const writer = new CoalescingWriter<number>({
    write: items => topic.write(items),
    onFailure: () => told.push('failure'),
    onRecovery: () => told.push('recovery'),
    clock,
    random: () => 0.5,
    maxItems,
  });
  const done: string[] = [];
  const write = (name: string, items: readonly number[]) => writer.write(items).then(() => done.push(name));
  return { clock, topic, told, writer, write, done };
}

describe('the coalescing writer', () => {
  it('resolves at once for nothing', async () => {
    const { write, done, topic } = setUp();
    await write('nothing', []);
    expect([done, topic.writes]).toEqual([['nothing'], []]);
  });

  it('gathers what is handed in while a write is under way into one, in order', async () => {
    const { clock, write, topic, done } = setUp();
    for (const [name, items] of [['a', [1]] as const, ['b', [2, 3]] as const, ['c', [4]] as const])
      void write(name, items);
    await clock.idle();
    expect(topic.writes).toEqual([1, 3]);
    expect(topic.written).toEqual([1, 2, 3, 4]);
    expect(done).toEqual(['a', 'b', 'c']);
  });

  it('keeps writes to the maximum, but never parts what one caller handed in', async () => {
    const { clock, write, topic } = setUp(5);
    void write('first', [0]);
    void write('a', [1, 2, 3]);
    void write('b', [4, 5, 6]);
    void write('c', [7, 8, 9, 10, 11, 12, 13]);
    await clock.idle();
    expect(topic.writes).toEqual([1, 3, 3, 7]);
  });

  it('has one write under way at a time', async () => {
    const clock = new VirtualClock();
    let [running, most] = [0, 0];
    const writer = new CoalescingWriter<number>({
      write: async () => {
        most = Math.max(most, ++running);
        await new Promise<void>(resolve => clock.after(10, resolve));
        running--;
      },
      onFailure: () => {},
      onRecovery: () => {},
      clock,
      random: () => 0.5,
      maxItems: 1,
    });
    for (let i = 0; i < 5; i++) void writer.write([i]);
    await clock.advance(100);
    expect([most, running]).toEqual([1, 0]);
  });

  it('tries again until it is written, in the same order, and tells failure and recovery', async () => {
    const { clock, topic, told, write, done } = setUp();
    topic.away = true;
    void write('a', [1]);
    void write('b', [2]);
    await clock.advance(60_000);
    expect([done, topic.written]).toEqual([[], []]);
    const failures = told.length;
    expect(failures).toBeGreaterThan(10);
    topic.away = false;
    await clock.advance(5_000);
    expect([done, topic.written]).toEqual([
      ['a', 'b'],
      [1, 2],
    ]);
    expect(told.slice(failures)).toEqual(['recovery']);
  });

  it('gives up when it is closed, without telling anybody that it was written', async () => {
    const { clock, topic, writer, write, done } = setUp();
    topic.away = true;
    void write('a', [1]);
    await clock.advance(1_000);
    writer.close();
    topic.away = false;
    void write('b', [2]);
    await clock.advance(60_000);
    expect([done, topic.written, clock.pendingTimers]).toEqual([[], [], 0]);
  });
});
