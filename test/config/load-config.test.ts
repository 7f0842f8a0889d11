import { describe, expect, test } from 'vitest';
import { type Config, type Loaded, loadConfig, loadSections } from '../../src/config.ts';
import { ALL_OPTIONS } from '../../src/config-options.ts';
import { type ConfigProblem, describeProblem } from '../../src/config-problem.ts';
import { type Flags, NO_FLAGS } from '../../src/config-sources.ts';

const MINIMAL = {
  TIKTOK_SYNC_KAFKA_BROKERS: 'k1:9092,k2:9092',
  TIKTOK_SYNC_REGISTRY_URL: 'http://registry:8081',
  TIKTOK_SYNC_REDIS_URL: 'redis://redis:6379',
};
const CANARY = 'canary-7f3a';

interface Given {
  readonly yaml?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly set?: readonly string[];
  readonly named?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly bare?: boolean;
}

function inputs({ yaml, env = {}, set = [], named = {}, files = {}, bare = false }: Given) {
  const readable: Record<string, string> = yaml === undefined ? { ...files } : { ...files, 'sync.yaml': yaml };
  const flags: Flags = {
    ...NO_FLAGS,
    configFile: yaml === undefined ? null : 'sync.yaml',
    set,
    named: new Map(Object.entries(named)),
  };
  const readFile = (path: string): string => {
    const text = readable[path];
    if (text === undefined) throw new Error(`ENOENT: no such file, open '${path}'`);
    return text;
  };
  return { flags, env: bare ? env : { ...MINIMAL, ...env }, readFile };
}

function load(given: Given): Loaded<Config> {
  return loadConfig(inputs(given));
}

function accepted(given: Given) {
  const loaded = load(given);
  if (!loaded.ok) throw new Error(loaded.problems.map(describeProblem).join('\n'));
  return loaded;
}

function refused(given: Given): readonly ConfigProblem[] {
  const loaded = load(given);
  if (loaded.ok) throw new Error('the configuration was accepted');
  return loaded.problems;
}

/** The one problem there is. */
function onlyProblem(given: Given): ConfigProblem {
  const problems = refused(given);
  expect(problems.map(describeProblem)).toHaveLength(1);
  return problems[0]!;
}

describe('where values come from', () => {
  test('three variables are enough, the rest has defaults', () => {
    const { config, provenance } = accepted({});
    expect(config.kafka.brokers).toEqual(['k1:9092', 'k2:9092']);
    expect(config.window.sizeMs).toBe(120_000);
    expect(provenance.get('kafka.brokers')).toBe('env TIKTOK_SYNC_KAFKA_BROKERS');
    expect(provenance.get('window.sizeMs')).toBe('default');
    expect([...provenance.keys()]).toEqual([...ALL_OPTIONS.keys()]);
  });

  test('flags beat the environment, the environment beats the file, the file beats the defaults', () => {
    const yaml = 'window:\n  sizeMs: 1s\n\nhttp:\n  port: 81\n\nlog:\n  level: warn\n';
    const env = { TIKTOK_SYNC_HTTP_PORT: '82', TIKTOK_SYNC_LOG_LEVEL: 'error' };
    const { config, provenance } = accepted({ yaml, env, named: { 'log.level': 'debug' } });
    expect([config.window.sizeMs, config.http.port, config.log.level]).toEqual([1_000, 82, 'debug']);
    expect(provenance.get('window.sizeMs')).toBe('sync.yaml:2');
    expect(provenance.get('http.port')).toBe('env TIKTOK_SYNC_HTTP_PORT');
    expect(provenance.get('log.level')).toBe('flag --log-level');
  });

  test('--set reaches every option', () => {
    const { config, provenance } = accepted({
      set: ['kafka.tls.enabled=true', 'config.ignore=mapping:a,connection:b=c,stray'],
    });
    expect(config.kafka.tls.enabled).toBe(true);
    expect(config.config.ignore).toEqual(['mapping:a', 'connection:b=c', 'stray']);
    expect(provenance.get('kafka.tls.enabled')).toBe('flag --set');
  });

  test('TIKTOK_SYNC_COMMIT, which an image carries, is no option and no mistake', () => {
    accepted({ env: { TIKTOK_SYNC_COMMIT: 'abc1234' } });
  });

  test('TIKTOK_SYNC_CONFIG names the file, --config beats it', () => {
    const files = { 'a.yaml': 'http: { port: 1001 }' };
    expect(accepted({ env: { TIKTOK_SYNC_CONFIG: 'a.yaml' }, files }).config.http.port).toBe(1001);
    const both = { env: { TIKTOK_SYNC_CONFIG: 'a.yaml' }, files, yaml: 'http: { port: 1002 }' };
    expect(accepted(both).config.http.port).toBe(1002);
  });

  test('the variables of the contract set what they say', () => {
    const { config } = accepted({
      env: {
        TIKTOK_SYNC_TIKTOK_BASE_URL: 'http://localhost:9999/',
        TIKTOK_SYNC_GROUP_ID: 'g',
        TIKTOK_SYNC_TOPIC_CONVERSIONS: 'a',
        TIKTOK_SYNC_TOPIC_REVENUE_UPDATES: 'b',
        TIKTOK_SYNC_TOPIC_CONFIG: 'c',
        TIKTOK_SYNC_TOPIC_DEAD_LETTER: 'd',
        TIKTOK_SYNC_TOPIC_SYNC_LOG: 'e',
        TIKTOK_SYNC_TOPIC_CONNECTION_STATUS: 'f',
        TIKTOK_SYNC_WINDOW_MS: '1000',
        TIKTOK_SYNC_HTTP_PORT: '0',
        TIKTOK_SYNC_KAFKA_SESSION_TIMEOUT_MS: '10000',
        TIKTOK_SYNC_KAFKA_START_FROM: 'latest',
      },
    });
    expect(config.tiktok.baseUrl).toBe('http://localhost:9999');
    expect(Object.values(config.topics)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect([config.kafka.groupId, config.kafka.sessionTimeoutMs, config.kafka.startFrom]).toEqual([
      'g',
      10_000,
      'latest',
    ]);
    expect([config.window.sizeMs, config.http.port]).toEqual([1_000, 0]);
  });

  test('an empty variable counts as not set', () => {
    expect(accepted({ env: { TIKTOK_SYNC_GROUP_ID: '' } }).provenance.get('kafka.groupId')).toBe('default');
  });

  test('an empty file and an empty section set nothing', () => {
    accepted({ yaml: '' });
    accepted({ yaml: '# only a comment\n' });
    expect(accepted({ yaml: 'kafka:\nhttp:\n  port: 81\n' }).config.http.port).toBe(81);
  });

  test("unrelated variables and Kubernetes' service links are nobody's business", () => {
    const { config } = accepted({
      env: {
        PATH: '/bin',
        TIKTOK_TOKEN_ACME: CANARY,
        TIKTOK_SYNC_PORT: 'tcp://10.0.0.7:8080',
        TIKTOK_SYNC_PORT_8080_TCP_ADDR: '10.0.0.7',
        TIKTOK_SYNC_SERVICE_HOST: '10.0.0.7',
        TIKTOK_SYNC_SERVICE_PORT_HTTP: '8080',
        TIKTOK_SYNC_HTTP_PORT: 'tcp://10.0.0.8:80',
      },
    });
    expect(config.http.port).toBe(8_080);
  });
});

describe('what is compiled', () => {
  test('units are read wherever a number is', () => {
    const yaml =
      'window:\n  sizeMs: 90s\n  maxBufferedBytes: "64MiB"\nevents:\n  maxAgeMs: 7d\ndelivery:\n  batchMaxBytes: 500kB\n';
    const { config } = accepted({ yaml, env: { TIKTOK_SYNC_DEDUP_PENDING_TAKEOVER_MS: '1.5h' } });
    expect(config.window).toMatchObject({ sizeMs: 90_000, maxBufferedBytes: 67_108_864 });
    expect([config.events.maxAgeMs, config.delivery.batchMaxBytes]).toEqual([604_800_000, 500_000]);
    expect(config.dedup.pendingTakeoverMs).toBe(5_400_000);
  });

  test('a start time is a moment, the same on every machine', () => {
    const startFrom = (text: string) =>
      accepted({ env: { TIKTOK_SYNC_KAFKA_START_FROM: text } }).config.kafka.startFrom;
    expect(startFrom('2026-11-22T10:00:00+02:00')).toBe(Date.UTC(2026, 10, 22, 8));
    expect(startFrom('2026-11-22')).toBe(Date.UTC(2026, 10, 22));
    expect(startFrom('1795341600000')).toBe(1_795_341_600_000);
    expect(accepted({ yaml: 'kafka: { startFrom: 2026-11-22T10:00:00Z }' }).config.kafka.startFrom).toBe(
      Date.UTC(2026, 10, 22, 10),
    );
  });

  test('it is frozen to its leaves, and no value is undefined', () => {
    const { config } = accepted({});
    const visit = (node: unknown): void => {
      expect(node).not.toBeUndefined();
      if (typeof node !== 'object' || node === null) return;
      expect(Object.isFrozen(node)).toBe(true);
      Object.values(node).forEach(visit);
    };
    visit(config);
  });

  test('words are taken in any letter case, from the file too', () => {
    const sasl = { TIKTOK_SYNC_KAFKA_SASL_USERNAME: 'u', TIKTOK_SYNC_KAFKA_SASL_PASSWORD: 'p' };
    const mechanism = (written: string) =>
      accepted({ yaml: `kafka: { sasl: { mechanism: ${written} } }`, env: sasl }).config.kafka.sasl.mechanism;
    expect([mechanism('PLAIN'), mechanism('SCRAM-SHA-256')]).toEqual(['plain', 'scram-sha-256']);
    expect(accepted({ env: { TIKTOK_SYNC_LOG_LEVEL: 'Warn' } }).config.log.level).toBe('warn');
  });

  test('the Redis key prefix follows the group', () => {
    expect(accepted({ env: { TIKTOK_SYNC_GROUP_ID: 'blue' } }).config.redis.keyPrefix).toBe('tiktok-sync:blue:');
    expect(accepted({ set: ['redis.keyPrefix=x:'] }).config.redis.keyPrefix).toBe('x:');
  });

  test('a section can be had without what other sections require', () => {
    const loaded = loadSections(['events'], inputs({ bare: true, env: { TIKTOK_SYNC_EVENTS_MAX_AGE_MS: '7d' } }));
    expect(loaded).toMatchObject({ ok: true, config: { events: { maxAgeMs: 604_800_000 } } });
  });
});

describe('secrets', () => {
  test('a …_FILE variable names the file that holds the secret, without its last line break', () => {
    const env = { TIKTOK_SYNC_REDIS_PASSWORD_FILE: '/run/redis' };
    const { config, provenance } = accepted({ env, files: { '/run/redis': `${CANARY}\n` } });
    expect(config.redis.password).toBe(CANARY);
    expect(provenance.get('redis.password')).toBe('env TIKTOK_SYNC_REDIS_PASSWORD_FILE');
  });

  test('the Redis URL may come from a file, as it can hold a password', () => {
    const { TIKTOK_SYNC_REDIS_URL: _, ...rest } = MINIMAL;
    const env = { ...rest, TIKTOK_SYNC_REDIS_URL_FILE: '/run/url' };
    const { config } = accepted({ bare: true, env, files: { '/run/url': `rediss://u:${CANARY}@r:6380/3` } });
    expect(config.redis.url).toBe(`rediss://u:${CANARY}@r:6380/3`);
  });

  test('refuses a secret given twice', () => {
    const env = { TIKTOK_SYNC_REDIS_PASSWORD: CANARY, TIKTOK_SYNC_REDIS_PASSWORD_FILE: '/run/redis' };
    const problem = onlyProblem({ env, files: { '/run/redis': CANARY } });
    expect(problem).toMatchObject({ code: 'CONFIG_SET_TWICE', option: 'redis.password' });
  });

  test('refuses a secret file that is missing or empty, and says nothing else about the option', () => {
    const env = { TIKTOK_SYNC_REDIS_PASSWORD_FILE: '/run/redis' };
    expect(onlyProblem({ env }).code).toBe('CONFIG_SECRET_FILE_UNREADABLE');
    expect(onlyProblem({ env, files: { '/run/redis': '\n' } }).code).toBe('CONFIG_SECRET_FILE_UNREADABLE');
    const { TIKTOK_SYNC_REDIS_URL: _, ...rest } = MINIMAL;
    const url = { bare: true, env: { ...rest, TIKTOK_SYNC_REDIS_URL_FILE: '/nowhere' } };
    expect(onlyProblem(url).code).toBe('CONFIG_SECRET_FILE_UNREADABLE');
  });

  test('refuses a secret on the command line', () => {
    expect(onlyProblem({ set: [`redis.password=${CANARY}`] }).code).toBe('CONFIG_SECRET_ON_COMMAND_LINE');
    const named = { 'redis.url': `redis://:${CANARY}@r:6379` };
    expect(onlyProblem({ named }).code).toBe('CONFIG_SECRET_ON_COMMAND_LINE');
  });

  test('no problem repeats a secret', () => {
    const problems = refused({
      env: {
        TIKTOK_SYNC_REDIS_URL: `amqp://:${CANARY}@r`,
        TIKTOK_SYNC_REGISTRY_URL: `http://user:${CANARY}@registry:8081`,
        TIKTOK_SYNC_TIKTOK_BASE_URL: `http://user:${CANARY}@tiktok/path`,
        TIKTOK_SYNC_KAFKA_SASL_PASSWORD: CANARY,
        TIKTOK_SYNC_REGISTRY_PASSWORD: CANARY,
      },
      set: [`kafka.sasl.oauth.clientSecret=${CANARY}`],
    });
    expect(problems.length).toBeGreaterThanOrEqual(6);
    expect(problems.map(describeProblem).join()).not.toContain(CANARY);
    expect(JSON.stringify(problems)).not.toContain(CANARY);
  });
});

describe('mistakes', () => {
  test('all of them are told at once, each with code, option, origin, bounds and reason', () => {
    const problems = refused({
      bare: true,
      yaml: 'kafka:\n  sesionTimeoutMs: 10s\nwindow:\n  sizeMs: 1ms\n',
      env: { TIKTOK_SYNC_REDIS_MODE: 'custer', TIKTOK_SYNC_KAFKA_BROKER: 'x:1' },
      set: ['http.port=eighty'],
    });
    expect(problems.map(({ code, option, origin }) => [code, option, origin])).toEqual([
      ['CONFIG_UNKNOWN_OPTION', 'kafka.sesionTimeoutMs', 'sync.yaml:2'],
      ['CONFIG_UNKNOWN_OPTION', null, 'env TIKTOK_SYNC_KAFKA_BROKER'],
      ['CONFIG_REQUIRED', 'kafka.brokers', 'not set'],
      ['CONFIG_REQUIRED', 'registry.url', 'not set'],
      ['CONFIG_INVALID_VALUE', 'redis.mode', 'env TIKTOK_SYNC_REDIS_MODE'],
      ['CONFIG_REQUIRED', 'redis.url', 'not set'],
      ['CONFIG_OUT_OF_RANGE', 'window.sizeMs', 'sync.yaml:4'],
      ['CONFIG_WRONG_TYPE', 'http.port', 'flag --set'],
    ]);
    const window = problems.find(({ option }) => option === 'window.sizeMs');
    expect(window).toMatchObject({ allowed: '100ms to 1h', because: expect.stringContaining('shorter makes more') });
    expect(problems[0]?.message).toContain('did you mean kafka.sessionTimeoutMs?');
    expect(problems[1]?.message).toContain('did you mean TIKTOK_SYNC_KAFKA_BROKERS?');
  });

  test('what a file that cannot be read may well hold is not reported as missing', () => {
    expect(onlyProblem({ bare: true, env: { TIKTOK_SYNC_CONFIG: 'nowhere.yaml' } }).code).toBe(
      'CONFIG_FILE_UNREADABLE',
    );
    expect(onlyProblem({ bare: true, yaml: 'kafka:\n\tbrokers: k:9092' }).code).toBe('CONFIG_NOT_YAML');
    const broker = { bare: true, yaml: 'kafka: [', env: { TIKTOK_SYNC_KAFKA_BROKERS: 'no-port' } };
    expect(refused(broker).map(({ code }) => code)).toContain('CONFIG_INVALID_VALUE');
  });

  test('a key in the wrong section is shown its place', () => {
    expect(onlyProblem({ yaml: 'groupId: g' }).message).toContain('did you mean kafka.groupId?');
    expect(onlyProblem({ yaml: 'kafka: { group_id: g }' }).message).toContain('did you mean kafka.groupId?');
    expect(onlyProblem({ set: ['window.size=10s'] }).message).toContain('did you mean window.sizeMs?');
    expect(onlyProblem({ yaml: 'constructor: 1' }).code).toBe('CONFIG_UNKNOWN_OPTION');
  });

  test.each([
    ['a file that does not exist', { env: { TIKTOK_SYNC_CONFIG: 'nowhere.yaml' } }, 'CONFIG_FILE_UNREADABLE'],
    ['a file that is not YAML', { yaml: 'kafka: [' }, 'CONFIG_NOT_YAML'],
    ['a key given twice', { yaml: 'http:\n  port: 1\n  port: 2\n' }, 'CONFIG_NOT_YAML'],
    ['an alias to nothing', { yaml: 'http: { port: *p }' }, 'CONFIG_NOT_YAML'],
    ['a list for a section', { yaml: 'kafka: [a]' }, 'CONFIG_WRONG_TYPE'],
    ['a list for the whole file', { yaml: '- a' }, 'CONFIG_WRONG_TYPE'],
    ['a number where text is wanted', { yaml: 'kafka: { groupId: 7 }' }, 'CONFIG_WRONG_TYPE'],
    ['text where a truth value is wanted', { set: ['kafka.tls.enabled=yes'] }, 'CONFIG_WRONG_TYPE'],
    ['nothing where a number is wanted', { yaml: 'http:\n  port:\n' }, 'CONFIG_WRONG_TYPE'],
    ['half a byte', { set: ['window.maxBufferedBytes=1048576.5'] }, 'CONFIG_WRONG_TYPE'],
    ['a duration in weeks', { set: ['events.maxAgeMs=2w'] }, 'CONFIG_WRONG_TYPE'],
    ['an assignment without a value', { set: ['window.sizeMs'] }, 'CONFIG_INVALID_VALUE'],
    ['one option by two flags', { set: ['log.level=info'], named: { 'log.level': 'debug' } }, 'CONFIG_SET_TWICE'],
    ['brokers without a port', { env: { TIKTOK_SYNC_KAFKA_BROKERS: 'k1,k2' } }, 'CONFIG_INVALID_VALUE'],
    ['brokers as URLs', { env: { TIKTOK_SYNC_KAFKA_BROKERS: 'kafka://k1:9092' } }, 'CONFIG_INVALID_VALUE'],
    ['no broker in the list', { env: { TIKTOK_SYNC_KAFKA_BROKERS: ', ,' } }, 'CONFIG_INVALID_VALUE'],
    ['a start time without a zone', { set: ['kafka.startFrom=2026-11-22T10:00:00'] }, 'CONFIG_INVALID_VALUE'],
    [
      'a TikTok base URL with a path',
      { set: ['tiktok.baseUrl=https://t.example/open_api/v1.3'] },
      'CONFIG_INVALID_VALUE',
    ],
    ['a TikTok base URL with a user', { set: ['tiktok.baseUrl=https://u@t.example'] }, 'CONFIG_INVALID_VALUE'],
    ['a registry URL with a password', { set: ['registry.url=http://u:p@r:8081'] }, 'CONFIG_INVALID_VALUE'],
    ['a Redis URL of another service', { set: ['redis.url=http://r:6379'] }, 'CONFIG_INVALID_VALUE'],
    ['a topic name Kafka does not take', { set: ['topics.config=a b'] }, 'CONFIG_INVALID_VALUE'],
    ['a session shorter than brokers take', { set: ['kafka.sessionTimeoutMs=5s'] }, 'CONFIG_OUT_OF_RANGE'],
    ['a batch larger than TikTok takes', { set: ['delivery.batchMaxEventsCount=1001'] }, 'CONFIG_OUT_OF_RANGE'],
    ['repeating what TikTok has forgotten', { set: ['delivery.ambiguousHorizonMs=48h'] }, 'CONFIG_OUT_OF_RANGE'],
    ['a claim that ends before the 48 h do', { set: ['dedup.replayHorizonMs=24h'] }, 'CONFIG_OUT_OF_RANGE'],
    ['events older than attribution reaches', { set: ['events.maxAgeMs=29d'] }, 'CONFIG_OUT_OF_RANGE'],
    [
      'taking the click id out of addresses',
      { set: ['events.removeQueryParameters=email,TTclid'] },
      'CONFIG_INVALID_VALUE',
    ],
    [
      'names of parameters in brackets',
      { set: ['events.removeQueryParameters=[email, name]'] },
      'CONFIG_INVALID_VALUE',
    ],
    ['a policy for negative values nobody knows', { set: ['events.negativeValue=send'] }, 'CONFIG_INVALID_VALUE'],
    ['a partner name that is blank', { set: ['tiktok.partnerName= '] }, 'CONFIG_INVALID_VALUE'],
    ['a port that does not exist', { set: ['http.port=70000'] }, 'CONFIG_OUT_OF_RANGE'],
  ])('refuses %s', (_, given: Given, code) => {
    expect(onlyProblem(given).code).toBe(code);
  });
});
