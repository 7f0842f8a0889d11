/**
 * The service: reaches its surroundings in order, waits for its configuration, runs the story (wired in assembly.ts)
 * and takes everything down in reverse.
 */

import { hostname } from 'node:os';
import { systemClock as clock } from './adapters/clock.ts';
import { createKafka } from './adapters/kafka-client.ts';
import { KafkaConfigTable } from './adapters/kafka-config-table.ts';
import { KafkaConnectionStatus } from './adapters/kafka-connection-status.ts';
import { KafkaDeadLetters } from './adapters/kafka-dead-letters.ts';
import { KafkaProducer } from './adapters/kafka-producer.ts';
import { unreachable } from './adapters/kafka-refusal.ts';
import { KafkaSyncLog } from './adapters/kafka-sync-log.ts';
import { createRedisClaims } from './adapters/redis-claims.ts';
import { createRedisClient } from './adapters/redis-client.ts';
import { createRedisRateLimits } from './adapters/redis-rate-limits.ts';
import { createRedisRedriveRegister } from './adapters/redis-redrive-register.ts';
import { readSchemas } from './adapters/schema-files.ts';
import { SchemaRegistry } from './adapters/schema-registry.ts';
import { createTelemetry, type ServiceTelemetry } from './adapters/telemetry.ts';
import { readTlsFiles } from './adapters/tls-files.ts';
import { type Assembled, assemble } from './assembly.ts';
import { createRedriveRounds } from './automatic-redrive.ts';
import type { Commits } from './commits.ts';
import type { Config } from './config.ts';
import { ConfigFollowing } from './config-following.ts';
import { startAdminServer } from './control/admin-http.ts';
import type { Host } from './control/host.ts';
import { checkTopics } from './control/topics.ts';
import { VERSION } from './control/version.ts';
import { ConfigTable } from './core/config-table.ts';
import { createConfigDecoder } from './core/decode-config.ts';
import { SyncLogEncoder } from './core/encode.ts';
import { CodedError, messageOf } from './core/error-codes.ts';
import { Lifecycle } from './lifecycle.ts';
import { Observation } from './observation.ts';
import { pause } from './pause.ts';
import type { Pipeline } from './pipeline.ts';
import type {
  Claims,
  Clock,
  ConnectionStatusTopic,
  DeadLetters,
  RecordSource,
  RedriveRegister,
  RequestLimits,
  SyncLog,
} from './ports.ts';
import { type CheckState, Readiness } from './readiness.ts';
import type { RedriveRounds } from './redrive-rounds.ts';
import { SchemaLearning } from './schema-learning.ts';
import { timedClaims } from './timed-claims.ts';
import { withTopicAdmin } from './topics-command.ts';
import { watch } from './watchdog.ts';

/** Of the shutdown's time, what is left for leaving the group and closing connections. */
const LEAVE_MS = 5_000;
const CONFIG_CHECK_MS = 200;
/** How long the start waits for the states of connections. */
const STATUS_WAIT_MS = 5_000;
const REDIS_PING_MS = 5_000;
/** After that a write counts as failed: consumption pauses, and it is tried again. */
const PRODUCE_GIVE_UP_MS = 10_000;
const STUCK = {
  heartbeat: 'the group coordinator has taken no heartbeat for',
  batch: 'a fetched batch has been in hand for',
  commit: 'settled offsets could not be committed for',
} as const;
const NEVER = new AbortController().signal;

/** What all replicas share. */
interface Shared {
  readonly claims: Claims;
  readonly limits: RequestLimits;
  readonly register: RedriveRegister;
}

interface Written {
  readonly deadLetters: DeadLetters;
  readonly syncLog: SyncLog;
  readonly statusTopic: ConnectionStatusTopic;
}

/**
 * Runs the service until `host.stopSignal()` aborts, then drains it.
 * @throws CodedError `DEPENDENCY_UNREACHABLE` when Kafka, Redis or the registry cannot be reached at start, and
 * whatever ended it when it could not go on.
 */
export async function runService(config: Config, host: Host): Promise<void> {
  const stop = host.stopSignal();
  const telemetry = createTelemetry({
    level: config.log.level,
    format: config.log.format,
    write: text => host.out.write(text),
    now: clock.now,
    version: VERSION,
    nodeVersion: host.nodeVersion,
    maxLabelledConnectionsCount: config.metrics.maxLabelledConnectionsCount,
  });
  const lifecycle = new Lifecycle((name, error) =>
    telemetry.notice('warn', 'STOP_FAILED', `${name} did not stop cleanly`, { problem: messageOf(error) }),
  );
  try {
    await new Service(config, host, telemetry, lifecycle, stop).run();
  } finally {
    // A stuck poll loop may be what ended the service, and leaving the group waits for just that loop.
    await lifecycle.stopWithin(LEAVE_MS, clock);
  }
}

class Service {
  readonly #config: Config;
  readonly #telemetry: ServiceTelemetry;
  readonly #lifecycle: Lifecycle;
  readonly #stop: AbortSignal;
  readonly #host: Host;
  readonly #readiness = new Readiness(clock);
  readonly #fatal = Promise.withResolvers<never>();
  readonly #schemas = readSchemas();
  readonly #registry: SchemaRegistry;
  readonly #learning: SchemaLearning;
  readonly #table: ConfigTable;
  readonly #observation: Observation;
  #following: ConfigFollowing | null = null;
  #redisUp = false;

  constructor(config: Config, host: Host, telemetry: ServiceTelemetry, lifecycle: Lifecycle, stop: AbortSignal) {
    this.#config = config;
    this.#host = host;
    this.#telemetry = telemetry;
    this.#lifecycle = lifecycle;
    this.#stop = stop;
    const { unknownSchemaGraceMs, tls, ...registry } = config.registry;
    this.#registry = new SchemaRegistry({ ...registry, tls: readTlsFiles('registry', tls) });
    this.#learning = new SchemaLearning(this.#registry, clock, telemetry, unknownSchemaGraceMs);
    this.#table = new ConfigTable(config.config.ignore);
    this.#observation = new Observation({
      config,
      table: this.#table,
      clock,
      nodeVersion: host.nodeVersion,
      configComplete: () => this.#following?.complete ?? false,
      redisUp: () => this.#redisUp,
    });
    // Whoever waits for it hears of it; nobody may be waiting yet.
    this.#fatal.promise.catch(() => {});
  }

  /** Everything that can be wrong with the surroundings shows before the group is joined. */
  async run(): Promise<void> {
    const stopRequested = new Promise<void>(resolve => {
      this.#stop.addEventListener('abort', () => resolve(), { once: true });
    });
    await this.#startAdmin();
    const shared = await this.#startRedis();
    const written = await this.#startProducer();
    await this.#checkTopics();
    const following = await this.#followConfig();
    await Promise.race([this.#untilComplete(following), stopRequested, this.#fatal.promise]);
    if (this.#stop.aborted) return;
    const { checks, pipeline, rounds, sharing, source } = this.#assemble(shared, written);
    // A restart knows the states; where the topic cannot be read soon, it finds out anew.
    await Promise.race([sharing.start(STATUS_WAIT_MS), stopRequested, this.#fatal.promise]);
    checks.start();
    await Promise.race([source.start(pipeline), stopRequested, this.#fatal.promise]);
    if (this.#stop.aborted) return;
    this.#readiness.pass('group');
    this.#readiness.pass('serving');
    rounds?.start();
    this.#telemetry.notice('info', 'SERVICE_READY', 'the service reads, delivers and commits', { version: VERSION });
    await Promise.race([stopRequested, this.#fatal.promise]);
    await Promise.all([rounds?.stop(), this.#drain(pipeline, source)]);
  }

  /** First of all, so that probes are answered while the rest is still starting. */
  async #startAdmin(): Promise<void> {
    const telemetry = this.#telemetry;
    const server = await startAdminServer(this.#config.http, {
      liveness: () => this.#liveness(),
      readiness: () => this.#readiness.checks,
      metrics: { contentType: telemetry.metricsContentType, text: () => telemetry.metricsText() },
      status: () => this.#observation.status(),
    });
    this.#lifecycle.started('admin server', () => server.close());
    telemetry.observe(this.#observation.metricSources());
    telemetry.notice('info', 'LISTENING', 'health, metrics and status are served', { url: server.url });
  }

  /** That this is answered shows a live event loop; that no batch is in hand for long, a poll loop that turns. */
  #liveness(): readonly CheckState[] {
    const age = this.#observation.running?.source.status().acceptingForMs ?? 0;
    const ok = age <= this.#config.watchdog.batchMaxAgeMs;
    const reason = ok ? 'ok' : `a fetched batch has been in hand for ${Math.round(age / 1000)} s`;
    return [{ name: 'group', ok, reason, since: clock.now() - age }];
  }

  async #startRedis(): Promise<Shared> {
    const { tls, ...redis } = this.#config.redis;
    const client = createRedisClient({ ...redis, tls: readTlsFiles('redis', tls) });
    this.#lifecycle.started('redis', () => client.close());
    await client.connect();
    this.#readiness.pass('redis');
    this.#redisUp = true;
    const stopPinging = every(REDIS_PING_MS, clock, async () => {
      this.#redisUp = await client.ping().then(
        () => true,
        () => false,
      );
    });
    this.#lifecycle.started('redis ping', stopPinging);
    const telemetry = this.#telemetry;
    const { keyPrefix } = redis;
    return {
      claims: timedClaims(createRedisClaims(client), clock, telemetry),
      limits: createRedisRateLimits({ client, keyPrefix, options: this.#config.delivery, clock, telemetry }),
      register: createRedisRedriveRegister(client, keyPrefix),
    };
  }

  /** One producer for dead letters and sync log; the log's schema is registered or found before anything is read. */
  async #startProducer(): Promise<Written> {
    const { kafka, topics } = this.#config;
    const subject = `${topics.syncLog}-value`;
    const schemaId = await this.#registry.idOf(subject, this.#schemas.syncLogEntry).catch((error: unknown) => {
      throw new CodedError('DEPENDENCY_UNREACHABLE', `${messageOf(error)}. Check registry.url.`, { cause: error });
    });
    this.#readiness.pass('registry');
    const options = { compression: 'none', giveUpAfterMs: PRODUCE_GIVE_UP_MS } as const;
    const producer = new KafkaProducer(createKafka(kafka, 'producer', this.#telemetry), options, clock);
    this.#lifecycle.started('producer', () => producer.disconnect());
    await producer.connect().catch((error: unknown) => {
      throw unreachable(kafka.brokers, error);
    });
    this.#readiness.pass('producer');
    const encoder = new SyncLogEncoder(this.#schemas.syncLogEntry, schemaId);
    const writer = { appVersion: VERSION, instance: hostname() };
    const schema = this.#schemas.connectionStatus;
    const status = { kafka, topic: topics.connectionStatus, schema };
    const statusTopic = new KafkaConnectionStatus(status, { producer, registry: this.#registry, clock });
    this.#lifecycle.started('status topic', () => statusTopic.close());
    return {
      statusTopic,
      deadLetters: new KafkaDeadLetters(producer, topics.deadLetter, writer),
      syncLog: new KafkaSyncLog(producer, topics.syncLog, entry => encoder.encode(entry)),
    };
  }

  /** Says what is wrong with the topics. Not fatal: where it matters, reading or writing them fails by itself. */
  async #checkTopics(): Promise<void> {
    const { kafka, topics: names } = this.#config;
    try {
      const { findings } = await withTopicAdmin(kafka, admin => checkTopics(names, admin));
      for (const { level, code, topic, message } of findings) {
        this.#telemetry.notice(level === 'error' ? 'error' : 'warn', code, `${topic} ${message}`, { topic });
      }
    } catch (error) {
      const message = 'the topics could not be checked; run: tiktok-sync topics check';
      this.#telemetry.notice('warn', 'TOPICS_NOT_CHECKED', message, { problem: messageOf(error) });
    }
  }

  async #followConfig(): Promise<ConfigFollowing> {
    const { kafka, topics } = this.#config;
    const decoder = createConfigDecoder(this.#schemas);
    const following = new ConfigFollowing(this.#table, decoder, this.#learning, this.#telemetry);
    this.#following = following;
    const parts = { kafka: createKafka(kafka, 'config', this.#telemetry), clock, telemetry: this.#telemetry };
    const reader = new KafkaConfigTable({ ...kafka, topic: topics.config }, parts);
    this.#lifecycle.started('config topic', () => reader.stop());
    await reader.start(following);
    return following;
  }

  /** Waits for the config table as long as it takes: half a table would skip events for mappings not yet read. */
  async #untilComplete(following: ConfigFollowing): Promise<void> {
    while (!following.complete && !this.#stop.aborted) {
      const keys = this.#table.blockingKeys().slice(0, 5).join(', ');
      const reason = keys === '' ? 'the config topic is being read' : `no readable version of ${keys}`;
      this.#readiness.fail('config', reason);
      if (keys !== '') {
        const message = `the service waits: ${reason}. Repair or delete the entry, or list it in config.ignore`;
        this.#telemetry.notice('error', 'CONFIG_BLOCKED', message);
      }
      await pause(clock, CONFIG_CHECK_MS);
    }
    if (following.complete) this.#readiness.pass('config');
  }

  /** Wires the story and remembers how to take it apart. */
  #assemble(shared: Shared, written: Written): Assembled & { readonly rounds: RedriveRounds | null } {
    const assembled = assemble(this.#config, this.#host.env, {
      ...written,
      ...shared,
      clock,
      learning: this.#learning,
      schemas: this.#schemas,
      table: this.#table,
      telemetry: this.#telemetry,
      onFatal: error => this.#fatal.reject(error),
    });
    const { api, checks, commits, delivery, pipeline, settlement, sharing, source, states } = assembled;
    this.#lifecycle.started('connection states', () => {
      checks.stop();
      sharing.stop();
    });
    this.#lifecycle.started('record source', () => source.stop());
    this.#lifecycle.started('settlement', () => settlement.close());
    this.#lifecycle.started('events api', () => api.destroy());
    this.#observation.running = { pipeline, source, delivery, states };
    this.#watch(source, commits);
    return { ...assembled, rounds: this.#redriveRounds(shared, written, assembled) };
  }

  /** Letters of a connection are sent again once it works again; null where that is switched off. */
  #redriveRounds(shared: Shared, { syncLog }: Written, assembled: Assembled): RedriveRounds | null {
    const config = this.#config;
    const { api, credentialsNow, outage, states } = assembled;
    if (!config.redrive.enabled) return null;
    const rounds = createRedriveRounds({
      ...{ ...shared, config, clock, syncLog, tiktok: { api, credentialsNow, outage, states } },
      ...{ learning: this.#learning, schemas: this.#schemas, table: this.#table, telemetry: this.#telemetry },
    });
    states.onReleased(release => rounds.released(release));
    this.#lifecycle.started('redrive', () => rounds.stop());
    return rounds;
  }

  #watch(source: RecordSource, commits: Commits): void {
    const { batchMaxAgeMs, commitMaxAgeMs, heartbeatMaxAgeMs } = this.#config.watchdog;
    const lastHeartbeat = (): number | null => {
      const age = source.status().sinceHeartbeatMs;
      return age === null ? null : clock.monotonic() - age;
    };
    const oldestBatch = (): number | null => {
      const age = source.status().acceptingForMs;
      return age === null ? null : clock.monotonic() - age;
    };
    const stopWatching = watch(
      [
        { name: 'heartbeat', since: lastHeartbeat, maxAgeMs: heartbeatMaxAgeMs },
        { name: 'batch', since: oldestBatch, maxAgeMs: batchMaxAgeMs },
        { name: 'commit', since: () => commits.waitingSince, maxAgeMs: commitMaxAgeMs },
      ],
      clock,
      (name, overdueMs) => {
        const seconds = Math.round(overdueMs / 1000);
        const message = `${STUCK[name]} ${seconds} s: this process holds its partitions without working on them`;
        this.#fatal.reject(new CodedError('CONSUMER_STUCK', `${message}. It ends, so that another takes them over.`));
      },
    );
    this.#lifecycle.started('watchdog', stopWatching);
  }

  /** Stop fetching, deliver and commit what can be, leave. A second signal ends the process at once (main.ts). */
  async #drain(pipeline: Pipeline, source: RecordSource): Promise<void> {
    const { deadlineMs } = this.#config.shutdown;
    this.#readiness.fail('serving', 'draining');
    this.#telemetry.notice('info', 'SERVICE_DRAINING', 'no more is read; what was read is delivered and committed');
    source.quiesce();
    await pipeline.drain(Math.max(deadlineMs - LEAVE_MS, deadlineMs / 2), NEVER);
    this.#telemetry.notice('info', 'SERVICE_STOPPED', 'what was left is handed over to the next owner');
  }
}

/** Runs `work` again and again, `intervalMs` after its last end; the returned function ends it. */
function every(intervalMs: number, { after }: Clock, work: () => Promise<void>): () => void {
  let ended = false;
  let cancel = (): void => {};
  const next = (): void => {
    // It may have been ended while the work was under way.
    if (!ended) cancel = after(intervalMs, () => void work().then(next));
  };
  next();
  return () => {
    ended = true;
    cancel();
  };
}
