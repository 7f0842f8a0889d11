import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { createKafka } from '../../src/adapters/kafka-client.ts';
import { KafkaConfigSnapshot } from '../../src/adapters/kafka-config-snapshot.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { useStack } from '../stack.ts';
import { clientOptions, RecordedTelemetry, TestClient, writeAborted } from './kafka-harness.ts';

const stack = await useStack();
const client = await TestClient.connect(stack.brokers);
afterAll(() => client[Symbol.asyncDispose]());

async function topicWith(partitions = 1): Promise<string> {
  const topic = stack.unique('config');
  await client.createTopic(topic, partitions, { 'cleanup.policy': 'compact' });
  return topic;
}

async function write(topic: string, entries: readonly (readonly [string, string | null])[], partition = 0) {
  await client.producer.send({ topic, messages: entries.map(([key, value]) => ({ key, value, partition })) });
}

async function open(topic: string) {
  const kafka = createKafka(clientOptions(stack.brokers), 'snapshot', new RecordedTelemetry());
  const snapshot = new KafkaConfigSnapshot(kafka, topic, systemClock);
  await snapshot.connect();
  const read = async () => [...(await snapshot.read())].map(([key, { offset, value }]) => `${key}@${offset}=${value}`);
  return { snapshot, read, [Symbol.asyncDispose]: () => snapshot.disconnect() };
}

describe('the snapshot of a compacted topic', () => {
  it('holds the newest record of each key that was not deleted, and reads on at the next call', async () => {
    const topic = await topicWith();
    await write(topic, [
      ['a', '1'],
      ['b', '1'],
      ['a', '2'],
      ['c', '1'],
      ['b', null],
    ]);
    await using opened = await open(topic);
    expect(await opened.read()).toEqual(['a@2=2', 'c@3=1']);
    await write(topic, [
      ['c', null],
      ['b', '3'],
    ]);
    expect(await opened.read()).toEqual(['a@2=2', 'b@6=3']);
  });

  it('forgets what it read when the topic is deleted and made anew', async () => {
    const topic = await topicWith();
    await write(topic, [
      ['a', '1'],
      ['b', '1'],
    ]);
    await using opened = await open(topic);
    expect(await opened.read()).toEqual(['a@0=1', 'b@1=1']);
    await client.admin.deleteTopics({ topics: [topic] });
    await client.createTopic(topic, 1, { 'cleanup.policy': 'compact' });
    await write(topic, [['b', '2']]);
    expect(await opened.read()).toEqual(['b@0=2']);
  });

  it('is empty for an empty topic, and reads every partition', async () => {
    const topic = await topicWith(3);
    await using opened = await open(topic);
    expect(await opened.read()).toEqual([]);
    await write(topic, [['x', '1']], 2);
    await write(topic, [['y', '1']], 1);
    expect((await opened.read()).toSorted()).toEqual(['x@0=1', 'y@0=1']);
  });

  it('comes to an end behind what a transaction aborted, and leaves it out', async () => {
    const topic = await topicWith();
    await write(topic, [['a', '1']]);
    await writeAborted(stack.brokers, topic, 'b');
    await using opened = await open(topic);
    expect(await opened.read()).toEqual(['a@0=1']);
  });

  it('reads more than one fetch brings', async () => {
    const topic = await topicWith();
    const large = 'x'.repeat(700_000);
    for (let n = 0; n < 8; n++) await write(topic, [[`k${n}`, large]]);
    await using opened = await open(topic);
    const records = await opened.snapshot.read();
    expect(records.size).toBe(8);
    expect([...records.values()].every(({ value }) => value.length === large.length)).toBe(true);
  });

  it('joins no group and commits nothing', async () => {
    const topic = await topicWith();
    const groups = async () => (await client.admin.listGroups()).groups.map(({ groupId }) => groupId);
    const before = new Set(await groups());
    await using opened = await open(topic);
    await opened.read();
    const described = await client.admin.describeGroups((await groups()).filter(groupId => !before.has(groupId)));
    const readers = described.groups.flatMap(({ members }) => members.map(({ memberMetadata }) => memberMetadata));
    expect(readers.filter(metadata => metadata.includes(topic))).toEqual([]);
  });

  it('says that the topic is missing', async () => {
    await expect(open(stack.unique('nowhere'))).rejects.toMatchObject({ code: 'TOPICS_WRONG' });
  });
});

describe('a snapshot that fails half way', () => {
  /** A client whose cluster fails with these errors, one after another, and then has an empty topic. */
  function failing(...types: readonly string[]) {
    const errors = types.map(type => Object.assign(new Error(type), { type }));
    const calls: string[] = [];
    const cluster = {
      findTopicPartitionMetadata: () => [{ partitionId: 0 }],
      fetchTopicsOffset: async () => {
        const error = errors.shift();
        if (error !== undefined) throw error;
        return [{ partitions: [{ partition: 0, offset: '0' }] }];
      },
      refreshMetadata: async () => void calls.push('refresh'),
    };
    const clock = new VirtualClock();
    const kafka = Object.assign(Object.create(null), { [Symbol('private:Kafka:createCluster')]: () => cluster });
    return { snapshot: new KafkaConfigSnapshot(kafka, 'config', clock), clock, calls };
  }

  it('asks again, and first who leads now, when the error passes', async () => {
    const { snapshot, clock, calls } = failing('NOT_LEADER_FOR_PARTITION', 'LEADER_NOT_AVAILABLE');
    const read = snapshot.read();
    await clock.advance(1_000);
    expect((await read).size).toBe(0);
    expect(calls).toEqual(['refresh']);
  });

  it('gives up at once when it does not', async () => {
    const { snapshot, calls } = failing('TOPIC_AUTHORIZATION_FAILED');
    await expect(snapshot.read()).rejects.toMatchObject({ type: 'TOPIC_AUTHORIZATION_FAILED' });
    expect(calls).toEqual([]);
  });
});
