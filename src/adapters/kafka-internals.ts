/**
 * The parts of kafkajs 2.2.4 that its public types leave out and this service leans on. kafkajs is frozen (no release
 * since 2023) and pinned exactly; everything reached into is named here, and each use has a test on a real broker.
 */

import { createRequire } from 'node:module';
import type { Batch, Kafka } from 'kafkajs';

const require = createRequire(import.meta.url);

/** Loads a module of kafkajs by its path below `kafkajs/src/`. */
export function requireInternal<Exports>(path: string): Exports {
  return require(`kafkajs/src/${path}`) as Exports;
}

/** Loads kafkajs itself, at the time of the call. */
export function requireKafkajs(): typeof import('kafkajs') {
  return require('kafkajs') as typeof import('kafkajs');
}

/** The entry of the module cache of a kafkajs module that has been loaded. */
export function cachedInternal(path: string): NodeJS.Module | undefined {
  return require.cache[require.resolve(`kafkajs/src/${path}`)];
}

/** `src/broker/index.js`: one broker's connections. */
export interface BrokerInternals {
  heartbeat(payload: HeartbeatPayload): Promise<unknown>;
  joinGroup(payload: object): Promise<unknown>;
  syncGroup(payload: object): Promise<unknown>;
}

export interface HeartbeatPayload {
  readonly groupId: string;
  readonly memberId: string;
  readonly groupGenerationId: number;
}

/** `src/cluster/index.js`. `rejoin` is ours: false marks a look-up that no join follows. */
export interface ClusterInternals {
  findGroupCoordinator(query: { readonly groupId: string; readonly rejoin?: boolean }): Promise<BrokerInternals>;
  refreshMetadata(): Promise<void>;
  fetchTopicsOffset(
    topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number }[];
      readonly fromBeginning?: boolean;
      /** Epoch milliseconds; the answer is -1 where no record is as late. */
      readonly fromTimestamp?: number;
    }[],
  ): Promise<readonly { readonly partitions: readonly { readonly partition: number; readonly offset: string }[] }[]>;
}

/** `src/consumer/offsetManager/index.js`: made anew at each join; holds the generation its commits carry. */
export interface OffsetManagerInternals {
  coordinator: BrokerInternals;
  readonly cluster: ClusterInternals;
  readonly generationId: number;
  resolveOffset(position: { topic: string; partition: number; offset: string }): void;
  setDefaultOffset(partition: { topic: string; partition: number }): Promise<void>;
}

/** `src/consumer/consumerGroup.js`: made anew at each start of a consumer, crash restarts included. */
export interface ConsumerGroupInternals {
  readonly cluster: ClusterInternals;
  readonly groupId: string;
  readonly sessionTimeout: number;
  readonly memberId: string | null;
  /** Epoch milliseconds of the last heartbeat the coordinator took. */
  readonly lastRequest: number;
  coordinator: BrokerInternals | null;
  readonly offsetManager: OffsetManagerInternals | null;
  connect(): Promise<void>;
  heartbeat(options: { readonly interval: number }): Promise<void>;
  commitOffsets(offsets: CommitRequest): Promise<void>;
  fetch(nodeId: string): Promise<readonly BatchInternals[]>;
}

/** `src/consumer/batch.js`: what one fetch brought of one partition. */
export interface BatchInternals {
  readonly topic: string;
  readonly partition: number;
  readonly highWatermark: string;
  /** The offset the broker was asked for. */
  readonly fetchedOffset: string;
  lastOffset(): string;
  /** Only control records, aborted or compacted ones: kafkajs steps over such a batch by itself. */
  isEmptyDueToFiltering(): boolean;
}

export interface CommitRequest {
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
  }[];
}

/** What a client reads a topic with when it joins no group. */
export interface GrouplessClusterInternals extends Pick<ClusterInternals, 'refreshMetadata' | 'fetchTopicsOffset'> {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  findTopicPartitionMetadata(topic: string): readonly { readonly partitionId: number }[];
  /** Partitions by the node id of their leader. */
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Readonly<Record<string, readonly number[]>>;
  findBroker(node: { readonly nodeId: string }): Promise<FetchingBrokerInternals>;
}

/** A cluster that is asked what kafkajs itself never asks. */
export interface AskedClusterInternals extends GrouplessClusterInternals {
  readonly brokerPool: { readonly seedBroker: AskedBrokerInternals };
  findGroupCoordinator(query: { readonly groupId: string; readonly rejoin?: boolean }): Promise<AskedBrokerInternals>;
}

/** `src/broker/index.js`, for requests of ours. */
export interface AskedBrokerInternals {
  readonly connectionPool: { send<T>(protocol: ProtocolInternals<T>): Promise<T> };
}

/** `src/protocol/requests`: how one request is written and its answer is read. */
export interface ProtocolInternals<T> {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    readonly encode: () => Promise<EncoderInternals>;
  };
  readonly response: { readonly decode: (raw: Buffer) => Promise<T>; readonly parse: (decoded: T) => Promise<T> };
}

/** `src/protocol/encoder.js` */
export interface EncoderInternals {
  writeNullableArray(values: readonly string[]): EncoderInternals;
  writeArray(values: readonly string[]): EncoderInternals;
  writeBoolean(value: boolean): EncoderInternals;
}

/** `src/protocol/decoder.js` */
export interface DecoderInternals {
  readInt16(): number;
  readInt32(): number;
  readString(): string | null;
  readBytes(): Buffer | null;
  readBoolean(): boolean;
  readArray<T>(read: (decoder: DecoderInternals) => T): T[];
}

export function newEncoder(): EncoderInternals {
  return new (requireInternal<new () => EncoderInternals>('protocol/encoder.js'))();
}

export function newDecoder(raw: Buffer): DecoderInternals {
  return new (requireInternal<new (raw: Buffer) => DecoderInternals>('protocol/decoder.js'))(raw);
}

/** The protocol's name of an error code; null for 0. */
export function protocolErrorName(code: number): string | null {
  const { createErrorFromCode } = requireInternal<{ createErrorFromCode: (code: number) => { readonly type: string } }>(
    'protocol/error.js',
  );
  return code === 0 ? null : createErrorFromCode(code).type;
}

/** `src/broker/index.js`, for fetches. */
export interface FetchingBrokerInternals {
  fetch(request: {
    readonly maxWaitTime: number;
    readonly minBytes: number;
    readonly maxBytes: number;
    readonly isolationLevel: number;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly {
        readonly partition: number;
        readonly fetchOffset: string;
        readonly maxBytes: number;
      }[];
    }[];
  }): Promise<{
    readonly responses: readonly {
      readonly topicName: string;
      readonly partitions: readonly FetchedPartitionInternals[];
    }[];
  }>;
}

/** `src/protocol/requests/fetch/v11/response.js`: what a broker answers for one partition. */
export interface FetchedPartitionInternals {
  readonly partition: number;
  /** Everything the broker sent, what is filtered out included. */
  readonly messages: readonly unknown[];
  /** Where the records of transactions that are open begin, the high watermark where there is none. */
  readonly lastStableOffset: string;
  /** Where the partition begins; kafkajs has misread the protocol's `log_start_offset`. */
  readonly lastStartOffset?: string;
  /** The broker to ask instead, which then sent no record; -1 for none. */
  readonly preferredReadReplica?: number;
}

/** A class whose prototype is patched. */
export interface Patchable<Instance> {
  readonly prototype: Instance;
}

/** `src/consumer/batch.js`: leaves out what was aborted, control records, and what lies before the offset asked for. */
export function fetchedBatch(
  topic: string,
  fetchedOffset: string,
  partitionData: FetchedPartitionInternals,
): FetchedBatch {
  const Batch = requireInternal<BatchConstructor>('consumer/batch.js');
  return new Batch(topic, fetchedOffset, partitionData);
}

type FetchedBatch = Batch & BatchInternals;
type BatchConstructor = new (topic: string, fetchedOffset: string, data: object) => FetchedBatch;

/** `IsolationLevel` of the protocol: neither records of an open transaction nor those of an aborted one. */
export const READ_COMMITTED = 1;

/**
 * A cluster as kafkajs's consumers have it, connected to by nobody yet. The function that makes one is kept under a
 * private symbol (`src/index.js`).
 */
export function clusterOf(kafka: Kafka): AskedClusterInternals {
  const symbol = Object.getOwnPropertySymbols(kafka).find(({ description }) => description === CREATE_CLUSTER);
  const create = symbol === undefined ? undefined : Reflect.get(kafka, symbol);
  if (typeof create !== 'function') throw new Error('KAFKA_INTERNALS_CHANGED: kafkajs hides how it makes a cluster');
  return create({ allowAutoTopicCreation: false, isolationLevel: READ_COMMITTED }) as AskedClusterInternals;
}

const CREATE_CLUSTER = 'private:Kafka:createCluster';

/** The error that kafkajs's wrappers are wrapped around. */
export function kafkaRootCause(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const isWrapper = error.name === 'KafkaJSNonRetriableError' || error.name === 'KafkaJSNumberOfRetriesExceeded';
  return (isWrapper || error.name === 'KafkaJSError') && error.cause instanceof Error
    ? kafkaRootCause(error.cause)
    : error;
}

/** What an error of kafkajs says of itself: the protocol's error name, or the class name where there is none. */
export function kafkaErrorCode(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN';
  const { type } = error as Error & { type?: unknown };
  if (typeof type === 'string') return type;
  const cause = kafkaRootCause(error);
  return cause === error ? error.name : kafkaErrorCode(cause);
}

/** The partition that has no such offset as it was asked for; null for any other error. */
export function outOfRangePartition(error: unknown): number | null {
  if (kafkaErrorCode(error) !== 'OFFSET_OUT_OF_RANGE') return null;
  const { partition } = error as Error & { partition?: unknown };
  return typeof partition === 'number' ? partition : null;
}
