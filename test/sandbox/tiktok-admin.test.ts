import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { tokenDigest } from '../../sandbox/tiktok-access.ts';
import { apiCode } from '../../sandbox/tiktok-faults.ts';
import { DEFAULT_SETTINGS } from '../../sandbox/tiktok-settings.ts';
import type { Simulator } from '../../sandbox/tiktok-simulator.ts';
import { startSimulator } from '../../sandbox/tiktok-simulator.ts';
import { SimulatorClient } from '../../sandbox/tiktok-simulator-client.ts';
import { STRICT_RULES } from '../../sandbox/tiktok-strictness.ts';
import { failureOf, NOW_MS, track, trackBody, webEvent, webEvents } from './tiktok-track-request.ts';

const ONE = trackBody([webEvent()]);
const HOUR_MS = 3_600_000;

describe('over HTTP', () => {
  let simulator: Simulator;
  let client: SimulatorClient;

  beforeEach(async () => {
    simulator = await startSimulator({ now: () => NOW_MS });
    client = new SimulatorClient(simulator.url);
    await client.addPixel('PIXEL-1', 'token-1');
  });
  afterEach(() => simulator.stop());

  test('pixels come and go', async () => {
    expect(await track(simulator.url, ONE)).toMatchObject({ code: 0 });
    await client.removePixel('PIXEL-1');
    expect(await track(simulator.url, ONE)).toMatchObject({ code: 40105 });
    await expect(client.removePixel('PIXEL-1')).rejects.toThrow('"removed":false');
  });

  test('faults are ordered, listed without tokens, and called off', async () => {
    const id = await client.addFault({ ...apiCode(40100), token: 'token-1', count: 5 });
    expect(await track(simulator.url, ONE)).toMatchObject({ code: 40100 });
    const list = await (await fetch(`${simulator.url}/admin/faults`)).text();
    expect(JSON.parse(list)).toMatchObject({ faults: [{ id, effect: 'answer', code: 40100, left: 4 }] });
    expect(list).not.toContain('token-1');
    await client.removeFault(id);
    expect(await track(simulator.url, ONE)).toMatchObject({ code: 0 });
    await client.addFault(apiCode(50000));
    await client.clearFaults();
    expect(await track(simulator.url, ONE)).toMatchObject({ code: 0 });
  });

  test('a token is revoked, and what it was used for can be asked, by its digest only', async () => {
    await track(simulator.url, ONE);
    await client.revokeToken('token-1');
    expect(await track(simulator.url, ONE)).toMatchObject({ code: 40105 });
    expect(await client.tokens()).toEqual(simulator.ledger().tokens());
    const text = await (await fetch(`${simulator.url}/ledger/tokens`)).text();
    expect(JSON.parse(text)).toMatchObject({ [tokenDigest('token-1')]: { requests: 2, last_taken_at: NOW_MS } });
    expect(text).not.toContain('token-1');
  });

  test('limits, partial answers and the naming of rows are ordered like other faults', async () => {
    await client.set({ poisonPrefix: 'poison-' });
    await client.addFault({ effect: 'row_naming', naming: 'bracketed', pixel: 'PIXEL-1' });
    await client.addFault({ effect: 'partial', id_prefix: 'bad-', token: 'token-1' });
    await client.addFault({ effect: 'limit', per_second: 2, status: 429, retry_after: 3, token: 'token-1' });
    const poison = trackBody([webEvent({ event_id: 'poison-1' })]);
    expect(await track(simulator.url, poison)).toMatchObject({ message: 'data[0]: Event is not acceptable.' });
    const mixed = trackBody([webEvent(), webEvent({ event_id: 'bad-1' })]);
    expect(await track(simulator.url, mixed)).toMatchObject({ code: 20001 });
    expect(await track(simulator.url, ONE)).toMatchObject({ status: 429, code: 40100 });
  });

  test('settings change, and the others stay', async () => {
    await client.set({ rowNaming: 'none', poisonPrefix: 'e-' });
    expect(await track(simulator.url, ONE)).toMatchObject({ message: 'Invalid parameter: Event is not acceptable.' });
    await client.set({ poisonPrefix: null });
    expect(await track(simulator.url, ONE)).toMatchObject({ code: 0 });
    expect(simulator.settings()).toMatchObject({ rowNaming: 'none', maxOfflineAgeMs: 28 * 24 * HOUR_MS });
  });

  test('the clock is put forward', async () => {
    await track(simulator.url, ONE);
    await client.advance(48 * HOUR_MS);
    await track(simulator.url, ONE);
    expect(await client.summary()).toMatchObject({ counted: 2, repeats: 0 });
  });

  test('the ledger is the same as in the process', async () => {
    await track(simulator.url, trackBody(webEvents(3)));
    await track(simulator.url, trackBody(webEvents(4), { test_event_code: 'TEST1' }));
    await track(simulator.url, trackBody([]));
    const { events, requests } = await client.ledger();
    expect(events).toEqual(simulator.ledger().events());
    expect(requests).toEqual(simulator.ledger().requests());
    expect(await client.counted()).toEqual(simulator.ledger().counted());
    expect(await client.summary()).toEqual(simulator.ledger().summary());
    expect(await client.page(1)).toEqual(simulator.ledger().page(1));
    await client.clear();
    expect(await client.summary()).toMatchObject({ counted: 0, requests: 0, last_seq: 3 });
  });

  test('a long ledger is read in pages', async () => {
    for (let sent = 0; sent < 25; sent++) await track(simulator.url, trackBody(webEvents(1000)));
    expect((await client.page()).more).toBe(true);
    expect((await client.ledger()).events).toHaveLength(25_000);
  });

  test('it goes down for a while and comes back', async () => {
    await client.downFor(200);
    await vi.waitFor(async () => expect(await failureOf(track(simulator.url, ONE))).toBe('ECONNREFUSED'), {
      interval: 5,
    });
    await vi.waitFor(async () => expect(await track(simulator.url, ONE)).toMatchObject({ code: 0 }), { timeout: 5000 });
  });

  test.each<[method: string, path: string, body: string, status: number, says: RegExp]>([
    ['POST', '/admin/pixels', '{"pixel_id": "P"}', 400, /token/],
    ['POST', '/admin/pixels', '{', 400, /not JSON/],
    ['POST', '/admin/faults', '{"effect": "boom"}', 400, /effect/],
    ['POST', '/admin/faults', '{"effect": "hang", "typo": 1}', 400, /typo/],
    ['POST', '/admin/faults', '{"effect": "limit", "per_second": 1, "status": 500}', 400, /status/],
    ['POST', '/admin/tokens/revoke', '{}', 400, /token/],
    ['POST', '/admin/settings', '{"rowName": "none"}', 400, /rowName/],
    ['POST', '/admin/settings', '{"authStatus": 403}', 400, /authStatus/],
    ['POST', '/admin/clock', '', 400, /object/],
    ['POST', '/admin/down', '{}', 400, /ms/],
    ['POST', '/admin/nothing', '{}', 404, /POST \/admin\/pixels/],
    ['DELETE', '/admin/faults/9', '', 404, /"removed":false/],
  ])('%s %s with %j is answered %i', async (method, path, body, status, says) => {
    const response = await fetch(simulator.url + path, { method, ...(body === '' ? {} : { body }) });
    expect([response.status, await response.text()]).toEqual([status, expect.stringMatching(says)]);
  });
});

describe('as its own process', () => {
  const MAIN = fileURLToPath(new URL('../../sandbox/simulator-main.ts', import.meta.url));

  async function start(...args: string[]) {
    const child = spawn(process.execPath, [MAIN, '--port', '0', ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    return { child, url: (JSON.parse(line) as { url: string }).url, exit: once(child, 'exit') };
  }

  test('it says its address in one JSON line and stops on SIGTERM with requests still hanging', async () => {
    const { child, url, exit } = await start('--pixel', 'PIXEL-1=token-1');
    const client = new SimulatorClient(url);
    await client.addFault({ effect: 'hang', pixel: 'PIXEL-1', count: 1 });
    await client.set({ maxAgeMs: 1e15 });
    const hanging = failureOf(track(url, ONE));
    await vi.waitFor(async () => expect(await client.summary()).toMatchObject({ requests: 1 }));
    expect(await track(url, ONE)).toMatchObject({ code: 0 });
    child.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
    expect(await hanging).toMatch(/ECONNRESET|UND_ERR_SOCKET/);
  });

  test('it has the documented rules, and the strict ones and poison where it is told so', async () => {
    const plain = await start();
    const strict = await start('--rules', 'strict', '--poison-prefix', 'poison-');
    const settingsOf = async ({ url }: { url: string }) => (await fetch(`${url}/admin/settings`)).json();
    expect(await settingsOf(plain)).toEqual(JSON.parse(JSON.stringify(DEFAULT_SETTINGS)));
    expect(await settingsOf(strict)).toMatchObject({ ...STRICT_RULES, poisonPrefix: 'poison-' });
    for (const { child, exit } of [plain, strict]) {
      child.kill('SIGTERM');
      await exit;
    }
  });

  test.each([
    [['--help'], 0, /--rules SET/],
    [['--rules', 'lenient'], 2, /documented or strict, not lenient/],
  ])('%j ends it with code %i', (args, code, says) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
    expect([status, stdout + stderr]).toEqual([code, expect.stringMatching(says)]);
  });

  test('it does not outlive its parent when told so', async () => {
    const { child, exit } = await start('--exit-with-stdin');
    child.stdin.end();
    expect(await exit).toEqual([0, null]);
  });

  test('a stopped simulator leaves nothing that keeps a process alive', async () => {
    const script = `
      const { startSimulator } = await import(${JSON.stringify(new URL('../../sandbox/tiktok-simulator.ts', import.meta.url).href)});
      const { createConnection } = await import('node:net');
      const simulator = await startSimulator();
      simulator.set({ baseLatencyMs: 600000 });
      const socket = createConnection({ port: Number(new URL(simulator.url).port), host: '127.0.0.1' });
      socket.on('error', () => {});
      socket.write('POST /x HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 0\\r\\n\\r\\n');
      while (simulator.ledger().summary().requests === 0) await new Promise(setImmediate);
      simulator.downFor(600000);
      await simulator.stop();`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'inherit' });
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
