/**
 * Every option, declared once: kind, default, bounds, their reason, environment name, flag. `config/reference.yaml`,
 * `config/schema.json` and `docs/configuration.md` are generated from this.
 *
 * Names carry their unit (`…Ms`, `…Bytes`, `…Count`, `…Ratio`) and never repeat their section.
 */

import { KAFKA } from './config-kafka-options.ts';
import {
  choice,
  count,
  duration,
  list,
  Option,
  optionalText,
  ratio,
  secret,
  size,
  text,
  url,
} from './config-option.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function topic(name: string, env: string, describe: string): Option<string> {
  return text({
    describe,
    default: name,
    pattern: /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/,
    allowed: '1 to 249 letters, digits, dots, dashes, underscores',
    because: 'these are the names Kafka takes; no two topics of this section may be the same',
    env: `TOPIC_${env}`,
  });
}

export const OPTIONS = {
  kafka: KAFKA,
  topics: {
    conversions: topic('sourceloop.conversions', 'CONVERSIONS', 'Read: ConversionCreated.'),
    revenueUpdates: topic('sourceloop.revenue-updates', 'REVENUE_UPDATES', 'Read: RevenueUpdated.'),
    config: topic('sourceloop.tiktok.config', 'CONFIG', 'Read: connections and mappings (compacted).'),
    deadLetter: topic('sourceloop.tiktok.dead-letter', 'DEAD_LETTER', 'Written: what cannot be delivered.'),
    syncLog: topic('sourceloop.tiktok.sync-log', 'SYNC_LOG', 'Written: one entry per settled event.'),
    connectionStatus: topic(
      'sourceloop.tiktok.connection-status',
      'CONNECTION_STATUS',
      'Written and read: the state of each connection (compacted).',
    ),
  },
  registry: {
    url: url({
      describe: 'Confluent-compatible schema registry, with its path. For Apicurio that ends in /apis/ccompat/v7.',
      pattern: /^https?:\/\/\S+$/,
      allowed: 'an http or https URL without user, password, query and fragment',
      because: 'no record can be decoded without the schema it was written with',
      flag: '--registry-url',
      accept: ({ href, username, password, search, hash }) =>
        `${username}${password}${search}${hash}` === '' ? href.replace(/\/+$/, '') : null,
    }),
    username: optionalText({
      describe: 'User name for basic authentication.',
      allowed: 'any text',
      because: 'it is of use only together with registry.password',
    }),
    password: secret({
      describe: 'Password for basic authentication.',
      because: 'it is of use only together with registry.username',
    }),
    timeoutMs: duration({
      describe: 'How long the registry may take to answer.',
      default: 5_000,
      min: 100,
      max: MINUTE,
      because: 'the partition concerned stands still meanwhile; each schema is fetched once',
    }),
    unknownSchemaGraceMs: duration({
      describe: 'How long a schema id that the registry does not know is asked for again before it counts as poison.',
      default: MINUTE,
      min: 1_000,
      max: HOUR,
      because: 'replicas of a registry lag; its partition stands still meanwhile',
    }),
  },
  redis: {
    mode: choice({
      describe: 'How Redis is run.',
      values: ['standalone', 'sentinel', 'cluster'],
      default: 'standalone',
      because: 'each is found in another way',
    }),
    url: url({
      describe:
        'Redis or Valkey, 7 or later. With TLS the URL begins with rediss://. Its user, password, database and TLS hold for every node; with sentinel or cluster its host is the first node asked.',
      pattern: /^rediss?:\/\/\S+$/,
      allowed: 'redis://[user:password@]host[:port][/database] or rediss://…',
      because: 'without the claims in Redis a crash could send events twice beyond what TikTok drops',
      secrecy: 'credentials',
      flag: '--redis-url',
      accept: ({ href, hostname, pathname, search, hash }) =>
        hostname !== '' && /^(\/\d*)?$/.test(pathname) && `${search}${hash}` === '' ? href : null,
    }),
    nodes: list({
      describe: 'Further sentinels or cluster nodes.',
      default: [],
      item: /^(\[[0-9A-Fa-f:.]+\]|[^\s:,/@[\]]+):\d{1,5}$/,
      allowed: 'host:port, several separated by commas',
      because: 'standalone has one node only, the one in redis.url',
    }),
    sentinelName: optionalText({
      describe: 'Name of the master that the sentinels watch.',
      pattern: /^\S+$/,
      allowed: 'a name without blanks',
      because: 'sentinel needs it, the other modes do not take it',
    }),
    username: optionalText({
      describe: 'User name, where it is not in redis.url.',
      allowed: 'any text',
      because: 'it may not be given twice',
    }),
    password: secret({
      describe: 'Password, where it is not in redis.url.',
      because: 'it may not be given twice',
    }),
    connectTimeoutMs: duration({
      describe: 'How long connecting may take.',
      default: 5_000,
      min: 50,
      max: MINUTE,
      because: 'partitions stand still while Redis is away',
    }),
    commandTimeoutMs: duration({
      describe: 'How long a batch of claims may take; then it is made again.',
      default: 2_000,
      min: 50,
      max: 30_000,
      because: 'a claim may have been taken all the same; repeating it is safe as it names its claimant',
    }),
    keyPrefix: text({
      describe: 'What every key begins with. Services that share a Redis must not share a prefix.',
      default: {
        kind: 'derived',
        from: ['kafka.groupId'],
        text: 'tiktok-sync:<kafka.groupId>:',
        make: groupId => `tiktok-sync:${groupId}:`,
      },
      pattern: /^[\x21-\x7e]{1,300}$/,
      allowed: '1 to 300 printable ASCII characters without blanks',
      because: 'two groups that process the same events must not take each other for duplicates',
    }),
  },
  dedup: {
    pendingTakeoverMs: duration({
      describe: 'How long an event that was claimed but not yet delivered keeps copies of it out.',
      default: HOUR,
      min: 1_000,
      max: 47 * HOUR,
      because: 'then its claimant counts as vanished; TikTok remembers for 48 h, so a later takeover could count twice',
    }),
    replayHorizonMs: duration({
      describe: 'How long the service may be stopped before events that were sent but not committed could count twice.',
      default: 72 * HOUR,
      min: 48 * HOUR,
      max: 30 * DAY,
      because: 'claims live 48 h in any case, so less has no effect; Redis memory grows with it',
    }),
    onUnavailable: choice({
      describe:
        'While Redis is away: pause stands still; pass_through goes on without de-duplication and counts what passes.',
      values: ['pause', 'pass_through'],
      default: 'pause',
      because: 'late is better than twice, unless you say otherwise',
    }),
  },
  window: {
    sizeMs: duration({
      describe: 'Length of the tumbling window in which events of a connection are gathered.',
      default: 2 * MINUTE,
      min: 100,
      max: HOUR,
      because: 'longer delays every event and fills the buffer, shorter makes more and smaller requests',
      env: 'WINDOW_MS',
      flag: '--window',
    }),
    maxBufferedEventsCount: count({
      describe: 'Most events held in memory; then partitions pause.',
      default: 50_000,
      min: 100,
      max: 5_000_000,
      because: 'an event takes one to two kilobytes, and memory must be bounded whatever the backlog',
    }),
    maxBufferedBytes: size({
      describe: 'Most bytes held in memory, source records included; then partitions pause.',
      default: 134_217_728,
      min: 1_048_576,
      max: 4_294_967_296,
      because: 'memory must be bounded whatever the backlog; the process needs about 250 MB beside it',
    }),
    pressureRatio: ratio({
      describe: 'Share of the buffer at which the fullest batches leave before their window closes.',
      default: 0.8,
      min: 0.1,
      max: 0.99,
      because: 'at 1 partitions would pause before anything left early',
    }),
    resumeRatio: ratio({
      describe: 'Share of the buffer at which paused partitions go on.',
      default: 0.5,
      min: 0.05,
      max: 0.95,
      because: 'it must be well below window.pressureRatio, or partitions flap',
    }),
  },
  events: {
    maxAgeMs: duration({
      describe: 'Older events are dead letters (too_old).',
      default: 28 * DAY,
      min: MINUTE,
      max: 28 * DAY,
      because: 'attribution windows are at most 28 days, so an older event earns nothing',
    }),
    maxFutureMs: duration({
      describe: 'Events further in the future are dead letters (in_future).',
      default: 10 * MINUTE,
      min: 0,
      max: DAY,
      because: 'clocks differ by minutes; a day is a wrong unit or a wrong time zone',
    }),
    maxEventBytes: size({
      describe: 'Largest TikTok event as JSON; larger ones are dead letters (invalid_event).',
      default: 65_536,
      min: 1_024,
      max: 1_048_576,
      because: 'an ordinary event has one to two kilobytes; one must not fill a request',
    }),
  },
  delivery: {
    requestTimeoutMs: duration({
      describe: 'How long TikTok may take to answer; then the request goes again with the same event ids.',
      default: 15_000,
      min: 100,
      max: 2 * MINUTE,
      because: 'a request that timed out may have been taken, so waiting beats repeating',
    }),
    connectTimeoutMs: duration({
      describe: 'How long connecting to TikTok may take.',
      default: 5_000,
      min: 50,
      max: MINUTE,
      because: 'a request that was never sent is the cheapest one to repeat',
    }),
    batchMaxEventsCount: count({
      describe: 'Most events in a request (Events API 2.0; 1.0 takes 50).',
      default: 1_000,
      min: 1,
      max: 1_000,
      because: 'TikTok refuses a request with more than 1,000 as a whole',
    }),
    batchMaxBytes: size({
      describe: 'Most bytes in a request.',
      default: 1_000_000,
      min: 16_384,
      max: 10_000_000,
      because: 'TikTok names no limit; 1 MB is what others keep to',
    }),
    retryBaseMs: duration({
      describe: 'Longest wait before the second attempt; it doubles with each further one, with full jitter.',
      default: 500,
      min: 10,
      max: MINUTE,
      because: 'shorter would hammer an API that is failing',
    }),
    retryMaxMs: duration({
      describe: 'Longest wait between two attempts.',
      default: MINUTE,
      min: 10,
      max: 10 * MINUTE,
      because: 'longer delays every event after an outage',
    }),
    ambiguousHorizonMs: duration({
      describe: 'Nothing that TikTok may have taken longer ago is sent again: dead letter (ambiguous_past_dedup).',
      default: 47 * HOUR,
      min: MINUTE,
      max: 47 * HOUR,
      because: 'TikTok drops repeats for 48 h only; the hour between is for clocks and the request itself',
    }),
    maxConnectionsCount: count({
      describe: 'Most HTTP connections to TikTok at a time.',
      default: 256,
      min: 1,
      max: 4_096,
      because:
        'each carries one request, and a connection of ours has one at a time; slow ones must not use them all up',
    }),
  },
  tiktok: {
    baseUrl: url({
      describe: 'Origin of the Events API; the service appends /open_api/v1.3/.',
      default: 'https://business-api.tiktok.com',
      pattern: /^https?:\/\/\S+$/,
      allowed: 'an origin: http or https, host, port; no path, query, user or password',
      because: 'access tokens go there; http is for simulators',
      flag: '--tiktok-base-url',
      accept: ({ origin, pathname, username, password, search, hash }) =>
        pathname === '/' && `${username}${password}${search}${hash}` === '' ? origin : null,
    }),
  },
  tokens: {
    dir: text({
      describe: 'Folder in which access tokens written as file:NAME are found.',
      default: '/etc/tiktok-sync/tokens',
      pattern: /\S/,
      allowed: 'a path',
      because: 'a connection can name no file outside it',
      flag: '--tokens-dir',
    }),
  },
  config: {
    ignore: list({
      describe: 'Keys of the config topic to leave out, for an entry that can be neither repaired nor deleted.',
      default: [],
      item: /^(connection|mapping):.+$/,
      allowed: 'connection:<id> or mapping:<id>, several separated by commas',
      because: 'an unreadable entry without a good version keeps the service from getting ready',
    }),
  },
  http: {
    host: text({
      describe: 'Address that health, metrics and status listen on.',
      default: '0.0.0.0',
      pattern: /^[^\s/]+$/,
      allowed: 'an address or host name',
      because: 'probes and scrapers come from outside the container',
    }),
    port: count({
      describe: 'Port that health, metrics and status listen on; 0 takes a free one.',
      default: 8_080,
      min: 0,
      max: 65_535,
      because: 'these are the ports there are',
      flag: '--http-port',
    }),
  },
  shutdown: {
    deadlineMs: duration({
      describe: 'How long a graceful stop may take: deliver what is buffered, commit, leave the group.',
      default: MINUTE,
      min: 1_000,
      max: 10 * MINUTE,
      because: "it must end before the platform's grace period does; what is left is read again, not lost",
    }),
  },
  watchdog: {
    heartbeatMaxAgeMs: duration({
      describe: 'Without a good heartbeat for this long the process exits and is started anew.',
      default: {
        kind: 'derived',
        from: ['kafka.sessionTimeoutMs', 'kafka.rebalanceTimeoutMs'],
        text: '2m, or 15s above kafka.sessionTimeoutMs + kafka.rebalanceTimeoutMs where that is more',
        make: (session, rebalance) => Math.max(2 * MINUTE, Number(session) + Number(rebalance) + 15_000),
      },
      min: 12_000,
      max: 2 * HOUR,
      because: 'the Kafka client can hang without an error',
    }),
    commitMaxAgeMs: duration({
      describe: 'With settled offsets but no good commit for this long the process exits and is started anew.',
      default: {
        kind: 'derived',
        from: ['kafka.rebalanceTimeoutMs', 'kafka.commitIntervalMs'],
        text: '5m, or 1m above kafka.rebalanceTimeoutMs + kafka.commitIntervalMs where that is more',
        make: (rebalance, commit) => Math.max(5 * MINUTE, Number(rebalance) + Number(commit) + MINUTE),
      },
      min: 7_000,
      max: 2 * HOUR,
      because: 'commits can die while reading goes on, and a restart would then repeat all of it',
    }),
  },
  log: {
    level: choice({
      describe: 'Least severe lines to write.',
      values: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      default: 'info',
      because: 'info is a few lines a window, whatever the rate of events',
      flag: '--log-level',
    }),
    format: choice({
      describe: 'json for machines, text for people.',
      values: ['json', 'text'],
      default: 'json',
      because: 'log collectors read JSON',
      flag: '--log-format',
    }),
  },
  metrics: {
    maxLabelledConnectionsCount: count({
      describe: 'Connections that have metrics of their own; the rest is counted under "other".',
      default: 500,
      min: 0,
      max: 5_000,
      because: 'each costs some twenty series; /status has them all',
    }),
  },
};

/** An option's compiled type, or a section of them. No field is optional; what may be absent is null. */
type Compiled<Node> = Node extends Option<infer Value> ? Value : { readonly [Key in keyof Node]: Compiled<Node[Key]> };

/** The whole configuration, checked, with every default filled in, deeply frozen. */
export type Config = Compiled<typeof OPTIONS>;

/** A section or an option of the declaration. */
export type OptionTree = { readonly [key: string]: OptionTree | Option<unknown> };

/** An option with the names it goes by. */
export interface NamedOption {
  /** `kafka.sessionTimeoutMs` */
  readonly path: string;
  /** `TIKTOK_SYNC_KAFKA_SESSION_TIMEOUT_MS` */
  readonly env: string;
  readonly option: Option<unknown>;
}

export const ENV_PREFIX = 'TIKTOK_SYNC_';

/** The declaration as a tree whose leaves' types are erased. */
export const OPTION_TREE: OptionTree = OPTIONS;

/** Every option, in the order of the declaration, by its path. */
export const ALL_OPTIONS: ReadonlyMap<string, NamedOption> = new Map(
  [...leaves(OPTION_TREE, '')].map(([path, option]) => [path, { path, env: environmentName(path, option), option }]),
);

function* leaves(tree: OptionTree, prefix: string): Generator<[string, Option<unknown>]> {
  for (const [key, node] of Object.entries(tree)) {
    if (node instanceof Option) yield [prefix + key, node];
    else yield* leaves(node, `${prefix}${key}.`);
  }
}

function environmentName(path: string, option: Option<unknown>): string {
  const upper = path
    .replaceAll('.', '_')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toUpperCase();
  return ENV_PREFIX + (option.env ?? upper);
}
