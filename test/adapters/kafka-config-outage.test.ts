import type { Kafka } from 'kafkajs';
import { expect, it } from 'vitest';
import { startStack } from '../../sandbox/stack.ts';
import { systemClock } from '../../src/adapters/clock.ts';
import { createKafka } from '../../src/adapters/kafka-client.ts';
import { type ConfigTopicRecord, KafkaConfigTable } from '../../src/adapters/kafka-config-table.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { clientOptions, RecordedTelemetry, TestClient, until } from './kafka-harness.ts';

const OPTIONS = { topic: 'config', fetchWaitMs: 250, metadataMaxAgeMs: 60_000 };

/** Writes down what it is told. */
function recorder() {
  const applied: string[] = [];
  const apply = async ({ offset, value }: ConfigTopicRecord) => {
    applied.push(`${offset}=${value}`);
    return 'applied' as const;
  };
  return { applied, apply, caughtUp: () => undefined, rereading: () => applied.push('anew'), reread: () => undefined };
}

it('reads everything anew when a broker that was killed is back, and then on', async () => {
  await using stack = await startStack({ brokers: 1, registry: false, redis: false });
  const reader = recorder();
  const telemetry = new RecordedTelemetry();
  const kafka = createKafka(clientOptions(stack.brokers), 'config', telemetry);
  const table = new KafkaConfigTable(OPTIONS, { kafka, clock: systemClock, telemetry });
  try {
    {
      await using client = await TestClient.connect(stack.brokers);
      await client.createTopic(OPTIONS.topic, 1);
      await client.append(OPTIONS.topic, 0, ['before']);
    }
    await table.start(reader);
    await until('the first record', () => reader.applied.length === 1);
    await stack.broker().stop('SIGKILL');
    await stack.broker().start();
    await using client = await TestClient.connect(stack.brokers);
    await client.append(OPTIONS.topic, 0, ['after']);
    await until('the second record', () => reader.applied.at(-1) === '1=after');
  } finally {
    await table.stop();
  }
  expect(reader.applied).toEqual(['0=before', 'anew', '0=before', '1=after']);
});

it('says once for each silence of the brokers that the table may be old', async () => {
  const clock = new VirtualClock();
  let isAway = false;
  const broker = {
    fetch: async ({ maxWaitTime }: { readonly maxWaitTime: number }) => {
      if (isAway) throw Object.assign(new Error('gone'), { name: 'KafkaJSConnectionClosedError' });
      if (maxWaitTime > 0) await new Promise<void>(resolve => clock.after(maxWaitTime, resolve));
      return { responses: [] };
    },
  };
  const cluster = {
    connect: async () => undefined,
    addTargetTopic: async () => undefined,
    disconnect: async () => undefined,
    refreshMetadata: async () => undefined,
    findTopicPartitionMetadata: () => [{ partitionId: 0 }],
    findLeaderForPartitions: () => ({ 1: [0] }),
    fetchTopicsOffset: async () => [{ partitions: [{ partition: 0, offset: '0' }] }],
    findBroker: async () => broker,
  };
  const kafka: Kafka = Object.assign(Object.create(null), {
    [Symbol('private:Kafka:createCluster')]: () => cluster,
  });
  const telemetry = new RecordedTelemetry();
  const table = new KafkaConfigTable(OPTIONS, { kafka, clock, telemetry });
  expect(table.status()).toEqual({ caughtUp: false, sinceContactMs: null });
  await table.start(recorder());
  const silence = async (ms: number) => {
    isAway = true;
    await clock.advance(ms);
    isAway = false;
    await clock.advance(2_000);
    return telemetry.notices.map(({ code }) => code);
  };
  expect(await silence(4_000)).toEqual([]);
  expect(await silence(600_000)).toEqual(['KAFKA_CONFIG_TOPIC_FAILED']);
  expect(await silence(4_000)).toEqual(['KAFKA_CONFIG_TOPIC_FAILED']);
  expect(await silence(10_000)).toEqual(['KAFKA_CONFIG_TOPIC_FAILED', 'KAFKA_CONFIG_TOPIC_FAILED']);
  expect(table.status()).toEqual({ caughtUp: true, sinceContactMs: expect.any(Number) });
  expect(table.status().sinceContactMs).toBeLessThanOrEqual(OPTIONS.fetchWaitMs);
  await table.stop();
});
