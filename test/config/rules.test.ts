import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { ALL_OPTIONS, type Config } from '../../src/config-options.ts';
import { RULES } from '../../src/config-rules.ts';
import { NO_FLAGS } from '../../src/config-sources.ts';
import { testConfig } from './test-config.ts';

/** The problems of the valid test configuration with these options. */
function problemsOf(options: Readonly<Record<string, string>>) {
  const required = { 'kafka.brokers': 'k:9092', 'registry.url': 'http://r:8081', 'redis.url': 'redis://r:6379' };
  const env = Object.entries({ ...required, ...options }).map(([path, value]) => [ALL_OPTIONS.get(path)?.env, value]);
  const loaded = loadConfig({ flags: NO_FLAGS, env: Object.fromEntries(env), readFile: String });
  return loaded.ok ? [] : loaded.problems;
}

/** Name of the mistake, the options that make it, the option that is blamed. */
const MISTAKES: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
  [
    'a session shorter than three fetch waits',
    { 'kafka.sessionTimeoutMs': '6s', 'kafka.fetchWaitMs': '2001ms' },
    'kafka.fetchWaitMs',
  ],
  ['a session with room for two heartbeats only', { 'kafka.heartbeatIntervalMs': '20s' }, 'kafka.heartbeatIntervalMs'],
  ['a rebalance shorter than the session', { 'kafka.rebalanceTimeoutMs': '40s' }, 'kafka.rebalanceTimeoutMs'],
  ['a fetch that always times out', { 'kafka.requestTimeoutMs': '1s', 'kafka.fetchWaitMs': '1s' }, 'kafka.fetchWaitMs'],
  ['connecting for longer than the request', { 'delivery.connectTimeoutMs': '16s' }, 'delivery.connectTimeoutMs'],
  ['a request that outlives half a rebalance', { 'delivery.requestTimeoutMs': '31s' }, 'delivery.requestTimeoutMs'],
  ['a stop shorter than a request', { 'shutdown.deadlineMs': '10s' }, 'shutdown.deadlineMs'],
  [
    'a first wait longer than the longest',
    { 'delivery.retryBaseMs': '2s', 'delivery.retryMaxMs': '1s' },
    'delivery.retryBaseMs',
  ],
  [
    'a rate that throttling would raise',
    { 'delivery.rateFloorPerSecond': '20', 'delivery.rateStartPerSecond': '10' },
    'delivery.rateFloorPerSecond',
  ],
  [
    'a rate that begins above its ceiling',
    { 'delivery.rateCeilingPerSecond': '5', 'delivery.rateStartPerSecond': '10' },
    'delivery.rateStartPerSecond',
  ],
  ['a watchdog that bites in a rebalance', { 'watchdog.heartbeatMaxAgeMs': '105s' }, 'watchdog.heartbeatMaxAgeMs'],
  ['a commit watchdog that bites in a rebalance', { 'watchdog.commitMaxAgeMs': '1m' }, 'watchdog.commitMaxAgeMs'],
  ['a takeover while the original waits', { 'window.sizeMs': '1h' }, 'window.sizeMs'],
  ['partitions larger than the fetch', { 'kafka.maxPartitionFetchBytes': '8MiB' }, 'kafka.maxPartitionFetchBytes'],
  [
    'an event larger than a request',
    { 'events.maxEventBytes': '64KiB', 'delivery.batchMaxBytes': '20kB' },
    'events.maxEventBytes',
  ],
  [
    'a batch larger than the buffer',
    { 'delivery.batchMaxBytes': '2MB', 'window.maxBufferedBytes': '1MiB' },
    'delivery.batchMaxBytes',
  ],
  ['resuming at the mark of pausing', { 'window.resumeRatio': '0.8' }, 'window.resumeRatio'],
  ['reading the dead letters it writes', { 'topics.deadLetter': 'sourceloop.conversions' }, 'topics.deadLetter'],
  ['a certificate without its key', { 'kafka.tls.enabled': 'true', 'kafka.tls.certFile': 'c' }, 'kafka.tls.certFile'],
  ['an authority without TLS', { 'kafka.tls.caFile': 'ca' }, 'kafka.tls.caFile'],
  ['a registry authority without https', { 'registry.tls.caFile': 'ca' }, 'registry.url'],
  ['a Redis certificate without rediss', { 'redis.tls.certFile': 'c', 'redis.tls.keyFile': 'k' }, 'redis.url'],
  ['PLAIN without a password', { 'kafka.sasl.mechanism': 'plain', 'kafka.sasl.username': 'u' }, 'kafka.sasl.mechanism'],
  ['a Kafka user that nobody asks for', { 'kafka.sasl.username': 'u' }, 'kafka.sasl.username'],
  ['OAUTHBEARER without a token', { 'kafka.sasl.mechanism': 'oauthbearer' }, 'kafka.sasl.mechanism'],
  ['a token file that nobody reads', { 'kafka.sasl.oauth.tokenFile': 't' }, 'kafka.sasl.oauth.tokenFile'],
  [
    'a token endpoint without a client',
    { 'kafka.sasl.mechanism': 'oauthbearer', 'kafka.sasl.oauth.tokenEndpoint': 'https://id.example/token' },
    'kafka.sasl.oauth.tokenEndpoint',
  ],
  ['a registry user without a password', { 'registry.username': 'u' }, 'registry.username'],
  ['two Redis passwords', { 'redis.url': 'redis://:a@r:6379', 'redis.password': 'b' }, 'redis.password'],
  ['a Redis user without a password', { 'redis.username': 'u' }, 'redis.username'],
  ['sentinels without a master', { 'redis.mode': 'sentinel' }, 'redis.mode'],
  ['a master without sentinels', { 'redis.sentinelName': 'm' }, 'redis.sentinelName'],
  ['more nodes for a standalone Redis', { 'redis.nodes': 'r2:6379' }, 'redis.nodes'],
];

describe('options that contradict each other', () => {
  test.each(MISTAKES)('refuses %s', (_, options, blamed) => {
    const problems = problemsOf(options);
    expect(problems.map(({ code, option }) => [code, option])).toEqual([['CONFIG_CONFLICT', blamed]]);
    expect(problems[0]?.because).not.toBeNull();
    expect(problems[0]?.origin).toMatch(/^env TIKTOK_SYNC_/);
  });

  test('every rule has a mistake above that breaks it', () => {
    const reasons = new Set(MISTAKES.flatMap(([, options]) => problemsOf(options).map(({ because }) => because)));
    expect(RULES.map(({ because }) => because).filter(because => !reasons.has(because))).toEqual([]);
  });

  test('two topics of one name are both told, whatever other topics are set', () => {
    const [first, ...others] = problemsOf({
      'topics.config': 'mine',
      'topics.deadLetter': 'same',
      'topics.conversions': 'same',
    });
    expect(others).toEqual([]);
    expect(first).toMatchObject({
      option: 'topics.deadLetter',
      message: '"same" is the name of topics.conversions as well',
    });
  });

  test('a rule is not asked about an option that is wrong by itself', () => {
    const problems = problemsOf({ 'kafka.sessionTimeoutMs': '1s' });
    expect(problems.map(({ code }) => code)).toEqual(['CONFIG_OUT_OF_RANGE']);
  });

  test('the settings of the sandbox are within the rules', () => {
    const config: Config = testConfig({
      'kafka.sessionTimeoutMs': 6_000,
      'window.sizeMs': 1_000,
      'http.port': 0,
    });
    expect(config.kafka).toMatchObject({ sessionTimeoutMs: 6_000, heartbeatIntervalMs: 2_000 });
  });

  test.each(['6s', '15s', '90s', '30m'])('a session timeout of %s needs no other option to follow it', session => {
    expect(problemsOf({ 'kafka.sessionTimeoutMs': session })).toEqual([]);
  });

  test('secure clusters can be described', () => {
    const scram = { 'kafka.tls.enabled': 'true', 'kafka.sasl.mechanism': 'scram-sha-512' };
    expect(problemsOf({ ...scram, 'kafka.sasl.username': 'u', 'kafka.sasl.password': 'p' })).toEqual([]);
    const oauth = { 'kafka.sasl.mechanism': 'oauthbearer' };
    expect(problemsOf({ ...oauth, 'kafka.sasl.oauth.tokenFile': '/run/token' })).toEqual([]);
    const grant = { tokenEndpoint: 'https://id.example/token', clientId: 'c', clientSecret: 's' };
    const paths = Object.entries(grant).map(([name, value]) => [`kafka.sasl.oauth.${name}`, value]);
    expect(problemsOf({ ...oauth, ...Object.fromEntries(paths) })).toEqual([]);
    expect(problemsOf({ 'redis.mode': 'sentinel', 'redis.sentinelName': 'm', 'redis.nodes': 's2:1,s3:1' })).toEqual([]);
  });
});
