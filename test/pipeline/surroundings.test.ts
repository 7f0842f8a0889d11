import { describe, expect, it } from 'vitest';
import { createKnowledge, untilComplete } from '../../src/surroundings.ts';
import { testConfig } from '../config/test-config.ts';
import { recordingTelemetry } from '../fakes/recording-telemetry.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

const UNREADABLE = Buffer.from('no Avro');

function setUp() {
  const clock = new VirtualClock();
  const { following } = createKnowledge({ clock, config: testConfig({}), telemetry: recordingTelemetry() });
  const told: string[] = [];
  const stop = new AbortController();
  let ended = false;
  const wait = untilComplete(following, clock, stop.signal, unreadable => told.push(unreadable)).then(() => {
    ended = true;
  });
  return { clock, following, told, stop, wait, hasEnded: () => ended };
}

describe('waiting for the configuration', () => {
  it('lasts until the topic was read to its end', async () => {
    const { clock, following, hasEnded, told, wait } = setUp();
    await clock.advance(1_000);
    expect([new Set(told), hasEnded()]).toEqual([new Set(['']), false]);
    following.caughtUp();
    await clock.advance(200);
    await wait;
  });

  it('names the first keys without a readable version, and lasts until they are repaired or deleted', async () => {
    const { clock, following, hasEnded, told, wait } = setUp();
    const keys = ['1', '2', '3', '4', '5', '6'].map(id => `connection:c-${id}`);
    for (const [offset, key] of keys.entries()) await following.apply({ partition: 0, offset, key, value: UNREADABLE });
    following.caughtUp();
    await clock.advance(1_000);
    expect([told.at(-1), hasEnded()]).toEqual([keys.slice(0, 5).join(', '), false]);
    for (const [offset, key] of keys.entries())
      await following.apply({ partition: 0, offset: 6 + offset, key, value: null });
    await clock.advance(200);
    await wait;
  });

  it('ends at a stop', async () => {
    const { clock, hasEnded, stop, wait } = setUp();
    await clock.advance(1_000);
    expect(hasEnded()).toBe(false);
    stop.abort();
    await clock.advance(200);
    await wait;
  });

  it('ends with whatever the one who is told makes of it', async () => {
    const clock = new VirtualClock();
    const { following } = createKnowledge({ clock, config: testConfig({}), telemetry: recordingTelemetry() });
    const giveUp = (): void => {
      throw new Error('waited long enough');
    };
    await expect(untilComplete(following, clock, new AbortController().signal, giveUp)).rejects.toThrow('long enough');
  });
});
