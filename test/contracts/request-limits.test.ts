import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRedisClient, type RedisClient } from '../../src/adapters/redis-client.ts';
import { createProcessRateLimits, createRedisRateLimits } from '../../src/adapters/redis-rate-limits.ts';
import type { RateOptions } from '../../src/core/rate-limit.ts';
import { ManualClock } from '../fakes/manual-clock.ts';
import { recordingTelemetry } from '../fakes/recording-telemetry.ts';
import { type RedisNode, RedisNodes } from './redis-nodes.ts';
import { expectAbout, type LimitsUnderTest, requestLimitsContract, SLOW } from './request-limits.contract.ts';

requestLimitsContract('of one process', async options => {
  const clock = new ManualClock();
  const limits = createProcessRateLimits(options, clock);
  const now = async () => clock.monotonic();
  return { limits, ofOtherReplica: limits, now, passes: async ms => clock.advance(ms), close: async () => {} };
});

const nodes = new RedisNodes();
let alone: RedisNode;
let cluster: readonly RedisNode[];
let prefixes = 0;

beforeAll(async () => {
  alone = await nodes.start();
  cluster = await nodes.startCluster();
});
afterAll(() => nodes.close());

async function connect(servers: readonly RedisNode[]): Promise<RedisClient> {
  const [first, ...others] = servers.map(({ port }) => `127.0.0.1:${port}`);
  const client = createRedisClient({
    mode: others.length > 0 ? 'cluster' : 'standalone',
    url: `redis://${first}`,
    nodes: others,
    ...{ sentinelName: null, username: null, password: null, tls: { rejectUnauthorized: true } },
    ...{ connectTimeoutMs: 5_000, commandTimeoutMs: 400 },
  });
  await client.connect();
  return client;
}

/** Time passes by moving what is stored into the past. */
const AGE = `
for _, field in ipairs({'at', 'blocked', 'lowered'}) do redis.call('HINCRBY', KEYS[1], field, -ARGV[1]) end`;

async function agePrefix(servers: readonly RedisNode[], prefix: string, ms: number): Promise<void> {
  for (const { admin } of servers) {
    for (const key of await admin.keys(`${prefix}*`)) await admin.eval(AGE, 1, key, ms);
  }
}

async function timeOf(servers: readonly RedisNode[]): Promise<number> {
  const [seconds, microseconds] = (await servers[0]?.admin.time()) ?? [];
  return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
}

async function onRedis(servers: readonly RedisNode[], options: RateOptions): Promise<LimitsUnderTest> {
  const [client, other] = [await connect(servers), await connect(servers)];
  const keyPrefix = `test-${prefixes++}:`;
  const parts = { keyPrefix, options, clock: new ManualClock(), telemetry: recordingTelemetry() };
  return {
    limits: createRedisRateLimits({ ...parts, client }),
    ofOtherReplica: createRedisRateLimits({ ...parts, client: other }),
    now: () => timeOf(servers),
    passes: ms => agePrefix(servers, keyPrefix, ms),
    close: async () => void (await Promise.all([client.close(), other.close()])),
  };
}

requestLimitsContract('on one Redis', options => onRedis([alone], options));
requestLimitsContract('on Redis Cluster', options => onRedis(cluster, options));

describe('request limits on Redis', () => {
  const keyPrefix = 'shared:';

  it('hold for all replicas together', async () => {
    const [one, other] = [await connect([alone]), await connect([alone])];
    const limitsOf = (client: RedisClient) =>
      createRedisRateLimits({
        client,
        keyPrefix,
        options: SLOW,
        clock: new ManualClock(),
        telemetry: recordingTelemetry(),
      });
    const [a, b] = [limitsOf(one), limitsOf(other)];
    expect((await a.acquire('c', null)).waitMs).toBe(0);
    expectAbout((await b.acquire('c', null)).waitMs, 10_000);
    await a.throttled('c', { retryAfterMs: 60_000, sinceMs: 0 });
    expectAbout((await b.acquire('c', null)).waitMs, 60_000);
    await Promise.all([one.close(), other.close()]);
  });

  it('are forgotten some minutes after the last request, and not while a wait is on', async () => {
    const client = await connect([alone]);
    const telemetry = recordingTelemetry();
    const limits = createRedisRateLimits({
      client,
      keyPrefix: 'ttl:',
      options: SLOW,
      clock: new ManualClock(),
      telemetry,
    });
    await limits.acquire('c', null);
    await limits.throttled('d', { retryAfterMs: 3_600_000, sinceMs: 0 });
    const ttls = await Promise.all(
      ['ttl:{rate}:connection:c', 'ttl:{rate}:all', 'ttl:{rate}:connection:d'].map(key => alone.admin.pttl(key)),
    );
    for (const [index, least] of [0, 0, 3_600_000].entries()) {
      expect(ttls[index]).toBeGreaterThan(least);
      expect(ttls[index]).toBeLessThanOrEqual(least + 600_000);
    }
    await client.close();
  });

  it('are this process’s own while Redis is away, which is counted, and all replicas’ again afterwards', async () => {
    const client = await connect([alone]);
    const telemetry = recordingTelemetry();
    const clock = new ManualClock();
    let away = false;
    const runScript: RedisClient['runScript'] = (lua, keys, args) =>
      away ? client.answer(Promise.reject(new Error('gone'))) : client.runScript(lua, keys, args);
    const limits = createRedisRateLimits({
      client: { runScript },
      keyPrefix: 'away:',
      options: SLOW,
      clock,
      telemetry,
    });
    expect((await limits.acquire('c', null)).waitMs).toBe(0);
    away = true;
    // Its own bucket is still full; from then on it limits itself.
    expect((await limits.acquire('c', null)).waitMs).toBe(0);
    expect((await limits.acquire('c', null)).waitMs).toBe(10_000);
    await limits.throttled('c', { retryAfterMs: 30_000, sinceMs: 0 });
    expect((await limits.acquire('c', null)).waitMs).toBe(30_000);
    expect(telemetry.told('rateLimitsUnavailable')).toHaveLength(1);
    away = false;
    clock.advance(1_000);
    expectAbout((await limits.acquire('c', null)).waitMs, 10_000);
    await client.close();
  });
});

it('what one process alone knows of a connection is forgotten as well, ten minutes after its last request or wait', async () => {
  const clock = new ManualClock();
  const limits = createProcessRateLimits(SLOW, clock);
  const rateOf = async (connectionId: string) => (await limits.acquire(connectionId, null)).ratePerSecond;
  const [first, waiting] = ['connection-1', 'connection-2'];
  await limits.throttled(first, { retryAfterMs: null, sinceMs: 0 });
  await limits.throttled(waiting, { retryAfterMs: 60_000, sinceMs: 0 });
  clock.advance(600_001);
  expect(await rateOf(first)).toBe(SLOW.rateStartPerSecond);
  expect(await rateOf(waiting)).toBeLessThan(SLOW.rateStartPerSecond + SLOW.rateIncreasePerSecond);
});
