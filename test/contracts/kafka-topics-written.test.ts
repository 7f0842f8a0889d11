/** Dead letters and sync log: the fakes and the Kafka adapters, by their contracts. */

import { afterAll } from 'vitest';
import { KafkaDeadLetters } from '../../src/adapters/kafka-dead-letters.ts';
import { KafkaSyncLog } from '../../src/adapters/kafka-sync-log.ts';
import type { SyncLogEntry } from '../../src/core/sync-log-entry.ts';
import { openProducer, readTopic, TestClient } from '../adapters/kafka-harness.ts';
import { MemoryDeadLetters } from '../fakes/memory-dead-letters.ts';
import { MemorySyncLog } from '../fakes/memory-sync-log.ts';
import { useStack } from '../stack.ts';
import { deadLettersContract } from './dead-letters.contract.ts';
import { syncLogContract } from './sync-log.contract.ts';

const stack = await useStack();
const client = await TestClient.connect(stack.brokers);
const producer = await openProducer(stack.brokers);
afterAll(async () => {
  await producer.disconnect();
  await client[Symbol.asyncDispose]();
});

async function newTopic(): Promise<string> {
  const topic = stack.unique('written');
  await client.createTopic(topic, 3);
  return topic;
}

deadLettersContract('in memory', async () => {
  const deadLetters = new MemoryDeadLetters();
  const stored = async () =>
    deadLetters.letters.map(({ source: { key, value, offset }, reason }) => ({ key, value, offset, reason }));
  return { deadLetters, stored };
});

deadLettersContract('on Kafka', async () => {
  const topic = await newTopic();
  const deadLetters = new KafkaDeadLetters(producer, topic, { appVersion: '1.0.0', instance: 'test' });
  const stored = async (count: number) =>
    (await readTopic(stack.brokers, topic, count)).map(({ key, value, headers }) => ({
      key,
      value,
      offset: Number(headers['tiktok-sync.source.offset']),
      reason: String(headers['tiktok-sync.reason']),
    }));
  return { deadLetters, stored };
});

syncLogContract('in memory', async () => {
  const syncLog = new MemorySyncLog();
  return { syncLog, stored: async () => syncLog.entries };
});

syncLogContract('on Kafka', async () => {
  const topic = await newTopic();
  const syncLog = new KafkaSyncLog(producer, topic, entry => Buffer.from(JSON.stringify(entry)));
  const stored = async (count: number) =>
    (await readTopic(stack.brokers, topic, count)).map(({ value }) => JSON.parse(String(value)) as SyncLogEntry);
  return { syncLog, stored };
});
