/**
 * Opens what the service and a redrive by hand stand on: Redis, the config topic, the sync log. What has been opened is
 * closed by the lifecycle, also where a later opening fails.
 */

import { createKafka } from './adapters/kafka-client.ts';
import { KafkaConfigTable } from './adapters/kafka-config-table.ts';
import { KafkaProducer } from './adapters/kafka-producer.ts';
import { unreachable } from './adapters/kafka-refusal.ts';
import { registryAway } from './adapters/needed-schemas.ts';
import { createRedisClaims } from './adapters/redis-claims.ts';
import { createRedisClient, type RedisClient } from './adapters/redis-client.ts';
import { createRedisRateLimits } from './adapters/redis-rate-limits.ts';
import { createRedisRedriveRegister } from './adapters/redis-redrive-register.ts';
import { readSchemas, type Schemas } from './adapters/schema-files.ts';
import type { SchemaRegistry } from './adapters/schema-registry.ts';
import { readTlsFiles } from './adapters/tls-files.ts';
import { createRegistry } from './clients.ts';
import type { Config } from './config.ts';
import { ConfigFollowing } from './config-following.ts';
import { ConfigTable } from './core/config-table.ts';
import { createConfigDecoder } from './core/decode-config.ts';
import { SyncLogEncoder } from './core/encode.ts';
import { messageOf } from './core/error-codes.ts';
import { valueSubject } from './core/schema-contract.ts';
import type { SyncLogEntry } from './core/sync-log-entry.ts';
import type { Lifecycle } from './lifecycle.ts';
import { pause } from './pause.ts';
import type { Claims, Clock, RedriveRegister, RequestLimits, Telemetry } from './ports.ts';
import { SchemaLearning } from './schema-learning.ts';

/** What every opening needs. */
export interface Opening {
  readonly config: Config;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly lifecycle: Lifecycle;
}

/** What all processes share, on one client. */
export interface OnRedis {
  readonly client: RedisClient;
  readonly claims: Claims;
  readonly limits: RequestLimits;
  readonly register: RedriveRegister;
}

/** Schemas and the config table, as far as they are known: asking and reading begin later. */
export interface Knowledge {
  readonly schemas: Schemas;
  readonly registry: SchemaRegistry;
  readonly learning: SchemaLearning;
  readonly table: ConfigTable;
  readonly following: ConfigFollowing;
}

/** How long the states of connections are waited for at a start. */
export const STATUS_WAIT_MS = 5_000;
const CONFIG_CHECK_MS = 200;
/** After that a write counts as failed: the service pauses consumption, and it is tried again. */
const PRODUCE_GIVE_UP_MS = 10_000;

/** @throws CodedError `DEPENDENCY_UNREACHABLE` */
export async function openRedis({ clock, config, lifecycle, telemetry }: Opening): Promise<OnRedis> {
  const { tls, ...redis } = config.redis;
  const client = createRedisClient({ ...redis, tls: readTlsFiles('redis', tls) });
  lifecycle.started('redis', () => client.close());
  await client.connect();
  const { keyPrefix } = redis;
  return {
    client,
    claims: createRedisClaims(client),
    limits: createRedisRateLimits({ client, keyPrefix, options: config.delivery, clock, telemetry }),
    register: createRedisRedriveRegister(client, keyPrefix),
  };
}

/** Contacts nothing yet. */
export function createKnowledge({ clock, config, telemetry }: Omit<Opening, 'lifecycle'>): Knowledge {
  const schemas = readSchemas();
  const registry = createRegistry(config.registry);
  const learning = new SchemaLearning(registry, clock, telemetry, config.registry.unknownSchemaGraceMs);
  const table = new ConfigTable(config.config.ignore);
  const following = new ConfigFollowing(table, createConfigDecoder(schemas), learning, telemetry, clock);
  return { schemas, registry, learning, table, following };
}

/** Begins to read the config topic, and reads on: a token that is rotated is used at once. Resolves before its end is reached, to what is known of the reading. */
export async function followConfigTopic(
  { clock, config, lifecycle, telemetry }: Opening,
  following: ConfigFollowing,
): Promise<KafkaConfigTable> {
  const { kafka, topics } = config;
  const parts = { kafka: createKafka(kafka, 'config', telemetry), clock, telemetry };
  const reader = new KafkaConfigTable({ ...kafka, topic: topics.config }, parts);
  lifecycle.started('config topic', () => reader.stop());
  await reader.start(following);
  return reader;
}

/**
 * Resolves once the config table is complete, or at a stop.
 * @param waiting - told again and again what is missing: the first keys without a readable version, `''` while the
 * topic is being read. May throw, and that ends the wait.
 */
export async function untilComplete(
  following: ConfigFollowing,
  clock: Clock,
  stop: AbortSignal,
  waiting: (unreadable: string) => void,
): Promise<void> {
  while (!following.complete && !stop.aborted) {
    waiting(following.table.blockingKeys().slice(0, 5).join(', '));
    await pause(clock, CONFIG_CHECK_MS);
  }
}

/** How entries are written on the sync log: their schema is registered, or found, now. */
export async function syncLogEncoding(
  { config: { topics } }: Opening,
  { registry, schemas: { syncLogEntry: schema } }: Knowledge,
): Promise<(entry: SyncLogEntry) => Buffer> {
  const schemaId = await registry.idOf(valueSubject(topics.syncLog), schema).catch((error: unknown) => {
    throw registryAway(messageOf(error), error);
  });
  const encoder = new SyncLogEncoder(schema, schemaId);
  return entry => encoder.encode(entry);
}

/** @throws CodedError `DEPENDENCY_UNREACHABLE` */
export async function openProducer({ clock, config, lifecycle, telemetry }: Opening): Promise<KafkaProducer> {
  const { kafka } = config;
  const options = { compression: 'none', giveUpAfterMs: PRODUCE_GIVE_UP_MS } as const;
  const producer = new KafkaProducer(createKafka(kafka, 'producer', telemetry), options, clock);
  lifecycle.started('producer', () => producer.disconnect());
  await producer.connect().catch((error: unknown) => {
    throw unreachable(kafka.brokers, error);
  });
  return producer;
}
