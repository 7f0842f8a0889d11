import type { Kafka } from 'kafkajs';
import { expect, it } from 'vitest';
import { KafkaGrouplessTopic } from '../../src/adapters/kafka-groupless-topic.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

interface Answer {
  readonly partition: number;
  readonly offsets: readonly number[];
  readonly lastStableOffset: string;
  readonly preferredReadReplica?: number;
}

/** A topic with one broker that answers this to any fetch, and what the broker was asked. */
function answering(...answers: readonly Answer[]) {
  const requests: unknown[] = [];
  const partitions = answers.map(({ offsets, ...answer }) => ({
    ...answer,
    // Others write on in an open transaction.
    highWatermark: '99',
    abortedTransactions: [],
    messages: offsets.map(offset => ({ offset: String(offset), key: null, value: null, headers: {}, timestamp: '0' })),
  }));
  const broker = {
    fetch: async (request: unknown) => {
      requests.push(request);
      return { responses: [{ topicName: 'config', partitions }] };
    },
  };
  const cluster = { findBroker: async () => broker };
  const kafka: Kafka = Object.assign(Object.create(null), {
    [Symbol('private:Kafka:createCluster')]: () => cluster,
  });
  return { topic: new KafkaGrouplessTopic(kafka, 'config', new VirtualClock()), requests };
}

const FROM_FIVE = new Map([
  [0, 5],
  [1, 5],
]);

async function positions(...answers: readonly Answer[]): Promise<[number, number][]> {
  const fetched = await answering(...answers).topic.fetchFrom('1', FROM_FIVE, 0);
  return [...fetched].map(([partition, { nextOffset }]) => [partition, nextOffset]);
}

it('goes on behind the records that came, and steps over an end that compaction has left without any', async () => {
  expect(await positions({ partition: 0, offsets: [5, 6, 9], lastStableOffset: '12' })).toEqual([[0, 10]]);
  expect(await positions({ partition: 0, offsets: [], lastStableOffset: '12' })).toEqual([[0, 12]]);
});

it('stays where it is when the records of another partition may have filled the answer', async () => {
  const full = { partition: 0, offsets: [5], lastStableOffset: '12' };
  expect(await positions(full, { partition: 1, offsets: [], lastStableOffset: '12' })).toEqual([
    [0, 6],
    [1, 5],
  ]);
});

it('stays where it is when another broker is to be asked, or the end lies before it', async () => {
  const elsewhere = { partition: 0, offsets: [], lastStableOffset: '12', preferredReadReplica: 2 };
  expect(await positions(elsewhere)).toEqual([[0, 5]]);
  expect(await positions({ partition: 0, offsets: [], lastStableOffset: '4' })).toEqual([[0, 5]]);
});

it('asks once for all partitions, each from its offset', async () => {
  const { requests, topic } = answering();
  await topic.fetchFrom('1', FROM_FIVE, 250);
  const partitions = [0, 1].map(partition => expect.objectContaining({ partition, fetchOffset: '5' }));
  expect(requests).toEqual([expect.objectContaining({ maxWaitTime: 250, topics: [{ topic: 'config', partitions }] })]);
});
