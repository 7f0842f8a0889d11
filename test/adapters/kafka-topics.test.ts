import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { createKafka } from '../../src/adapters/kafka-client.ts';
import { KafkaTopics } from '../../src/adapters/kafka-topics.ts';
import { checkTopics, ensureTopics, topicLines } from '../../src/control/topics.ts';
import { TOPIC_ROLES, type TopicNames } from '../../src/core/topic-contract.ts';
import { useStack } from '../stack.ts';
import { clientOptions, RecordedTelemetry, TestClient } from './kafka-harness.ts';

const stack = await useStack();
const client = await TestClient.connect(stack.brokers);
const topics = new KafkaTopics(
  createKafka(clientOptions(stack.brokers), 'topics', new RecordedTelemetry()),
  systemClock,
);
await topics.connect();
afterAll(async () => {
  await topics.disconnect();
  await client[Symbol.asyncDispose]();
});

describe('topics ensure and check', () => {
  it('say what is missing, make it, and find nothing wrong then but the single broker', async () => {
    const names = Object.fromEntries(TOPIC_ROLES.map(role => [role, stack.unique(role)])) as TopicNames;
    const before = await checkTopics(names, topics);
    expect(before.ok).toBe(false);
    expect(before.findings.filter(({ code }) => code === 'TOPIC_MISSING')).toHaveLength(TOPIC_ROLES.length);
    const made = await ensureTopics(names, topics, 3);
    expect(made.created.toSorted()).toEqual(Object.values(names).toSorted());
    expect(made.ok).toBe(true);
    expect(new Set(made.findings.map(({ code }) => code))).toEqual(new Set(['TOPIC_TOO_FEW_REPLICAS']));
    const actual = await topics.describe(Object.values(names));
    expect(actual.get(names.conversions)).toMatchObject({ partitions: 3, replicas: 1 });
    expect(actual.get(names.config)).toMatchObject({ partitions: 1, settings: { 'cleanup.policy': 'compact' } });
    const again = await ensureTopics(names, topics, 3);
    expect(again.created).toEqual([]);
    expect(topicLines(again).at(-1)).toBe('The topics are as they should be.');
  });

  it('name the settings of existing topics that would lose something', async () => {
    const names = Object.fromEntries(TOPIC_ROLES.map(role => [role, stack.unique(role)])) as TopicNames;
    await client.createTopic(names.config, 1, { 'cleanup.policy': 'delete' });
    await client.createTopic(names.conversions, 1, { 'max.message.bytes': '2000000' });
    await client.createTopic(names.deadLetter, 1);
    await client.createTopic(names.syncLog, 1, { 'min.insync.replicas': '2' });
    const { ok, findings } = await ensureTopics(names, topics, 1);
    expect(ok).toBe(false);
    const errors = findings.filter(({ level }) => level === 'error').map(({ role, code }) => `${role} ${code}`);
    expect(errors).toEqual([
      'config TOPIC_NOT_COMPACTED',
      'deadLetter TOPIC_MESSAGES_TOO_SMALL',
      'syncLog TOPIC_IN_SYNC_UNREACHABLE',
    ]);
    expect(findings.find(({ code }) => code === 'TOPIC_MESSAGES_TOO_SMALL')?.message).toContain('2065536');
  });
});
