import { setTimeout as delay } from 'node:timers/promises';
import { afterAll } from 'vitest';
import { createRedisClaims } from '../../src/adapters/redis-claims.ts';
import { createRedisClient, type RedisClient } from '../../src/adapters/redis-client.ts';
import { createRedisRedriveRegister } from '../../src/adapters/redis-redrive-register.ts';
import { ManualClock } from '../fakes/manual-clock.ts';
import { MemoryClaims } from '../fakes/memory-claims.ts';
import { MemoryRedriveRegister } from '../fakes/memory-redrive-register.ts';
import { useStack } from '../stack.ts';
import { redriveRegisterContract } from './redrive-register.contract.ts';

const stack = await useStack();
let client: RedisClient | null = null;
afterAll(() => client?.close());

redriveRegisterContract('in memory', async () => {
  const clock = new ManualClock();
  const claims = new MemoryClaims(clock);
  const register = new MemoryRedriveRegister(clock, claims);
  return { register, claims, prefix: 'p:', pass: async ms => clock.advance(ms) };
});

redriveRegisterContract('on Redis', async () => {
  client ??= await connected();
  const prefix = `${stack.unique('register')}:`;
  const register = createRedisRedriveRegister(client, prefix);
  // Redis forgets by its own clock.
  return { register, claims: createRedisClaims(client), prefix, pass: ms => delay(ms) };
});

async function connected(): Promise<RedisClient> {
  const created = createRedisClient({
    ...{ mode: 'standalone', url: stack.redisUrl, nodes: [], sentinelName: null, username: null, password: null },
    ...{ tls: { rejectUnauthorized: true }, connectTimeoutMs: 5_000, commandTimeoutMs: 2_000 },
  });
  await created.connect();
  return created;
}
