import { beforeEach, describe, expect, test } from 'vitest';
import { runList } from '../../src/control/list-connections.ts';
import { afterRefusal, type ConnectionState, unanswered } from '../../src/core/connection-state.ts';
import { entryFromJson } from '../../src/core/entry-fields.ts';
import { command, MINIMAL } from '../cli/fake-host.ts';
import { connection } from '../core/config-records.ts';
import { schemas } from '../core/event-records.ts';
import { MemoryConfigTopic } from '../fakes/memory-config-topic.ts';

const ANSWER = { apiCode: 40105, httpStatus: 200, requestId: 'request-1', message: 'revoked' };

let topic: MemoryConfigTopic;
let states: Map<string, ConnectionState> | null;

beforeEach(() => {
  topic = new MemoryConfigTopic();
  states = new Map();
});

function put(id: string, fields: Readonly<Record<string, unknown>> = {}): void {
  const json = connection({ connection_id: id, ...fields });
  topic.put({ kind: 'connection', id }, entryFromJson('connection', json, schemas).fields);
}

function refusedAt(configOffset: number): ConnectionState {
  return afterRefusal(unanswered('undecided', { configOffset, tokenDigest: 'd' }, null, 0), ANSWER, 1_000);
}

function list(args = '') {
  return command(`connections list ${args}`, {
    env: MINIMAL,
    heavy: {
      connections: {
        verify: () => Promise.reject(new Error('not asked for')),
        list: async (request, _config, host) => runList(request, { stored: await topic.read(), states }, host),
      },
    },
  });
}

describe('connections list', () => {
  test('of one workspace, or in one state', async () => {
    put('c-1', { workspace_id: 'acme' });
    put('c-2', { workspace_id: 'globex' });
    put('c-3', { workspace_id: 'acme', enabled: false });
    const ids = async (args: string) =>
      JSON.parse((await list(`--json ${args}`)).out).map((each: { connection_id: string }) => each.connection_id);
    expect(await ids('--workspace acme')).toEqual(['c-1', 'c-3']);
    expect(await ids('--state disabled')).toEqual(['c-3']);
    expect(await ids('--workspace acme --state unknown')).toEqual(['c-1']);
    expect(await list('--workspace nobody')).toEqual({ exitCode: 5, out: '', err: 'No connection matches.\n' });
    expect(await list('--workspace nobody --json')).toEqual({ exitCode: 5, out: '[]\n', err: '' });
    expect((await list('--state tokn_invalid')).err).toContain('token_invalid');
  });

  test('shows each connection with the state that the service told of this version of its entry', async () => {
    put('c-2');
    put('c-1');
    put('c-3', { enabled: false });
    put('c-4', { access_token: 'a-token-in-clear' });
    topic.unreadable.set('connection:c-5', { offset: 9, problem: 'truncated' });
    topic.unreadable.set('mapping:m-1', { offset: 10, problem: 'truncated' });
    states?.set('c-1', refusedAt(1)).set('c-2', refusedAt(7));
    const { err, exitCode, out } = await list();
    expect([exitCode, err]).toEqual([0, '']);
    expect(out.trimEnd().split('\n')).toEqual([
      'token_invalid  c-1  pixel PIXEL  since 1970-01-01T00:00:01.000Z, TikTok refuses the connection: code 40105, HTTP 200, revoked, request request-1',
      'unknown        c-2  pixel PIXEL',
      'disabled       c-3  pixel PIXEL  disabled by its entry',
      expect.stringMatching(/^unusable {7}c-4 {2}pixel PIXEL {2}access_token: /),
      'unusable       c-5  pixel -  truncated',
    ]);
    expect(out).not.toContain('a-token-in-clear');
  });

  test('prints JSON', async () => {
    put('c-1');
    states?.set('c-1', refusedAt(0));
    expect(JSON.parse((await list('--json')).out)).toEqual([
      {
        connection_id: 'c-1',
        workspace_id: 'ws-1',
        pixel_id: 'PIXEL',
        state: 'token_invalid',
        since: '1970-01-01T00:00:01.000Z',
        reason: expect.stringContaining('revoked'),
        api_code: 40105,
        request_id: 'request-1',
      },
    ]);
  });

  test('says since when a connection is disabled, as far as that was told of this version of its entry', async () => {
    put('c-1', { enabled: false });
    put('c-2', { enabled: false });
    const disabledAt = (configOffset: number) =>
      unanswered('disabled', { configOffset, tokenDigest: null }, null, 5_000);
    states?.set('c-1', disabledAt(0)).set('c-2', disabledAt(0));
    const about = { state: 'disabled', reason: 'disabled by its entry', api_code: null };
    expect(JSON.parse((await list('--json')).out)).toMatchObject([
      { connection_id: 'c-1', since: '1970-01-01T00:00:05.000Z', ...about },
      { connection_id: 'c-2', since: null, ...about },
    ]);
    expect((await list()).out).toContain('c-1  pixel PIXEL  since 1970-01-01T00:00:05.000Z, disabled by its entry\n');
  });

  test('says that no state is known where there is no status topic', async () => {
    put('c-1');
    states = null;
    const { err, out } = await list();
    expect(out).toBe('unknown        c-1  pixel PIXEL\n');
    expect(err).toContain('tiktok-sync topics ensure');
  });

  test('finds nothing on an empty topic', async () => {
    expect(await list()).toMatchObject({ exitCode: 5, out: '' });
    expect(await list('--json')).toMatchObject({ exitCode: 5, out: '[]\n' });
    expect((await list()).err).toBe(
      'There are no connections on the config topic: tiktok-sync apply -f FILE writes them.\n',
    );
  });
});
