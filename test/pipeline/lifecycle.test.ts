import { describe, expect, it } from 'vitest';
import { Lifecycle } from '../../src/lifecycle.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

function setUp() {
  const stopped: string[] = [];
  const failures: [string, unknown][] = [];
  const lifecycle = new Lifecycle((name, error) => failures.push([name, error]));
  const start = (...names: string[]) => {
    for (const name of names) lifecycle.started(name, () => void stopped.push(name));
  };
  return { stopped, failures, lifecycle, start, clock: new VirtualClock() };
}

describe('a lifecycle', () => {
  it('stops in the reverse order of the starts', async () => {
    const { lifecycle, start, stopped } = setUp();
    start('first', 'second', 'third');
    await lifecycle.stop();
    expect(stopped).toEqual(['third', 'second', 'first']);
  });

  it('stops each only when the one after it has stopped', async () => {
    const { clock, lifecycle, start, stopped } = setUp();
    const slow = Promise.withResolvers<void>();
    start('first');
    lifecycle.started('slow', () => slow.promise);
    const stopping = lifecycle.stop();
    await clock.idle();
    expect(stopped).toEqual([]);
    slow.resolve();
    await stopping;
    expect(stopped).toEqual(['first']);
  });

  it('stops what was started when a later start fails', async () => {
    const { lifecycle, start, stopped } = setUp();
    const run = async (): Promise<void> => {
      try {
        start('first', 'second');
        throw new Error('the third cannot start');
      } finally {
        await lifecycle.stop();
      }
    };
    await expect(run()).rejects.toThrow('the third cannot start');
    expect(stopped).toEqual(['second', 'first']);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
  ])('stops the others when one %s, and tells which', async (_, stop) => {
    const { failures, lifecycle, start, stopped } = setUp();
    start('first');
    lifecycle.started('broken', stop);
    start('third');
    await lifecycle.stop();
    expect(stopped).toEqual(['third', 'first']);
    expect(failures).toEqual([['broken', new Error('no')]]);
  });

  it('does nothing at a second stop but wait for the first, which keeps its order', async () => {
    const { clock, lifecycle, start, stopped } = setUp();
    const slow = Promise.withResolvers<void>();
    start('first');
    lifecycle.started('slow', () => slow.promise);
    const stopping = lifecycle.stop();
    let ended = false;
    void lifecycle.stop().then(() => {
      ended = true;
    });
    await clock.idle();
    expect([stopped, ended]).toEqual([[], false]);
    slow.resolve();
    await stopping;
    await lifecycle.stop();
    expect([stopped, ended]).toEqual([['first'], true]);
  });
});

describe('a stop with a budget', () => {
  it('ends with it and names what hangs', async () => {
    const { clock, failures, lifecycle, start, stopped } = setUp();
    start('first');
    lifecycle.started('hanging', () => new Promise(() => {}));
    start('third');
    let ended = false;
    void lifecycle.stopWithin(5_000, clock).then(() => {
      ended = true;
    });
    await clock.advance(4_999);
    expect([ended, stopped, failures]).toEqual([false, ['third'], []]);
    await clock.advance(1);
    expect(ended).toBe(true);
    expect(failures).toEqual([['hanging', new Error('not stopped within 5000 ms')]]);
  });

  it('leaves no timer behind when all is stopped in time', async () => {
    const { clock, failures, lifecycle, start, stopped } = setUp();
    start('first');
    await lifecycle.stopWithin(5_000, clock);
    expect([stopped, clock.pendingTimers, failures]).toEqual([['first'], 0, []]);
  });
});
