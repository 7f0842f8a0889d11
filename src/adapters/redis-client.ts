/**
 * The connection to Redis ≥ 7 or Valkey: standalone, behind Sentinel, or Cluster; `rediss:` for TLS.
 *
 * The client is kept from being helpful. It must not queue while Redis is away (a claim made minutes later is a claim
 * nobody waits for) and not resend after a cut (we would read our own first write as somebody else's); the caller
 * repeats what may be repeated. Every call settles within the command timeout.
 */

import { Cluster, Redis } from 'ioredis';
import { CodedError, messageOf } from '../core/error-codes.ts';
import { ClaimsUnavailable } from '../ports.ts';
import { tlsAdvice } from './tls-advice.ts';
import type { TlsMaterial } from './tls-files.ts';

/** The section `redis` of the configuration. */
export interface RedisOptions {
  readonly mode: 'standalone' | 'sentinel' | 'cluster';
  /** `redis[s]://[user:password@]host[:port][/database]`; with Sentinel or Cluster the first node to ask. */
  readonly url: string;
  /** `host:port` of further sentinels or cluster nodes. */
  readonly nodes: readonly string[];
  /** Name of the master that the sentinels watch. */
  readonly sentinelName: string | null;
  /** Where they are not in the URL. */
  readonly username: string | null;
  readonly password: string | null;
  /** For a `rediss:` URL; holds for every node. */
  readonly tls: TlsMaterial;
  /** How long one connection may take, and how long `connect` waits for a Redis that is not there yet. */
  readonly connectTimeoutMs: number;
  /** How long a call may take. */
  readonly commandTimeoutMs: number;
}

export interface RedisClient {
  readonly raw: Redis | Cluster;
  /** Waits until Redis is reachable; rejects with `DEPENDENCY_UNREACHABLE`, also where it cannot be used. */
  connect(): Promise<void>;
  /** Asks every master; rejects with `ClaimsUnavailable`. */
  ping(): Promise<void>;
  close(): Promise<void>;
  /** Settles in time whatever the client does; rejects with `ClaimsUnavailable` for every failure. */
  answer<T>(asked: Promise<T>): Promise<T>;
  /** Runs a script on keys that share a slot (`{…}`); rejects with `ClaimsUnavailable`. */
  runScript(lua: string, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
}

/** How an answer begins that is no reply of Redis; the client would have it reported as a defect of its own. */
const NO_REPLY = /Unknown RESP type/;
/** What Kafka does, too, with what it cannot read. */
const HUNG_UP = 'it hangs up without a reply: is it Redis, and does it want TLS, rediss:?';
/** Error replies that no waiting will cure. */
const REFUSALS = /^(WRONGPASS|NOAUTH|NOPERM|ERR invalid password|ERR DB index|ERR AUTH|ERR invalid DB)/;
const LONGEST_RECONNECT_DELAY_MS = 1_000;
/** `SET … NX GET` in one command. */
const OLDEST_REDIS = 7;

export function createRedisClient(options: RedisOptions): RedisClient {
  const target = parseTarget(options);
  const where = target.nodes.map(({ host, port }) => `${host}:${port}`).join(', ');
  const client = options.mode === 'cluster' ? createCluster(options, target) : createClient(options, target);
  let lastProblem: string | null = null;
  const notice = (error: Error) => {
    lastProblem = wordsOf(error);
  };
  // Without a listener the client prints every connection error to standard error.
  client.on('error', notice);
  client.on('node error', notice);
  client.on('ready', () => {
    lastProblem = null;
  });

  async function answer<T>(asked: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('Command timed out')), options.commandTimeoutMs);
    });
    try {
      return await Promise.race([asked, late]);
    } catch (error) {
      throw new ClaimsUnavailable(`Redis at ${where}: ${explain(error, lastProblem, options.commandTimeoutMs)}`);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    raw: client,
    connect: () => connect(client, where, options.connectTimeoutMs),
    ping: () => answer(pingMasters(client)),
    async close() {
      client.disconnect();
    },
    answer,
    runScript: (lua, keys, args) => answer(client.eval(lua, keys.length, ...keys, ...args)),
  };
}

/** What happened, where the client's own words would lead astray. */
function wordsOf({ message }: Error): string {
  return NO_REPLY.test(message) ? 'what answers there is not Redis, or wants TLS (rediss:)' : message;
}

function explain(error: unknown, lastProblem: string | null, timeoutMs: number): string {
  const message = messageOf(error);
  if (message.includes('timed out')) return `no answer within ${timeoutMs} ms`;
  const away = /isn't writeable|isn't ready|Connection is closed|max retries|None of startup nodes/.test(message);
  return away ? `not connected (${lastProblem ?? 'the connection was cut'})` : message;
}

/** What the URL and the options say together. */
interface Target {
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly username: string;
  readonly password: string;
  readonly database: number;
  readonly tls: boolean;
}

function parseTarget({ url, nodes, username, password }: RedisOptions): Target {
  const first = URL.canParse(url) ? new URL(url) : null;
  const database = Number(first?.pathname.replace('/', '') || 0);
  const known = first?.protocol === 'redis:' || first?.protocol === 'rediss:';
  if (!first?.hostname || !known || !Number.isInteger(database)) {
    throw new CodedError('CONFIG_INVALID_VALUE', 'redis.url must look like redis[s]://[user:password@]host:port[/0]');
  }
  return {
    nodes: [first.host, ...nodes].map(parseNode),
    username: username ?? decodeURIComponent(first.username),
    password: password ?? decodeURIComponent(first.password),
    database,
    tls: first.protocol === 'rediss:',
  };
}

/** `host:port`, `host` or `[v6]:port`. */
function parseNode(text: string): { host: string; port: number } {
  const { hostname, port } = new URL(`redis://${text}`);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 6379) };
}

/** Settings every data connection has in common. */
function connectionOptions(options: RedisOptions, { username, password, tls }: Target) {
  return {
    lazyConnect: true,
    replyMapping: 'legacy' as const,
    commandTimeout: options.commandTimeoutMs,
    // A dead host sends no reset; without this a connection through it would stay for a quarter of an hour.
    socketTimeout: 2 * options.commandTimeoutMs,
    connectTimeout: options.connectTimeoutMs,
    // All three together: a command fails when the connection does, is not sent again, and does not wait for the next.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // A demoted master: look for the new one. The failed command is rejected, not resent.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
    ...(tls ? { tls: options.tls } : {}),
  };
}

function reconnectDelay(attempt: number): number {
  const delay = Math.min(25 * 2 ** attempt, LONGEST_RECONNECT_DELAY_MS);
  return delay / 2 + Math.random() * (delay / 2);
}

function createClient(options: RedisOptions, target: Target): Redis {
  const common = connectionOptions(options, target);
  const settings = { ...common, db: target.database, retryStrategy: reconnectDelay };
  if (options.mode === 'standalone') return new Redis({ ...settings, ...target.nodes[0]! });
  if (options.sentinelName === null) {
    throw new CodedError('CONFIG_CONFLICT', 'redis.sentinelName is needed with redis.mode "sentinel"');
  }
  return new Redis({
    ...settings,
    name: options.sentinelName,
    sentinels: [...target.nodes],
    sentinelRetryStrategy: reconnectDelay,
    sentinelCommandTimeout: options.commandTimeoutMs,
    ...(common.username === undefined ? {} : { sentinelUsername: common.username }),
    ...(common.password === undefined ? {} : { sentinelPassword: common.password }),
    ...(common.tls ? { sentinelTLS: common.tls, enableTLSForSentinelMode: true } : {}),
  });
}

function createCluster(options: RedisOptions, target: Target): Cluster {
  const { enableOfflineQueue, lazyConnect, ...redisOptions } = connectionOptions(options, target);
  return new Cluster([...target.nodes], {
    lazyConnect,
    enableOfflineQueue,
    redisOptions,
    clusterRetryStrategy: reconnectDelay,
    slotsRefreshTimeout: options.commandTimeoutMs,
    // A certificate names hosts, so they must not be replaced by their addresses.
    ...(target.tls ? { dnsLookup: keepHostName } : {}),
  });
}

function keepHostName(host: string, found: (error: null, address: string) => void): void {
  found(null, host);
}

/** The client goes on trying by itself; this only waits for the first success, and checks what it has reached. */
async function connect(client: Redis | Cluster, where: string, timeoutMs: number): Promise<void> {
  let problem = 'no answer';
  let isTaken = false;
  let timer: NodeJS.Timeout | undefined;
  const onError = (error: Error, fail: (reason: CodedError) => void) => {
    problem = wordsOf(error);
    if (NO_REPLY.test(error.message)) {
      fail(new CodedError('DEPENDENCY_UNREACHABLE', `redis.url: ${problem}: ${where}`));
    }
    const advice = tlsAdvice(error, 'redis.tls');
    if (advice !== null && !advice.passes) {
      const message = `redis.url: no TLS connection to ${where} (${problem.trim()}). ${advice.text}`;
      fail(new CodedError('DEPENDENCY_UNREACHABLE', message));
    }
    if (!REFUSALS.test(problem)) return;
    fail(new CodedError('DEPENDENCY_UNREACHABLE', `Redis at ${where} (redis.url) answered: ${problem}`));
  };
  try {
    await new Promise<void>((resolve, reject) => {
      client.once('ready', resolve);
      client.on('error', (error: Error) => onError(error, reject));
      client.on('node error', (error: Error) => onError(error, reject));
      client.on('connect', () => {
        isTaken = true;
      });
      client.on('close', () => {
        if (isTaken && /^no answer$|EPIPE|ECONNRESET/.test(problem)) problem = HUNG_UP;
        isTaken = false;
      });
      timer = setTimeout(() => {
        const hint = `redis.url: nothing usable at ${where} within ${timeoutMs} ms (${problem})`;
        reject(new CodedError('DEPENDENCY_UNREACHABLE', hint));
      }, timeoutMs);
      // Rejects when the first try fails; the client's own tries go on, and the error listener knows why.
      client.connect().catch(() => undefined);
    });
    await checkVersion(client, where);
  } catch (error) {
    client.disconnect();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function mastersOf(client: Redis | Cluster): Redis[] {
  return client instanceof Cluster ? client.nodes('master') : [client];
}

/** A cluster's nodes answer before the client has the slots, and the client drops dead nodes from its list: so count. */
async function pingMasters(client: Redis | Cluster): Promise<void> {
  const masters = mastersOf(client);
  const owners = client instanceof Cluster ? new Set(client.slots.map(nodes => nodes[0])).size : 1;
  if (client.status !== 'ready' || masters.length < owners || owners === 0) throw new Error("a master isn't ready");
  await Promise.all(masters.map(node => node.ping()));
}

async function checkVersion(client: Redis | Cluster, where: string): Promise<void> {
  for (const node of mastersOf(client)) {
    // A user that may not ask (INFO counts as dangerous) finds out at the first claim.
    const info = await node.info('server').catch(() => '');
    const version = /redis_version:(\d+)\.[\d.]+/.exec(info);
    if (version && Number(version[1]) < OLDEST_REDIS) {
      const found = version[0].replace('redis_version:', '');
      const need = `Redis ${OLDEST_REDIS} or Valkey is needed (for SET … NX GET)`;
      throw new CodedError('DEPENDENCY_UNREACHABLE', `redis.url: ${where} runs Redis ${found}; ${need}`);
    }
  }
}
