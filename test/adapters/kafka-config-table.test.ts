import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { createKafka } from '../../src/adapters/kafka-client.ts';
import {
  type ConfigTopicReader,
  type ConfigTopicRecord,
  KafkaConfigTable,
} from '../../src/adapters/kafka-config-table.ts';
import { useStack } from '../stack.ts';
import { clientOptions, RecordedTelemetry, TestClient, until, writeAborted } from './kafka-harness.ts';

const stack = await useStack();
const client = await TestClient.connect(stack.brokers);
afterAll(() => client[Symbol.asyncDispose]());

class Reader implements ConfigTopicReader {
  readonly applied: string[] = [];
  isCaughtUp = 0;
  answer: (record: ConfigTopicRecord) => 'applied' | 'retry' = () => 'applied';

  async apply(record: ConfigTopicRecord): Promise<'applied' | 'retry'> {
    const answer = this.answer(record);
    if (answer === 'applied') this.applied.push(`${record.partition}@${record.offset} ${record.key}=${record.value}`);
    return answer;
  }

  caughtUp(): void {
    this.isCaughtUp += 1;
  }

  rereading(): void {
    this.applied.push('anew');
  }

  reread(): void {
    this.applied.push('read');
  }
}

function open(topic: string): { table: KafkaConfigTable; reader: Reader } & AsyncDisposable {
  const telemetry = new RecordedTelemetry();
  const options = { topic, fetchWaitMs: 250, metadataMaxAgeMs: 1_000 };
  const kafka = createKafka(clientOptions(stack.brokers), 'config', telemetry);
  const table = new KafkaConfigTable(options, { kafka, clock: systemClock, telemetry });
  return { table, reader: new Reader(), [Symbol.asyncDispose]: () => table.stop() };
}

/** A topic of one partition that holds three entries. */
async function topicOfThree(): Promise<string> {
  const topic = stack.unique('config');
  await client.createTopic(topic, 1, { 'cleanup.policy': 'compact,delete' });
  await write(topic, [
    ['connection:1', 'a'],
    ['connection:2', 'b'],
    ['connection:3', 'c'],
  ]);
  return topic;
}

async function write(topic: string, entries: readonly (readonly [string, string | null])[]): Promise<void> {
  await client.producer.send({ topic, messages: entries.map(([key, value]) => ({ key, value, partition: 0 })) });
}

describe('the reader of the config topic', () => {
  it('reads all there is, says so once, and goes on with what comes', async () => {
    const topic = stack.unique('config');
    await client.createTopic(topic, 1, { 'cleanup.policy': 'compact' });
    await write(topic, [
      ['connection:1', 'a'],
      ['mapping:1', 'b'],
      ['connection:1', null],
    ]);
    await using opened = open(topic);
    const { table, reader } = opened;
    await table.start(reader);
    await until('the end', () => reader.isCaughtUp > 0);
    expect(reader.applied).toEqual(['0@0 connection:1=a', '0@1 mapping:1=b', '0@2 connection:1=null']);
    await write(topic, [['mapping:2', 'c']]);
    await until('the update', () => reader.applied.length === 4);
    expect(reader.isCaughtUp).toBe(1);
    expect(table.status()).toMatchObject({ caughtUp: true });
  });

  it('joins no group', async () => {
    const topic = stack.unique('config');
    await client.createTopic(topic, 1, { 'cleanup.policy': 'compact' });
    const groups = async () => (await client.admin.listGroups()).groups.map(({ groupId }) => groupId);
    const before = new Set(await groups());
    await using opened = open(topic);
    await opened.table.start(opened.reader);
    await until('the end', () => opened.reader.isCaughtUp === 1);
    const described = await client.admin.describeGroups((await groups()).filter(groupId => !before.has(groupId)));
    const members = described.groups.flatMap(group => group.members.map(({ memberMetadata }) => memberMetadata));
    expect(members.filter(metadata => metadata.includes(topic))).toEqual([]);
  });

  it('reads partitions that are added to the topic while it runs', async () => {
    const topic = stack.unique('config');
    await client.createTopic(topic, 1, { 'cleanup.policy': 'compact' });
    await using opened = open(topic);
    await opened.table.start(opened.reader);
    await client.admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
    await until('leaders', async () => (await client.admin.fetchTopicOffsets(topic).catch(() => [])).length === 3);
    await client.producer.send({ topic, messages: [{ key: 'connection:1', value: 'a', partition: 2 }] });
    await until('the record', () => opened.reader.applied.length === 1);
    expect(opened.reader.applied).toEqual(['2@0 connection:1=a']);
  });

  it.each([
    ['fewer', ['connection:4']],
    ['as many', ['connection:4', 'connection:5', 'connection:6']],
    ['more', ['connection:4', 'connection:5', 'connection:6', 'connection:7', 'connection:8']],
  ])('reads a topic that is deleted and made anew with %s records from its beginning, once', async (_, keys) => {
    const topic = await topicOfThree();
    await using opened = open(topic);
    const { reader, table } = opened;
    await table.start(reader);
    await until('the end', () => reader.isCaughtUp === 1);
    await client.admin.deleteTopics({ topics: [topic] });
    await client.createTopic(topic, 1, { 'cleanup.policy': 'compact' });
    await write(
      topic,
      keys.map(key => [key, 'new'] as const),
    );
    await until('the new topic', () => reader.applied.filter(line => line.endsWith('=new')).length >= keys.length);
    await write(topic, [['connection:9', 'next']]);
    await until('the next record', () => reader.applied.some(line => line.endsWith('=next')));
    const anew = reader.applied.slice(reader.applied.lastIndexOf('anew') + 1).filter(line => line !== 'read');
    expect(anew).toEqual([
      ...keys.map((key, offset) => `0@${offset} ${key}=new`),
      `0@${keys.length} connection:9=next`,
    ]);
    expect(reader.isCaughtUp).toBe(1);
    await until('its end', () => table.isAtEnd());
  });

  it('reads a topic anew whose first records were deleted', async () => {
    const topic = await topicOfThree();
    await using opened = open(topic);
    await opened.table.start(opened.reader);
    await until('the end', () => opened.reader.isCaughtUp === 1);
    await client.admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] });
    await until('another reading', () => opened.reader.applied.at(-1) === 'read');
    expect(opened.reader.applied.slice(3)).toEqual(['anew', '0@2 connection:3=c', 'read']);
  });

  it('is at the end of an empty topic at once', async () => {
    const topic = stack.unique('config');
    await client.createTopic(topic, 2, { 'cleanup.policy': 'compact' });
    await using opened = open(topic);
    await opened.table.start(opened.reader);
    await until('the end', () => opened.reader.isCaughtUp === 1);
  });

  it('is at the end when nothing but markers of transactions is left to read', async () => {
    const topic = stack.unique('config');
    await client.createTopic(topic, 1, { 'cleanup.policy': 'compact' });
    await write(topic, [['connection:1', 'a']]);
    await writeAborted(stack.brokers, topic, 'connection:2');
    await using opened = open(topic);
    await opened.table.start(opened.reader);
    await until('the end', () => opened.reader.isCaughtUp === 1);
    expect(opened.reader.applied).toEqual(['0@0 connection:1=a']);
  });

  it('has the same record come again until it can be applied, and none after it before', async () => {
    const topic = await topicOfThree();
    await using opened = open(topic);
    const { table, reader } = opened;
    let refused = 0;
    reader.answer = ({ offset }) => {
      if (offset !== 1 || refused === 3) return 'applied';
      refused += 1;
      return 'retry';
    };
    await table.start(reader);
    await until('the end', () => reader.isCaughtUp === 1);
    expect(refused).toBe(3);
    expect(reader.applied).toEqual(['0@0 connection:1=a', '0@1 connection:2=b', '0@2 connection:3=c']);
  });

  it('says that the topic is missing', async () => {
    await using opened = open(stack.unique('nowhere'));
    await expect(opened.table.start(opened.reader)).rejects.toMatchObject({ code: 'TOPICS_WRONG' });
  });
});
