import { expect, it } from 'vitest';
import { ManualClock } from '../fakes/manual-clock.ts';
import { type ClaimsFailure, MemoryClaims } from '../fakes/memory-claims.ts';
import { claimsContract } from './claims.contract.ts';

claimsContract('in memory', async () => {
  const claims = new MemoryClaims(new ManualClock());
  const failing = async <T>(failure: ClaimsFailure, call: () => Promise<T>): Promise<T> => {
    claims.failure = failure;
    try {
      return await call();
    } finally {
      claims.failure = null;
    }
  };
  return {
    claims,
    peek: async key => claims.peek(key),
    ttlOf: async key => claims.ttlOf(key),
    whileAway: call => failing('lost-request', call),
    whileMute: call => failing('lost-reply', call),
    forgetScripts: async () => {},
    close: async () => {},
  };
});

it('forgets a claim when its time to live is over, and not before', async () => {
  const clock = new ManualClock();
  const claims = new MemoryClaims(clock);
  await claims.claim([{ key: 'k', value: 'p|t|0|1|1', ttlMs: 1_000 }]);
  clock.advance(999);
  expect(await claims.claim([{ key: 'k', value: 'p|t|0|2|1', ttlMs: 1_000 }])).toEqual(['p|t|0|1|1']);
  clock.advance(1);
  expect(await claims.claim([{ key: 'k', value: 'p|t|0|2|1', ttlMs: 1_000 }])).toEqual([null]);
});

it('can fail single calls in a chosen order', async () => {
  const claims = new MemoryClaims(new ManualClock());
  const claim = () => claims.claim([{ key: 'k', value: 'v', ttlMs: 1_000 }]);
  claims.failNext('lost-request');
  claims.failNext('lost-reply');
  await expect(claim()).rejects.toThrow('away');
  expect(claims.peek('k')).toBeNull();
  await expect(claim()).rejects.toThrow('in time');
  expect(await claim()).toEqual(['v']);
});
