/** Each patch of kafkajs, with what kafkajs does without it. */

import { createRequire } from 'node:module';
import { describe, expect, it, vi } from 'vitest';
import { crc32c } from '../../src/adapters/crc32c.ts';
import { patchedKafkajs } from '../../src/adapters/kafka-client.ts';
import { murmur2 } from '../../src/adapters/kafka-partitioner.ts';
import { ManualClock } from '../fakes/manual-clock.ts';

const require = createRequire(import.meta.url);
/** A module of kafkajs before any patch: a second copy, loaded beside the patched one. */
function unpatched<Exports>(path: string): Exports {
  const saved = { ...require.cache };
  for (const name of Object.keys(require.cache)) if (name.includes('/kafkajs/')) delete require.cache[name];
  const original = require(`kafkajs/src/${path}`) as Exports;
  for (const name of Object.keys(require.cache)) if (name.includes('/kafkajs/')) delete require.cache[name];
  Object.assign(require.cache, saved);
  return original;
}

function patched<Exports>(path: string): Exports {
  patchedKafkajs();
  return require(`kafkajs/src/${path}`) as Exports;
}

interface Queue {
  pending: unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  scheduleCheckPendingRequests(): void;
  destroy(): void;
}

describe('the timer loop of the request queue', () => {
  const path = 'network/requestQueue/index.js';
  const open = (Queue: new (options: object) => Queue) =>
    new Queue({ logger: { debug: () => {} }, maxInFlightRequests: 1 });

  it('is armed for ever by kafkajs, also with nothing to send', () => {
    // The delay it asks for lies decades in the past: a real timer would print a warning into the test run.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const queue = open(unpatched(path));
    queue.scheduleCheckPendingRequests();
    expect(queue.throttleCheckTimeoutId).not.toBeNull();
    queue.destroy();
    vi.useRealTimers();
  });

  it('is armed by the patch only while something is pending, and once', () => {
    const queue = open(patched(path));
    queue.scheduleCheckPendingRequests();
    expect(queue.throttleCheckTimeoutId).toBeNull();
    queue.pending.push({});
    queue.scheduleCheckPendingRequests();
    const timer = queue.throttleCheckTimeoutId;
    expect(timer).not.toBeNull();
    queue.scheduleCheckPendingRequests();
    expect(queue.throttleCheckTimeoutId).toBe(timer);
    queue.destroy();
  });
});

type Decode = (decoder: object) => Promise<{ offset: string; isControlRecord?: boolean; value: Buffer | null }[]>;

/** A record batch as a broker stores it; `count` records, the last at `lastOffsetDelta`. */
function recordBatch(firstOffset: number, count: number, lastOffsetDelta: number): Buffer {
  const records = Array.from({ length: count }, (_, delta) => {
    // Attributes, time delta, offset delta, no key, the value "x", no headers.
    const body = Buffer.concat([Buffer.from([0, 0]), varint(delta), Buffer.from([1, 2, 120, 0])]);
    return Buffer.concat([varint(body.length), body]);
  });
  const header = Buffer.alloc(61);
  const body = Buffer.concat(records);
  header.writeBigInt64BE(BigInt(firstOffset), 0);
  header.writeInt32BE(49 + body.length, 8);
  header.writeInt8(2, 16);
  header.writeInt32BE(lastOffsetDelta, 23);
  header.writeInt32BE(count, 57);
  return Buffer.concat([header, body]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value * 2; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

async function decoded(decode: Decode, ...batches: Buffer[]): ReturnType<Decode> {
  const Decoder = patched<new (bytes: Buffer) => object>('protocol/decoder.js');
  const bytes = Buffer.concat(batches);
  const size = Buffer.alloc(4);
  size.writeInt32BE(bytes.length);
  return decode(new Decoder(Buffer.concat([size, bytes])));
}

describe('the decoding of a fetched partition', () => {
  const path = 'protocol/requests/fetch/v4/decodeMessages.js';
  const offsets = (records: Awaited<ReturnType<Decode>>) =>
    records.map(({ offset, isControlRecord }) => `${offset}${isControlRecord ? ' marker' : ''}`);

  it('passes over a batch that compaction emptied, where kafkajs sees nothing at all', async () => {
    const emptied = recordBatch(100, 0, 9);
    expect(await decoded(unpatched(path), emptied)).toEqual([]);
    expect(offsets(await decoded(patched(path), emptied))).toEqual(['109 marker']);
  });

  it('passes over the offsets that compaction took from the end of a batch', async () => {
    const shortened = recordBatch(100, 2, 9);
    expect(offsets(await decoded(unpatched(path), shortened))).toEqual(['100', '101']);
    expect(offsets(await decoded(patched(path), shortened))).toEqual(['100', '101', '109 marker']);
  });

  it('leaves whole batches as they are, one after the other, up to one that was cut off', async () => {
    const cut = recordBatch(7, 3, 2).subarray(0, 65);
    const read = await decoded(patched(path), recordBatch(0, 3, 2), recordBatch(3, 4, 3), cut);
    expect(offsets(read)).toEqual(['0', '1', '2', '3', '4', '5', '6']);
    expect(read.map(({ value }) => String(value))).toEqual(Array(7).fill('x'));
  });

  it('reads a batch of 130,000 records, on which kafkajs overflows the stack', async () => {
    const large = recordBatch(0, 130_000, 129_999);
    await expect(decoded(unpatched(path), large)).rejects.toThrow(RangeError);
    expect(await decoded(patched(path), large)).toHaveLength(130_000);
  });
});

describe('the decoding of a record', () => {
  type DecodeRecord = (decoder: object, context: object) => object;
  const path = 'protocol/recordBatch/record/v0/decoder.js';
  const context = {
    ...{ firstOffset: '4000000000', firstTimestamp: '1795376763001', maxTimestamp: '1795376763999', timestampType: 0 },
    ...{ isControlBatch: false, magicByte: 2, inTransaction: true },
  };
  const read = (decode: DecodeRecord, fields: object, changes: object = {}): object => {
    const encode = unpatched<(fields: object) => { readonly buffer: Buffer }>(
      'protocol/recordBatch/record/v0/index.js',
    );
    const Decoder = patched<new (bytes: Buffer) => { readVarIntBytes(): Buffer }>('protocol/decoder.js');
    const bytes = encode({ key: null, value: null, headers: {}, offsetDelta: 0, timestampDelta: 0, ...fields }).buffer;
    return decode(new Decoder(new Decoder(bytes).readVarIntBytes()), { ...context, ...changes });
  };

  it.each([
    ['without key and value', {}],
    ['with key and value', { key: 'käse', value: Buffer.alloc(20_000, 2), offsetDelta: 70_000 }],
    ['with a time after the first of its batch', { timestampDelta: 86_400_001 }],
    ['with a time before the first of its batch', { timestampDelta: -5 }],
    ['with a time of seven bytes', { timestampDelta: 2 ** 47 }],
    ['with a time of more bytes', { timestampDelta: 2 ** 52 }],
    ['with a time that is no exact number', { timestampDelta: '9007199254740993' }],
    ['with headers', { headers: { a: 'x', b: [Buffer.from('y'), '', 'z'], ['__proto__']: 'p', constructor: 'c' } }],
  ])('makes of a record %s what kafkajs makes', (_, fields) => {
    const [original, ours] = [unpatched<DecodeRecord>(path), patched<DecodeRecord>(path)];
    expect(read(ours, fields)).toEqual(read(original, fields));
  });

  it('makes what kafkajs makes of the times of a log, of offsets that are no exact number, and of control records', () => {
    const [original, ours] = [unpatched<DecodeRecord>(path), patched<DecodeRecord>(path)];
    for (const changes of [
      { timestampType: 1 },
      { firstOffset: '9007199254740992' },
      { firstTimestamp: '-1' },
      { isControlBatch: true },
    ]) {
      expect(read(ours, { offsetDelta: 1 }, changes)).toEqual(read(original, { offsetDelta: 1 }, changes));
    }
  });

  it('computes without BigInt, which kafkajs does digit by digit', () => {
    const [original, ours] = [unpatched<DecodeRecord>(path), patched<DecodeRecord>(path)];
    const big = vi.spyOn(BigInt, 'asIntN');
    const bytesOfTime = 3;
    const record = Buffer.from([0, 0x80, 0x80, 0x01, 0, 1, 1, 0]);
    const Decoder = patched<new (bytes: Buffer) => object>('protocol/decoder.js');
    ours(new Decoder(record), context);
    expect(big).not.toHaveBeenCalled();
    original(new Decoder(record), context);
    expect(big.mock.calls.length).toBeGreaterThanOrEqual(bytesOfTime);
    big.mockRestore();
  });
});

describe('the encoding of a batch', () => {
  interface Encoded {
    readonly buffer: Buffer;
    size(): number;
  }
  interface Batches {
    RecordBatch(fields: object): Promise<Encoded>;
  }
  type EncodeRecord = (fields: object) => object;
  const path = 'protocol/recordBatch/v0/index.js';
  const recordPath = 'protocol/recordBatch/record/v0/index.js';
  const records = [
    { offsetDelta: 0, timestampDelta: 0, key: null, value: null },
    { offsetDelta: 1, timestampDelta: 0, key: 'käse', value: Buffer.from('v'), headers: {} },
    { offsetDelta: 70_000, timestampDelta: -5, key: Buffer.alloc(300, 1), value: Buffer.alloc(20_000, 2) },
    {
      offsetDelta: 63,
      timestampDelta: 9_000_000_000,
      value: '',
      headers: { a: 'x', b: [Buffer.from('y'), 'z'], ö: '' },
    },
  ];
  const times = { firstTimestamp: 1_795_376_763_001, maxTimestamp: '1795376763999', lastOffsetDelta: 70_000 };
  const encode = ({ RecordBatch }: Batches, record: EncodeRecord, fields: object = {}): Promise<Encoded> =>
    RecordBatch({ compression: 0, ...times, records: records.map(record), ...fields });
  const theirs = (fields?: object) => encode(unpatched<Batches>(path), unpatched<EncodeRecord>(recordPath), fields);
  const ours = (fields?: object) => encode(patched<Batches>(path), patched<EncodeRecord>(recordPath), fields);

  it.each([
    ['as it is', {}],
    ['packed', { compression: 1 }],
    ['of a transaction', { transactional: true, producerId: '4711', producerEpoch: 7, firstSequence: 70_000 }],
    ['without records', { records: [], lastOffsetDelta: -1 }],
  ])('makes the bytes that kafkajs makes of a batch %s', async (_, fields) => {
    const [original, encoded] = [await theirs(fields), await ours(fields)];
    expect(encoded.buffer).toEqual(original.buffer);
    expect(encoded.size()).toBe(original.size());
  });

  it('makes no buffer for a record, where kafkajs makes several', async () => {
    const alloc = vi.spyOn(Buffer, 'alloc');
    await ours();
    expect(alloc).not.toHaveBeenCalled();
    await theirs();
    expect(alloc.mock.calls.length).toBeGreaterThan(records.length);
    alloc.mockRestore();
  });

  it('takes the checksum of any number of bytes', () => {
    const original = patched<(bytes: Buffer) => number>('protocol/recordBatch/crc32C/crc32C.js');
    // The check value of CRC-32/ISCSI.
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    for (let length = 0; length < 40; length += 1) {
      const bytes = Buffer.from(Array.from({ length }, (_, index) => (index * 37 + length * 101) % 256));
      expect(crc32c(bytes)).toBe(original(bytes));
    }
  });
});

describe('the sorting of records by partition', () => {
  type Group = (grouping: object) => Record<number, readonly object[]>;
  const path = 'producer/groupMessagesPerPartition.js';
  const partitioner = ({ message }: { message: { key: string } }): number => Number(message.key);
  const messages = [2, 0, 2, 1, 0, 2].map((key, index) => ({ key: String(key), value: `v${index}` }));

  it('makes the groups that kafkajs makes, in the same order', () => {
    const [original, ours] = [unpatched<Group>(path), patched<Group>(path)];
    const grouping = { topic: 't', partitionMetadata: [{}, {}, {}], messages, partitioner };
    expect(ours(grouping)).toEqual(original(grouping));
    expect(ours({ ...grouping, partitionMetadata: [] })).toEqual(original({ ...grouping, partitionMetadata: [] }));
    expect(ours(grouping)[2]?.map(message => messages.indexOf(message as (typeof messages)[number]))).toEqual([
      0, 2, 5,
    ]);
  });

  it('keeps one list for a partition, where kafkajs copies it for every record', () => {
    const [original, ours] = [unpatched<Group>(path), patched<Group>(path)];
    const grouping = { topic: 't', partitionMetadata: [{}, {}, {}], messages, partitioner };
    const copied = vi.spyOn(Object, 'assign');
    ours(grouping);
    expect(copied).not.toHaveBeenCalled();
    original(grouping);
    expect(copied).toHaveBeenCalledTimes(messages.length);
    copied.mockRestore();
  });
});

describe('the partitioner', () => {
  it('computes what kafkajs computes, for keys of every length', () => {
    const original = patched<(key: Buffer) => number>('producer/partitioners/default/murmur2.js');
    for (let length = 0; length < 64; length += 1) {
      const key = Buffer.from(Array.from({ length }, (_, index) => (index * 37 + length * 101) % 256));
      expect(murmur2(key)).toBe(original(key));
    }
    // org.apache.kafka.common.utils.UtilsTest
    expect(murmur2(Buffer.from('21'))).toBe(-973932308);
    expect(murmur2(Buffer.from('foobar'))).toBe(-790332482);
    expect(murmur2(Buffer.from('a-little-bit-long-string'))).toBe(-985981536);
  });
});

describe('a group whose coordinator has moved', () => {
  it('finds it again for commits too, where kafkajs goes on asking the old one', async () => {
    expect(await commitsAfterMove(unpatched('consumer/consumerGroup.js'))).toEqual(['old', 'old']);
    expect(await commitsAfterMove(patched('consumer/consumerGroup.js'))).toEqual(['old', 'new']);
  });

  it('swallows the trouble of heartbeats for a session timeout without a good one, and not longer', async () => {
    const group = movedGroup(patched('consumer/consumerGroup.js'));
    const clock = new ManualClock();
    const beat = async (answers: boolean): Promise<string> => {
      group.coordinator.isGone = !answers;
      return group.heartbeat({ interval: 0 }).then(
        () => 'fine',
        (error: Error & { type: string }) => error.type,
      );
    };
    const now = performance.now;
    performance.now = () => clock.monotonic();
    try {
      expect(await beat(false)).toBe('fine');
      clock.advance(900);
      expect(await beat(false)).toBe('fine');
      // A good heartbeat ends the trouble: the time before it does not count any more.
      expect(await beat(true)).toBe('fine');
      clock.advance(900);
      expect(await beat(false)).toBe('fine');
      clock.advance(900);
      expect(await beat(false)).toBe('fine');
      clock.advance(200);
      expect(await beat(false)).toBe('NOT_COORDINATOR_FOR_GROUP');
    } finally {
      performance.now = now;
    }
  });

  it('tells at once what is not about the coordinator', async () => {
    const group = movedGroup(patched('consumer/consumerGroup.js'));
    group.coordinator.heartbeat = () => Promise.reject(protocolError('REBALANCE_IN_PROGRESS'));
    await expect(group.heartbeat({ interval: 0 })).rejects.toMatchObject({ type: 'REBALANCE_IN_PROGRESS' });
  });
});

interface Coordinator {
  isGone: boolean;
  heartbeat(): Promise<void>;
}

interface Group {
  coordinator: Coordinator;
  offsetManager: { coordinator: unknown; commitOffsets(): Promise<void> };
  memberId: string;
  lastRequest: number;
  heartbeat(options: { interval: number }): Promise<void>;
  commitOffsets(offsets: object): Promise<void>;
}

function protocolError(type: string): Error {
  return Object.assign(new Error(type), { type, name: 'KafkaJSProtocolError' });
}

function movedGroup(ConsumerGroup: new (options: object) => Group): Group {
  const silent = { namespace: () => silent, info() {}, debug() {}, warn() {}, error() {} };
  const cluster = {
    refreshMetadata: () => Promise.resolve(),
    findGroupCoordinator: () => Promise.resolve(group.coordinator),
  };
  const group = new ConsumerGroup({
    logger: silent,
    instrumentationEmitter: { emit() {} },
    cluster,
    groupId: 'g',
    sessionTimeout: 1_000,
    topics: [],
  });
  const coordinator: Coordinator = {
    isGone: true,
    heartbeat: async () => {
      if (coordinator.isGone) throw protocolError('NOT_COORDINATOR_FOR_GROUP');
      group.lastRequest = -1; // kafkajs sets it to the time of day, which need not have moved on in a test
    },
  };
  group.coordinator = coordinator;
  group.memberId = 'm';
  group.lastRequest = 0;
  return group;
}

async function commitsAfterMove(ConsumerGroup: new (options: object) => Group): Promise<string[]> {
  const group = movedGroup(ConsumerGroup);
  const asked: string[] = [];
  const newCoordinator = { isGone: false };
  const cluster = (group as unknown as { cluster: { findGroupCoordinator: () => Promise<unknown> } }).cluster;
  cluster.findGroupCoordinator = () => Promise.resolve(newCoordinator);
  group.offsetManager = {
    coordinator: group.coordinator,
    async commitOffsets() {
      const isOld = this.coordinator !== newCoordinator;
      asked.push(isOld ? 'old' : 'new');
      if (isOld) throw protocolError('NOT_COORDINATOR_FOR_GROUP');
    },
  };
  for (let attempt = 0; attempt < 2; attempt += 1) await group.commitOffsets({ topics: [] }).catch(() => {});
  return asked;
}
