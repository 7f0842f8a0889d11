/**
 * The parts of kafkajs 2.2.4 that its public types leave out and this service leans on. kafkajs is frozen (no release
 * since 2023) and pinned exactly; everything reached into is named here, and each use has a test on a real broker.
 */

import { createRequire } from 'node:module';

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
      readonly fromBeginning: boolean;
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

/** A class whose prototype is patched. */
export interface Patchable<Instance> {
  readonly prototype: Instance;
}

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
