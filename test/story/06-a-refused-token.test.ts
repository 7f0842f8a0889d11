import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConnectionStatusView, readConnectionStatus } from '../../sandbox/connection-status.ts';
import { eventually } from '../../sandbox/eventually.ts';
import type { ServiceProcess } from '../../sandbox/service-process.ts';
import { pixelOf, tokenOf, tokenVariable, type World } from '../../sandbox/world.ts';
import { NONCE_BYTES, sealToken } from '../../src/core/token-envelope.ts';
import { KEY_BYTES, keyLine } from '../../src/core/token-keys.ts';
import { useStack } from '../stack.ts';
import { balanceOf, unbalanced } from './books.ts';
import { conversion, countedIds, createWorld, ids, repeats } from './business.ts';

const stack = await useStack();
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const FINE = 'fine';
const EXPIRED = 'expired';
const KEY = { id: 'k1', bytes: Buffer.alloc(KEY_BYTES, 1) };

describe('a token that TikTok refuses', () => {
  let world: World;
  let service: ServiceProcess;
  let other: ServiceProcess;

  beforeAll(async () => {
    const env = { TIKTOK_SYNC_TOKENS_KEY_FILE: 'token-keys' };
    world = await createWorld(stack, 'token', { connections: [FINE, EXPIRED], env });
    // One token comes in an envelope, the other in a file.
    writeFileSync(join(world.folder, 'token-keys'), `${keyLine(KEY)}\n`);
    await world.connect(FINE, { access_token: sealToken(tokenOf(FINE), FINE, KEY, Buffer.alloc(NONCE_BYTES, 7)) });
    writeFileSync(join(world.folder, 'expired-token'), 'a-token-of-last-year\n');
    await world.connect(EXPIRED, { access_token: 'file:expired-token' });
    service = await world.startService();
  });
  afterAll(() => world.close());

  async function convert(connection: string, conversions: readonly string[]): Promise<void> {
    await world.producer.conversions(conversions.map(id => conversion(connection, id)));
  }

  /** Requests that TikTok answered with this code. */
  function codesOf(wanted: number) {
    return world.simulator
      .ledger()
      .requests()
      .filter(({ code }) => code === wanted);
  }

  /** What the status topic was told, of one connection. */
  async function told(connection: string): Promise<readonly (ConnectionStatusView | null)[]> {
    const entries = (await world.read(world.topics.connectionStatus)).map(readConnectionStatus);
    return entries.filter(entry => entry?.connection_id === connection);
  }

  /** A connection on /status, without what a replica has in hand. */
  async function stateOf(replica: ServiceProcess, connection: string) {
    const { connections } = (await replica.status()) as { connections: Record<string, unknown>[] };
    const { events_in_flight: _, ...state } = connections.find(({ connection_id: id }) => id === connection) ?? {};
    return state as Record<string, unknown>;
  }

  it('makes dead letters of the connection’s events, with TikTok’s code, while other connections go on', async () => {
    await convert(EXPIRED, ids('lost', 3));
    await convert(FINE, ids('fine', 3));
    await world.allCommitted();

    const letters = await world.read(world.topics.deadLetter);
    expect(letters.map(({ headers }) => headers['tiktok-sync.event.id']).sort()).toEqual(ids('lost', 3));
    const [refusal] = codesOf(40105);
    const first = letters.find(({ headers }) => headers['tiktok-sync.api.request_id'] === refusal?.request_id);
    expect(first?.headers).toMatchObject({
      'tiktok-sync.stage': 'deliver',
      'tiktok-sync.reason': 'connection_parked',
      'tiktok-sync.connection': EXPIRED,
      'tiktok-sync.api.code': '40105',
      'tiktok-sync.retryable': 'true',
    });
    expect(countedIds(world.simulator)).toEqual(ids('fine', 3));
  });

  it('parks the connection: its next events are letters too, and the others’ are delivered', async () => {
    await convert(EXPIRED, ['lost-again']);
    await convert(FINE, ['fine-again']);
    await world.allCommitted();

    const reasons = (await world.syncLog()).map(({ event_id, outcome, reason }) => `${event_id} ${outcome} ${reason}`);
    expect(reasons).toContain('lost-again dead_lettered connection_parked');
    expect(reasons).toContain('fine-again delivered accepted');
    expect((await service.status()).connections).toEqual([
      expect.objectContaining({ connection_id: FINE, state: 'active', api_code: null }),
      expect.objectContaining({ connection_id: EXPIRED, state: 'token_invalid', api_code: 40105 }),
    ]);
  });

  it('is on the status topic, and another replica that starts knows it with all that is known', async () => {
    const entry = await eventually('the topic tells of it', async () => {
      return (await told(EXPIRED)).find(each => each?.state === 'token_invalid');
    });
    expect(entry).toMatchObject({ api_code: 40105, release_cause: null });
    expect((await told(FINE)).at(-1)?.state).toBe('active');
    expect(entry.request_id).toBe(codesOf(40105)[0]?.request_id);

    other = await world.startService('other');
    const refused = codesOf(40105).length;
    expect(await stateOf(other, EXPIRED)).toEqual(await stateOf(service, EXPIRED));
    expect(await stateOf(other, EXPIRED)).toMatchObject({ state: 'token_invalid', request_id: entry.request_id });
    expect(codesOf(40105)).toHaveLength(refused);
  });

  it('is forgotten with the next batch once the token is corrected', async () => {
    writeFileSync(join(world.folder, 'expired-token'), `${tokenOf(EXPIRED)}\n`);

    await convert(EXPIRED, ids('saved', 2));
    await world.allCommitted();

    expect(countedIds(world.simulator, pixelOf(EXPIRED))).toEqual(ids('saved', 2));
  });

  it('is released on both replicas, which is told once', async () => {
    await eventually('both agree', async () => {
      const [here, there] = await Promise.all([service, other].map(replica => stateOf(replica, EXPIRED)));
      return here?.['state'] === 'active' && JSON.stringify(here) === JSON.stringify(there);
    });
    const released = (await told(EXPIRED)).filter(entry => entry?.release_cause !== null);
    expect(released[0]).toMatchObject({ state: 'active', release_cause: 'new_token' });
    // Both may have seen it at the same moment; it is the same release all the same.
    expect(new Set(released.map(entry => `${entry?.config_offset} ${entry?.revision}`)).size).toBe(1);
  });

  it('leaves balanced books and nothing sent twice', async () => {
    expect(repeats(world.simulator)).toBe(0);
    expect(await unbalanced([service, other])).toEqual([]);
    const books = (await Promise.all([service, other].map(balanceOf))).flat();
    const sum = (of: string, count: 'delivered' | 'dead_lettered') =>
      books.filter(({ connection }) => connection === of).reduce((total, { [count]: events = 0 }) => total + events, 0);
    expect([sum(EXPIRED, 'delivered'), sum(EXPIRED, 'dead_lettered'), sum(FINE, 'delivered')]).toEqual([2, 4, 4]);
  });
});

describe('a token that nobody has used yet', () => {
  const [TESTED, WRONG, SILENT] = ['tested', 'wrong', 'silent'] as const;
  let world: World;

  beforeAll(async () => {
    world = await createWorld(stack, 'token-check', { connections: [TESTED, WRONG, SILENT] });
    await world.connect(TESTED, { test_event_code: 'TEST1' });
    await world.connect(WRONG, { access_token: `env:${tokenVariable(TESTED)}` });
  });
  afterAll(() => world.close());

  /** Runs the command as a process of its own: the simulator that it asks lives in this one. */
  function cli(line: string): Promise<{ exitCode: number; out: string; err: string }> {
    const [env, args] = [{ ...world.env }, [MAIN, ...line.split(' ')]];
    return new Promise(resolve => {
      const child = execFile(process.execPath, args, { env }, (_, out, err) => {
        resolve({ exitCode: child.exitCode ?? -1, out, err });
      });
    });
  }

  it('is asked about by a command: active, refused with TikTok’s code, or undecided', async () => {
    const taken = await cli(`connections verify ${TESTED} --json`);
    expect([taken.exitCode, taken.err, JSON.parse(taken.out)]).toMatchObject([
      0,
      '',
      { result: 'active', http_status: 200, api_code: 0 },
    ]);
    const accepted = world.simulator
      .ledger()
      .requests()
      .filter(({ code }) => code === 0);
    expect(accepted.map(({ request_id }) => request_id)).toContain(JSON.parse(taken.out).request_id);
    const wrong = await cli(`connections verify ${WRONG} --json`);
    const refused = world.simulator
      .ledger()
      .requests()
      .find(({ code }) => code === 40001);
    expect([wrong.exitCode, JSON.parse(wrong.out)]).toMatchObject([
      8,
      { result: 'refused', state: 'parked', api_code: 40001, request_id: refused?.request_id },
    ]);
    const silent = await cli(`connections verify ${SILENT} --json`);
    expect([silent.exitCode, JSON.parse(silent.out)]).toMatchObject([9, { result: 'undecided', api_code: 40002 }]);
    expect(await cli('connections verify tsted')).toMatchObject({ exitCode: 5 });
  });

  it('is asked about by the service without an event, at most once by each of two replicas', async () => {
    const before = world.simulator.ledger().requests().length;
    await Promise.all(['one', 'two'].map(name => world.startService(name, { TIKTOK_SYNC_TOKENS_CHECK: 'true' })));

    const shown = async (): Promise<unknown[][]> => {
      const { exitCode, out } = await cli('connections list --json');
      expect(exitCode).toBe(0);
      const listed = JSON.parse(out) as Record<string, unknown>[];
      return listed.map(({ api_code, connection_id, state }) => [connection_id, state, api_code]);
    };
    const expected = [
      [SILENT, 'undecided', 40002],
      [TESTED, 'active', null],
      [WRONG, 'parked', 40001],
    ];
    await eventually('all are asked about', async () => JSON.stringify(await shown()) === JSON.stringify(expected));
    // The refused one is asked about again, ever more rarely.
    const asked = world.simulator.ledger().requests().slice(before);
    expect(asked.filter(({ code }) => code !== 40001).length).toBeLessThanOrEqual(4);
    expect(world.simulator.ledger().counted()).toEqual([]);
  });
});
