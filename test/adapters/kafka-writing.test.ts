import { afterAll, describe, expect, it } from 'vitest';
import { COMPRESSIONS } from '../../src/adapters/kafka-codecs.ts';
import { KafkaDeadLetters } from '../../src/adapters/kafka-dead-letters.ts';
import { letter } from '../contracts/dead-letters.contract.ts';
import { useStack } from '../stack.ts';
import { openProducer, readTopic, TestClient } from './kafka-harness.ts';

const stack = await useStack();
const client = await TestClient.connect(stack.brokers);
afterAll(() => client[Symbol.asyncDispose]());

describe('writing to Kafka and reading back', () => {
  it.each(COMPRESSIONS)('keeps every record with compression %s, larger than one request', async compression => {
    const topic = stack.unique('written');
    await client.createTopic(topic, 2);
    const producer = await openProducer(stack.brokers, compression);
    const values = Array.from({ length: 2_500 }, (_, index) => `${index} ${'-'.repeat(900)}`);
    const headers = { several: [Buffer.from('a'), Buffer.from('b')] };
    const records = values.map((value, index) => ({ key: `key-${index}`, value: Buffer.from(value), headers }));
    await producer.write(topic, [...records, { key: null, value: null }]);
    await producer.disconnect();
    const read = await readTopic(stack.brokers, topic, 2_501);
    expect(read.map(({ value }) => String(value)).toSorted()).toEqual([...values, 'null'].toSorted());
    const keyed = read.filter(({ key }) => key !== null);
    expect(
      keyed.every(record => String(record.headers.several) === 'a,b' && record.headers.several?.length === 2),
    ).toBe(true);
  });

  it.each(['gzip', 'snappy', 'lz4', 'zstd'])(
    'is read back where the broker, in Java, compressed by %s',
    async codec => {
      const topic = stack.unique('recompressed');
      await client.createTopic(topic, 1, { 'compression.type': codec });
      // Beyond 32 KiB Java's snappy makes several blocks.
      const values = Array.from({ length: 300 }, (_, index) => `${index} ${'tick tock '.repeat(50)}`);
      await client.append(topic, 0, values);
      const read = await readTopic(stack.brokers, topic, values.length);
      expect(read.map(({ value }) => String(value))).toEqual(values);
    },
  );

  it('rejects, with a code, what no broker takes', async () => {
    const producer = await openProducer(stack.brokers, 'none', 500);
    await expect(
      producer.write(stack.unique('nowhere'), [{ key: null, value: Buffer.from('x') }]),
    ).rejects.toMatchObject({
      name: 'KafkaWriteError',
      code: 'UNKNOWN_TOPIC_OR_PARTITION',
    });
    await producer.disconnect();
  });

  it('writes a letter that is too large without its value, and the others whole', async () => {
    const topic = stack.unique('letters');
    await client.createTopic(topic, 1, { 'max.message.bytes': '20000' });
    const producer = await openProducer(stack.brokers);
    const deadLetters = new KafkaDeadLetters(producer, topic, { appVersion: '1.0.0', instance: 'test' });
    const large = Buffer.alloc(30_000, 'v');
    await deadLetters.write([
      letter(1),
      letter(2, { value: large }),
      letter(3, { value: Buffer.from('small'), headers: { huge: large } }),
      letter(4, { value: Buffer.alloc(15_000, 'w') }),
      letter(5, { value: Buffer.alloc(15_000, 'x') }),
    ]);
    await producer.disconnect();
    const read = await readTopic(stack.brokers, topic, 5);
    const told = read.map(({ key, value, headers }) => [
      Number(headers['tiktok-sync.source.offset']),
      key === null ? null : String(key),
      value?.length,
      String(headers['tiktok-sync.reason']),
    ]);
    expect(told).toEqual([
      [1, 'key-1', 6, 'refused_by_tiktok'],
      [2, 'key-2', 0, 'source_too_large'],
      [3, null, 0, 'source_too_large'],
      [4, 'key-4', 15_000, 'refused_by_tiktok'],
      [5, 'key-5', 15_000, 'refused_by_tiktok'],
    ]);
  });
});
