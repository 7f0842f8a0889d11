import { beforeEach, describe, expect, test } from 'vitest';
import { runVerify } from '../../src/control/verify-connection.ts';
import { entryFromJson } from '../../src/core/entry-fields.ts';
import type { TokenLookup } from '../../src/ports.ts';
import { command, MINIMAL } from '../cli/fake-host.ts';
import { connection } from '../core/config-records.ts';
import { schemas } from '../core/event-records.ts';
import { MemoryConfigTopic } from '../fakes/memory-config-topic.ts';
import { coded, ScriptedEventsApi, unreached } from '../fakes/scripted-events-api.ts';

let topic: MemoryConfigTopic;
let api: ScriptedEventsApi;
let token: TokenLookup;

beforeEach(() => {
  topic = new MemoryConfigTopic();
  api = new ScriptedEventsApi();
  token = { kind: 'token', token: 'very-secret', tokenDigest: 'digest' };
  put('acme-main');
});

function put(id: string, fields: Readonly<Record<string, unknown>> = {}): void {
  const json = connection({ connection_id: id, ...fields });
  topic.put({ kind: 'connection', id }, entryFromJson('connection', json, schemas).fields);
}

function verify(args: string) {
  const parts = { topic, tokens: { lookup: () => token }, api, partnerName: null };
  return command(`connections verify ${args}`, {
    env: MINIMAL,
    heavy: {
      connections: {
        verify: (request, _config, host) => runVerify(request, parts, host),
        list: () => Promise.reject(new Error('not asked for')),
      },
    },
  });
}

describe('connections verify --all', () => {
  test('asks about every connection that is enabled, in order, and ends as the worst of them', async () => {
    put('b-shop');
    put('z-off', { enabled: false });
    api.answer = ({ accessToken }) => coded(accessToken === 'very-secret' ? 0 : 40105);
    const well = await verify('--all');
    expect(well.exitCode).toBe(0);
    expect(well.out.match(/^\w+ {2}[\w-]+/gm)).toEqual(['active  acme-main', 'active  b-shop']);
    token = { kind: 'missing', problem: 'no file' };
    expect((await verify('--all')).exitCode).toBe(9);
    let asked = 0;
    token = { kind: 'token', token: 'very-secret', tokenDigest: 'digest' };
    api.answer = () => (asked++ === 0 ? unreached() : coded(40105));
    const { exitCode, out } = await verify('--all --json');
    expect([exitCode, JSON.parse(out).map(({ result }: { result: string }) => result)]).toEqual([
      8,
      ['undecided', 'refused'],
    ]);
    expect(out).not.toContain('very-secret');
  });

  test('says that there is none, and wants a name or --all', async () => {
    put('acme-main', { enabled: false });
    expect(await verify('--all')).toMatchObject({ exitCode: 5, out: '' });
    expect(await verify('--all --json')).toMatchObject({ exitCode: 5, out: '[]\n', err: '' });
    for (const args of ['', 'acme-main --all']) expect((await verify(args)).exitCode).toBe(2);
  });
});

describe('connections verify', () => {
  test('says that TikTok takes the credentials', async () => {
    const { err, exitCode, out } = await verify('acme-main');
    expect([exitCode, err]).toEqual([0, '']);
    expect(out).toBe(
      'active  acme-main, pixel PIXEL (asked with a batch without events)\n  code 0, HTTP 200\n' +
        "  TikTok's request_id: req-0\n",
    );
    expect(api.requests).toMatchObject([{ path: 'event/track/', accessToken: 'very-secret', eventIds: [] }]);
  });

  test('asks with a test event where the connection has a test event code', async () => {
    put('acme-main', { test_event_code: 'TEST1' });
    expect((await verify('acme-main')).out).toContain('asked with one test event');
    expect(api.sent).toHaveLength(1);
    expect(api.sent[0]).toHaveLength(1);
  });

  test('says that TikTok refuses them, with its code, its request_id and what to do', async () => {
    api.answer = () => coded(40105, 'Access token is incorrect or has been revoked.');
    const { exitCode, out } = await verify('acme-main');
    expect(exitCode).toBe(8);
    const [first, second, third, fourth] = out.split('\n');
    expect(first).toMatch(/^refused {2}acme-main/);
    expect(second).toBe('  token_invalid: code 40105, HTTP 200, Access token is incorrect or has been revoked.');
    expect(third).toContain('req-40105');
    expect(fourth).toContain('Events Manager');
  });

  test.each([
    ['TikTok finds fault with the empty batch', () => coded(40002, 'data: empty'), 'test_event_code'],
    ['TikTok cannot be reached', unreached, 'Try again'],
    ['TikTok limits requests', () => coded(40100, 'Too frequent'), 'Try again'],
  ])('is undecided when %s, and says what to do', async (_, answer, advice) => {
    api.answer = answer;
    const { exitCode, out } = await verify('acme-main');
    expect([exitCode, out.startsWith('undecided  acme-main')]).toEqual([9, true]);
    expect(out).toContain(advice);
  });

  test('has code, HTTP status and request_id of an answer that decides nothing, and none where there was none', async () => {
    api.answer = () => coded(40100, 'Too frequent');
    expect((await verify('acme-main')).out).toMatch(
      /code 40100, HTTP 200, Too frequent\n {2}TikTok's request_id: req-40100\n/,
    );
    const limited = { result: 'undecided', http_status: 200, api_code: 40100, request_id: 'req-40100' };
    expect(JSON.parse((await verify('acme-main --json')).out)).toMatchObject(limited);
    api.answer = unreached;
    const unknown = { result: 'undecided', http_status: null, api_code: null, request_id: null };
    expect(JSON.parse((await verify('acme-main --json')).out)).toMatchObject(unknown);
  });

  test('says how long TikTok asks to wait', async () => {
    const body = '{"code":40100,"message":"Too frequent"}';
    const limited = (after: string) => () =>
      ({ kind: 'response', status: 429, headers: { 'retry-after': after }, body, durationMs: 5 }) as const;
    api.answer = limited('7');
    expect((await verify('acme-main')).out).toContain('\n  Try again in 7 s.\n');
    expect(JSON.parse((await verify('acme-main --json')).out).advice).toBe('Try again in 7 s.');
    api.answer = limited('0');
    expect((await verify('acme-main')).out).toContain('\n  Try again in a while.\n');
  });

  test.each([
    [403, 8, "  token_invalid: HTTP 403 without TikTok's JSON"],
    [502, 9, "  no answer about the credentials: HTTP 502 without TikTok's JSON"],
    [302, 9, "HTTP 302 without TikTok's JSON"],
  ])('says once that an answer with HTTP %d was without TikTok’s JSON', async (status, code, line) => {
    api.answer = () => ({ kind: 'response', status, headers: {}, body: '<html>', durationMs: 5 });
    const { exitCode, out } = await verify('acme-main');
    expect(exitCode).toBe(code);
    expect(out).toContain(`${line}\n`);
    expect(out.split(`HTTP ${status}`)).toHaveLength(2);
  });

  test('is undecided without a token, and asks nobody', async () => {
    token = { kind: 'missing', problem: 'there is no file "acme" in tokens.dir' };
    const { exitCode, out } = await verify('acme-main');
    expect([exitCode, api.requests]).toEqual([9, []]);
    expect(out).toContain('there is no file "acme" in tokens.dir');
    expect(out).not.toContain('request_id');
  });

  test('prints JSON with every field, and never the token', async () => {
    api.answer = () => coded(40001, 'No permission for very-secret');
    const { exitCode, out } = await verify('acme-main --json');
    expect(exitCode).toBe(8);
    expect(JSON.parse(out)).toEqual({
      connection_id: 'acme-main',
      pixel_id: 'PIXEL',
      enabled: true,
      probe: 'empty_batch',
      result: 'refused',
      state: 'parked',
      http_status: 200,
      api_code: 40001,
      request_id: 'req-40001',
      message: expect.any(String),
      advice: expect.any(String),
    });
    api.answer = () => coded(0);
    expect(JSON.parse((await verify('acme-main --json')).out)).toMatchObject({
      ...{ result: 'active', state: 'active', http_status: 200, api_code: 0, request_id: 'req-0' },
      message: null,
      advice: null,
    });
  });

  test('asks about a disabled connection too, and says that it is', async () => {
    put('acme-main', { enabled: false });
    const { exitCode, out } = await verify('acme-main');
    expect(exitCode).toBe(0);
    expect(out).toContain('disabled');
  });

  test('knows no such connection, and suggests one', async () => {
    const { err, exitCode } = await verify('acme-mian');
    expect(exitCode).toBe(5);
    expect(err).toContain('Did you mean acme-main?');
    expect(api.requests).toEqual([]);
  });

  test('says why an entry cannot be used', async () => {
    put('broken', { access_token: 'a-token-in-clear' });
    topic.unreadable.set('connection:unread', { offset: 3, problem: 'truncated' });
    const [broken, unread] = [await verify('broken'), await verify('unread')];
    expect([broken.exitCode, unread.exitCode]).toEqual([3, 3]);
    expect(broken.err).toContain('access_token');
    expect(broken.err).not.toContain('a-token-in-clear');
    expect(unread.err).toContain('truncated');
  });

  test('explains itself', async () => {
    const { exitCode, out } = await verify('--help');
    expect(exitCode).toBe(0);
    expect(out).toContain('8 TikTok refuses the credentials');
  });
});
