import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Config } from '../../src/config.ts';
import { EXIT, EXIT_CODE_HELP, exitCodeOf } from '../../src/control/exit-codes.ts';
import { wantsColor } from '../../src/control/terminal.ts';
import { CodedError, ERROR_CODES, type ErrorCode } from '../../src/core/error-codes.ts';
import type { TopicsRequest } from '../../src/topics-command.ts';
import { command, MINIMAL } from './fake-host.ts';

const CANARY = 'canary-7f3a';

describe('usage', () => {
  test.each([
    ...['run', 'check', 'doctor', 'topics', 'topics ensure', 'topics check', 'preview', 'explain', 'version'],
    ...['apply', 'get', 'delete', 'connections', 'connections list', 'connections verify'],
    ...['tokens', 'tokens seal', 'tokens generate-key'],
    ...['list', 'show', 'stats', 'redrive'].map(action => `dead-letters ${action}`),
    'dead-letters',
    'healthcheck',
  ])('%s --help shows examples and exit codes', async name => {
    const { exitCode, out, err } = await command(`${name} --help`);
    expect([exitCode, err]).toEqual([0, '']);
    expect(out).toMatch(/Examples:\n {2}\$ .*tiktok-sync /);
    expect(out).toMatch(/^Exit codes:\s+0 /m);
  });

  test('--help names the commands and the exit codes', async () => {
    const { exitCode, out } = await command('--help');
    expect(exitCode).toBe(0);
    for (const name of ['run', 'check', 'topics', 'preview', 'dead-letters', 'version'])
      expect(out).toContain(`\n  ${name}`);
    expect(out).toContain(EXIT_CODE_HELP);
  });

  test('every exit code is in the help', () => {
    for (const code of new Set(Object.values(EXIT))) expect(EXIT_CODE_HELP).toMatch(new RegExp(`^ {2}${code} `, 'm'));
  });

  test('an unknown command is answered with the nearest one', async () => {
    const { exitCode, out, err } = await command('chek');
    expect([exitCode, out]).toEqual([EXIT.usage, '']);
    expect(err).toMatch(/^USAGE {2}unknown command 'chek'\n\(Did you mean check\?\)/);
  });

  test('an unknown flag is answered with the nearest one', async () => {
    const { exitCode, err } = await command('check --broker k:1');
    expect(exitCode).toBe(EXIT.usage);
    expect(err).toContain('Did you mean --brokers?');
  });

  test.each(['', 'topics', 'run extra', 'preview --event e.json', 'check --config'])(
    '"%s" alone is no command',
    async line => {
      const { exitCode, out, err } = await command(line);
      expect([exitCode, out]).toEqual([EXIT.usage, '']);
      expect(err).not.toBe('');
    },
  );

  test('an unexpected error ends with 1 and says so', async () => {
    const run = () => Promise.reject(new Error('boom'));
    const { exitCode, err } = await command('run', { env: MINIMAL, heavy: { run } });
    expect(exitCode).toBe(EXIT.unexpected);
    expect(err).toMatch(/^UNEXPECTED {2}Error: boom/);
  });

  test('a dependency that is away at start ends with 4', async () => {
    const run = () => Promise.reject(new CodedError('DEPENDENCY_UNREACHABLE', 'Kafka at k1:9092 does not answer'));
    const { exitCode, err } = await command('run', { env: MINIMAL, heavy: { run } });
    expect([exitCode, err]).toEqual([EXIT.unreachable, 'DEPENDENCY_UNREACHABLE  Kafka at k1:9092 does not answer\n']);
  });

  test('with --json a failure is one JSON object, the last line of the messages', async () => {
    const env = MINIMAL;
    const away = new CodedError('DEPENDENCY_UNREACHABLE', 'Kafka at k1:9092 does not answer');
    const heavy = { topics: () => Promise.reject(away) };
    const unreached = await command('topics check --json', { env, heavy, color: true });
    expect([unreached.exitCode, unreached.out]).toEqual([EXIT.unreachable, '']);
    expect(JSON.parse(unreached.err)).toEqual({ error: { code: away.code, message: away.message } });
    const unexpected = await command('topics check --json', {
      env,
      heavy: { topics: () => Promise.reject(Error('x')) },
    });
    expect(JSON.parse(unexpected.err)).toMatchObject({
      error: { code: 'UNEXPECTED', message: expect.stringMatching(/^Error: x/) },
    });
  });

  test('with --json a wrong command line and a wrong configuration are one JSON object, too', async () => {
    const usage = await command('topics check --json --broker k:1', { env: MINIMAL, color: true });
    expect([usage.exitCode, usage.out]).toEqual([EXIT.usage, '']);
    expect(JSON.parse(usage.err)).toEqual({
      error: { code: 'USAGE', message: "unknown option '--broker'\n(Did you mean --brokers?)" },
    });
    const invalid = await command('doctor --json', { color: true });
    expect([invalid.exitCode, invalid.out]).toEqual([EXIT.invalid, '']);
    const { error } = JSON.parse(invalid.err);
    expect(error).toEqual({
      code: 'CONFIG_REQUIRED',
      message: expect.stringMatching(/kafka\.brokers.*\n(?:.*\n)*.*registry\.url/),
    });
  });

  test.each([
    'explain --code 0 --json --set delivery.maxHoldMs=soon',
    'preview --event e --connection c --mapping m --json --set events.maxAgeMs=soon',
    'tokens seal --connection acme --json --set tokens.sealWith=!',
    'connections list --json --set kafka.brokers=!',
  ])('so it is where a command needs no more than some sections: %s', async line => {
    const { err, exitCode, out } = await command(line, { env: MINIMAL });
    expect([exitCode, out]).toEqual([EXIT.invalid, '']);
    expect(JSON.parse(err).error.code).toMatch(/^CONFIG_/);
  });

  test('every error code has an exit code other than 0', () => {
    for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) expect(exitCodeOf(code), code).toBeGreaterThan(0);
  });
});

describe('version', () => {
  test('prints one line, or JSON', async () => {
    expect((await command('version')).out).toMatch(/^tiktok-conversion-sync \d+\.\d+\.\d+ \(Node\.js v24\.0\.0\)\n$/);
    const { name, version } = JSON.parse((await command('version --json')).out);
    expect([name, (await command('--version')).out]).toEqual(['tiktok-conversion-sync', `${version}\n`]);
  });
});

describe('check', () => {
  test('prints the effective configuration as YAML, with where each value came from', async () => {
    const files = { 'sync.yaml': 'log:\n  level: warn\n' };
    const { exitCode, out, err } = await command('check -c sync.yaml --window 10s', { env: MINIMAL, files });
    expect([exitCode, err]).toEqual([EXIT.ok, 'The configuration is valid.\n']);
    expect(out).toContain('  brokers: [ k1:9092 ]  # env TIKTOK_SYNC_KAFKA_BROKERS\n');
    expect(out).toContain('  sizeMs: 10000  # 10s; flag --window\n');
    expect(out).toContain('  level: warn  # sync.yaml:2\n');
    expect(out).toContain('  sessionTimeoutMs: 45000  # 45s; default\n');
  });

  test('what it prints is a configuration again, with the same effect', async () => {
    const env = { ...MINIMAL, TIKTOK_SYNC_KAFKA_START_FROM: '2026-11-22', TIKTOK_SYNC_CONFIG_IGNORE: 'mapping:a b' };
    const first = await command('check', { env });
    const second = await command('check -c printed.yaml', { files: { 'printed.yaml': first.out } });
    expect(second.exitCode).toBe(EXIT.ok);
    expect(parse(second.out)).toEqual(parse(first.out));
  });

  test('--json holds values and origins by path', async () => {
    const { exitCode, out } = await command('check --json', { env: MINIMAL });
    const { options } = JSON.parse(out);
    expect(exitCode).toBe(EXIT.ok);
    expect(options['kafka.brokers']).toEqual({ value: ['k1:9092'], from: 'env TIKTOK_SYNC_KAFKA_BROKERS' });
    expect(options['window.sizeMs']).toEqual({ value: 120_000, from: 'default' });
  });

  test.each(['check', 'check --json'])('%s shows no secret', async line => {
    const env = {
      ...MINIMAL,
      TIKTOK_SYNC_REDIS_URL_FILE: '/run/url',
      TIKTOK_SYNC_REDIS_URL: '',
      TIKTOK_SYNC_REGISTRY_USERNAME: 'reader',
      TIKTOK_SYNC_REGISTRY_PASSWORD: CANARY,
      TIKTOK_SYNC_KAFKA_SASL_MECHANISM: 'plain',
      TIKTOK_SYNC_KAFKA_SASL_USERNAME: 'service',
      TIKTOK_SYNC_KAFKA_SASL_PASSWORD_FILE: '/run/kafka',
    };
    const files = { '/run/url': `redis://app:${CANARY}@redis:6379/2\n`, '/run/kafka': CANARY };
    const { exitCode, out, err } = await command(line, { env, files });
    expect(exitCode).toBe(EXIT.ok);
    expect(out + err).not.toContain(CANARY);
    expect(out).toContain('redis://***:***@redis:6379/2');
    expect(out.match(/"?\*{3}"?[,\s]/g)?.length).toBeGreaterThanOrEqual(2);
  });

  test('--schema prints what editors check the file by, and needs no configuration', async () => {
    const { exitCode, out } = await command('check --schema');
    expect(exitCode).toBe(EXIT.ok);
    expect(out).toBe(readFileSync(new URL('../../config/schema.json', import.meta.url), 'utf8'));
  });

  test('every problem goes to the message stream, with its code, bounds and reason', async () => {
    const { exitCode, out, err } = await command('check --http-port 70000 --set windw.sizeMs=1s');
    expect([exitCode, out]).toEqual([EXIT.invalid, '']);
    expect(err).toContain(
      'CONFIG_OUT_OF_RANGE  http.port (flag --http-port): "70000" is out of bounds\n    allowed: 0 to 65535\n',
    );
    expect(err).toContain('did you mean window.sizeMs?');
    expect(err).toContain('5 problems in the configuration.');
  });

  test('--json tells problems as data', async () => {
    const { exitCode, out, err } = await command('check --json');
    expect([exitCode, err]).toEqual([EXIT.invalid, '']);
    expect(JSON.parse(out).problems[0]).toMatchObject({ code: 'CONFIG_REQUIRED', option: 'kafka.brokers' });
  });

  test('colours come only where they are wanted', async () => {
    const escapeSign = String.fromCharCode(27);
    expect((await command('check', { color: true })).err).toContain(`${escapeSign}[`);
    expect((await command('check', { color: false })).err).not.toContain(escapeSign);
  });
});

test('a terminal gets colours unless NO_COLOR is set or it is dumb', () => {
  expect(wantsColor(true, { TERM: 'xterm' })).toBe(true);
  expect(wantsColor(true, { TERM: 'xterm', NO_COLOR: '' })).toBe(true);
  expect(wantsColor(true, { TERM: 'xterm', NO_COLOR: '1' })).toBe(false);
  expect(wantsColor(true, { TERM: 'dumb' })).toBe(false);
  expect(wantsColor(false, { TERM: 'xterm' })).toBe(false);
});

describe('run and topics', () => {
  test('run hands the configuration to the service', async () => {
    const seen: Config[] = [];
    const run = async (config: Config) => {
      seen.push(config);
    };
    const { exitCode } = await command('run --set window.sizeMs=1s', { env: MINIMAL, heavy: { run } });
    expect([exitCode, seen[0]?.window.sizeMs]).toEqual([EXIT.ok, 1_000]);
  });

  test('nothing runs with an invalid configuration', async () => {
    const { exitCode, err } = await command('run');
    expect(exitCode).toBe(EXIT.invalid);
    expect(err).toContain('CONFIG_REQUIRED');
    expect((await command('topics ensure')).exitCode).toBe(EXIT.invalid);
  });

  test('topics asks for nothing but Kafka, and for that in full', async () => {
    const env = { TIKTOK_SYNC_KAFKA_BROKERS: 'k1:9092' };
    const heavy = { topics: async () => EXIT.ok };
    expect(await command('topics check', { env, heavy })).toEqual({ exitCode: EXIT.ok, out: '', err: '' });
    const half = { ...env, TIKTOK_SYNC_KAFKA_TLS_CERT_FILE: 'cert.pem' };
    const { err, exitCode } = await command('topics check', { env: half, heavy });
    expect(exitCode).toBe(EXIT.invalid);
    expect(err).toContain('kafka.tls.certFile and kafka.tls.keyFile must be set together');
  });

  test('topics answers with the exit code of what it found', async () => {
    const seen: unknown[] = [];
    const topics = async (request: TopicsRequest) => {
      seen.push(request);
      return EXIT.foundWrong;
    };
    expect((await command('topics check --json', { env: MINIMAL, heavy: { topics } })).exitCode).toBe(EXIT.foundWrong);
    expect((await command('topics ensure', { env: MINIMAL, heavy: { topics } })).exitCode).toBe(EXIT.foundWrong);
    expect(seen).toMatchObject([
      { action: 'check', json: true },
      { action: 'ensure', json: false, partitions: 12 },
    ]);
    expect((await command('topics ensure --partitions 0', { env: MINIMAL, heavy: { topics } })).exitCode).toBe(
      EXIT.usage,
    );
    expect(seen).toHaveLength(2);
  });
});
