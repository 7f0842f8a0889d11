import { afterAll, describe, expect, it } from 'vitest';
import { useStack } from '../stack.ts';
import { Member, numbered, TestClient, until } from './kafka-harness.ts';

const stack = await useStack();
const client = await TestClient.connect(stack.brokers);
afterAll(() => client[Symbol.asyncDispose]());

async function topicWith(partitions: number, values: number): Promise<{ topic: string; groupId: string }> {
  const topic = stack.unique('records');
  await client.createTopic(topic, partitions);
  for (let partition = 0; partition < partitions && values > 0; partition += 1) {
    await client.append(topic, partition, numbered(`p${partition}-`, values));
  }
  return { topic, groupId: stack.unique('group') };
}

describe('the record source on Kafka', () => {
  it('reads every record of every partition in order, and commits', async () => {
    const { topic, groupId } = await topicWith(3, 50);
    await using member = new Member(stack.brokers, { topics: [topic], groupId });
    await member.start();
    await until('150 records', () => member.consumer.received === 150);
    for (const [index, records] of [...member.consumer.current.values()].entries()) {
      expect(records.map(record => record.offset)).toEqual(records.map((_, offset) => offset));
      expect(String(records[7]!.value)).toBe(`p${records[7]!.partition}-7`);
      expect(index).toBeLessThan(3);
    }
    expect(await member.source.commit(member.consumer.epoch, member.consumer.committable())).toBe('committed');
    expect(await client.committed(groupId, topic)).toEqual([50, 50, 50]);
    expect(member.consumer.signals).toEqual(['assigned 1']);
    expect(member.source.holdsLease()).toBe(true);
    const { partitions } = member.source.status();
    expect(partitions[0]).toMatchObject({ position: 50, committed: 50, highWatermark: 50, held: null });
  });

  it('goes on at the committed offset after a restart, and never before or behind it', async () => {
    const { topic, groupId } = await topicWith(1, 30);
    {
      await using first = new Member(stack.brokers, { topics: [topic], groupId });
      await first.start();
      await until('30 records', () => first.consumer.received === 30);
      await first.source.commit(first.consumer.epoch, [{ topic, partition: 0, offset: 12 }]);
    }
    await using second = new Member(stack.brokers, { topics: [topic], groupId });
    await second.start();
    await until('the rest', () => second.consumer.received === 18);
    expect(second.consumer.values()).toEqual(numbered('p0-', 30).slice(12));
    expect(second.consumer.assignments).toEqual([[{ topic, partition: 0, offset: 12 }]]);
  });

  it('shares the partitions with a second member, and nothing is lost or skipped while it comes and goes', async () => {
    const { topic, groupId } = await topicWith(4, 0);
    const settled = new Set<string>();
    await using first = new Member(stack.brokers, { topics: [topic], groupId });
    const second = new Member(stack.brokers, { topics: [topic], groupId });
    for (const { consumer, source } of [first, second]) {
      consumer.flush = async epoch => {
        await source.commit(epoch, consumer.committable());
      };
    }
    const settle = async ({ consumer, source }: Member) => {
      const records = [...consumer.current.values()].flat();
      const offsets = consumer.committable();
      if (
        consumer.isSuspended ||
        offsets.length === 0 ||
        (await source.commit(consumer.epoch, offsets)) !== 'committed'
      )
        return;
      for (const { partition, offset } of records) settled.add(`${partition}@${offset}`);
    };
    await first.start();
    let appended = 0;
    const appendAndSettle = async () => {
      for (let partition = 0; partition < 4; partition += 1) await client.append(topic, partition, numbered('v', 5));
      appended += 20;
      await Promise.all([settle(first), settle(second)]);
    };
    await appendAndSettle();
    const joined = second.start();
    while (first.consumer.assignments.length < 2) await appendAndSettle();
    await joined;
    for (let round = 0; round < 10; round += 1) await appendAndSettle();
    const shares = [first, second].map(({ source }) => source.status().assignment[0]!.partitions);
    expect(shares.flat().toSorted()).toEqual([0, 1, 2, 3]);
    expect(shares[0]).toHaveLength(2);
    await second.source.stop();
    while (first.source.status().assignment[0]?.partitions.length !== 4) await appendAndSettle();
    await until('all is settled', async () => {
      await settle(first);
      return (
        settled.size === appended || (await client.committed(groupId, topic)).every(offset => offset === appended / 4)
      );
    });
    const accepted = new Set([...first.consumer.everAccepted, ...second.consumer.everAccepted]);
    expect(accepted.size).toBe(appended);
    expect(first.consumer.signals.slice(0, 4)).toEqual(['assigned 1', 'suspended 1', 'flush 1', 'assigned 2']);
    // The flush was committed under the old generation: the second member began behind it, not before.
    expect(first.telemetry.commits.filter(({ result }) => result === 'fenced')).toEqual([]);
    const positions = second.consumer.assignments[0]!;
    expect(positions.every(({ offset }) => offset > 0)).toBe(true);
  });

  it('reads partitions that are added while it runs from their beginning', async () => {
    const { topic, groupId } = await topicWith(2, 10);
    await using member = new Member(
      stack.brokers,
      { topics: [topic], groupId },
      { metadataMaxAgeMs: 500, startFrom: 'latest' },
    );
    await member.start();
    expect(member.consumer.assignments[0]!.map(({ offset }) => offset)).toEqual([10, 10]);
    await client.append(topic, 0, ['behind']);
    await until('a record', () => member.consumer.received === 1);
    await client.admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] });
    // kafkajs drops records for a partition its metadata does not know, without a word: a client of its own.
    await using late = await TestClient.connect(stack.brokers);
    await until('the new partitions have leaders', () =>
      late.admin.fetchTopicOffsets(topic).then(
        offsets => offsets.length === 4,
        () => false,
      ),
    );
    await late.append(topic, 3, numbered('new', 3));
    await until('the new partitions are owned', () => member.consumer.assignments.at(-1)!.length === 4);
    await until('their records', () => (member.consumer.current.get(`${topic}/3`)?.length ?? 0) >= 3);
    expect(
      member.consumer.current
        .get(`${topic}/3`)!
        .slice(0, 3)
        .map(({ offset }) => offset),
    ).toEqual([0, 1, 2]);
    expect(member.consumer.values()).toContain('behind');
    expect(await client.committed(groupId, topic)).toEqual([10, 10, 0, 0]);
    expect(member.fatal).toEqual([]);
  });

  it('starts a new group where it is told to, once', async () => {
    const { topic, groupId } = await topicWith(2, 10);
    const then = Date.now() + 60_000;
    await client.producer.send({ topic, messages: [{ partition: 1, value: 'later', timestamp: String(then) }] });
    const start = async (group: string, startFrom: 'earliest' | 'latest' | number) => {
      await using member = new Member(stack.brokers, { topics: [topic], groupId: group }, { startFrom });
      await member.start();
      return member.consumer.assignments[0]!.map(({ offset }) => offset);
    };
    expect(await start(`${groupId}-earliest`, 'earliest')).toEqual([0, 0]);
    expect(await start(`${groupId}-latest`, 'latest')).toEqual([10, 11]);
    expect(await start(`${groupId}-time`, then)).toEqual([10, 10]);
    expect(await client.committed(`${groupId}-earliest`, topic)).toEqual([0, 0]);
    expect(await client.committed(`${groupId}-latest`, topic)).toEqual([10, 11]);
    expect(await start(`${groupId}-latest`, 'earliest')).toEqual([10, 11]);
    expect(await start(`${groupId}-earliest`, 'latest')).toEqual([0, 0]);
  });

  it('stays a member while a batch takes longer than the session timeout', async () => {
    const { topic, groupId } = await topicWith(1, 5);
    await using member = new Member(stack.brokers, { topics: [topic], groupId });
    const release = Promise.withResolvers<void>();
    member.consumer.admit = async () => {
      await release.promise;
      return { kind: 'accepted' };
    };
    await member.start();
    await until('a batch', () => (member.source.status().acceptingForMs ?? 0) > 7_000);
    expect(member.source.holdsLease()).toBe(true);
    release.resolve();
    await until('the batch', () => member.consumer.received === 5);
    expect(await member.source.commit(1, member.consumer.committable())).toBe('committed');
    expect(member.consumer.signals).toEqual(['assigned 1']);
  });

  it('goes on at the first offset there is when records expired before they were read', async () => {
    const { topic, groupId } = await topicWith(1, 20);
    await using member = new Member(stack.brokers, { topics: [topic], groupId });
    await member.start();
    await until('20 records', () => member.consumer.received === 20);
    await member.source.commit(1, [{ topic, partition: 0, offset: 20 }]);
    member.source.pause('buffer');
    await client.append(topic, 0, numbered('gone', 10));
    await client.append(topic, 0, ['kept']);
    await client.admin.fetchTopicOffsets(topic); // lets the client know the topic's leaders
    await client.admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '30' }] });
    member.source.resume('buffer');
    await until('the record that is left', () => member.consumer.received === 21);
    expect(member.consumer.values().at(-1)).toBe('kept');
    expect(await client.committed(groupId, topic)).toEqual([20]);
    expect(member.fatal).toEqual([]);
    await member.source.stop();
    await using next = new Member(stack.brokers, { topics: [topic], groupId });
    await next.start();
    expect(next.consumer.assignments[0]).toEqual([{ topic, partition: 0, offset: 30 }]);
    expect(next.telemetry.notices.map(({ code }) => code)).toContain('KAFKA_RECORDS_EXPIRED');
  });

  it('keeps keys, headers with several values and nulls as they are', async () => {
    const { topic, groupId } = await topicWith(1, 0);
    const headers = { single: 'one', several: ['a', 'b'], constructor: 'c', empty: '' };
    const messages = [{ key: 'k', value: 'v', headers, timestamp: '1700000000000' }, { value: null }];
    await client.producer.send({ topic, messages });
    await using member = new Member(stack.brokers, { topics: [topic], groupId });
    await member.start();
    await until('both', () => member.consumer.received === 2);
    const [full, tombstone] = member.consumer.current.get(`${topic}/0`)!;
    expect(full).toMatchObject({ offset: 0, timestamp: 1_700_000_000_000 });
    expect(String(full!.key)).toBe('k');
    const read = Object.entries(full!.headers).map(([name, value]) => [name, String(value)]);
    expect(Object.fromEntries(read)).toEqual({ single: 'one', several: 'a,b', constructor: 'c', empty: '' });
    expect(full!.headers.several).toHaveLength(2);
    expect(tombstone).toMatchObject({ key: null, value: null, headers: {} });
  });

  it('says which topic is missing', async () => {
    const member = new Member(stack.brokers, { topics: [stack.unique('nowhere')], groupId: stack.unique('group') });
    await expect(member.start()).rejects.toMatchObject({ code: 'TOPICS_WRONG' });
    await member.source.stop();
  });
});
