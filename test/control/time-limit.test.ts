import { expect, test } from 'vitest';
import { TimeLimit } from '../../src/control/time-limit.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

const never = () => new Promise<string>(() => {});

test('several waits share one time', async () => {
  const clock = new VirtualClock();
  const limit = new TimeLimit(clock, 3_000);
  await clock.advance(1_000);
  expect(limit.leftMs()).toBe(2_000);
  const held = expect(limit.hold(never(), 'Nothing was written.')).rejects.toMatchObject({
    code: 'DEPENDENCY_UNREACHABLE',
    message: 'Kafka or the registry did not answer within 3 s (--timeout). Nothing was written.',
  });
  await clock.advance(2_000);
  await held;
  expect(limit.leftMs()).toBe(0);
});

test('what is answered in time is the answer, also a refusal, and so is what keeps to the time by itself', async () => {
  const clock = new VirtualClock();
  const limit = new TimeLimit(clock, 3_000);
  expect(await limit.hold(Promise.resolve('yes'), '')).toBe('yes');
  await expect(limit.hold(Promise.reject(new Error('no')), '')).rejects.toThrow('no');
  const { promise, resolve } = Promise.withResolvers<string>();
  const held = limit.hold(promise, '', () => true);
  await clock.advance(4_000);
  resolve('its own end');
  expect(await held).toBe('its own end');
});
