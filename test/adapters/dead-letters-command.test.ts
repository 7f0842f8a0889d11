import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { createKafka } from '../../src/adapters/kafka-client.ts';
import { KafkaDeadLetterReader } from '../../src/adapters/kafka-dead-letter-reader.ts';
import { KafkaDeadLetters } from '../../src/adapters/kafka-dead-letters.ts';
import { letterOffsets } from '../../src/adapters/kafka-letter-offsets.ts';
import type { KafkaProducer } from '../../src/adapters/kafka-producer.ts';
import { SchemaRegistry } from '../../src/adapters/schema-registry.ts';
import { readTlsFiles } from '../../src/adapters/tls-files.ts';
import { EXIT } from '../../src/control/exit-codes.ts';
import type { SourceRecord } from '../../src/core/record.ts';
import { lookAtLetters } from '../../src/dead-letters-command.ts';
import { command, NO_COMMANDS } from '../cli/fake-host.ts';
import { conversion, framed, schemas } from '../core/event-records.ts';
import { deadLetter } from '../core/letters.ts';
import { useStack } from '../stack.ts';
import { clientOptions, Member, openProducer, RecordedTelemetry, TestClient } from './kafka-harness.ts';

const stack = await useStack();
const topic = stack.unique('letters');
const groupId = stack.unique('service');
const HOUR = 3_600_000;
const COUNT = 300;
const CANARY = 'canary.contact@example.com';

describe('dead letters on a real topic', () => {
  let client: TestClient;
  let producer: KafkaProducer;

  beforeAll(async () => {
    client = await TestClient.connect(stack.brokers);
    await client.createTopic(topic, 2);
    const registry = new SchemaRegistry({
      ...{ url: stack.registryUrl, timeoutMs: 5_000, username: null, password: null },
      tls: readTlsFiles('registry', { caFile: null, certFile: null, keyFile: null, rejectUnauthorized: true }),
    });
    const schemaId = await registry.idOf(`${topic}-value`, schemas.conversionCreated);
    producer = await openProducer(stack.brokers);
    const letters = Array.from({ length: COUNT }, (_, n) => {
      const record = conversion({ conversion_id: `conv-${n}`, email: CANARY });
      return deadLetter({
        source: { offset: n, key: Buffer.from(`key-${n}`), value: framed(schemaId, schemas.conversionCreated, record) },
        eventId: `conv-${n}`,
        connectionId: `c-${n % 3}`,
        reason: n % 2 === 0 ? 'connection_parked' : 'refused_by_tiktok',
        failedAt: Date.UTC(2026, 10, 22, 12) - (n + 1) * HOUR,
      });
    });
    await new KafkaDeadLetters(producer, topic, { appVersion: '1', instance: 'test' }).write(letters);
    await client.append(topic, 1, ['no letter of ours']);
  });
  afterAll(async () => {
    await producer.disconnect();
    await client[Symbol.asyncDispose]();
  });

  const env = {
    TIKTOK_SYNC_KAFKA_BROKERS: stack.brokers,
    TIKTOK_SYNC_REGISTRY_URL: stack.registryUrl,
    TIKTOK_SYNC_TOPIC_DEAD_LETTER: topic,
    TIKTOK_SYNC_GROUP_ID: groupId,
  };

  function run(line: string) {
    return command(`dead-letters ${line}`, {
      env,
      heavy: { deadLetters: { ...NO_COMMANDS.deadLetters, look: lookAtLetters } },
    });
  }

  function eventsOf(out: string): string[] {
    const lines = out.trim().split('\n');
    return lines.map(line => String((JSON.parse(line) as { event_id: unknown }).event_id)).sort();
  }

  test('list finds every letter once, whatever its partition', async () => {
    const { exitCode, out } = await run('list --json');
    expect(exitCode).toBe(EXIT.ok);
    expect(eventsOf(out)).toEqual(Array.from({ length: COUNT }, (_, n) => `conv-${n}`).sort());
    expect(out).not.toContain(CANARY);
  });

  test('list ends quietly with 0 when its reader went away', async () => {
    const main = new URL('../../src/main.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, [main, 'dead-letters', 'list'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
    expect([code, said]).toEqual([0, '']);
  });

  test('list prints a table of what matches, up to a maximum', async () => {
    const { exitCode, out } = await run('list --reason connection_parked --connection c-0 --since 30h --max 3');
    expect(exitCode).toBe(EXIT.ok);
    const [header, ...lines] = out.trim().split('\n');
    expect(header).toMatch(/^time +reason +connection +event id +code +partition:offset$/);
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line).toMatch(/connection_parked +c-0 +conv-\d+ +40002 +[01]:\d+$/);
  });

  test('what matches nothing is said, with an exit code of its own', async () => {
    const { err, exitCode, out } = await run('list --event-id nobody');
    expect([exitCode, out, err]).toEqual([EXIT.nothingMatched, '', 'No letter matches.\n']);
  });

  test.each([
    ['list --event-id nobody', []],
    ['show --event-id nobody', []],
    ['stats --connection nobody', [expect.objectContaining({ letters: 0, by_reason: {} })]],
  ])('%s --json says that nothing matches by its data alone', async (line, data) => {
    const { err, exitCode, out } = await run(`${line} --json`);
    expect([exitCode, out === '' ? [] : [JSON.parse(out)], err]).toEqual([EXIT.nothingMatched, data, '']);
  });

  test('stats counts letters, and what is none apart', async () => {
    const { out } = await run('stats --json');
    expect(JSON.parse(out)).toMatchObject({
      letters: COUNT,
      foreign: 1,
      by_reason: { connection_parked: 150, refused_by_tiktok: 150 },
      by_connection: { 'c-0': 100, 'c-1': 100, 'c-2': 100 },
      by_age: { under_1d: 23 },
    });
  });

  test('show reads one letter at its place, with its event decoded and masked', async () => {
    const listed = JSON.parse((await run('list --event-id conv-7 --json')).out) as Record<string, unknown>;
    const { exitCode, out } = await run(`show ${listed['partition']}:${listed['offset']} --json`);
    expect(exitCode).toBe(EXIT.ok);
    expect(JSON.parse(out)).toMatchObject({
      ...listed,
      event: { conversion_id: 'conv-7', email: '[26 characters]' },
      advice: expect.stringContaining('api.code'),
    });
    expect(out).not.toContain(CANARY);
  });

  test('show of a place without a letter matches nothing', async () => {
    for (const place of ['0:99999', '7:0']) expect((await run(`show ${place}`)).exitCode).toBe(EXIT.nothingMatched);
  });

  test('show says of a letter that was too large for the topic that it has no value', async () => {
    const large = deadLetter({ source: { value: Buffer.alloc(0) }, eventId: 'large' });
    await new KafkaDeadLetters(producer, topic, { appVersion: '1', instance: 'test' }).write([large]);
    const { out } = await run('show --event-id large --json');
    expect(JSON.parse(out)).toMatchObject({ event: null, undecodable: 'the letter has no value' });
  });

  test('leaves no consumer group behind', async () => {
    const { groups } = await client.admin.listGroups();
    expect(groups.filter(group => group.groupId.startsWith(groupId))).toEqual([]);
  });

  test('without its topic is a finding about the topic, not an empty answer', async () => {
    const env = {
      TIKTOK_SYNC_KAFKA_BROKERS: stack.brokers,
      TIKTOK_SYNC_REGISTRY_URL: stack.registryUrl,
      TIKTOK_SYNC_TOPIC_DEAD_LETTER: stack.unique('missing'),
    };
    const { err, exitCode } = await command('dead-letters list', {
      env,
      heavy: { deadLetters: { ...NO_COMMANDS.deadLetters, look: lookAtLetters } },
    });
    expect(exitCode).toBe(EXIT.foundWrong);
    expect(err).toContain('TOPICS_WRONG');
  });
});

describe('what a redrive asks of the dead-letter topic', () => {
  test('is how long letters live and where its group stands', async () => {
    await using client = await TestClient.connect(stack.brokers);
    const kafka = createKafka(clientOptions(stack.brokers), 'letters', new RecordedTelemetry());
    const ask = (name: string, group: string) => letterOffsets(kafka, systemClock, name, group);
    const [bounded, unlimited] = [stack.unique('week'), stack.unique('ever')];
    await client.createTopic(bounded, 2, { 'retention.ms': '604800000' });
    await client.createTopic(unlimited, 1, { 'retention.ms': '-1' });
    await client.append(bounded, 1, ['a', 'b', 'c']);
    const group = stack.unique('job');
    expect(await ask(unlimited, group)).toEqual({ retentionMs: null, committed: [] });
    expect(await ask(bounded, group)).toEqual({ retentionMs: 604_800_000, committed: [] });
    await using member = new Member(stack.brokers, { topics: [bounded], groupId: group });
    await member.start();
    await member.source.commit(member.consumer.epoch, [{ topic: bounded, partition: 1, offset: 2 }]);
    expect((await ask(bounded, group)).committed).toMatchObject([
      { partition: 0, offset: 0 },
      { partition: 1, offset: 2 },
    ]);
  });
});

test('letters that expire while others are read are passed over', async () => {
  await using client = await TestClient.connect(stack.brokers);
  const name = stack.unique('expiring');
  await client.createTopic(name, 1);
  await client.append(name, 0, ['a', 'b', 'c', 'd', 'e']);
  const kafka = createKafka(clientOptions(stack.brokers), 'letters', new RecordedTelemetry());
  const reader = new KafkaDeadLetterReader(kafka, name, systemClock);
  await reader.connect();
  const ranges = await reader.ranges(null);
  expect(ranges).toEqual([{ partition: 0, from: 0, to: 5 }]);
  await client.admin.deleteTopicRecords({ topic: name, partitions: [{ partition: 0, offset: '3' }] });
  const read: string[] = [];
  const take = (records: readonly SourceRecord[]) => {
    read.push(...records.map(({ value }) => String(value)));
    return true;
  };
  await reader.read(ranges, take, new AbortController().signal);
  expect(read).toEqual(['d', 'e']);
  await reader.close();
});
