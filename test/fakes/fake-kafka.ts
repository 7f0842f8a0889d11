/**
 * kafkajs as far as the record source sees it, without a broker: a test plays the group's part step by step, in orders
 * that a broker shows once in a thousand runs.
 */

import { createRequire } from 'node:module';
import { setImmediate } from 'node:timers/promises';
import type { Consumer, ConsumerConfig, EachBatchPayload, Kafka } from 'kafkajs';
import { patchedKafkajs } from '../../src/adapters/kafka-client.ts';
import type { BatchInternals, ClusterInternals, ConsumerGroupInternals } from '../../src/adapters/kafka-internals.ts';

const require = createRequire(import.meta.url);

/** A protocol error as kafkajs throws it. */
export function protocolError(type: string): Error {
  return Object.assign(new Error(type), { name: 'KafkaJSProtocolError', type });
}

/** Lets everything that waits for nothing but promises run. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await setImmediate();
}

type Listener = (event: { payload: unknown }) => void;

export class FakeKafka {
  /** The group's committed offsets, by `topic/partition`. */
  readonly committed = new Map<string, number>();
  /** What was committed, with the generation it went out under. */
  readonly commits: { generationId: number; offsets: string }[] = [];
  /** Resolved offsets, as kafkajs hears of them, and seeks, in order. */
  readonly calls: string[] = [];
  readonly paused = new Set<string>();
  /** The log's range, for every partition. */
  range = { low: '0', high: '1000' };
  /** What a heartbeat, or a commit, meets; `null` for a good answer. */
  heartbeatAnswer: string | null = null;
  commitAnswer: string | null = null;
  /** Set to have the reading of committed offsets fail. */
  offsetsAnswer: string | null = null;
  joinAnswer: string | null = null;
  lookUpAnswer: string | null = null;
  /** What answers to heartbeats wait for. */
  heartbeatGate: Promise<void> = Promise.resolve();
  heartbeats = 0;
  runs = 0;
  generationId = 0;
  group!: ConsumerGroupInternals;
  config!: ConsumerConfig;

  readonly #listeners = new Map<string, Listener[]>();
  readonly #cluster: ClusterInternals & Record<string, unknown>;
  #assigner!: { protocol(options: object): unknown };
  #eachBatch!: (payload: EachBatchPayload) => Promise<void>;
  #isRunning = false;
  #fetched: (batches: BatchInternals[]) => void = () => {};

  constructor() {
    patchedKafkajs();
    const coordinator = {
      heartbeat: async () => {
        this.heartbeats += 1;
        await this.heartbeatGate;
        if (this.heartbeatAnswer !== null) throw protocolError(this.heartbeatAnswer);
      },
      joinGroup: async () => {
        if (this.joinAnswer !== null) throw protocolError(this.joinAnswer);
      },
      syncGroup: async () => ({}),
    };
    this.#cluster = {
      connect: async () => {},
      refreshMetadataIfNecessary: async () => {},
      refreshMetadata: async () => {},
      findGroupCoordinator: async () => {
        if (this.lookUpAnswer !== null) throw protocolError(this.lookUpAnswer);
        return coordinator;
      },
      fetchTopicsOffset: async () => [],
    };
  }

  /** To be given to what is tested. */
  get client(): Kafka {
    return this as unknown as Kafka;
  }

  // --- what the group does ---

  /** A join that succeeds; `meanwhile` runs after the offset manager was swapped and before kafkajs tells. */
  async join(assignment: Record<string, number[]>, meanwhile: () => void = () => {}): Promise<void> {
    this.#isRunning = true;
    await this.#beginJoin();
    await this.group.coordinator!.joinGroup({});
    await this.group.coordinator!.syncGroup({});
    this.generationId += 1;
    this.#swapOffsetManager();
    meanwhile();
    this.emit('consumer.group_join', { memberAssignment: assignment });
    await settled();
  }

  /** A join that fails after JoinGroup, and leaves the old generation standing. */
  async failJoin(): Promise<void> {
    this.joinAnswer = 'GROUP_LOAD_IN_PROGRESS';
    await this.#beginJoin();
    await this.group.coordinator!.joinGroup({}).catch(() => {});
    this.joinAnswer = null;
    await settled();
  }

  emit(name: string, payload: unknown = {}): void {
    for (const listener of this.#listeners.get(name) ?? []) listener({ payload });
  }

  /** kafkajs stops a consumer and tells whether it starts it again. */
  crash(error: Error, restart: boolean): void {
    this.#isRunning = false;
    this.emit('consumer.stop');
    this.emit('consumer.crash', { error, groupId: 'g', restart });
  }

  /** Begins a fetch; what it returns delivers the batch that the fetch brought. */
  fetch(): (batch: BatchInternals) => Promise<void> {
    const response = this.group.fetch('1');
    const respond = this.#fetched;
    return async batch => {
      respond([batch]);
      await response;
      if (batch.isEmptyDueToFiltering()) return;
      const resolveOffset = (offset: string) => this.calls.push(`resolve ${batch.topic}/${batch.partition} ${offset}`);
      const payload = { batch, resolveOffset } as unknown as EachBatchPayload;
      await this.#eachBatch(payload);
    };
  }

  // --- what kafkajs offers ---

  admin(): object {
    const topicOffsets = async (topic: string) => {
      const count = topic.endsWith('2') ? 2 : 4;
      return Array.from({ length: count }, (_, partition) => ({ partition, offset: this.range.high, ...this.range }));
    };
    return {
      connect: async () => {},
      disconnect: async () => {},
      fetchTopicOffsets: topicOffsets,
      fetchTopicOffsetsByTimestamp: topicOffsets,
      fetchOffsets: async ({ topics }: { topics: string[] }) => {
        if (this.offsetsAnswer !== null) throw protocolError(this.offsetsAnswer);
        const partitions = [0, 1, 2, 3];
        return topics.map(topic => ({
          topic,
          partitions: partitions.map(partition => {
            return { partition, offset: String(this.committed.get(`${topic}/${partition}`) ?? -1) };
          }),
        }));
      },
    };
  }

  consumer(config: ConsumerConfig): Consumer {
    this.config = config;
    this.#assigner = config.partitionAssigners![0]!({
      cluster: this.#cluster as never,
      groupId: config.groupId,
      logger: {} as never,
    });
    const events = { GROUP_JOIN: 'group_join', REBALANCING: 'rebalancing', STOP: 'stop', CRASH: 'crash' };
    const named = Object.entries(events).map(([name, event]) => [name, `consumer.${event}`]);
    const consumer = {
      events: Object.fromEntries(named),
      connect: async () => {},
      disconnect: async () => {},
      subscribe: async () => {},
      run: (options: { eachBatch: (payload: EachBatchPayload) => Promise<void> }) => this.#run(options.eachBatch),
      on: (name: string, listener: Listener) => {
        this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener]);
      },
      seek: ({ topic, partition, offset }: { topic: string; partition: number; offset: string }) => {
        this.calls.push(`seek ${topic}/${partition} ${offset}`);
      },
      pause: (topics: { topic: string; partitions: number[] }[]) => {
        // As kafkajs does between a crash and the next start.
        if (!this.#isRunning) throw new Error('Consumer group was not initialized, consumer#run must be called first');
        for (const { topic, partitions } of topics) this.paused.add(`${topic}/${partitions[0]}`);
      },
      resume: (topics: { topic: string; partitions: number[] }[]) => {
        for (const { topic, partitions } of topics) this.paused.delete(`${topic}/${partitions[0]}`);
      },
    };
    return consumer as unknown as Consumer;
  }

  async #run(eachBatch: (payload: EachBatchPayload) => Promise<void>): Promise<void> {
    this.runs += 1;
    this.#isRunning = true;
    this.#eachBatch = eachBatch;
    this.paused.clear();
    const ConsumerGroup = require('kafkajs/src/consumer/consumerGroup.js') as { prototype: ConsumerGroupInternals };
    const fake = this;
    this.group = {
      cluster: this.#cluster,
      groupId: 'g',
      sessionTimeout: 6_000,
      memberId: 'm',
      lastRequest: 0,
      coordinator: await this.#cluster.findGroupCoordinator({ groupId: 'g', rejoin: false }),
      offsetManager: null,
      instrumentationEmitter: { emit() {} },
      connect: ConsumerGroup.prototype.connect,
      async heartbeat() {
        const payload = { groupId: 'g', memberId: 'm', groupGenerationId: fake.group.offsetManager!.generationId };
        await fake.group.coordinator!.heartbeat(payload);
      },
      async commitOffsets({ topics }) {
        const { generationId } = fake.group.offsetManager!;
        if (fake.commitAnswer !== null) throw protocolError(fake.commitAnswer);
        const offsets = topics.flatMap(({ topic, partitions }) =>
          partitions.map(({ partition, offset }) => `${topic}/${partition}@${offset}`),
        );
        fake.commits.push({ generationId, offsets: offsets.join(' ') });
      },
      fetch: () =>
        new Promise(resolve => {
          fake.#fetched = resolve;
        }),
    } as ConsumerGroupInternals & { instrumentationEmitter: object };
    await this.group.connect();
  }

  async #beginJoin(): Promise<void> {
    (this.group as { coordinator: unknown }).coordinator = await this.#cluster.findGroupCoordinator({ groupId: 'g' });
    this.#assigner.protocol({ topics: [] });
  }

  #swapOffsetManager(): void {
    const manager = { generationId: this.generationId, coordinator: this.group.coordinator, cluster: this.#cluster };
    (this.group as { offsetManager: unknown }).offsetManager = manager;
  }
}

/** A batch of records without a gap from `fetchedOffset` on; `count` 0 makes one that kafkajs steps over by itself. */
export function fakeBatch(topic: string, partition: number, fetchedOffset: number, count: number): BatchInternals {
  const messages = Array.from({ length: count }, (_, index) => ({
    offset: String(fetchedOffset + index),
    timestamp: '1700000000000',
    key: null,
    value: Buffer.from(`v${fetchedOffset + index}`),
    headers: {},
  }));
  const batch = {
    topic,
    partition,
    fetchedOffset: String(fetchedOffset),
    highWatermark: '1000',
    messages,
    lastOffset: () => String(fetchedOffset + Math.max(count, 1) - 1),
    isEmptyDueToFiltering: () => count === 0,
  };
  return batch;
}
