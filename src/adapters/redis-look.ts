/** What Redis says of itself, and whether a claim can be written there: one is made as the service makes it, and taken back. */

import { Cluster } from 'ioredis';
import { messageOf } from '../core/error-codes.ts';
import type { RedisLook, Trouble } from '../ports-doctor.ts';
import { createRedisClaims } from './redis-claims.ts';
import { createRedisClient, type RedisClient, type RedisOptions } from './redis-client.ts';

/** The trial claim is gone by itself after that, should taking it back fail. */
const TRIAL_TTL_MS = 5_000;
const NOTHING_TOLD = {
  version: null,
  mode: null,
  role: null,
  maxmemoryPolicy: null,
  usedBytes: null,
  maxBytes: null,
  clusterState: null,
  writeProblem: null,
};

/** `trialKey`: one that nobody else uses. Never rejects. */
export async function lookAtRedis(options: RedisOptions, trialKey: string): Promise<RedisLook> {
  let client: RedisClient | null = null;
  try {
    client = createRedisClient(options);
    await client.connect();
    const info = await infoOf(client);
    const writeProblem = await tryClaim(client, trialKey);
    return { trouble: null, ...told(info), writeProblem };
  } catch (error) {
    return { ...NOTHING_TOLD, trouble: redisTrouble(error) };
  } finally {
    void client?.close();
  }
}

/** Of one node: the settings asked for are those of all. */
async function infoOf({ raw, answer }: RedisClient): Promise<string> {
  const node = raw instanceof Cluster ? raw.nodes('master')[0] : raw;
  if (node === undefined) return '';
  // INFO counts as dangerous and may be forbidden.
  const info = await answer(node.info()).catch(() => '');
  if (!/^cluster_enabled:1/m.test(info)) return info;
  return `${info}\n${await answer(node.cluster('INFO')).catch(() => '')}`;
}

function told(info: string): Omit<RedisLook, 'trouble' | 'writeProblem'> {
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? null;
  const bytes = (name: string) => (field(name) === null ? null : Number(field(name)));
  return {
    // Valkey names the Redis whose commands it knows, for clients such as this one.
    version: field('redis_version'),
    mode: field('redis_mode'),
    role: field('role'),
    maxmemoryPolicy: field('maxmemory_policy'),
    usedBytes: bytes('used_memory'),
    maxBytes: bytes('maxmemory'),
    clusterState: field('cluster_state'),
  };
}

async function tryClaim(client: RedisClient, key: string): Promise<string | null> {
  const claims = createRedisClaims(client);
  const value = 'doctor';
  try {
    await claims.claim([{ key, value, ttlMs: TRIAL_TTL_MS }]);
    await claims.release([{ key, value }]);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

function redisTrouble(error: unknown): Trouble {
  const problem = messageOf(error);
  if (/WRONGPASS|NOAUTH|invalid password|without any password|ERR AUTH/.test(problem)) {
    return { kind: 'refused', code: 'REDIS_DENIES', problem, advice: 'Check the user and the password of redis.' };
  }
  if (/is not Redis/.test(problem)) {
    const advice = 'Set redis.url to the host and port of a Redis, with rediss: where that wants TLS.';
    return { kind: 'refused', code: 'NOT_REDIS', problem, advice };
  }
  if (/ runs Redis /.test(problem)) {
    return { kind: 'refused', code: 'REDIS_TOO_OLD', problem, advice: 'Use Redis 7 or later, or Valkey.' };
  }
  if (/no TLS connection/.test(problem)) {
    return {
      kind: 'refused',
      code: 'REDIS_TLS',
      problem,
      advice: 'Check redis.url (redis: or rediss:) and redis.tls.',
    };
  }
  const advice = 'Check redis.url (host, port, redis: or rediss:), that Redis runs, and that redis.mode is what it is.';
  return { kind: 'unreachable', code: 'REDIS_UNREACHABLE', problem, advice };
}
