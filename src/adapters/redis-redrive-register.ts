/**
 * What redrive jobs of all processes share, on Redis: the one lock, what each job was started with, and the rounds that
 * were made for connections. Keys begin with the claims' prefix; no claim's key does with `redrive:`.
 */

import type { JobHolder, JobRecord, RedriveRegister, RoundRecord } from '../ports.ts';
import type { RedisClient } from './redis-client.ts';

/** Takes a free lock and lengthens one's own: KEYS lock, ARGV value, TTL. Replies with another's value, or nothing. */
const LOCK = `
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] then return held end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false`;

/** KEYS lock, ARGV value. */
const UNLOCK = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;

/** Keeps what is there, and gives it the full TTL: KEYS record, ARGV value, TTL. Replies with what is there now. */
const REMEMBER = `
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('GET', KEYS[1])`;

const READ = `return redis.call('GET', KEYS[1])`;
const WRITE = `return redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])`;

/** The newest names, for whoever mistypes one: KEYS names, ARGV name, started at, TTL. */
const NAME = `
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -11)
return redis.call('PEXPIRE', KEYS[1], ARGV[3])`;
const NAMES = `return redis.call('ZREVRANGE', KEYS[1], 0, -1)`;

/** The newest release of a connection is told again at every start, so a round must be remembered for very long. */
const ROUND_TTL_MS = 400 * 86_400_000;

export function createRedisRedriveRegister(client: RedisClient, keyPrefix: string): RedriveRegister {
  const lockKey = `${keyPrefix}redrive:lock`;
  const jobKey = (job: string): string => `${keyPrefix}redrive:job:${job}`;
  const namesKey = `${keyPrefix}redrive:jobs`;
  const roundKey = (connectionId: string): string => `${keyPrefix}redrive:round:${connectionId}`;
  const read = async <T>(key: string): Promise<T | null> => parsed<T>(await client.runScript(READ, [key], []));
  return {
    lock: async (holder, ttlMs) =>
      parsed<JobHolder>(await client.runScript(LOCK, [lockKey], [JSON.stringify(holder), ttlMs])),
    async unlock(holder) {
      await client.runScript(UNLOCK, [lockKey], [JSON.stringify(holder)]);
    },
    async remember(record, ttlMs) {
      const kept = await client.runScript(REMEMBER, [jobKey(record.job)], [JSON.stringify(record), ttlMs]);
      const known = parsed<JobRecord>(kept) ?? record;
      await client.runScript(NAME, [namesKey], [known.job, known.startedAt, ttlMs]);
      return known;
    },
    recall: job => read<JobRecord>(jobKey(job)),
    async jobs() {
      const reply = await client.runScript(NAMES, [namesKey], []);
      const names = Array.isArray(reply) ? reply.map(String) : [];
      const records = await Promise.all(names.map(name => read<JobRecord>(jobKey(name))));
      return names.filter((_, index) => records[index] !== null);
    },
    async finishRound(connectionId, record) {
      await client.runScript(WRITE, [roundKey(connectionId)], [JSON.stringify(record), ROUND_TTL_MS]);
    },
    lastRound: connectionId => read<RoundRecord>(roundKey(connectionId)),
    // One by one: in a cluster the keys are on many nodes. They go out together all the same.
    peek: keys => client.answer(Promise.all(keys.map(key => client.raw.get(key)))),
  };
}

/** Written by this program alone, so its shape is known. */
function parsed<T>(reply: unknown): T | null {
  return typeof reply === 'string' ? (JSON.parse(reply) as T) : null;
}
