import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KAFKA_PASSWORDS, KAFKA_USER, type SecureBroker, startSecureBroker } from '../../sandbox/secure-broker.ts';
import { systemClock } from '../../src/adapters/clock.ts';
import { lookAtBrokers } from '../../src/adapters/kafka-broker-look.ts';
import { createKafka, type KafkaClientOptions, patchedKafkajs } from '../../src/adapters/kafka-client.ts';
import { type ConfigTopicRecord, KafkaConfigTable } from '../../src/adapters/kafka-config-table.ts';
import { KafkaProducer } from '../../src/adapters/kafka-producer.ts';
import { unreachable } from '../../src/adapters/kafka-refusal.ts';
import type { Host } from '../../src/control/host.ts';
import { runService } from '../../src/service.ts';
import { testConfig } from '../config/test-config.ts';
import { RedisNodes } from '../contracts/redis-nodes.ts';
import { Member, RecordedTelemetry, TestClient, until } from './kafka-harness.ts';
import { redisTls, registryOverTls } from './tls-servers.ts';
import { TokenEndpoint, unsignedToken } from './token-endpoint.ts';

type Given = Readonly<Record<string, string | boolean>>;

let broker: SecureBroker;
let endpoint: TokenEndpoint;
let tokenUrl: string;
let client: TestClient;

beforeAll(async () => {
  endpoint = new TokenEndpoint();
  [broker, tokenUrl] = await Promise.all([startSecureBroker(), endpoint.start()]);
  client = await TestClient.connect(broker.plaintext);
});
afterAll(async () => {
  await client?.[Symbol.asyncDispose]();
  await endpoint[Symbol.asyncDispose]();
  await broker?.stop();
});

/** As a user writes them: through the configuration, so that its rules hold. */
function kafkaOptions(address: string, given: Given): KafkaClientOptions {
  const options = Object.entries(given).map(([name, value]) => [`kafka.${name}`, value]);
  return testConfig({ 'kafka.brokers': address, ...Object.fromEntries(options) }).kafka;
}

/** For readers that are told no more than the records. */
const UNHEARD = { caughtUp: () => undefined, rereading: () => undefined, reread: () => undefined };
const trusting = (): Given => ({ 'tls.enabled': true, 'tls.caFile': broker.authority.cert });
const showing = ({ cert, key }: { cert: string; key: string }): Given => ({ 'tls.certFile': cert, 'tls.keyFile': key });

function withPassword(mechanism: keyof typeof KAFKA_PASSWORDS, password: string = KAFKA_PASSWORDS[mechanism]): Given {
  return { 'sasl.mechanism': mechanism, 'sasl.username': KAFKA_USER, 'sasl.password': password };
}

function withEndpoint(secret = 'client-hush'): Given {
  const oauth = { tokenEndpoint: tokenUrl, clientId: 'sync & co', clientSecret: secret, scope: 'kafka write' };
  const named = Object.entries(oauth).map(([name, value]) => [`sasl.oauth.${name}`, value]);
  return { 'sasl.mechanism': 'oauthbearer', ...Object.fromEntries(named) };
}

function withTokenFile(token: string): Given {
  const path = join(broker.folder, `token-${randomBytes(4).toString('hex')}`);
  writeFileSync(path, `${token}\n`);
  return { 'sasl.mechanism': 'oauthbearer', 'sasl.oauth.tokenFile': path };
}

async function newTopic(): Promise<string> {
  const topic = `secured-${randomBytes(4).toString('hex')}`;
  await client.createTopic(topic, 1);
  return topic;
}

async function withProducer<T>(options: KafkaClientOptions, use: (producer: KafkaProducer) => Promise<T>): Promise<T> {
  const kafka = createKafka(options, 'producer', new RecordedTelemetry());
  const producer = new KafkaProducer(kafka, { compression: 'none', giveUpAfterMs: 5_000 }, systemClock);
  try {
    await producer.connect();
    return await use(producer);
  } finally {
    await producer.disconnect();
  }
}

/** Why the service does not start with these options, all of the error as text. */
async function refusal(options: KafkaClientOptions): Promise<{ message: string; everything: string }> {
  const telemetry = new RecordedTelemetry();
  const producer = new KafkaProducer(
    createKafka(options, 'producer', telemetry, { initialRetryTime: 100, retries: 2 }),
    { compression: 'none', giveUpAfterMs: 1_000 },
    systemClock,
  );
  try {
    const error = await producer.connect().then(
      () => expect.fail('the broker let it in'),
      (cause: unknown) => unreachable(options.brokers, cause),
    );
    expect(error.code).toBe('DEPENDENCY_UNREACHABLE');
    expect(error.message).toContain(options.brokers[0]);
    const everything = inspect([error, telemetry.notices], { depth: 20, showHidden: true });
    return { message: error.message, everything };
  } finally {
    await producer.disconnect();
  }
}

describe('a record is written and read', () => {
  test.each<[string, () => KafkaClientOptions]>([
    [
      'with a client certificate',
      () => kafkaOptions(broker.ssl, { ...trusting(), ...showing(broker.authority.client) }),
    ],
    ['with PLAIN', () => kafkaOptions(broker.saslPlaintext, withPassword('plain'))],
    ['with PLAIN over TLS', () => kafkaOptions(broker.saslSsl, { ...trusting(), ...withPassword('plain') })],
    [
      'with SCRAM-SHA-256 over TLS',
      () => kafkaOptions(broker.saslSsl, { ...trusting(), ...withPassword('scram-sha-256') }),
    ],
    ['with SCRAM-SHA-512', () => kafkaOptions(broker.saslPlaintext, withPassword('scram-sha-512'))],
    [
      'with OAUTHBEARER and a token file over TLS',
      () => kafkaOptions(broker.saslSsl, { ...trusting(), ...withTokenFile(unsignedToken('alice', 3_600)) }),
    ],
    [
      'with OAUTHBEARER and a token endpoint over TLS',
      () => kafkaOptions(broker.saslSsl, { ...trusting(), ...withEndpoint() }),
    ],
    [
      'without checking the broker, where that is asked for',
      () =>
        kafkaOptions(broker.saslSsl, {
          'tls.enabled': true,
          'tls.rejectUnauthorized': false,
          ...withPassword('scram-sha-512'),
        }),
    ],
  ])('%s', async (_, made) => {
    const options = made();
    const topic = await newTopic();
    await withProducer(options, producer => producer.write(topic, [{ key: 'k', value: Buffer.from('hello') }]));
    await using member = new Member(options, { topics: [topic], groupId: `group-of-${topic}` });
    await member.start();
    await until('the record', () => member.consumer.received === 1);
    expect(member.consumer.values()).toEqual(['hello']);
  });
});

describe('the config topic, with the right to read it and to no group', () => {
  const { ALLOW, DENY } = patchedKafkajs().AclPermissionTypes;
  const { ALL, DESCRIBE, READ } = patchedKafkajs().AclOperationTypes;
  const { GROUP, TOPIC } = patchedKafkajs().AclResourceTypes;

  function rule(resourceType: number, resourceName: string, permissionType: number, operation: number) {
    const resourcePatternType = patchedKafkajs().ResourcePatternTypes.LITERAL;
    const whom = { principal: `User:${KAFKA_USER}`, host: '*' };
    return { ...whom, resourceType, resourceName, resourcePatternType, permissionType, operation };
  }

  async function tableOf(given: Given, operation: number) {
    const topic = await newTopic();
    await client.append(topic, 0, ['hello']);
    const acl = [rule(TOPIC, topic, ALLOW, operation)];
    await client.admin.createAcls({ acl });
    const telemetry = new RecordedTelemetry();
    const kafka = createKafka(kafkaOptions(broker.saslSsl, { ...trusting(), ...given }), 'config', telemetry);
    const options = { topic, fetchWaitMs: 250, metadataMaxAgeMs: 60_000 };
    return new KafkaConfigTable(options, { kafka, clock: systemClock, telemetry });
  }

  test.each<[string, () => Given]>([
    ['SCRAM-SHA-512', () => withPassword('scram-sha-512')],
    ['OAUTHBEARER', () => withEndpoint()],
  ])('is read over TLS with %s', async (_, given) => {
    const noGroup = rule(GROUP, '*', DENY, ALL);
    await client.admin.createAcls({ acl: [noGroup] });
    const table = await tableOf(given(), READ);
    const applied: string[] = [];
    try {
      const apply = async ({ value }: ConfigTopicRecord) => {
        applied.push(String(value));
        return 'applied' as const;
      };
      await table.start({ apply, ...UNHEARD });
      await until('the end', () => table.status().caughtUp);
    } finally {
      await table.stop();
      await client.admin.deleteAcls({ filters: [noGroup] });
    }
    expect(applied).toEqual(['hello']);
  });

  test('is told where it may only be described', async () => {
    const table = await tableOf(withPassword('scram-sha-512'), DESCRIBE);
    const reader = { apply: async () => 'applied' as const, ...UNHEARD };
    const error = await table.start(reader).catch((cause: unknown) => cause);
    await table.stop();
    expect(error).toMatchObject({ code: 'DEPENDENCY_UNREACHABLE' });
    expect(String(error)).toMatch(/TOPIC_AUTHORIZATION_FAILED.*Check the permissions of the topics\.$/);
  });
});

describe('a wrong password', () => {
  test.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
    'for %s is told, and not repeated',
    async mechanism => {
      const { message, everything } = await refusal(
        kafkaOptions(broker.saslPlaintext, withPassword(mechanism, 'wrong-hush')),
      );
      expect(message).toMatch(/Check kafka\.sasl\.username and kafka\.sasl\.password\.$/);
      expect(everything).not.toContain('hush');
    },
  );

  test('keeps the record source from starting', async () => {
    const options = kafkaOptions(broker.saslPlaintext, withPassword('plain', 'wrong-hush'));
    await using member = new Member(options, { topics: [await newTopic()], groupId: 'refused' });
    const error = await member.start().catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'DEPENDENCY_UNREACHABLE' });
    expect(String(error)).toMatch(/Check kafka\.sasl\.username and kafka\.sasl\.password\.$/);
    expect(inspect([error, member.telemetry.notices], { depth: 20 })).not.toContain('hush');
  });
});

test('a listener that wants SASL when none is spoken is told', async () => {
  await using member = new Member(kafkaOptions(broker.saslPlaintext, {}), { topics: ['any'], groupId: 'refused' });
  await expect(member.start()).rejects.toThrow(/check that kafka\.tls\.enabled and kafka\.sasl\.mechanism/);
});

describe('OAUTHBEARER', () => {
  test('asks the endpoint as RFC 6749 wants it', async () => {
    endpoint.requests.length = 0;
    await withProducer(kafkaOptions(broker.saslPlaintext, withEndpoint()), async () => undefined);
    const credentials = Buffer.from('sync%20%26%20co:client-hush').toString('base64');
    expect(endpoint.requests).toEqual([
      { authorization: `Basic ${credentials}`, form: 'grant_type=client_credentials&scope=kafka+write' },
    ]);
  });

  test('tells a token that the brokers refuse, and does not repeat it', async () => {
    const token = unsignedToken('alice', -3_600);
    const { message, everything } = await refusal(kafkaOptions(broker.saslPlaintext, withTokenFile(token)));
    expect(message).toMatch(/refuse the token \(invalid_token\).*Check kafka\.sasl\.oauth/);
    expect(everything).not.toContain(token.slice(0, 30));
  });

  test.each([
    ['refuses the client', { status: 401 }, /answered 401; check kafka\.sasl\.oauth\..*clientSecret/],
    [
      'is not there',
      { url: 'http://127.0.0.1:1024/token' },
      /does not answer \(ECONNREFUSED\); check kafka\.sasl\.oauth\.tokenEndpoint/,
    ],
  ])(
    'tells an endpoint that %s',
    async (_, { status = 200, url = tokenUrl }: { status?: number; url?: string }, hint) => {
      endpoint.status = status;
      const given = { ...withEndpoint(), 'sasl.oauth.tokenEndpoint': url };
      const { message, everything } = await refusal(kafkaOptions(broker.saslPlaintext, given));
      endpoint.status = 200;
      expect(message).toMatch(hint);
      expect(everything).not.toContain('hush');
    },
  );

  test('waits for an endpoint that is away for a moment', async () => {
    endpoint.status = 503;
    const asked = endpoint.requests.length;
    const connected = withProducer(kafkaOptions(broker.saslPlaintext, withEndpoint()), async () => 'connected');
    await until('it has asked twice', () => endpoint.requests.length >= asked + 2);
    endpoint.status = 200;
    expect(await connected).toBe('connected');
  });

  test('tells a token file that is not there', async () => {
    const given = { 'sasl.mechanism': 'oauthbearer', 'sasl.oauth.tokenFile': join(broker.folder, 'none') };
    const { message } = await refusal(kafkaOptions(broker.saslPlaintext, given));
    expect(message).toMatch(/ENOENT.*kafka\.sasl\.oauth\.tokenFile/);
  });

  test('shows a fresh token before the old one ends, without a pause in reading', async () => {
    const topic = await newTopic();
    endpoint.requests.length = 0;
    // Kept for a second; the broker wants one about every 1.5 s on each connection.
    endpoint.expiresIn = 2;
    await using member = new Member(kafkaOptions(broker.saslPlaintext, withEndpoint()), {
      topics: [topic],
      groupId: `group-of-${topic}`,
    });
    await member.start();
    const atStart = endpoint.requests.length;
    let sent = 0;
    await until('three rounds of fresh tokens', async () => {
      await client.append(topic, 0, [`r${sent++}`]);
      return endpoint.requests.length >= atStart + 3;
    });
    await until('every record', () => member.consumer.received === sent);
    expect(member.consumer.signals).toEqual(['assigned 1']);
    expect(member.telemetry.notices).toEqual([]);
    expect(member.fatal).toEqual([]);
  });
});

describe('what TLS needs', () => {
  const scram = () => withPassword('scram-sha-512');

  test.each<[string, () => KafkaClientOptions, RegExp]>([
    [
      'an authority that did not sign the broker',
      () => kafkaOptions(broker.saslSsl, { ...scram(), 'tls.enabled': true, 'tls.caFile': broker.otherAuthority.cert }),
      /check kafka\.tls\.caFile/,
    ],
    [
      'no authority',
      () => kafkaOptions(broker.saslSsl, { ...scram(), 'tls.enabled': true }),
      /check kafka\.tls\.caFile/,
    ],
    [
      'no client certificate where one is wanted',
      () => kafkaOptions(broker.ssl, trusting()),
      /check kafka\.tls\.certFile and kafka\.tls\.keyFile/,
    ],
    [
      'a client certificate of a strange authority',
      () => kafkaOptions(broker.ssl, { ...trusting(), ...showing(broker.otherAuthority.client) }),
      /check kafka\.tls\.certFile and kafka\.tls\.keyFile/,
    ],
    [
      'TLS where there is none',
      () => kafkaOptions(broker.plaintext, trusting()),
      /check that it speaks TLS at this port/,
    ],
    ['no TLS where it is wanted', () => kafkaOptions(broker.ssl, {}), /kafka\.tls\.enabled/],
  ])('is told: %s', async (_, made, hint) => {
    expect((await refusal(made())).message).toMatch(hint);
  });
});

test('the whole service comes up where everything wants TLS', async () => {
  const nodes = new RedisNodes();
  await using registry = await registryOverTls(broker.authority);
  try {
    const redis = await redisTls(nodes, broker.authority);
    const names = ['conversions', 'revenueUpdates', 'config', 'deadLetter', 'syncLog', 'connectionStatus'] as const;
    const topics = await Promise.all(names.map(async name => [`topics.${name}`, await newTopic()] as const));
    const kafka = { 'tls.enabled': true, 'tls.caFile': broker.authority.cert, ...withPassword('scram-sha-512') };
    const secured = Object.entries(kafka).map(([name, value]) => [`kafka.${name}`, value]);
    const shown = ['registry', 'redis'].flatMap(section => [
      [`${section}.tls.caFile`, broker.authority.cert],
      [`${section}.tls.certFile`, broker.authority.client.cert],
      [`${section}.tls.keyFile`, broker.authority.client.key],
    ]);
    const addresses = {
      'kafka.brokers': broker.saslSsl,
      'registry.url': registry.url,
      'redis.url': redis,
      'http.port': 0,
    };
    const config = testConfig({ ...addresses, ...Object.fromEntries([...secured, ...shown, ...topics]) });
    const stop = new AbortController();
    const log: string[] = [];
    const terminal = { color: false, isTerminal: false, write: (text: string) => void log.push(text) };
    const host: Host = {
      env: {},
      out: terminal,
      err: terminal,
      readFile: () => expect.fail('no file is to be read'),
      readInput: () => expect.fail('no input is to be read'),
      now: Date.now,
      nodeVersion: process.version,
      stopSignal: () => stop.signal,
    };
    const ended = runService(config, host);
    await Promise.race([ended, until('it is ready', () => log.join('').includes('SERVICE_READY'))]);
    stop.abort();
    await ended;
    expect(log.join('')).toContain('SERVICE_READY');
    expect(log.join('')).not.toContain(KAFKA_PASSWORDS['scram-sha-512']);
  } finally {
    await nodes.close();
  }
});

describe('a look at the brokers', () => {
  const look = async (options: KafkaClientOptions, topics: readonly string[] = []) => {
    const [told] = await lookAtBrokers(options.brokers, topics, address =>
      createKafka({ ...options, brokers: [address] }, 'look', new RecordedTelemetry(), { retries: 0 }),
    );
    return told;
  };

  test('tells a wrong password, a wrong authority and a listener that speaks another protocol apart', async () => {
    const looks = await Promise.all([
      look(kafkaOptions(broker.saslPlaintext, withPassword('plain', 'wrong-hush'))),
      look(kafkaOptions(broker.ssl, { 'tls.enabled': true, 'tls.caFile': broker.otherAuthority.cert })),
      look(kafkaOptions(broker.plaintext, trusting())),
      look(kafkaOptions('127.0.0.1:1', {})),
    ]);
    expect(looks.map(told => told?.trouble?.kind)).toEqual(['refused', 'refused', 'refused', 'unreachable']);
    const advice = looks.map(told => told?.trouble?.advice ?? '');
    expect(advice[0]).toContain('kafka.sasl.password');
    expect(advice[1]).toContain('kafka.tls.caFile');
    expect(JSON.stringify(looks)).not.toContain('hush');
  });

  test('tells an address that the brokers advertise, and that leads nowhere from here', async () => {
    const byName = broker.plaintext.replace('127.0.0.1', 'localhost');
    const looks = await lookAtBrokers([byName], [], address => {
      const options = kafkaOptions(address === byName ? address : '127.0.0.1:1', {});
      return createKafka(options, 'look', new RecordedTelemetry(), { retries: 0 });
    });
    expect(looks.map(({ address, from, trouble }) => [address, from, trouble?.code ?? null])).toEqual([
      [byName, 'configured', null],
      [broker.plaintext, 'advertised', 'ECONNREFUSED'],
    ]);
  });

  test('tells which rights are missing, without trying them', async () => {
    const topic = await newTopic();
    const { ALLOW } = patchedKafkajs().AclPermissionTypes;
    const rule = {
      ...{ principal: `User:${KAFKA_USER}`, host: '*', resourceName: topic, permissionType: ALLOW },
      resourceType: patchedKafkajs().AclResourceTypes.TOPIC,
      resourcePatternType: patchedKafkajs().ResourcePatternTypes.LITERAL,
      operation: patchedKafkajs().AclOperationTypes.READ,
    };
    await client.admin.createAcls({ acl: [rule] });
    await until('the rights of a reader', async () => {
      const told = await look(kafkaOptions(broker.saslPlaintext, withPassword('plain')), [topic]);
      return JSON.stringify(told?.topics[0]?.rights) === '{"read":true,"write":false,"describe":true}';
    });
  });
});
