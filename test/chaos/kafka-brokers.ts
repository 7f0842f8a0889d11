/**
 * What brokers do to a consumer group in ordinary operation, against the record source alone: rolling restarts, kill
 * -9, replicas that move, topics that grow. Two members read in windows of a second, deliver, commit.
 *
 * Usage: node test/chaos/kafka-brokers.ts [rolling=3] [kills=2] [moves=3] [growths=2]
 * Exits 1 when a record below the committed offsets was never delivered, or commits stood still for more than 15 s.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { startStack } from '../../sandbox/stack.ts';
import type { SourceRecord } from '../../src/core/record.ts';
import { partitionKey } from '../../src/core/start-position.ts';
import { Member, numbered, TestClient, until } from '../adapters/kafka-harness.ts';

const WINDOW_MS = 1_000;
const DELIVERY_MS = 80;
const RECORDS_PER_ROUND = 20;
const COMMIT_STALL_LIMIT_MS = 15_000;
const PARTITIONS = 12;

const counts = Object.fromEntries(process.argv.slice(2).map(argument => argument.split('=')));
const wanted = (name: string, otherwise: number) => Number(counts[name] ?? otherwise);

const delivered = new Map<string, number>();
let longestStallMs = 0;

/** A member that delivers what its windows hold, as the pipeline does, in the simplest way. */
class WindowedMember {
  readonly member: Member;
  #isStopped = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(brokers: string, topic: string, groupId: string) {
    this.member = new Member(brokers, { topics: [topic], groupId }, { metadataMaxAgeMs: 3_000 });
    this.member.consumer.flush = () => this.#deliver(true);
  }

  async start(): Promise<void> {
    await this.member.start();
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#loop;
    await this.member.source.stop();
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      await delay(WINDOW_MS);
      await this.#deliver(false);
    }
  }

  async #deliver(isFlush: boolean): Promise<void> {
    const { consumer, source } = this.member;
    if (consumer.committable().length === 0) this.#waitingSince = null;
    else this.#waitingSince ??= performance.now();
    if ((consumer.isSuspended && !isFlush) || !source.holdsLease()) return;
    const { epoch } = consumer;
    const window: SourceRecord[] = [...consumer.current.values()].flat();
    const offsets = consumer.committable();
    if (offsets.length === 0) return;
    await delay(DELIVERY_MS);
    for (const record of window) {
      const key = `${partitionKey(record)}@${record.offset}`;
      if (!this.#sent.has(key)) delivered.set(key, (delivered.get(key) ?? 0) + 1);
      this.#sent.add(key);
    }
    if (epoch !== consumer.epoch) {
      this.#sent.clear();
      this.#waitingSince = null;
      return;
    }
    if ((await source.commit(epoch, offsets)) !== 'committed') return;
    this.#committed(performance.now() - (this.#waitingSince ?? performance.now()));
    this.#sent.clear();
    if (epoch === consumer.epoch) this.#forget(offsets);
  }

  #committed(stallMs: number): void {
    this.#waitingSince = null;
    longestStallMs = Math.max(longestStallMs, stallMs);
    if (stallMs < 3_000) return;
    const { telemetry, consumer } = this.member;
    const problems = telemetry.commits.slice(-8).map(({ problem }) => problem ?? 'ok');
    say(
      `a commit waited ${(stallMs / 1000).toFixed(1)} s: ${problems.join(' ')}; ${consumer.signals.slice(-4).join(', ')}`,
    );
  }

  /** Monotonic milliseconds since when something delivered waits to be committed. */
  #waitingSince: number | null = null;
  /** Delivered under this epoch and waiting for its commit. */
  readonly #sent = new Set<string>();

  #forget(offsets: readonly { topic: string; partition: number; offset: number }[]): void {
    const { current } = this.member.consumer;
    for (const { topic, partition, offset } of offsets) {
      const key = `${topic}/${partition}`;
      const rest = (current.get(key) ?? []).filter(record => record.offset >= offset);
      if (rest.length > 0) current.set(key, rest);
      else current.delete(key);
    }
  }
}

await using stack = await startStack({ brokers: 3, registry: false, redis: false, onProgress: console.log });
const client = await TestClient.connect(stack.brokers);
const [topic, groupId] = ['chaos', 'chaos-group'];
const createTopic = async (): Promise<boolean> => {
  await client.admin
    .createTopics({ topics: [{ topic, numPartitions: PARTITIONS, replicationFactor: 2 }] })
    .catch(() => {});
  return (await client.admin.listTopics()).includes(topic);
};
await until('the topic', createTopic);
const members = [new WindowedMember(stack.brokers, topic, groupId), new WindowedMember(stack.brokers, topic, groupId)];
await Promise.all(members.map(member => member.start()));

let isProducing = true;
let partitions = PARTITIONS;
const producing = (async () => {
  for (let round = 0; isProducing; round += 1) {
    const messages = numbered(`r${round}-`, RECORDS_PER_ROUND).map((value, index) => {
      // Two of three partitions are nearly idle: their fetches are always in flight.
      const partition = index < 4 ? (round + index) % partitions : index % 4;
      return { partition, value };
    });
    await client.producer.send({ topic, acks: -1, messages }).catch(() => {});
    await delay(50);
  }
})();

const brokerAt = (index: number) => stack.broker(index % 3);
const say = (what: string) =>
  console.log(
    `${(performance.now() / 1000).toFixed(0).padStart(4)} s  ${what}; longest commit stall so far ${(longestStallMs / 1000).toFixed(1)} s`,
  );

await delay(3_000);
for (let round = 0; round < wanted('rolling', 3); round += 1) {
  for (let index = 0; index < 3; index += 1) {
    await brokerAt(index).stop();
    await brokerAt(index).start();
    await delay(4_000);
  }
  say(`rolling restart ${round + 1}`);
}
for (let kill = 0; kill < wanted('kills', 2); kill += 1) {
  await brokerAt(kill).stop('SIGKILL');
  await delay(6_000);
  await brokerAt(kill).start();
  await delay(6_000);
  say(`kill ${kill + 1}`);
}
for (let move = 0; move < wanted('moves', 3); move += 1) {
  const nodes = (await client.admin.describeCluster()).brokers.map(({ nodeId }) => nodeId);
  const metadata = await client.admin.fetchTopicMetadata({ topics: [topic] });
  const partitionAssignment = metadata.topics[0]!.partitions.slice(0, 4).map(({ partitionId, leader }) => {
    const others = nodes.filter(node => node !== leader);
    return { partition: partitionId, replicas: others };
  });
  await client.admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
  await delay(8_000);
  say(`reassignment ${move + 1}`);
}
for (let growth = 0; growth < wanted('growths', 2); growth += 1) {
  partitions += 1;
  await client.admin.createPartitions({ topicPartitions: [{ topic, count: partitions }] });
  await delay(8_000);
  say(`growth ${growth + 1}`);
}
await delay(3_000);
isProducing = false;
await producing;

const ends = async () => (await client.admin.fetchTopicOffsets(topic)).toSorted((a, b) => a.partition - b.partition);
await until(
  'everything is committed',
  async () => {
    const committed = await client.committed(groupId, topic);
    return (await ends()).every(({ high }, partition) => Number(high) === 0 || committed[partition] === Number(high));
  },
  60_000,
);
let skipped = 0;
let total = 0;
for (const { partition, high } of await ends()) {
  for (let offset = 0; offset < Number(high); offset += 1) {
    total += 1;
    if (!delivered.has(`${topic}/${partition}@${offset}`)) skipped += 1;
  }
}
const repeats = [...delivered.values()].reduce((sum, times) => sum + times - 1, 0);
const joins = members.map(({ member }) => member.consumer.assignments.length);
const fatal = members.flatMap(({ member }) => member.fatal);
const failed = members.flatMap(({ member }) => member.telemetry.commits).filter(({ result }) => result !== 'committed');
console.log({
  total,
  skipped,
  repeats,
  joins,
  fatal,
  longestStallMs: Math.round(longestStallMs),
  failedCommits: failed.length,
});
console.log([...new Set(failed.map(({ result, problem }) => `${result} ${problem}`))].join(', '));
await Promise.all(members.map(member => member.stop()));
await client[Symbol.asyncDispose]();
process.exitCode = skipped === 0 && fatal.length === 0 && longestStallMs < COMMIT_STALL_LIMIT_MS ? 0 : 1;
