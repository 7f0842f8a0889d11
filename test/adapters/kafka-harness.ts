/** What the tests of the Kafka adapters share: clients for the stack, a consumer that writes down what it is told. */

import { setTimeout as delay } from 'node:timers/promises';
import type { Admin, Producer } from 'kafkajs';
import { systemClock } from '../../src/adapters/clock.ts';
import { createKafka, type KafkaClientOptions, patchedKafkajs } from '../../src/adapters/kafka-client.ts';
import type { Compression } from '../../src/adapters/kafka-codecs.ts';
import { KafkaProducer } from '../../src/adapters/kafka-producer.ts';
import { KafkaRecordSource, type KafkaRecordSourceOptions } from '../../src/adapters/kafka-record-source.ts';
import type { PartitionOffset, RecordBatch, SourceRecord } from '../../src/core/record.ts';
import type { Admission, Clock, RecordConsumer, Telemetry } from '../../src/ports.ts';

export function clientOptions(brokers: string): KafkaClientOptions {
  return {
    brokers: brokers.split(','),
    clientId: 'test',
    connectionTimeoutMs: 3_000,
    requestTimeoutMs: 10_000,
    tls: { enabled: false, caFile: null, certFile: null, keyFile: null, rejectUnauthorized: true },
    sasl: {
      mechanism: 'none',
      username: null,
      password: null,
      oauth: { tokenEndpoint: null, clientId: null, clientSecret: null, scope: null, tokenFile: null },
    },
  };
}

type SourceTelemetry = Pick<Telemetry, 'heartbeat' | 'commitFinished' | 'rebalanceFinished' | 'notice'>;

/** Keeps the codes of notices and the results of commits. */
export class RecordedTelemetry implements SourceTelemetry {
  readonly notices: { code: string; message: string }[] = [];
  readonly commits: { result: string; problem: string | null }[] = [];
  heartbeats = 0;
  rebalances = 0;

  heartbeat(): void {
    this.heartbeats += 1;
  }

  commitFinished(result: string, _durationMs: number, _partitions: number, problem: string | null): void {
    this.commits.push({ result, problem });
  }

  rebalanceFinished(): void {
    this.rebalances += 1;
  }

  notice(_level: string, code: string, message: string): void {
    this.notices.push({ code, message });
  }
}

/** Waits until `condition` holds; fails with `what` after `withinMs`. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, withinMs = 20_000) {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await delay(10);
  }
}

/** Takes everything, in memory; void records of older epochs are dropped as the pipeline drops its windows. */
export class RecordingConsumer implements RecordConsumer {
  epoch = 0;
  isSuspended = false;
  /** Everything the source told, in order. */
  readonly signals: string[] = [];
  /** Start positions of each assignment. */
  readonly assignments: (readonly PartitionOffset[])[] = [];
  /** Accepted records of the current epoch, by `topic/partition`. */
  readonly current = new Map<string, SourceRecord[]>();
  /** Every record ever accepted, as `topic/partition@offset`. */
  readonly everAccepted = new Set<string>();
  batches = 0;
  /** Asked for each batch before it is accepted. */
  admit: (batch: RecordBatch) => Admission | Promise<Admission> = () => ({ kind: 'accepted' });
  /** Called in the hook before a join. */
  flush: (epoch: number, signal: AbortSignal) => Promise<void> = () => Promise.resolve();

  assigned(epoch: number, positions: readonly PartitionOffset[]): void {
    this.signals.push(`assigned ${epoch}`);
    this.epoch = epoch;
    this.isSuspended = false;
    this.assignments.push(positions);
    this.current.clear();
  }

  async accept(batch: RecordBatch): Promise<Admission> {
    const admission = await this.admit(batch);
    if (admission.kind === 'held' || batch.epoch !== this.epoch) return admission;
    this.batches += 1;
    const key = `${batch.topic}/${batch.partition}`;
    const records = this.current.get(key) ?? [];
    for (const record of batch.records) {
      const last = records.at(-1);
      if (last !== undefined && record.offset <= last.offset) throw new Error(`${key}@${record.offset} came twice`);
      records.push(record);
      this.everAccepted.add(`${key}@${record.offset}`);
    }
    this.current.set(key, records);
    return admission;
  }

  suspended(epoch: number): void {
    this.signals.push(`suspended ${epoch}`);
    this.isSuspended = true;
  }

  resumed(epoch: number): void {
    this.signals.push(`resumed ${epoch}`);
    this.isSuspended = false;
  }

  async beforeRejoin(epoch: number, _budgetMs: number, signal: AbortSignal): Promise<void> {
    this.signals.push(`flush ${epoch}`);
    await this.flush(epoch, signal);
  }

  get received(): number {
    let total = 0;
    for (const records of this.current.values()) total += records.length;
    return total;
  }

  /** Values of the current epoch in the order of partitions and offsets. */
  values(): string[] {
    return [...this.current.values()].flat().map(record => String(record.value));
  }

  /** What a consumer that has settled everything commits. */
  committable(): PartitionOffset[] {
    return [...this.current.values()].map(records => {
      const { topic, partition, offset } = records.at(-1)!;
      return { topic, partition, offset: offset + 1 };
    });
  }
}

/** One member of a group with its consumer. */
export class Member {
  readonly consumer = new RecordingConsumer();
  readonly telemetry = new RecordedTelemetry();
  readonly fatal: Error[] = [];
  readonly source: KafkaRecordSource;

  constructor(
    brokers: string | KafkaClientOptions,
    options: Pick<KafkaRecordSourceOptions, 'topics' | 'groupId'>,
    overrides: Overrides = {},
  ) {
    const { clock = systemClock, ...changed } = overrides;
    const client = typeof brokers === 'string' ? clientOptions(brokers) : brokers;
    const kafka = createKafka(client, 'records', this.telemetry);
    const onFatal = (error: Error) => this.fatal.push(error);
    this.source = new KafkaRecordSource(
      {
        startFrom: 'earliest',
        sessionTimeoutMs: 6_000,
        rebalanceTimeoutMs: 10_000,
        heartbeatIntervalMs: 500,
        fetchWaitMs: 250,
        maxPartitionFetchBytes: 262_144,
        maxFetchBytes: 2_097_152,
        metadataMaxAgeMs: 300_000,
        ...options,
        ...changed,
      },
      { kafka, clock, telemetry: this.telemetry, onFatal },
    );
  }

  start(): Promise<void> {
    return this.source.start(this.consumer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.source.stop();
  }
}

type Overrides = Partial<KafkaRecordSourceOptions> & { readonly clock?: Clock };

/** An admin and a producer for the tests' own use. */
export class TestClient {
  readonly admin: Admin;
  readonly producer: Producer;

  private constructor(admin: Admin, producer: Producer) {
    this.admin = admin;
    this.producer = producer;
  }

  static async connect(brokers: string): Promise<TestClient> {
    const kafka = createKafka(clientOptions(brokers), 'test', new RecordedTelemetry());
    const { DefaultPartitioner } = patchedKafkajs().Partitioners;
    const client = new TestClient(kafka.admin(), kafka.producer({ createPartitioner: DefaultPartitioner }));
    await Promise.all([client.admin.connect(), client.producer.connect()]);
    return client;
  }

  async createTopic(topic: string, numPartitions: number, config: Record<string, string> = {}): Promise<void> {
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
    // The client's own wait gives up where a busy broker has not heard of the topic yet.
    await this.admin.createTopics({
      waitForLeaders: false,
      topics: [{ topic, numPartitions, replicationFactor: 1, configEntries }],
    });
    // The metadata name a leader before it takes the office; it answers for its log only after that.
    await until(`leaders of ${topic}`, async () => {
      const offsets = await this.admin.fetchTopicOffsets(topic).catch(() => []);
      return offsets.length === numPartitions;
    });
  }

  /** Appends values to one partition. */
  async append(topic: string, partition: number, values: readonly (string | null)[], compression = 0): Promise<void> {
    const messages = values.map(value => ({ partition, value }));
    await this.producer.send({ topic, acks: -1, compression, messages });
  }

  async committed(groupId: string, topic: string): Promise<number[]> {
    const [answer] = await this.admin.fetchOffsets({ groupId, topics: [topic] });
    const byPartition = answer!.partitions.toSorted((a, b) => a.partition - b.partition);
    return byPartition.map(({ offset }) => Number(offset));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.admin.disconnect(), this.producer.disconnect()]);
  }
}

/** `['a0', 'a1', …]` */
/** Writes a record in a transaction and aborts it: what stays in the log is not to be read. */
export async function writeAborted(brokers: string, topic: string, key: string): Promise<void> {
  const kafka = createKafka(clientOptions(brokers), 'transactions', new RecordedTelemetry());
  const producer = kafka.producer({ transactionalId: `of-${topic}`, maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({ topic, messages: [{ key, value: 'never' }] });
  await transaction.abort();
  await producer.disconnect();
}

export function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

export async function openProducer(
  brokers: string,
  compression: Compression = 'none',
  giveUpAfterMs = 10_000,
): Promise<KafkaProducer> {
  const kafka = createKafka(clientOptions(brokers), 'producer', new RecordedTelemetry());
  const producer = new KafkaProducer(kafka, { compression, giveUpAfterMs }, systemClock);
  await producer.connect();
  return producer;
}

/** Reads `count` records of a topic, in the order of partitions and offsets. */
export async function readTopic(brokers: string, topic: string, count: number): Promise<SourceRecord[]> {
  await using member = new Member(brokers, { topics: [topic], groupId: `reader-of-${topic}` });
  await member.start();
  await until(`${count} records in ${topic}`, () => member.consumer.received >= count);
  return [...member.consumer.current.values()].flat();
}
