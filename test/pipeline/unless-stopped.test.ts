import { expect, it } from 'vitest';
import { unlessStopped } from '../../src/unless-stopped.ts';

const never = new Promise<string>(() => {});

it('a wait ends at once with the signal, before it and while it lasts', async () => {
  const stop = new AbortController();
  const waiting = unlessStopped(never, stop.signal);
  stop.abort();
  expect(await waiting).toBe('stopped');
  expect(await unlessStopped(never, stop.signal)).toBe('stopped');
});

it('a wait without a signal ends as its work does', async () => {
  const { signal } = new AbortController();
  expect(await unlessStopped(Promise.resolve('done'), signal)).toBe('done');
  await expect(unlessStopped(Promise.reject(new Error('away')), signal)).rejects.toThrow('away');
});
