/**
 * The local stack that tests, demo and benchmarks share: Kafka in KRaft mode, Redis and a schema registry, without
 * Docker. `await using stack = await startStack()` is all a script needs; nothing outlives the process that called it,
 * however that ends (see watchdog.ts).
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formattedLog, kafkaJars, registryFiles } from './artifacts.ts';
import type { ServerProcess } from './child-process.ts';
import { kafkaBrokers } from './kafka-broker.ts';
import { requireProgram } from './prerequisites.ts';
import { redisServer } from './redis-server.ts';
import { COMPATIBLE_API, schemaRegistry } from './schema-registry.ts';
import { SandboxError, type Stack, type StackOptions, type StackService, type StopOptions } from './stack-contract.ts';
import { guard, spare } from './watchdog.ts';

export { SandboxError, type Stack, type StackOptions, type StackService, type StopOptions } from './stack-contract.ts';

/** Starting again with other ports helps only against a server that took ours in between. */
const ATTEMPTS = 3;

/**
 * Starts the servers asked for, side by side, and resolves once each of them has answered a request of its protocol.
 * Under `SANDBOX=docker` they run in containers.
 * @throws SandboxError when a program is missing and cannot be installed, or a server fails; everything is stopped then
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  if (process.env.SANDBOX === 'docker') return (await import('./docker-stack.ts')).startDockerStack(options);
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(options);
    } catch (error) {
      if (attempt === ATTEMPTS || !isPortClash(error)) throw error;
      options.onProgress?.('A port was taken in between; starting again on others.');
    }
  }
}

/** The servers of one stack, started or not. */
interface Servers {
  readonly brokers: readonly ServerProcess[];
  readonly registry: ServerProcess | undefined;
  readonly redis: ServerProcess | undefined;
}

async function startOnce(options: StackOptions): Promise<Stack> {
  const onProgress = options.onProgress ?? (() => {});
  const started = performance.now();
  const folder = await mkdtemp(join(options.parentFolder ?? tmpdir(), 'tiktok-sync-sandbox-'));
  guard(folder);
  let servers: ServerProcess[] = [];
  try {
    const parts = await prepare(options, folder, onProgress);
    servers = [...parts.brokers, parts.registry, parts.redis].filter(server => server !== undefined);
    onProgress(`Starting ${servers.map(server => server.name).join(', ')} …`);
    await Promise.all(servers.map(server => server.start()));
    onProgress(`Stack is up after ${((performance.now() - started) / 1000).toFixed(1)} s.`);
    return new LocalStack(folder, parts, onProgress);
  } catch (error) {
    await Promise.all(servers.map(server => server.stop('SIGKILL')));
    await discard(folder, existsSync(join(folder, 'logs')) && !isPortClash(error));
    throw error;
  }
}

/** Fetches what is missing and lays out the servers, without starting one. */
async function prepare(options: StackOptions, folder: string, onProgress: (line: string) => void): Promise<Servers> {
  const { brokers: brokerCount = 1, registry: withRegistry = true, redis: withRedis = true } = options;
  const java = brokerCount > 0 || withRegistry ? requireProgram('java', onProgress) : '';
  if (withRedis) requireProgram('redis', onProgress);
  let brokers: ServerProcess[] = [];
  if (brokerCount > 0) {
    const jars = await kafkaJars(onProgress);
    const formatted: string[] = [];
    for (let id = 1; id <= brokerCount; id++) formatted.push(await formattedLog(id, java, jars));
    brokers = await kafkaBrokers({ folder, java, jars, formatted });
  }
  const registry = withRegistry ? await schemaRegistry(folder, java, await registryFiles(onProgress)) : undefined;
  const redis = withRedis ? await redisServer(folder) : undefined;
  return { brokers, registry, redis };
}

class LocalStack implements Stack {
  readonly brokers: string;
  readonly registryUrl: string;
  readonly redisUrl: string;
  readonly folder: string;
  readonly #servers: Servers;
  readonly #onProgress: (line: string) => void;
  #stopping: Promise<void> | undefined;
  readonly #keepLogsOfFailedProcess = (code: number) => {
    // Above 128 it was ended by a signal, which is no failure.
    if (code === 0 || code > 128) return;
    keepOnlyLogs(this.folder);
    console.error(`Sandbox logs are kept in ${join(this.folder, 'logs')}`);
  };

  constructor(folder: string, servers: Servers, onProgress: (line: string) => void) {
    this.folder = folder;
    this.#servers = servers;
    this.#onProgress = onProgress;
    this.brokers = servers.brokers.map(broker => broker.address).join(',');
    this.registryUrl = servers.registry === undefined ? '' : `http://${servers.registry.address}${COMPATIBLE_API}`;
    this.redisUrl = servers.redis === undefined ? '' : `redis://${servers.redis.address}`;
    process.on('exit', this.#keepLogsOfFailedProcess);
  }

  broker(i = 0): StackService {
    return present(this.#servers.brokers[i], `Kafka node ${i}`);
  }

  get redis(): StackService {
    return present(this.#servers.redis, 'Redis');
  }

  get registry(): StackService {
    return present(this.#servers.registry, 'schema registry');
  }

  stop(options: StopOptions = {}): Promise<void> {
    this.#stopping ??= this.#stop(options.keepLogs ?? false);
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop(keepLogs: boolean): Promise<void> {
    const { brokers, registry, redis } = this.#servers;
    const servers = [...brokers, registry, redis].filter(server => server !== undefined);
    const dead = servers.filter(server => server.diedByItself);
    // The data is thrown away, so there is nothing a gentle end would save.
    await Promise.all(servers.map(server => server.stop('SIGKILL')));
    for (const server of dead) this.#onProgress(`${server.name} had ended by itself, see ${server.logFile}`);
    await discard(this.folder, keepLogs || dead.length > 0);
    if (keepLogs) this.#onProgress(`Sandbox logs are kept in ${join(this.folder, 'logs')}`);
    process.off('exit', this.#keepLogsOfFailedProcess);
  }
}

async function discard(folder: string, keepLogs: boolean): Promise<void> {
  await rm(keepLogs ? join(folder, 'data') : folder, { recursive: true, force: true, maxRetries: 5 });
  spare(folder);
}

/** For the last moments of a process, when only the watchdog still has time to remove a folder. */
function keepOnlyLogs(folder: string): void {
  spare(folder);
  guard(join(folder, 'data'));
}

function present(server: ServerProcess | undefined, what: string): StackService {
  if (server === undefined) throw new SandboxError('NOT_IN_THIS_STACK', `this stack was started without ${what}`);
  return server;
}

function isPortClash(error: unknown): boolean {
  const text = error instanceof SandboxError && error.code === 'SERVER_EXITED' ? error.message : '';
  return /address already in use|port.{0,20}(in use|already bound)/i.test(text);
}
