/**
 * What must hold between options. Each rule names the options it is about, is asked only when these are valid by
 * themselves, and answers what is wrong or null. The bounds of single options stand with their declarations.
 */

import type { Config } from './config-options.ts';
import { formatDuration, formatSize } from './config-units.ts';

export interface Rule {
  /** Options the rule reads; the first one is the one to blame. */
  readonly about: readonly string[];
  readonly because: string;
  broken(config: Config): string | null;
}

/** `small` must not be above `large` (`strict`: must be below). */
function atMost(small: string, large: string, because: string, scale = 1, strict = false): Rule {
  const show = small.endsWith('Ms') ? formatDuration : small.endsWith('Bytes') ? formatSize : String;
  return {
    about: [small, large],
    because,
    broken(config) {
      const value = valueAt(config, small);
      const limit = valueAt(config, large) * scale;
      if (strict ? value < limit : value <= limit) return null;
      const part = scale === 1 ? '' : scale < 1 ? `1/${Math.round(1 / scale)} of ` : `${scale} × `;
      return `${show(value)} must be ${strict ? 'below' : 'at most'} ${part}${large} (${show(limit)})`;
    },
  };
}

function valueAt(config: Config, path: string): number {
  return path.split('.').reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], config) as number;
}

/** `holds` over the named options, or else `message`. */
function rule(about: readonly string[], because: string, message: string, holds: (config: Config) => boolean): Rule {
  return { about, because, broken: config => (holds(config) ? null : message) };
}

const TIMING: readonly Rule[] = [
  atMost(
    'kafka.fetchWaitMs',
    'kafka.sessionTimeoutMs',
    'heartbeats run between fetches; the session must outlive three of them',
    1 / 3,
  ),
  atMost(
    'kafka.heartbeatIntervalMs',
    'kafka.sessionTimeoutMs',
    'two heartbeats may be lost without losing the membership',
    1 / 3,
  ),
  atMost(
    'kafka.sessionTimeoutMs',
    'kafka.rebalanceTimeoutMs',
    'a member that is given less time to rejoin than to be silent is thrown out of each rebalance',
  ),
  atMost('kafka.fetchWaitMs', 'kafka.requestTimeoutMs', 'an idle fetch would time out each time', 1, true),
  atMost('delivery.connectTimeoutMs', 'delivery.requestTimeoutMs', 'connecting is part of the request'),
  atMost(
    'delivery.requestTimeoutMs',
    'kafka.rebalanceTimeoutMs',
    'half of the rebalance timeout is for finishing what was sent; a longer request is always sent twice',
    1 / 2,
  ),
  atMost(
    'delivery.requestTimeoutMs',
    'shutdown.deadlineMs',
    'a stop must be able to wait for the answer of a request on its way',
  ),
  atMost('delivery.retryBaseMs', 'delivery.retryMaxMs', 'the first wait is the shortest'),
  atMost('delivery.rateFloorPerSecond', 'delivery.rateStartPerSecond', 'throttling only ever lowers the rate'),
  atMost('delivery.rateStartPerSecond', 'delivery.rateCeilingPerSecond', 'the rate begins below its ceiling'),
];

const WATCHDOGS: readonly Rule[] = [
  rule(
    ['watchdog.heartbeatMaxAgeMs', 'kafka.sessionTimeoutMs', 'kafka.rebalanceTimeoutMs'],
    'an ordinary rebalance has no good heartbeat for that long, and would end the process',
    'must be above kafka.sessionTimeoutMs + kafka.rebalanceTimeoutMs',
    ({ watchdog, kafka }) => watchdog.heartbeatMaxAgeMs > kafka.sessionTimeoutMs + kafka.rebalanceTimeoutMs,
  ),
  rule(
    ['watchdog.commitMaxAgeMs', 'kafka.commitIntervalMs', 'kafka.rebalanceTimeoutMs'],
    'an ordinary rebalance has no commit for that long, and would end the process',
    'must be above kafka.rebalanceTimeoutMs + kafka.commitIntervalMs',
    ({ watchdog, kafka }) => watchdog.commitMaxAgeMs > kafka.rebalanceTimeoutMs + kafka.commitIntervalMs,
  ),
  rule(
    ['dedup.pendingTakeoverMs', 'window.sizeMs', 'delivery.requestTimeoutMs'],
    'the original may still wait in its window or be on its way, and both would be sent',
    'must be at least window.sizeMs + delivery.requestTimeoutMs',
    ({ dedup, window, delivery }) => dedup.pendingTakeoverMs >= window.sizeMs + delivery.requestTimeoutMs,
  ),
];

const SIZES: readonly Rule[] = [
  atMost('kafka.maxPartitionFetchBytes', 'kafka.maxFetchBytes', 'a fetch is made of its partitions'),
  atMost('events.maxEventBytes', 'delivery.batchMaxBytes', 'an event must fit into a request'),
  atMost('delivery.batchMaxBytes', 'window.maxBufferedBytes', 'a batch must fit into the buffer'),
  atMost('window.resumeRatio', 'window.pressureRatio', 'partitions would flap between pause and resume', 1, true),
];

const TOPIC_OPTIONS = ['conversions', 'revenueUpdates', 'config', 'deadLetter', 'syncLog', 'connectionStatus'] as const;

/** A rule for each pair, so that the two options that clash are the ones that are told. */
const TOPICS: readonly Rule[] = TOPIC_OPTIONS.flatMap((option, index) =>
  TOPIC_OPTIONS.slice(0, index).map(earlier => ({
    about: [`topics.${option}`, `topics.${earlier}`],
    because: 'a service that reads what it writes goes round in circles',
    broken: ({ topics }: Config) =>
      topics[option] === topics[earlier] ? `"${topics[option]}" is the name of topics.${earlier} as well` : null,
  })),
);

const isSet = (value: string | null): boolean => value !== null;

/** A section's TLS files make sense only together, and only where TLS is spoken, which `switchedBy` decides. */
function tlsRules(
  section: 'kafka' | 'registry' | 'redis',
  switchedBy: string,
  wanted: string,
  isOn: (config: Config) => boolean,
): readonly Rule[] {
  const caFile = `${section}.tls.caFile`;
  const certFile = `${section}.tls.certFile`;
  const keyFile = `${section}.tls.keyFile`;
  return [
    rule(
      [certFile, keyFile],
      'a certificate without its key proves nothing, and the other way round',
      `${certFile} and ${keyFile} must be set together`,
      ({ [section]: { tls } }) => isSet(tls.certFile) === isSet(tls.keyFile),
    ),
    rule(
      [switchedBy, caFile, certFile],
      `${section} would be spoken to in clear although certificates are given`,
      `must ${wanted} when ${caFile} or ${certFile} is set`,
      config => isOn(config) || (!isSet(config[section].tls.caFile) && !isSet(config[section].tls.certFile)),
    ),
  ];
}

const TLS: readonly Rule[] = [
  ...tlsRules('kafka', 'kafka.tls.enabled', 'be true', ({ kafka }) => kafka.tls.enabled),
  ...tlsRules('registry', 'registry.url', 'begin with https://', ({ registry }) => registry.url.startsWith('https:')),
  ...tlsRules('redis', 'redis.url', 'begin with rediss://', ({ redis }) => redis.url.startsWith('rediss:')),
];

const KAFKA_SECURITY: readonly Rule[] = [
  rule(
    ['kafka.sasl.mechanism', 'kafka.sasl.username', 'kafka.sasl.password'],
    'these mechanisms need both, the others take neither; a password that has no effect is a mistake',
    'plain and scram-… need kafka.sasl.username and kafka.sasl.password, the other mechanisms take neither',
    ({ kafka: { sasl } }) => {
      const wanted = sasl.mechanism === 'plain' || sasl.mechanism.startsWith('scram-');
      return isSet(sasl.username) === wanted && isSet(sasl.password) === wanted;
    },
  ),
  rule(
    ['kafka.sasl.mechanism', 'kafka.sasl.oauth.tokenEndpoint', 'kafka.sasl.oauth.tokenFile'],
    'the token comes from one place',
    'oauthbearer needs either kafka.sasl.oauth.tokenEndpoint or kafka.sasl.oauth.tokenFile, the others take neither',
    ({ kafka: { sasl } }) => {
      const places = [sasl.oauth.tokenEndpoint, sasl.oauth.tokenFile].filter(isSet).length;
      return places === (sasl.mechanism === 'oauthbearer' ? 1 : 0);
    },
  ),
  rule(
    ['kafka.sasl.oauth.tokenEndpoint', 'kafka.sasl.oauth.clientId', 'kafka.sasl.oauth.clientSecret'],
    'the client credentials grant asks for both; without an endpoint nobody asks',
    'kafka.sasl.oauth.tokenEndpoint, clientId and clientSecret must be set together',
    ({ kafka: { sasl } }) => {
      const wanted = isSet(sasl.oauth.tokenEndpoint);
      return isSet(sasl.oauth.clientId) === wanted && isSet(sasl.oauth.clientSecret) === wanted;
    },
  ),
];

const OTHER_CREDENTIALS: readonly Rule[] = [
  rule(
    ['registry.username', 'registry.password'],
    'basic authentication is made of both',
    'registry.username and registry.password must be set together',
    ({ registry }) => isSet(registry.username) === isSet(registry.password),
  ),
  rule(
    ['redis.password', 'redis.username', 'redis.url'],
    'nobody could tell which one counts',
    'redis.url has a user or password, so redis.username and redis.password must not be set',
    ({ redis }) => {
      const { username, password } = new URL(redis.url);
      return `${username}${password}` === '' || (!isSet(redis.username) && !isSet(redis.password));
    },
  ),
  rule(
    ['redis.username', 'redis.password'],
    'Redis takes no user without a password',
    'redis.username is set without redis.password',
    ({ redis }) => !isSet(redis.username) || isSet(redis.password),
  ),
  rule(
    ['redis.sentinelName', 'redis.mode'],
    'sentinels watch several masters; elsewhere the name has no effect',
    'must be set with redis.mode sentinel, and only then',
    ({ redis }) => isSet(redis.sentinelName) === (redis.mode === 'sentinel'),
  ),
  rule(
    ['redis.nodes', 'redis.mode'],
    'standalone has the one node of redis.url',
    'has no effect with redis.mode standalone; set redis.mode to sentinel or cluster',
    ({ redis }) => redis.nodes.length === 0 || redis.mode !== 'standalone',
  ),
];

export const RULES: readonly Rule[] = [
  ...TIMING,
  ...WATCHDOGS,
  ...SIZES,
  ...TOPICS,
  ...TLS,
  ...KAFKA_SECURITY,
  ...OTHER_CREDENTIALS,
];
