/** The status topic: the fake and the Kafka adapter, by one contract. */

import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { KafkaConnectionStatus } from '../../src/adapters/kafka-connection-status.ts';
import { SchemaRegistry } from '../../src/adapters/schema-registry.ts';
import { type StatusRecord, statusRecordOf } from '../../src/core/connection-status-record.ts';
import { schemaIdOf } from '../../src/core/framed-records.ts';
import type { ConnectionStatusTopic } from '../../src/ports.ts';
import { clientOptions, openProducer, TestClient } from '../adapters/kafka-harness.ts';
import { schemas } from '../core/event-records.ts';
import { MemoryStatusTopic } from '../fakes/memory-status-topic.ts';
import { useStack } from '../stack.ts';

const stack = await useStack();
const client = await TestClient.connect(stack.brokers);
const producer = await openProducer(stack.brokers);
const tls = { enabled: false, caFile: null, certFile: null, keyFile: null, rejectUnauthorized: true };
const registry = new SchemaRegistry({ url: stack.registryUrl, username: null, password: null, timeoutMs: 10_000, tls });
const opened: KafkaConnectionStatus[] = [];
afterAll(async () => {
  await Promise.all(opened.map(topic => topic.close()));
  await producer.disconnect();
  await client[Symbol.asyncDispose]();
});

function kafkaTopic(topic: string): KafkaConnectionStatus {
  const options = { kafka: clientOptions(stack.brokers), topic, schema: schemas.connectionStatus };
  const made = new KafkaConnectionStatus(options, { producer, registry, clock: systemClock });
  opened.push(made);
  return made;
}

/** One topic and what makes it exist. */
async function onKafka() {
  const name = stack.unique('status');
  const create = () => client.createTopic(name, 1, { 'cleanup.policy': 'compact' });
  return { topic: kafkaTopic(name), another: () => kafkaTopic(name), create };
}

async function inMemory() {
  const topic = new MemoryStatusTopic();
  return { topic, another: () => topic, create: async () => {} };
}

function record(connectionId: string, revision: number): StatusRecord {
  const answer = { httpStatus: 200, apiCode: 40105, requestId: 'request-1', reason: 'revoked' };
  const about = { configOffset: 4, tokenDigest: 'digest', revision, troubledSince: 1, releaseCause: null };
  const state = { state: 'token_invalid', since: 1, ...answer, ...about } as const;
  return statusRecordOf(connectionId, state, { workspaceId: 'workspace', instance: 'a', now: 2 });
}

async function keysAndOffsets(topic: ConnectionStatusTopic): Promise<string[]> {
  return [...(await topic.read())].map(([key, { offset }]) => `${key}@${offset}`).sort();
}

describe.each([
  ['in memory', inMemory],
  ['on Kafka', onKafka],
])('the status topic %s', (_, open) => {
  it('holds the newest record of each connection for every reader, framed with a schema of the registry', async () => {
    const { topic, another, create } = await open();
    await create();
    await topic.write(new Map([1, 2].map(n => [`c-${n}`, record(`c-${n}`, n)])));
    await topic.write(new Map([['c-1', record('c-1', 9)]]));
    expect(await keysAndOffsets(topic)).toEqual(['connection:c-1@2', 'connection:c-2@1']);
    expect(await keysAndOffsets(another())).toEqual(['connection:c-1@2', 'connection:c-2@1']);
    const value = (await topic.read()).get('connection:c-1')?.value ?? null;
    expect(schemaIdOf(value)).toBeGreaterThan(0);
  });

  it('forgets a connection that is deleted, and reads on from where it was', async () => {
    const { topic, another, create } = await open();
    await create();
    await topic.write(new Map([['c-1', record('c-1', 1)]]));
    const reader = another();
    expect(await keysAndOffsets(reader)).toEqual(['connection:c-1@0']);
    await topic.write(new Map([['c-1', null]]));
    await topic.write(new Map([['c-2', record('c-2', 1)]]));
    expect(await keysAndOffsets(reader)).toEqual(['connection:c-2@2']);
  });
});

it('a status topic on Kafka that is missing says so, and can be read once it is there', async () => {
  const { topic, create } = await onKafka();
  await expect(topic.read()).rejects.toMatchObject({ code: 'TOPICS_WRONG' });
  await create();
  expect(await keysAndOffsets(topic)).toEqual([]);
});
