/** The options of the section `redis`: how the claim store is reached. */

import { choice, duration, list, optionalText, secret, text, url } from './config-option.ts';
import { tlsOptions } from './config-tls-options.ts';
import { MINUTE } from './config-units.ts';

export const REDIS = {
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
  tls: tlsOptions('redis', 'Redis nodes', 'the claim store'),
};
