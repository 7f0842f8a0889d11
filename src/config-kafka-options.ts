/** The options of the section `kafka`: how the service is a member of a consumer group. */

import { choice, duration, list, optionalText, secret, size, startPosition, text, toggle } from './config-option.ts';
import { tlsOptions } from './config-tls-options.ts';

const HOST_AND_PORT = /^(\[[0-9A-Fa-f:.]+\]|[^\s:,/@[\]]+):\d{1,5}$/;

const tls = {
  enabled: toggle({
    describe: 'Speak TLS to the brokers.',
    default: false,
    because: 'a local broker has none; turn it on wherever the network is not yours alone',
  }),
  ...tlsOptions('kafka', 'brokers', 'the broker'),
};

const oauth = {
  tokenEndpoint: optionalText({
    describe:
      'URL of the token endpoint for the client credentials grant (OAUTHBEARER). A private authority of its certificate goes into NODE_EXTRA_CA_CERTS.',
    pattern: /^https?:\/\/\S+$/,
    allowed: 'an http or https URL',
    because: 'OAUTHBEARER needs this or kafka.sasl.oauth.tokenFile',
  }),
  clientId: optionalText({
    describe: 'Client id for the token endpoint.',
    allowed: 'any text',
    because: 'the token endpoint asks for it',
  }),
  clientSecret: secret({
    describe: 'Client secret for the token endpoint.',
    because: 'the token endpoint asks for it',
  }),
  scope: optionalText({
    describe: 'Scope to ask the token endpoint for.',
    allowed: 'scopes separated by blanks',
    because: 'some identity providers want one',
  }),
  tokenFile: optionalText({
    describe: 'File that holds the bearer token; read again before each authentication.',
    pattern: /\S/,
    allowed: 'a path',
    because: 'platforms rotate projected tokens in place',
  }),
};

const sasl = {
  mechanism: choice({
    describe: 'How the service proves who it is.',
    values: ['none', 'plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'],
    default: 'none',
    because: 'these are the mechanisms the client library speaks; plain should only be used with TLS',
  }),
  username: optionalText({
    describe: 'User name for plain and scram-….',
    allowed: 'any text',
    because: 'plain and scram-… need it, the others do not take it',
  }),
  password: secret({
    describe: 'Password for plain and scram-….',
    because: 'plain and scram-… need it, the others do not take it',
  }),
  oauth,
};

export const KAFKA = {
  brokers: list({
    describe: 'Brokers to find the cluster by; two or three are enough, the others are learnt from them.',
    item: HOST_AND_PORT,
    allowed: 'host:port, several separated by commas',
    because: 'there is no sensible default: the service reads and writes nothing without Kafka',
    flag: '--brokers',
  }),
  clientId: text({
    describe: 'Name that brokers show for this service in logs, metrics and quotas.',
    default: 'tiktok-conversion-sync',
    pattern: /^[A-Za-z0-9._-]{1,200}$/,
    allowed: '1 to 200 letters, digits, dots, dashes, underscores',
    because: 'brokers make a metric name of it',
  }),
  groupId: text({
    describe: 'Consumer group. Replicas share one; another group reads everything anew.',
    default: 'tiktok-conversion-sync',
    pattern: /^[A-Za-z0-9._-]{1,200}$/,
    allowed: '1 to 200 letters, digits, dots, dashes, underscores',
    because: 'it becomes part of metric labels and of the default Redis key prefix',
    env: 'GROUP_ID',
    flag: '--group-id',
  }),
  sessionTimeoutMs: duration({
    describe: 'How long the group waits for a silent member before it gives its partitions away.',
    default: 45_000,
    min: 6_000,
    max: 1_800_000,
    because: 'brokers refuse less than 6 s and more than 30 min by default; a restart after a kill waits this long',
  }),
  rebalanceTimeoutMs: duration({
    describe: 'How long the group waits for each member to join anew; half of it is for delivering what is buffered.',
    default: {
      kind: 'derived',
      from: ['kafka.sessionTimeoutMs'],
      text: '1m, or kafka.sessionTimeoutMs where that is more',
      make: session => Math.max(60_000, Number(session)),
    },
    min: 6_000,
    max: 1_800_000,
    because: 'the whole group stands still while it waits for its slowest member',
  }),
  heartbeatIntervalMs: duration({
    describe: 'How often a sign of life goes to the group coordinator.',
    default: {
      kind: 'derived',
      from: ['kafka.sessionTimeoutMs'],
      text: '3s, or a third of kafka.sessionTimeoutMs where that is less',
      make: session => Math.min(3_000, Math.floor(Number(session) / 3)),
    },
    min: 100,
    max: 60_000,
    because: 'more often only loads the coordinator; no request to TikTok starts without a recent one',
  }),
  fetchWaitMs: duration({
    describe: 'How long a broker holds a fetch back when it has nothing new.',
    default: 500,
    min: 10,
    max: 15_000,
    because: 'heartbeats run between fetches; much shorter and idle topics cost CPU',
  }),
  maxPartitionFetchBytes: size({
    describe: 'Most bytes of one partition in a fetch. A larger record batch still comes through, alone.',
    default: 262_144,
    min: 16_384,
    max: 16_777_216,
    because: '256 KiB was measured faster and leaner than 1 MiB; memory grows with it',
  }),
  maxFetchBytes: size({
    describe: 'Most bytes of one fetch, all partitions of a broker together.',
    default: 1_048_576,
    min: 65_536,
    max: 67_108_864,
    because:
      'a fetch is decoded as a whole, so memory grows with it; 1 MiB took 5 % less CPU than 4 MiB. A broker is asked for one at a time: raise it where brokers are far away and a backlog must be read faster',
  }),
  startFrom: startPosition({
    describe: 'Where a group without any committed offset begins. Has no effect on a group that has one.',
    default: 'earliest',
    because: 'earliest loses nothing; events older than events.maxAgeMs are dead-lettered, not sent',
  }),
  connectionTimeoutMs: duration({
    describe: 'How long connecting to a broker may take.',
    default: 10_000,
    min: 100,
    max: 120_000,
    because: 'TLS and SASL are part of it; longer delays the turn to another broker',
  }),
  requestTimeoutMs: duration({
    describe: 'How long a broker may take to answer.',
    default: 30_000,
    min: 1_000,
    max: 300_000,
    because: 'it includes the wait for all in-sync replicas',
  }),
  commitIntervalMs: duration({
    describe: 'How often settled offsets are committed.',
    default: 1_000,
    min: 50,
    max: 60_000,
    because: 'what is settled but not committed is read again after a crash, and recognised by its claim',
  }),
  metadataMaxAgeMs: duration({
    describe: 'How often topics are looked up anew, for added partitions and moved leaders.',
    default: 60_000,
    min: 1_000,
    max: 3_600_000,
    because: 'until then a new partition is not read and a former leader is read as a follower',
  }),
  tls,
  sasl,
};
