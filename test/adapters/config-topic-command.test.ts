import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { applyFile, deleteEntry, getEntries } from '../../src/config-topic-command.ts';
import { command } from '../cli/fake-host.ts';
import { useStack } from '../stack.ts';
import { readTopic, TestClient } from './kafka-harness.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const CANARY = 'canary-7f3a0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f70';
const stack = await useStack();
const client = await TestClient.connect(stack.brokers);
afterAll(() => client[Symbol.asyncDispose]());

/** Everything that any of the commands printed. */
let printed = '';

function environmentOf(topic: string) {
  return {
    TIKTOK_SYNC_KAFKA_BROKERS: stack.brokers,
    TIKTOK_SYNC_REGISTRY_URL: stack.registryUrl,
    TIKTOK_SYNC_TOPIC_CONFIG: topic,
    TIKTOK_TOKEN_ACME: CANARY,
  };
}

function on(topic: string) {
  const env = environmentOf(topic);
  const heavy = { apply: applyFile, get: getEntries, delete: deleteEntry };
  return async (line: string, input = '') => {
    const ended = await command(line, { env, input, heavy });
    printed += ended.out + ended.err;
    return ended;
  };
}

/** The real program, in a process of its own. */
function program(topic: string, args: readonly string[], input = '') {
  const env = environmentOf(topic);
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { env, input, encoding: 'utf8' });
  printed += stdout + stderr;
  return { exitCode: status, out: stdout, err: stderr };
}

async function configTopic(): Promise<string> {
  const topic = stack.unique('config');
  await client.createTopic(topic, 1, { 'cleanup.policy': 'compact' });
  return topic;
}

async function endOf(topic: string): Promise<number> {
  return Number((await client.admin.fetchTopicOffsets(topic))[0]?.high);
}

const FILE = `connections:
  - connection_id: acme
    workspace_id: acme
    pixel_id: C4A2B3D4E5F6G7H8I9J0
    access_token: env:TIKTOK_TOKEN_ACME
mappings:
  - mapping_id: acme-won
    connection_id: acme
    trigger: CONVERSION_CREATED
    tiktok_event_name: Purchase
    include_value: true
    value_source: FIXED
    fixed_value: 19.90
    currency: EUR
`;

test('apply writes a file to a fresh topic, get prints it, and what get prints changes nothing when applied', async () => {
  const topic = await configTopic();
  const tiktokSync = on(topic);
  const dry = await tiktokSync('apply -f - --dry-run', FILE);
  expect([dry.exitCode, dry.err, await endOf(topic)]).toEqual([0, '', 0]);
  const applied = await tiktokSync('apply -f -', FILE);
  expect([applied.exitCode, applied.err]).toEqual([0, '']);
  expect(applied.out).toContain('2 added, 0 changed, 0 unchanged.');
  expect(await endOf(topic)).toBe(2);

  const got = program(topic, ['get']);
  expect([got.exitCode, got.err]).toEqual([0, '']);
  expect(got.out).toContain('fixed_value: "19.9"');
  const again = program(topic, ['apply', '-f', '-'], got.out);
  expect([again.exitCode, again.out]).toEqual([
    0,
    '= connection acme\n= mapping acme-won\n0 added, 0 changed, 2 unchanged.\n',
  ]);
  expect(await endOf(topic)).toBe(2);

  const changed = await tiktokSync('apply -f - --json', FILE.replace('Purchase', 'Lead'));
  expect(JSON.parse(changed.out)).toMatchObject({ written: true, added: 0, changed: 1, unchanged: 1 });
  expect(await endOf(topic)).toBe(3);

  const refused = await tiktokSync('apply -f -', FILE.replace('env:TIKTOK_TOKEN_ACME', CANARY));
  expect([refused.exitCode, refused.out]).toEqual([3, '']);
  expect(refused.err).toContain('standard input:5:5: connection acme: access_token: a token is never stored in clear');

  const deleted = await tiktokSync('delete connection acme');
  expect(deleted).toMatchObject({ exitCode: 0, out: '- connection acme deleted.\n' });
  expect(deleted.err).toContain('nothing is sent for mapping acme-won');
  expect((await tiktokSync('get connection acme')).exitCode).toBe(5);
  expect((await tiktokSync('get mappings -o json')).out).toContain('acme-won');
  expect(printed).not.toContain(CANARY);
});

test('the example in config/ is written with every field, and comes back as it was', async () => {
  const topic = await configTopic();
  const tiktokSync = on(topic);
  const example = readFileSync(new URL('../../config/example-connections.yaml', import.meta.url), 'utf8');
  const applied = await tiktokSync('apply -f - --json', example);
  expect(JSON.parse(applied.out)).toMatchObject({ written: true, added: 9, problems: [] });
  const got = await tiktokSync('get -o json');
  expect([got.exitCode, got.err]).toEqual([0, '']);
  const again = await tiktokSync('apply -f - --json', got.out);
  expect(JSON.parse(again.out)).toMatchObject({ written: false, added: 0, changed: 0, unchanged: 9 });
});

test('get names what cannot be read, masks a token that somebody wrote in clear, and delete takes either away', async () => {
  const topic = await configTopic();
  const tiktokSync = on(topic);
  expect((await tiktokSync('apply -f -', FILE)).exitCode).toBe(0);
  const written = Buffer.from((await readTopic(stack.brokers, topic, 2))[0]?.value ?? []);
  const reference = Buffer.from('env:TIKTOK_TOKEN_ACME');
  expect(written.includes(reference)).toBe(true);
  // Not a record of ours, but of a writer without manners: the reference overwritten in place.
  written.write(CANARY, written.indexOf(reference), reference.length, 'utf8');
  const broken = written.subarray(0, 9);
  const messages = [
    { key: 'connection:acme', value: written },
    { key: 'connection:cut', value: broken },
  ];
  await client.producer.send({ topic, messages });

  const got = await tiktokSync('get');
  expect(got.exitCode).toBe(6);
  expect(got.out).toContain('access_token: "***"');
  expect(got.err).toContain('connection:cut (offset 3) cannot be read: undecodable');
  expect(got.err).toContain('connection acme cannot be used: access_token');
  expect((await tiktokSync('delete connection cut')).exitCode).toBe(0);
  expect((await tiktokSync('apply -f -', FILE)).out).toContain('access_token: (token in clear) -> (env: reference)');
  expect(await tiktokSync('get')).toMatchObject({ exitCode: 0, err: '' });
  expect(printed).not.toContain(CANARY.slice(0, reference.length));
});

test('without a config topic, apply says so and how to make one', async () => {
  const { exitCode, out, err } = await on(stack.unique('nowhere'))('apply -f -', FILE);
  expect([exitCode, out]).toEqual([6, '']);
  expect(err).toMatch(
    /^TOPICS_WRONG {2}The topic \S+ does not exist\. Create it, or run: tiktok-sync topics ensure\n$/,
  );
});
