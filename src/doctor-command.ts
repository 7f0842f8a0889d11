/** `doctor` on the real servers: looks at each through its adapter and lets `control/` judge. Changes nothing. */

import { randomUUID } from 'node:crypto';
import { systemClock } from './adapters/clock.ts';
import { kafkaTrouble, lookAtBrokers } from './adapters/kafka-broker-look.ts';
import { lookAtGroup } from './adapters/kafka-group-look.ts';
import { lookAtRedis } from './adapters/redis-look.ts';
import { lookAtRegistry } from './adapters/registry-look.ts';
import { readSchemas } from './adapters/schema-files.ts';
import { createEventsApi } from './adapters/tiktok-events-api.ts';
import { lookAtTikTok } from './adapters/tiktok-look.ts';
import { readTlsFiles } from './adapters/tls-files.ts';
import { createTokens } from './adapters/tokens.ts';
import { createQuietKafka, registryConnection } from './clients.ts';
import type { Config } from './config.ts';
import { withConfigTopic } from './config-topic-command.ts';
import { type DoctorRequest, type Examination, runDoctor } from './control/doctor.ts';
import { judgeConnections } from './control/doctor-connections.ts';
import { type Finding, fine, skipped, troubled } from './control/doctor-findings.ts';
import { judgeFirstStart } from './control/doctor-first-start.ts';
import { isKafkaThere, judgeBrokers, judgeGroup, judgeRights, judgeTopicsReport } from './control/doctor-kafka.ts';
import { judgeRedis } from './control/doctor-redis.ts';
import { judgeRegistry } from './control/doctor-registry.ts';
import { judgeTikTok } from './control/doctor-tiktok.ts';
import { judgeVerified } from './control/doctor-tokens.ts';
import type { ExitCode } from './control/exit-codes.ts';
import type { Host } from './control/host.ts';
import { checkTopics } from './control/topics.ts';
import { verifyAll } from './control/verify-connection.ts';
import { VERSION } from './control/version.ts';
import { createEventDecoder } from './core/decode.ts';
import { CodedError } from './core/error-codes.ts';
import { valueSubject } from './core/schema-contract.ts';
import type { StoredConfig } from './core/stored-config.ts';
import type { Tokens } from './ports.ts';
import type { BrokerLook, RegistryLook } from './ports-doctor.ts';
import { withTopicAdmin } from './topics-command.ts';

/** One attempt: who looks again does it by running the command again. */
const NO_RETRY = { retries: 0 } as const;
const USER_AGENT = `tiktok-conversion-sync/${VERSION}`;

export async function runDoctorCommand(request: DoctorRequest, config: Config, host: Host): Promise<ExitCode> {
  const doctor = new Doctor(request, bounded(config, request.timeoutMs), host);
  return runDoctor(request, doctor.examinations(), systemClock, host);
}

/** No single attempt takes longer than the dependency may. */
function bounded(config: Config, timeoutMs: number): Config {
  const most = (ms: number) => Math.min(ms, timeoutMs);
  const { delivery, kafka, redis, registry } = config;
  return {
    ...config,
    kafka: {
      ...kafka,
      connectionTimeoutMs: most(kafka.connectionTimeoutMs),
      requestTimeoutMs: most(kafka.requestTimeoutMs),
    },
    redis: { ...redis, connectTimeoutMs: most(redis.connectTimeoutMs), commandTimeoutMs: most(redis.commandTimeoutMs) },
    registry: { ...registry, timeoutMs: most(registry.timeoutMs) },
    delivery: {
      ...delivery,
      connectTimeoutMs: most(delivery.connectTimeoutMs),
      requestTimeoutMs: most(delivery.requestTimeoutMs),
    },
  };
}

/** One visit: what several examinations need is asked for once. */
class Doctor {
  readonly #request: DoctorRequest;
  readonly #config: Config;
  readonly #host: Host;
  readonly #tls: ReturnType<typeof readTlsFiles>;
  readonly #tokens: Tokens;
  readonly #brokers: Promise<readonly BrokerLook[]>;
  readonly #registry: Promise<RegistryLook>;
  readonly #stored: Promise<StoredConfig | string>;

  /** @throws CodedError where a file that the configuration names cannot be used */
  constructor(request: DoctorRequest, config: Config, host: Host) {
    this.#request = request;
    this.#config = config;
    this.#host = host;
    this.#tls = readTlsFiles('redis', config.redis.tls);
    this.#tokens = createTokens(config.tokens, host.env);
    if (config.kafka.tls.enabled) readTlsFiles('kafka', config.kafka.tls);
    const registry = registryConnection(config.registry);
    this.#brokers = this.#dial();
    const decoder = createEventDecoder(readSchemas());
    this.#registry = lookAtRegistry(registry, this.#subjects(), (id, knowledge) => decoder.problemOf(id, knowledge));
    this.#stored = this.#read();
    // Each is awaited by an examination of its own, which tells what went wrong.
    for (const asked of [this.#brokers, this.#registry, this.#stored]) asked.catch(() => {});
  }

  /** Times are counted from one start for all: what waits for another look may take as much longer. */
  examinations(): readonly Examination[] {
    const { timeoutMs, verifyTokens } = this.#request;
    const { baseUrl, proxyUrl } = this.#config.tiktok;
    const examine = (check: string, rounds: number, look: Examination['look']) => {
      return { check, look, timeoutMs: rounds * timeoutMs };
    };
    return [
      examine('configuration', 1, async () => [fine('configuration', 'valid; tiktok-sync check shows all of it')]),
      examine('kafka.brokers', 2, async () => judgeBrokers(await this.#brokers)),
      examine('kafka.topics', 3, () => this.#withKafka('kafka.topics', looks => this.#topics(looks))),
      examine('kafka.group', 3, () => this.#withKafka('kafka.group', looks => this.#group(looks))),
      examine('registry', 2, async () => judgeRegistry(await this.#registry, this.#config.registry.url)),
      examine('redis', 2, () => this.#redis()),
      // Longer than the look's own limit, which says more.
      examine('tiktok', 2, async () => {
        const look = await lookAtTikTok({ baseUrl, proxyUrl, timeoutMs, userAgent: USER_AGENT }, this.#host.now);
        return judgeTikTok(look, baseUrl, proxyUrl === null ? this.#host.env : {});
      }),
      examine('connections', 3, () =>
        this.#withStored(async stored => judgeConnections(stored, this.#tokens, this.#config.config.ignore)),
      ),
      ...(verifyTokens ? [examine('tokens.verified', 4, () => this.#verified())] : []),
    ];
  }

  #dial(): Promise<readonly BrokerLook[]> {
    const { kafka, topics } = this.#config;
    return lookAtBrokers(kafka.brokers, Object.values(topics), address =>
      createQuietKafka({ ...kafka, brokers: [address] }, 'doctor', NO_RETRY),
    );
  }

  async #withKafka(
    check: string,
    look: (looks: readonly BrokerLook[]) => Promise<readonly Finding[]>,
  ): Promise<readonly Finding[]> {
    const looks = await this.#brokers;
    if (!isKafkaThere(looks)) return [skipped(check, 'not looked at: no broker let this client in')];
    try {
      return await look(looks);
    } catch (error) {
      return [troubled(check, 'asked of the cluster', kafkaTrouble(error))];
    }
  }

  async #topics(looks: readonly BrokerLook[]): Promise<readonly Finding[]> {
    const { kafka, topics } = this.#config;
    const report = await withTopicAdmin(kafka, admin => checkTopics(topics, admin));
    return [...judgeTopicsReport(report, topics), ...judgeRights(looks, topics)];
  }

  async #group(looks: readonly BrokerLook[]): Promise<readonly Finding[]> {
    const { events, kafka, topics } = this.#config;
    const told = looks.flatMap(look => look.topics);
    const sources = [topics.conversions, topics.revenueUpdates].filter(name =>
      told.some(({ error, topic }) => topic === name && error === null),
    );
    const question = {
      groupId: kafka.groupId,
      topics: sources,
      startFrom: kafka.startFrom,
      freshFrom: this.#host.now() - events.maxAgeMs,
    };
    const look = await lookAtGroup(createQuietKafka(kafka, 'doctor', { retries: 2 }), question, systemClock);
    const start = { maxAgeMs: events.maxAgeMs, startFrom: kafka.startFrom };
    return [...judgeGroup(look, kafka.groupId), ...judgeFirstStart(look, start)];
  }

  #subjects(): string[] {
    const { conversions, revenueUpdates } = this.#config.topics;
    return [valueSubject(conversions), valueSubject(revenueUpdates)];
  }

  async #redis(): Promise<readonly Finding[]> {
    const { keyPrefix, mode, url, ...rest } = this.#config.redis;
    const look = await lookAtRedis({ ...rest, mode, url, tls: this.#tls }, `${keyPrefix}doctor:${randomUUID()}`);
    return judgeRedis(look, mode, new URL(url).host);
  }

  /** The entries, or why they cannot be read where that is told elsewhere. */
  async #read(): Promise<StoredConfig | string> {
    if (!isKafkaThere(await this.#brokers)) return 'not read: no broker let this client in';
    if ((await this.#registry).trouble !== null) return 'not read: the schema registry cannot be asked';
    try {
      return await withConfigTopic(this.#config, topic => topic.read(), this.#host.err);
    } catch (error) {
      if (error instanceof CodedError && error.code === 'TOPICS_WRONG') return 'not read: there is no config topic';
      throw error;
    }
  }

  async #withStored(look: (stored: StoredConfig) => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
    const stored = await this.#stored;
    return typeof stored === 'string' ? [skipped('connections', stored)] : look(stored);
  }

  async #verified(): Promise<readonly Finding[]> {
    const stored = await this.#stored;
    if (typeof stored === 'string') return [skipped('tokens.verified', stored)];
    const { partnerName } = this.#config.tiktok;
    const api = createEventsApi({ ...this.#config.delivery, ...this.#config.tiktok, userAgent: USER_AGENT });
    try {
      const verified = await verifyAll(stored, { tokens: this.#tokens, api, partnerName }, this.#host);
      return judgeVerified(verified);
    } finally {
      void api.destroy();
    }
  }
}
