/**
 * The service: reaches its surroundings in order, waits for its configuration, runs the story (wired in assembly.ts)
 * and takes everything down in reverse.
 */

import { hostname } from 'node:os';
import { systemClock as clock } from './adapters/clock.ts';
import type { KafkaConfigTable } from './adapters/kafka-config-table.ts';
import { KafkaConnectionStatus } from './adapters/kafka-connection-status.ts';
import { KafkaDeadLetters } from './adapters/kafka-dead-letters.ts';
import { KafkaSyncLog } from './adapters/kafka-sync-log.ts';
import { createTelemetry, type ServiceTelemetry } from './adapters/telemetry.ts';
import { type Assembled, assemble } from './assembly.ts';
import { createRedriveRounds } from './automatic-redrive.ts';
import type { Config } from './config.ts';
import { startAdminServer } from './control/admin-http.ts';
import type { Host } from './control/host.ts';
import { checkTopics } from './control/topics.ts';
import { commitOf, VERSION } from './control/version.ts';
import { messageOf } from './core/error-codes.ts';
import { Lifecycle } from './lifecycle.ts';
import { Observation } from './observation.ts';
import type { Pipeline } from './pipeline.ts';
import type { Clock, ConnectionStatusTopic, DeadLetters, RecordSource, SyncLog } from './ports.ts';
import { type CheckState, Readiness } from './readiness.ts';
import type { RedriveRounds } from './redrive-rounds.ts';
import { watchConsumer } from './stuck-consumer.ts';
import {
  createKnowledge,
  followConfigTopic,
  type Knowledge,
  type OnRedis,
  type Opening,
  openProducer,
  openRedis,
  STATUS_WAIT_MS,
  syncLogEncoding,
  untilComplete,
} from './surroundings.ts';
import { timedClaims } from './timed-claims.ts';
import { withTopicAdmin } from './topics-command.ts';

/** Of the shutdown's time, what is left for leaving the group and closing connections. */
const LEAVE_MS = 5_000;
const REDIS_PING_MS = 5_000;
const NEVER = new AbortController().signal;

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
    commit: commitOf(host.env),
    nodeVersion: host.nodeVersion,
    ...config.metrics,
    topics: [config.topics.conversions, config.topics.revenueUpdates],
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
  readonly #opening: Opening;
  readonly #knowledge: Knowledge;
  readonly #observation: Observation;
  #redisUp = false;
  #configTopic: KafkaConfigTable | null = null;

  constructor(config: Config, host: Host, telemetry: ServiceTelemetry, lifecycle: Lifecycle, stop: AbortSignal) {
    this.#config = config;
    this.#host = host;
    this.#telemetry = telemetry;
    this.#lifecycle = lifecycle;
    this.#stop = stop;
    this.#opening = { config, clock, telemetry, lifecycle };
    this.#knowledge = createKnowledge(this.#opening);
    const { following, table } = this.#knowledge;
    this.#observation = new Observation({
      config,
      table,
      clock,
      commit: commitOf(host.env),
      nodeVersion: host.nodeVersion,
      sinceConfigContactMs: () => this.#configTopic?.status().sinceContactMs ?? null,
      configComplete: () => following.complete,
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
    const onRedis = await this.#startRedis();
    const written = await this.#startWriting();
    await this.#checkTopics();
    this.#configTopic = await followConfigTopic(this.#opening, this.#knowledge.following);
    await Promise.race([this.#untilComplete(), stopRequested, this.#fatal.promise]);
    if (this.#stop.aborted) return;
    const { checks, pipeline, rounds, sharing, source } = this.#assemble(onRedis, written);
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

  async #startRedis(): Promise<OnRedis> {
    const { client, ...roles } = await openRedis(this.#opening);
    this.#readiness.pass('redis');
    this.#redisUp = true;
    const stopPinging = every(REDIS_PING_MS, clock, async () => {
      this.#redisUp = await client.ping().then(
        () => true,
        () => false,
      );
    });
    this.#lifecycle.started('redis ping', stopPinging);
    return { client, ...roles, claims: timedClaims(roles.claims, clock, this.#telemetry) };
  }

  /** One producer for all that is written; the log's schema is registered or found before anything is read. */
  async #startWriting(): Promise<Written> {
    const { kafka, topics } = this.#config;
    const { registry, schemas } = this.#knowledge;
    const encode = await syncLogEncoding(this.#opening, this.#knowledge);
    this.#readiness.pass('registry');
    const producer = await openProducer(this.#opening);
    this.#readiness.pass('producer');
    const status = { kafka, topic: topics.connectionStatus, schema: schemas.connectionStatus };
    const statusTopic = new KafkaConnectionStatus(status, { producer, registry, clock });
    this.#lifecycle.started('status topic', () => statusTopic.close());
    const writer = { appVersion: VERSION, instance: hostname() };
    return {
      statusTopic,
      deadLetters: new KafkaDeadLetters(producer, topics.deadLetter, writer),
      syncLog: new KafkaSyncLog(producer, topics.syncLog, encode),
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

  /** Waits for the config table as long as it takes: half a table would skip events for mappings not yet read. */
  async #untilComplete(): Promise<void> {
    const { following } = this.#knowledge;
    await untilComplete(following, clock, this.#stop, unreadable => {
      const reason = unreadable === '' ? 'the config topic is being read' : `no readable version of ${unreadable}`;
      this.#readiness.fail('config', reason);
      if (unreadable === '') return;
      const message = `the service waits: ${reason}. Repair or delete the entry, or list it in config.ignore`;
      this.#telemetry.notice('error', 'CONFIG_BLOCKED', message);
    });
    if (following.complete) this.#readiness.pass('config');
  }

  /** Wires the story and remembers how to take it apart. */
  #assemble(onRedis: OnRedis, written: Written): Assembled & { readonly rounds: RedriveRounds | null } {
    const assembled = assemble(this.#config, this.#host.env, {
      ...written,
      ...onRedis,
      ...this.#knowledge,
      clock,
      telemetry: this.#telemetry,
      isConfigRead: async () => (await this.#configTopic?.isAtEnd()) ?? false,
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
    const stopWatching = watchConsumer({ source, commits, clock }, this.#config.watchdog, stuck => {
      this.#fatal.reject(stuck);
    });
    this.#lifecycle.started('watchdog', stopWatching);
    return { ...assembled, rounds: this.#redriveRounds(onRedis, written, assembled) };
  }

  /** Letters of a connection are sent again once it works again; null where that is switched off. */
  #redriveRounds(onRedis: OnRedis, { syncLog }: Written, assembled: Assembled): RedriveRounds | null {
    const config = this.#config;
    const { api, credentialsNow, outage, states } = assembled;
    if (!config.redrive.enabled) return null;
    const rounds = createRedriveRounds({
      ...{ ...onRedis, ...this.#knowledge, config, clock, syncLog, telemetry: this.#telemetry },
      tiktok: { api, credentialsNow, outage, states },
    });
    states.onReleased(release => rounds.released(release));
    this.#lifecycle.started('redrive', () => rounds.stop());
    return rounds;
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
