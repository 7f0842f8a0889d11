/**
 * A world for the service to live in: topics of its own on a running stack, a TikTok simulator, an upstream producer,
 * and as many instances of the service as a story needs. Several worlds can share one stack.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Admin } from 'kafkajs';
import { EventProducer, type Topics } from './event-producer.ts';
import { eventually } from './eventually.ts';
import { sandboxKafka } from './kafka.ts';
import { ServiceProcess } from './service-process.ts';
import { readSyncLogEntry, type SyncLogView } from './sync-log.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from './tiktok-simulator.ts';
import { POISON_PREFIX, STRICT_RULES } from './tiktok-strictness.ts';
import { type ReadRecord, TopicReader } from './topic-reader.ts';
import { guard, spare } from './watchdog.ts';

export interface StackAddresses {
  readonly brokers: string;
  readonly registryUrl: string;
  readonly redisUrl: string;
}

export interface WorldOptions {
  /** Distinguishes the topics, group and claims of this world. */
  readonly name: string;
  /** Partitions of each event topic; default 4. */
  readonly partitions?: number;
  readonly replicationFactor?: number;
  /** Default 1,000 ms. */
  readonly windowMs?: number;
  /** Further `TIKTOK_SYNC_…` and `TIKTOK_TOKEN_…` variables of every instance. */
  readonly env?: Readonly<Record<string, string>>;
  /** Its rules are the strict ones where nothing else is said. */
  readonly simulator?: SimulatorOptions;
}

/** All topics of a world. */
export interface WorldTopics extends Topics {
  readonly deadLetter: string;
  readonly syncLog: string;
  readonly connectionStatus: string;
}

/** What the service sends is held to more than TikTok is known to refuse. */
const HARD_TO_PLEASE = { ...STRICT_RULES, poisonPrefix: POISON_PREFIX };

const MAX_MESSAGE_BYTES = 1_048_588;
const LETTER_HEADROOM_BYTES = 65_536;

export class World {
  readonly topics: WorldTopics;
  readonly groupId: string;
  readonly simulator: Simulator;
  /** The environment of every instance. */
  readonly env: Readonly<Record<string, string>>;
  /** Where instances run, log, and look for the tokens of `file:` references. */
  readonly folder: string;
  readonly #stack: StackAddresses;
  readonly #services: ServiceProcess[] = [];
  readonly #readers = new Map<string, TopicReader>();
  #admin: Admin;
  #producer: EventProducer;

  private constructor(
    parts: Pick<World, 'topics' | 'groupId' | 'simulator' | 'producer' | 'admin' | 'env' | 'folder'>,
    stack: StackAddresses,
  ) {
    this.topics = parts.topics;
    this.groupId = parts.groupId;
    this.simulator = parts.simulator;
    this.#producer = parts.producer;
    this.#admin = parts.admin;
    this.env = parts.env;
    this.folder = parts.folder;
    this.#stack = stack;
  }

  get producer(): EventProducer {
    return this.#producer;
  }

  get admin(): Admin {
    return this.#admin;
  }

  static async create(stack: StackAddresses, options: WorldOptions): Promise<World> {
    const { name, partitions = 4, replicationFactor = 1, windowMs = 1_000 } = options;
    const topics = topicsNamed(name);
    const admin = await connectAdmin(stack);
    await createTopics(admin, topics, partitions, replicationFactor);
    const simulator = await startSimulator({
      ...options.simulator,
      settings: { ...HARD_TO_PLEASE, ...options.simulator?.settings },
    });
    const producer = await EventProducer.connect({ brokers: stack.brokers, registryUrl: stack.registryUrl, topics });
    const folder = mkdtempSync(join(tmpdir(), 'tiktok-sync-world-'));
    guard(folder);
    const env = {
      ...environmentOf(stack, topics, name, windowMs),
      TIKTOK_SYNC_TOKENS_DIR: folder,
      TIKTOK_SYNC_TIKTOK_BASE_URL: simulator.url,
      ...options.env,
    };
    return new World({ topics, groupId: name, simulator, producer, admin, env, folder }, stack);
  }

  /** Prepares another instance of the service; `process.start()` runs it. */
  async service(name: string, env: Readonly<Record<string, string>> = {}): Promise<ServiceProcess> {
    const service = await ServiceProcess.create({ name, env: { ...this.env, ...env }, folder: this.folder });
    this.#services.push(service);
    return service;
  }

  /** Starts an instance and waits until it is ready. */
  async startService(name = 'service', env: Readonly<Record<string, string>> = {}): Promise<ServiceProcess> {
    const service = await this.service(name, env);
    await service.process.start();
    return service;
  }

  /** Everything on one of the topics, from its beginning to its present end. */
  async read(topic: string): Promise<readonly ReadRecord[]> {
    const reader = await this.follow(topic);
    const ends = await this.admin.fetchTopicOffsets(topic);
    const due = ends.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
    await eventually(`${due} records of ${topic} read`, () => reader.records.length >= due);
    return reader.records;
  }

  /** Follows one of the topics from its beginning. */
  async follow(topic: string): Promise<TopicReader> {
    const known = this.#readers.get(topic);
    if (known !== undefined) return known;
    const reader = await TopicReader.follow(this.#stack.brokers, topic);
    this.#readers.set(topic, reader);
    return reader;
  }

  /** Every entry of the sync log. */
  async syncLog(): Promise<readonly SyncLogView[]> {
    return (await this.read(this.topics.syncLog)).map(readSyncLogEntry);
  }

  /** Grows an event topic; producer and admin connect anew, for clients look partitions up only now and then. */
  async addPartitions(topic: string, count: number): Promise<void> {
    await this.#admin.createPartitions({ topicPartitions: [{ topic, count }] });
    await this.#admin.disconnect();
    await this.#producer.close();
    this.#admin = await connectAdmin(this.#stack);
    this.#producer = await EventProducer.connect({ ...this.#stack, topics: this.topics });
  }

  /** A connection with a pixel of its own, whose token the service finds in its environment. */
  async connect(id: string, fields: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const pixel = String(fields['pixel_id'] ?? pixelOf(id));
    this.simulator.addPixel(pixel, tokenOf(id));
    await this.producer.connection({
      connection_id: id,
      workspace_id: `workspace-${id}`,
      pixel_id: pixel,
      access_token: `env:${tokenVariable(id)}`,
      ...fields,
    });
  }

  /** Records of the event topics that are not yet committed. */
  async uncommitted(): Promise<number> {
    const topics = [this.topics.conversions, this.topics.revenueUpdates];
    const committed = await this.admin.fetchOffsets({ groupId: this.groupId, topics });
    let open = 0;
    for (const { topic, partitions } of committed) {
      const ends = await this.admin.fetchTopicOffsets(topic);
      for (const { partition, offset } of partitions) {
        const end = ends.find(candidate => candidate.partition === partition);
        open += Number(end?.high ?? 0) - Math.max(Number(offset), Number(end?.low ?? 0));
      }
    }
    return open;
  }

  /** Waits until everything produced so far is settled and committed. */
  async allCommitted(deadlineMs = 30_000): Promise<void> {
    await eventually('everything committed', async () => (await this.uncommitted()) === 0, deadlineMs);
  }

  /** Ends all of it; instances are killed, not drained. */
  async close(): Promise<void> {
    await Promise.all(this.#services.map(service => service.process.stop('SIGKILL')));
    await Promise.all([...this.#readers.values()].map(reader => reader.close()));
    await this.#producer.close();
    await this.#admin.disconnect();
    await this.simulator.stop();
    rmSync(this.folder, { recursive: true, force: true });
    spare(this.folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** The pixel that a world gives a connection: 20 characters, as today's are. Filled in front, so that c1 is not c10. */
export function pixelOf(connectionId: string): string {
  const name = connectionId.toUpperCase().replace(/[^A-Z0-9]/g, '');
  return `PIXEL${name.padStart(15, '0').slice(-15)}`;
}

/** The token of a connection, and the variable that an instance must be given it in. */
export function tokenOf(connectionId: string): string {
  return `token-of-${connectionId}-0123456789abcdef`;
}

export function tokenVariable(connectionId: string): string {
  return `TIKTOK_TOKEN_${connectionId.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
}

/** The variables that give an instance the tokens of these connections. */
export function tokensFor(...connectionIds: readonly string[]): Record<string, string> {
  return Object.fromEntries(connectionIds.map(id => [tokenVariable(id), tokenOf(id)]));
}

async function connectAdmin(stack: StackAddresses): Promise<Admin> {
  const admin = sandboxKafka(stack.brokers).admin();
  await admin.connect();
  return admin;
}

function environmentOf(stack: StackAddresses, topics: WorldTopics, groupId: string, windowMs: number) {
  return {
    TIKTOK_SYNC_KAFKA_BROKERS: stack.brokers,
    TIKTOK_SYNC_REGISTRY_URL: stack.registryUrl,
    TIKTOK_SYNC_REDIS_URL: stack.redisUrl,
    TIKTOK_SYNC_GROUP_ID: groupId,
    TIKTOK_SYNC_TOPIC_CONVERSIONS: topics.conversions,
    TIKTOK_SYNC_TOPIC_REVENUE_UPDATES: topics.revenueUpdates,
    TIKTOK_SYNC_TOPIC_CONFIG: topics.config,
    TIKTOK_SYNC_TOPIC_DEAD_LETTER: topics.deadLetter,
    TIKTOK_SYNC_TOPIC_SYNC_LOG: topics.syncLog,
    TIKTOK_SYNC_TOPIC_CONNECTION_STATUS: topics.connectionStatus,
    TIKTOK_SYNC_WINDOW_MS: String(windowMs),
    TIKTOK_SYNC_KAFKA_SESSION_TIMEOUT_MS: '6000',
    TIKTOK_SYNC_KAFKA_HEARTBEAT_INTERVAL_MS: '1000',
    TIKTOK_SYNC_KAFKA_COMMIT_INTERVAL_MS: '200',
    // Stories count the requests that their events cost; the one about tokens asks for it.
    TIKTOK_SYNC_TOKENS_CHECK: 'false',
    // Nor do letters come back while a story counts them.
    TIKTOK_SYNC_REDRIVE_ENABLED: 'false',
  };
}

/** Topics of its own for whoever shares the stack. */
export function topicsNamed(name: string): WorldTopics {
  return {
    conversions: `${name}.conversions`,
    revenueUpdates: `${name}.revenue-updates`,
    config: `${name}.config`,
    deadLetter: `${name}.dead-letter`,
    syncLog: `${name}.sync-log`,
    connectionStatus: `${name}.connection-status`,
  };
}

async function createTopics(admin: Admin, topics: WorldTopics, numPartitions: number, replicationFactor: number) {
  const compacted = [{ name: 'cleanup.policy', value: 'compact' }];
  const roomy = [{ name: 'max.message.bytes', value: String(MAX_MESSAGE_BYTES + LETTER_HEADROOM_BYTES) }];
  await admin.createTopics({
    // The client's own wait gives up where a broker has not heard of the topic yet.
    waitForLeaders: false,
    topics: [
      { topic: topics.conversions, numPartitions, replicationFactor },
      { topic: topics.revenueUpdates, numPartitions, replicationFactor },
      { topic: topics.config, numPartitions: 1, replicationFactor, configEntries: compacted },
      { topic: topics.deadLetter, numPartitions: 2, replicationFactor, configEntries: roomy },
      { topic: topics.syncLog, numPartitions: 2, replicationFactor },
      { topic: topics.connectionStatus, numPartitions: 1, replicationFactor, configEntries: compacted },
    ],
  });
  const names = Object.values(topics);
  await eventually('leaders of the new topics', async () => {
    const metadata = await admin.fetchTopicMetadata({ topics: names });
    return metadata.topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0));
  });
}
