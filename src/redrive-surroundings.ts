/** What `dead-letters redrive` needs around its job: the service's surroundings, without the service. */

import { systemClock as clock } from './adapters/clock.ts';
import { createKafka } from './adapters/kafka-client.ts';
import { KafkaConfigTable } from './adapters/kafka-config-table.ts';
import { KafkaConnectionStatus } from './adapters/kafka-connection-status.ts';
import { KafkaProducer } from './adapters/kafka-producer.ts';
import { unreachable } from './adapters/kafka-refusal.ts';
import { KafkaSyncLog } from './adapters/kafka-sync-log.ts';
import { createRedisClaims } from './adapters/redis-claims.ts';
import { createRedisClient, type RedisClient } from './adapters/redis-client.ts';
import { createRedisRateLimits } from './adapters/redis-rate-limits.ts';
import { createRedisRedriveRegister } from './adapters/redis-redrive-register.ts';
import { readSchemas } from './adapters/schema-files.ts';
import { SchemaRegistry } from './adapters/schema-registry.ts';
import { createTelemetry } from './adapters/telemetry.ts';
import { readTlsFiles } from './adapters/tls-files.ts';
import { createTikTok, shareStates } from './assembly.ts';
import type { Config } from './config.ts';
import { ConfigFollowing } from './config-following.ts';
import type { Host } from './control/host.ts';
import { VERSION } from './control/version.ts';
import { ConfigTable } from './core/config-table.ts';
import { createConfigDecoder } from './core/decode-config.ts';
import { SyncLogEncoder } from './core/encode.ts';
import { CodedError, messageOf } from './core/error-codes.ts';
import { Lifecycle } from './lifecycle.ts';
import { pause } from './pause.ts';
import type { RedriveRegister, SyncLog, Telemetry } from './ports.ts';
import type { RedriveSurroundings } from './redrive-assembly.ts';
import { SchemaLearning } from './schema-learning.ts';

/** Everything but the sync log, which only a job that sends has to write. */
export interface CommandSurroundings extends Omit<RedriveSurroundings, 'syncLog'> {
  readonly register: RedriveRegister;
  openSyncLog(): Promise<SyncLog>;
  close(): Promise<void>;
}

const CONFIG_CHECK_MS = 50;
/** After that the configuration counts as incomplete. */
const CONFIG_WITHIN_MS = 60_000;
/** How long the states of connections are waited for. */
const STATUS_WAIT_MS = 5_000;
const CLOSE_WITHIN_MS = 5_000;
/** After that a write counts as failed, and is tried again. */
const PRODUCE_GIVE_UP_MS = 10_000;

/**
 * Connects in order.
 * @throws CodedError `DEPENDENCY_UNREACHABLE` when something is away, `INPUT_INVALID` when the config topic cannot be
 * read completely.
 */
export async function openSurroundings(config: Config, host: Host, stop: AbortSignal): Promise<CommandSurroundings> {
  const telemetry = createTelemetry({
    ...{ level: 'warn', format: 'text', write: text => host.err.write(text), now: clock.now },
    ...{ version: VERSION, nodeVersion: host.nodeVersion },
    maxLabelledConnectionsCount: config.metrics.maxLabelledConnectionsCount,
  });
  const lifecycle = new Lifecycle(() => {});
  const close = (): Promise<void> => lifecycle.stopWithin(CLOSE_WITHIN_MS, clock);
  try {
    const redis = await openRedis(config, lifecycle);
    const { unknownSchemaGraceMs, tls, ...connection } = config.registry;
    const registry = new SchemaRegistry({ ...connection, tls: readTlsFiles('registry', tls) });
    const learning = new SchemaLearning(registry, clock, telemetry, unknownSchemaGraceMs);
    const schemas = readSchemas();
    const table = new ConfigTable(config.config.ignore);
    const following = new ConfigFollowing(table, createConfigDecoder(schemas), learning, telemetry);
    await follow(config, following, lifecycle, telemetry, stop);
    const tiktok = createTikTok(config, host.env, { table, telemetry });
    lifecycle.started('events api', () => tiktok.api.destroy());
    await learnStates(config, { schemas, table, learning, tiktok, telemetry }, lifecycle);
    const { keyPrefix } = config.redis;
    return {
      ...{ config, schemas, table, learning, tiktok, telemetry, clock, close },
      claims: createRedisClaims(redis),
      limits: createRedisRateLimits({ client: redis, keyPrefix, options: config.delivery, clock, telemetry }),
      register: createRedisRedriveRegister(redis, keyPrefix),
      openSyncLog: () => openSyncLog(config, registry, schemas.syncLogEntry, lifecycle, telemetry),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openRedis({ redis: { tls, ...redis } }: Config, lifecycle: Lifecycle): Promise<RedisClient> {
  const client = createRedisClient({ ...redis, tls: readTlsFiles('redis', tls) });
  lifecycle.started('redis', () => client.close());
  await client.connect();
  return client;
}

/** Reads the config topic to its end, and then on: a token that is rotated while the job runs is used at once. */
async function follow(
  { kafka, topics }: Config,
  following: ConfigFollowing,
  lifecycle: Lifecycle,
  telemetry: Telemetry,
  stop: AbortSignal,
): Promise<void> {
  const parts = { kafka: createKafka(kafka, 'config', telemetry), clock, telemetry };
  const reader = new KafkaConfigTable({ ...kafka, topic: topics.config }, parts);
  lifecycle.started('config topic', () => reader.stop());
  await reader.start(following);
  const giveUpAt = clock.monotonic() + CONFIG_WITHIN_MS;
  while (!following.complete && !stop.aborted) {
    if (clock.monotonic() > giveUpAt) {
      const keys = following.table.blockingKeys().slice(0, 5).join(', ');
      const why = keys === '' ? 'its end was not reached in time' : `no readable version of ${keys}`;
      const message = `The config topic ${topics.config} cannot be read completely: ${why}`;
      throw new CodedError('INPUT_INVALID', `${message}. Repair or delete the entry, or list it in config.ignore`);
    }
    await pause(clock, CONFIG_CHECK_MS);
  }
}

/** Hears what the service finds out about connections, and tells it nothing: that is left to those who serve. */
async function learnStates(
  { kafka, topics }: Config,
  parts: Pick<RedriveSurroundings, 'schemas' | 'table' | 'learning' | 'tiktok' | 'telemetry'>,
  lifecycle: Lifecycle,
): Promise<void> {
  const status = { kafka, topic: topics.connectionStatus, schema: parts.schemas.connectionStatus };
  const nobody = { write: () => Promise.resolve(), idOf: () => Promise.resolve(0) };
  const topic = new KafkaConnectionStatus(status, { producer: nobody, registry: nobody, clock });
  const statusTopic = { read: () => topic.read(), write: () => Promise.resolve() };
  const sharing = shareStates({ ...parts, clock, statusTopic }, parts.tiktok.states);
  lifecycle.started('connection states', async () => {
    sharing.stop();
    await topic.close();
  });
  await sharing.start(STATUS_WAIT_MS);
}

async function openSyncLog(
  { kafka, topics }: Config,
  registry: SchemaRegistry,
  schema: ReturnType<typeof readSchemas>['syncLogEntry'],
  lifecycle: Lifecycle,
  telemetry: Telemetry,
): Promise<SyncLog> {
  const schemaId = await registry.idOf(`${topics.syncLog}-value`, schema).catch((error: unknown) => {
    throw new CodedError('DEPENDENCY_UNREACHABLE', `${messageOf(error)}. Check registry.url.`, { cause: error });
  });
  const options = { compression: 'none', giveUpAfterMs: PRODUCE_GIVE_UP_MS } as const;
  const producer = new KafkaProducer(createKafka(kafka, 'producer', telemetry), options, clock);
  lifecycle.started('producer', () => producer.disconnect());
  await producer.connect().catch((error: unknown) => {
    throw unreachable(kafka.brokers, error);
  });
  const encoder = new SyncLogEncoder(schema, schemaId);
  return new KafkaSyncLog(producer, topics.syncLog, entry => encoder.encode(entry));
}
