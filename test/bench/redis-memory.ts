/**
 * `npm run bench -- redis-memory`: what a claim takes of a real Redis, and how many a second it takes in.
 *
 * Claims and marks as the service makes them, with its own keys, values, life and calls: a UUID as event id, the
 * default key prefix and topic. A hash table of Redis doubles with its entries, so the number of keys matters: one
 * below and one above a doubling are measured.
 */

import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startStack } from '../../sandbox/stack.ts';
import { createRedisClaims } from '../../src/adapters/redis-claims.ts';
import { createRedisClient, type RedisClient } from '../../src/adapters/redis-client.ts';
import { claimKey, claimTtlMs, pendingValue, sentValue } from '../../src/core/deduplicate.ts';
import type { Coordinates } from '../../src/core/record.ts';
import type { Claim, Claims } from '../../src/ports.ts';
import { destinationOf, tiktokEvent } from '../core/pending-events.ts';
import { print, type Row } from './run-in-sandbox.ts';

const PREFIX = 'tiktok-sync:tiktok-conversion-sync:';
const TOPIC = 'sourceloop.conversions';
const DESTINATION = destinationOf({ eventSourceId: 'C4A2B3D4E5F6G7H8I9J0' });
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** As many as a fetch brings. */
const BATCH = 5_000;

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { keys: { type: 'string', default: '1000000,1100000,2000000' } },
  });
  const steps = values.keys
    .split(',')
    .map(Number)
    .sort((a, b) => a - b);
  await using stack = await startStack({ brokers: 0, registry: false, onProgress: line => console.log(line) });
  const client = createRedisClient({
    ...{ mode: 'standalone', url: stack.redisUrl, nodes: [], sentinelName: null, username: null, password: null },
    ...{ tls: { rejectUnauthorized: true }, connectTimeoutMs: 5_000, commandTimeoutMs: 10_000 },
  });
  await client.connect();
  try {
    print('redis-memory: claims of delivered events', await measure(client, steps));
  } finally {
    await client.close();
  }
}

async function measure(client: RedisClient, steps: readonly number[]): Promise<Row[]> {
  const claims = createRedisClaims(client);
  const empty = await used(client);
  const [example] = claimsFrom(0, 1);
  const rows: Row[] = [
    ['key', example?.key ?? ''],
    ['value', example?.value ?? ''],
    ['lives', `${claimTtlMs(DAY, 3 * DAY) / HOUR} h`],
  ];
  let keys = 0;
  for (const wanted of steps) {
    const startedAt = performance.now();
    const from = keys;
    for (; keys < wanted; keys += BATCH) await claimAndMark(claims, keys, Math.min(BATCH, wanted - keys));
    keys = wanted;
    const perSecond = Math.round((wanted - from) / ((performance.now() - startedAt) / 1000));
    const bytes = (await settled(client)) - empty;
    const each = Math.round(bytes / wanted);
    rows.push([
      `${wanted} keys`,
      `${each} bytes a key, ${megabytes(bytes)} in all; ${perSecond} claimed and marked a second`,
    ]);
  }
  return rows;
}

async function claimAndMark(claims: Claims, from: number, count: number): Promise<void> {
  const made = claimsFrom(from, count);
  await claims.claim(made);
  await claims.markSent(
    made.map(({ key, ttlMs }, index) => ({ key, ttlMs, value: sentValue(at(from + index), Date.now()) })),
  );
}

function claimsFrom(from: number, count: number): Claim[] {
  return Array.from({ length: count }, (_, index) => {
    const event = tiktokEvent({
      destination: DESTINATION,
      eventName: 'CompleteRegistration',
      eventId: randomUUID(),
      dedupWindowMs: DAY,
    });
    const key = claimKey(PREFIX, event, at(from + index));
    return { key, value: pendingValue(at(from + index), Date.now()), ttlMs: claimTtlMs(DAY, 3 * DAY) };
  });
}

/** Offsets as those of a topic that has been in use for years. */
function at(serial: number): Coordinates {
  return { topic: TOPIC, partition: serial % 12, offset: 1_000_000_000 + serial };
}

/** Once the tables have grown: Redis moves their entries over time, and holds both tables meanwhile. */
async function settled(client: RedisClient): Promise<number> {
  let before = await used(client);
  for (;;) {
    await pause(500);
    const now = await used(client);
    if (now >= before) return now;
    before = now;
  }
}

async function used(client: RedisClient): Promise<number> {
  const info = String(await client.raw.call('INFO', 'memory'));
  return Number(/^used_memory:(\d+)/m.exec(info)?.[1]);
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_000_000)} MB`;
}
