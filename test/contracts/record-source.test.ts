import { afterAll } from 'vitest';
import { Member, RecordingConsumer, TestClient, until } from '../adapters/kafka-harness.ts';
import { ManualClock } from '../fakes/manual-clock.ts';
import { MemoryRecordSource } from '../fakes/memory-record-source.ts';
import { useStack } from '../stack.ts';
import { recordSourceContract } from './record-source.contract.ts';

const stack = await useStack();
const client = await TestClient.connect(stack.brokers);
afterAll(() => client[Symbol.asyncDispose]());

recordSourceContract('in memory', async () => {
  const clock = new ManualClock();
  const source = new MemoryRecordSource({ topic: 2 }, clock);
  const consumer = new RecordingConsumer();
  // A reader of its own: hands over what can be, and lets held partitions come due.
  const pump = setInterval(() => {
    clock.advance(50);
    void source.deliver();
  }, 1);
  return {
    topic: 'topic',
    source,
    consumer,
    append: async (partition, values) => {
      source.feed(
        'topic',
        partition,
        values.map(value => ({ value })),
      );
    },
    reassign: () => source.rebalance(),
    committed: async partition => source.committed('topic', partition),
    close: async () => clearInterval(pump),
  };
});

recordSourceContract('on Kafka', async () => {
  const [topic, groupId] = [stack.unique('contract'), stack.unique('group')];
  await client.createTopic(topic, 2);
  const member = new Member(stack.brokers, { topics: [topic], groupId });
  const owns = (partitions: number) => () => member.consumer.assignments.at(-1)?.length === partitions;
  return {
    topic,
    source: member.source,
    consumer: member.consumer,
    append: (partition, values) => client.append(topic, partition, values),
    reassign: async () => {
      const other = new Member(stack.brokers, { topics: [topic], groupId });
      await other.start();
      await until('the other member has its share', owns(1));
      await other.source.stop();
      await until('everything is back', owns(2));
    },
    committed: async partition => {
      const offset = (await client.committed(groupId, topic))[partition];
      return offset === undefined || offset < 0 ? null : offset;
    },
    close: () => member.source.stop(),
  };
});
