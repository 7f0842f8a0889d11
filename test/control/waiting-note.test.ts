import { expect, test } from 'vitest';
import { noteWhileWaiting } from '../../src/control/waiting-note.ts';
import { fakeHost } from '../cli/fake-host.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

test('what takes longer than three seconds is told once, and its answer is handed on', async () => {
  const clock = new VirtualClock();
  const { host, text } = fakeHost({});
  const { promise, resolve } = Promise.withResolvers<string>();
  const waited = noteWhileWaiting(promise, 'Kafka at k1:9092', clock, host.err);
  await clock.advance(2_999);
  expect(text.err).toBe('');
  await clock.advance(60_000);
  expect(text.err).toBe('Still trying to reach Kafka at k1:9092 …\n');
  resolve('yes');
  expect(await waited).toBe('yes');
});

test('what is there at once, or refuses at once, is not commented upon', async () => {
  const clock = new VirtualClock();
  const { host, text } = fakeHost({});
  expect(await noteWhileWaiting(Promise.resolve('yes'), 'Kafka', clock, host.err)).toBe('yes');
  await expect(noteWhileWaiting(Promise.reject(new Error('no')), 'Kafka', clock, host.err)).rejects.toThrow('no');
  await clock.advance(60_000);
  expect(text.err).toBe('');
});
