import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import type { Message } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand } from '../../sandbox/command-run.ts';
import { sandboxKafka } from '../../sandbox/kafka.ts';
import { tokensFor, World } from '../../sandbox/world.ts';
import type { Finding } from '../../src/control/doctor-findings.ts';
import { RedisNodes } from '../contracts/redis-nodes.ts';
import { useStack } from '../stack.ts';

const stack = await useStack();
const DAY = 86_400_000;
/** Nobody listens there. */
const NOWHERE = '127.0.0.1:1';

let world: World;
let redis: RedisNodes;

beforeAll(async () => {
  world = await World.create(stack, { name: stack.unique('doctor'), partitions: 2, env: tokensFor('acme') });
  redis = new RedisNodes();
  await world.connect('acme', { test_event_code: 'TEST1' });
  const mapping = { mapping_id: 'm', connection_id: 'acme', trigger: 'CONVERSION_CREATED', tiktok_event_name: 'Lead' };
  await world.producer.mapping(mapping);
  const schema = readFileSync(new URL('../../schemas/conversion-created.avsc', import.meta.url), 'utf8');
  const subject = `${world.topics.conversions}-value`;
  await world.producer.registerSchema(subject, schema);
  const rule = {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: '{"compatibility":"FULL_TRANSITIVE"}',
  };
  expect((await fetch(`${stack.registryUrl}/config/${subject}`, rule)).status).toBe(200);
});
afterAll(async () => {
  await Promise.all([world?.close(), redis?.close()]);
});

/** The findings of a visit with this world's settings, and others where a test gives them. */
async function doctor(env: Readonly<Record<string, string>> = {}, ...args: readonly string[]) {
  const { exitCode, out } = await runCommand(['doctor', '--json', ...args], { ...world.env, ...env }).ended;
  const findings = JSON.parse(out) as Finding[];
  const bad = findings.filter(({ status }) => status === 'wrong' || status === 'unreachable');
  return { exitCode, findings, bad: bad.map(({ check, code }) => `${check} ${code}`) };
}

function adviceOn({ findings }: { readonly findings: readonly Finding[] }, code: string): string {
  return findings.find(finding => finding.code === code)?.advice ?? '';
}

async function produce(messages: readonly Message[]): Promise<void> {
  const producer = sandboxKafka(stack.brokers).producer();
  await producer.connect();
  await producer.send({ topic: world.topics.conversions, messages: [...messages] });
  await producer.disconnect();
}

describe('doctor', () => {
  test('finds nothing wrong where all is well, asks about tokens when told to, and leaves nothing behind', async () => {
    const visit = await doctor({}, '--verify-tokens');
    expect(visit.bad).toEqual([]);
    expect(visit.exitCode).toBe(0);
    const told = visit.findings.filter(({ status }) => status === 'ok').map(({ check }) => check);
    expect(new Set(told)).toEqual(
      new Set([
        ...['configuration', 'kafka.brokers', 'kafka.topics', 'kafka.rights', 'kafka.group', 'kafka.first-start'],
        ...['registry', 'registry.subjects', 'redis', 'redis.mode', 'redis.policy', 'redis.write'],
        ...['tiktok', 'clock', 'connections', 'tokens', 'tokens.verified'],
      ]),
    );
    const { groups } = await world.admin.listGroups();
    expect(groups.map(({ groupId }) => groupId)).not.toContain(world.groupId);
  });

  test('tells where Kafka, Redis and TikTok are not there and the registry has another path, all at once', async () => {
    const visit = await doctor({
      TIKTOK_SYNC_KAFKA_BROKERS: NOWHERE,
      TIKTOK_SYNC_REGISTRY_URL: new URL(stack.registryUrl).origin,
      TIKTOK_SYNC_REDIS_URL: `redis://${NOWHERE}`,
      TIKTOK_SYNC_REDIS_CONNECT_TIMEOUT_MS: '200',
      TIKTOK_SYNC_TIKTOK_BASE_URL: `http://${NOWHERE}`,
    });
    expect(visit.exitCode).toBe(4);
    expect(visit.bad).toEqual([
      ...['kafka.brokers ECONNREFUSED', 'registry NOT_THE_API', 'redis REDIS_UNREACHABLE', 'tiktok ECONNREFUSED'],
    ]);
    expect(adviceOn(visit, 'NOT_THE_API')).toContain(`set registry.url to that`);
    expect(adviceOn(visit, 'NOT_THE_API')).toContain(stack.registryUrl);
  });

  test('says where to look when TikTok does not answer in time', async () => {
    const silent = createServer();
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const { findings } = await doctor({ TIKTOK_SYNC_TIKTOK_BASE_URL: `http://127.0.0.1:${port}` }, '--timeout', '2s');
    silent.close();
    const [tiktok] = findings.filter(({ check }) => check === 'tiktok');
    expect(tiktok).toMatchObject({ code: 'TIMED_OUT', advice: expect.stringContaining('firewall') });
  });

  test('tells of servers that are there and are spoken to in another way', async () => {
    const visit = await doctor({
      TIKTOK_SYNC_KAFKA_SASL_MECHANISM: 'plain',
      TIKTOK_SYNC_KAFKA_SASL_USERNAME: 'service',
      TIKTOK_SYNC_KAFKA_SASL_PASSWORD: 'hush',
      TIKTOK_SYNC_REDIS_URL: `redis://${new URL(stack.registryUrl).host}`,
      TIKTOK_SYNC_TIKTOK_BASE_URL: world.simulator.url.replace('http:', 'https:'),
    });
    expect(visit.exitCode).toBe(6);
    expect(visit.bad).toEqual(['kafka.brokers ILLEGAL_SASL_STATE', 'redis NOT_REDIS', 'tiktok EPROTO']);
    expect(adviceOn(visit, 'ILLEGAL_SASL_STATE')).toContain('kafka.sasl.mechanism');
    expect(adviceOn(visit, 'NOT_REDIS')).toContain('Set redis.url');
    expect(adviceOn(visit, 'EPROTO')).toContain('tiktok.baseUrl');
    expect(JSON.stringify(visit.findings)).not.toContain('hush');
  });

  test('tells of a topic that is missing, and of a token', async () => {
    const visit = await doctor({ TIKTOK_SYNC_TOPIC_REVENUE_UPDATES: stack.unique('none'), TIKTOK_TOKEN_ACME: ' ' });
    expect(visit.exitCode).toBe(6);
    expect(visit.bad).toEqual(['kafka.topics TOPIC_MISSING', 'tokens TOKEN_MISSING']);
    expect(adviceOn(visit, 'TOPIC_MISSING')).toBe('Create it: tiktok-sync topics ensure');
  });

  test('tells of a Redis that evicts, and of a user that may not write', async () => {
    const node = await redis.start(['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru']);
    await node.admin.call('ACL', 'SETUSER', 'reader', 'on', '>hush', '~*', '+@read', '+@connection', '+info');
    const visit = await doctor({ TIKTOK_SYNC_REDIS_URL: `redis://reader:hush@127.0.0.1:${node.port}` });
    expect(visit.exitCode).toBe(6);
    expect(visit.bad).toEqual(['redis.policy REDIS_EVICTS', 'redis.write REDIS_DENIES']);
    expect(JSON.stringify(visit.findings)).not.toContain('hush');
    const well = await doctor({ TIKTOK_SYNC_REDIS_URL: `redis://127.0.0.1:${node.port}` });
    expect(well.bad).toEqual(['redis.policy REDIS_EVICTS']);
    expect(await node.admin.dbsize()).toBe(0);
  });

  test('tells what a first start would send, and how much of it is too old', async () => {
    const old = Date.now() - 40 * DAY;
    const messages = [...Array(3).fill(old), ...Array(5).fill(Date.now())].map((at: number, n) => {
      return { partition: n % 2, key: `k${n}`, value: 'v', timestamp: String(at) };
    });
    await produce(messages);
    const { findings } = await doctor();
    expect(findings.find(({ code }) => code === 'FIRST_START_SENDS')?.message).toContain(
      'would read about 8 records, of which about 3 are too old to be sent',
    );
    const latest = await doctor({ TIKTOK_SYNC_KAFKA_START_FROM: 'latest' });
    expect(latest.findings.find(({ check }) => check === 'kafka.first-start')?.message).toContain(
      'would read no records',
    );
  });
});
