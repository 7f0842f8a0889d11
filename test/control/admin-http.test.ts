import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type AdminServer,
  type AdminSources,
  type HealthCheck,
  startAdminServer,
} from '../../src/control/admin-http.ts';
import type { ServiceStatus } from '../../src/control/admin-status.ts';

const SINCE = Date.UTC(2026, 0, 1);
const STATUS: ServiceStatus = {
  version: '1.2.3',
  node: 'v24.0.0',
  commit: 'abc1234',
  started_at: '2026-01-01T00:00:00.000Z',
  uptime_seconds: 12,
  group: {
    id: 'sync',
    joined: true,
    epoch: 2,
    suspended: false,
    paused: ['buffer'],
    since_heartbeat_ms: 20,
    since_commit_ms: null,
  },
  partitions: [{ topic: 'conversions', partition: 3, position: 8, committed: 5, log_end: null, held: 'claims' }],
  buffer: { events: 4, bytes: 900 },
  windows: { open: 1, events: 3 },
  config: {
    generation: 7,
    complete: false,
    entries: 5,
    since_contact_ms: 40,
    problems: [{ key: 'mapping:m1', kind: 'undecodable', problem: 'no magic byte', earlier_version_in_force: true }],
  },
  connections: [
    {
      connection_id: 'c1',
      workspace_id: 'w1',
      advertiser_name: null,
      pixel_id: 'C4ABC',
      state: 'token_invalid',
      since: '2026-01-01T00:00:00.000Z',
      reason: 'code 40105',
      api_code: 40105,
      request_id: 'request-1',
      events_in_flight: 2,
    },
  ],
};

let server: AdminServer | null = null;

async function start(changes: Partial<AdminSources> = {}): Promise<string> {
  server = await startAdminServer(
    { host: '127.0.0.1', port: 0 },
    {
      liveness: () => [],
      readiness: () => [],
      metrics: { contentType: 'text/plain; version=0.0.4; charset=utf-8', text: async () => 'up 1\n' },
      status: () => STATUS,
      ...changes,
    },
  );
  return server.url;
}

afterEach(async () => {
  await server?.close();
  server = null;
});

function check(name: string, ok: boolean, reason = ok ? 'ok' : 'not yet'): HealthCheck {
  return { name, ok, reason, since: SINCE };
}

async function get(url: string): Promise<{ status: number; type: string | null; text: string }> {
  const response = await fetch(url);
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

describe('/readyz', () => {
  it('is 200 when every check passes', async () => {
    const url = await start({ readiness: () => [check('config', true), check('group', true)] });
    expect(await get(`${url}/readyz`)).toMatchObject({ status: 200, text: 'ok\n' });
  });

  it('is 503 and names what is missing', async () => {
    const url = await start({
      readiness: () => [check('config', false, 'mapping:m1 unreadable'), check('group', true)],
    });
    expect(await get(`${url}/readyz`)).toMatchObject({ status: 503, text: 'config: mapping:m1 unreadable\n' });
  });

  it('lists each check with reason and since when', async () => {
    const url = await start({ readiness: () => [check('config', false), check('group', true)] });
    const { status, text } = await get(`${url}/readyz?verbose`);
    expect(status).toBe(503);
    expect(JSON.parse(text)).toEqual({
      ok: false,
      checks: [
        { name: 'config', ok: false, reason: 'not yet', since: '2026-01-01T00:00:00.000Z' },
        { name: 'group', ok: true, reason: 'ok', since: '2026-01-01T00:00:00.000Z' },
      ],
    });
  });

  it('follows its source from one request to the next', async () => {
    let ready = false;
    const url = await start({ readiness: () => [check('group', ready)] });
    expect((await get(`${url}/readyz`)).status).toBe(503);
    ready = true;
    expect((await get(`${url}/readyz`)).status).toBe(200);
  });
});

describe('/livez', () => {
  it('is 200 because it answers, however unready the service is', async () => {
    const url = await start({ readiness: () => [check('config', false)] });
    expect(await get(`${url}/livez`)).toMatchObject({ status: 200 });
    expect(await get(`${url}/healthz`)).toMatchObject({ status: 200 });
  });

  it('is 503 when the poll loop stands still', async () => {
    const url = await start({ liveness: () => [check('poll_loop', false, 'no heartbeat for 130 s')] });
    expect(await get(`${url}/livez`)).toMatchObject({ status: 503, text: 'poll_loop: no heartbeat for 130 s\n' });
    expect(await get(`${url}/healthz`)).toMatchObject({ status: 503 });
  });
});

describe('/metrics', () => {
  it("passes on the registry's text and its content type", async () => {
    const url = await start();
    expect(await get(`${url}/metrics`)).toEqual({
      status: 200,
      type: 'text/plain; version=0.0.4; charset=utf-8',
      text: 'up 1\n',
    });
  });
});

describe('/status', () => {
  it('shows all it is given, also what is null', async () => {
    const url = await start();
    const { type, text } = await get(`${url}/status`);
    expect(type).toMatch(/^application\/json/);
    expect(JSON.parse(text)).toEqual(STATUS);
  });

  it('shows whole milliseconds', async () => {
    const group = { ...STATUS.group, since_heartbeat_ms: 20.600000143, since_commit_ms: 0.25 };
    const url = await start({ status: () => ({ ...STATUS, group }) });
    const { group: shown } = JSON.parse((await get(`${url}/status`)).text);
    expect([shown.since_heartbeat_ms, shown.since_commit_ms]).toEqual([20, 0]);
  });

  it('sends no field its schema does not name, such as a token', async () => {
    const leaky = { ...STATUS.connections[0]!, access_token: 'file:acme', token: 'canary-token' };
    const url = await start({ status: () => ({ ...STATUS, secret: 'canary-secret', connections: [leaky] }) });
    const { text } = await get(`${url}/status`);
    expect(JSON.parse(text)).toEqual(STATUS);
    expect(text).not.toMatch(/canary|acme/);
  });
});

describe('the server', () => {
  it('takes a free port and tells it', async () => {
    const url = await start();
    expect(server?.port).toBeGreaterThan(0);
    expect(url).toBe(`http://127.0.0.1:${server?.port}`);
  });

  it('says which option names a port that is taken', async () => {
    await start();
    const again = startAdminServer(
      { host: '127.0.0.1', port: server?.port ?? 0 },
      {
        liveness: () => [],
        readiness: () => [],
        metrics: { contentType: '', text: async () => '' },
        status: () => STATUS,
      },
    );
    await expect(again).rejects.toThrow(/http\.port.*EADDRINUSE/);
  });

  it('stops at once although somebody keeps a connection open', async () => {
    const url = await start();
    await fetch(`${url}/livez`);
    const open = request(`${url}/livez`, { headers: { connection: 'keep-alive' } });
    open.on('error', () => undefined);
    open.flushHeaders();
    await server?.close();
    await expect(fetch(`${url}/livez`)).rejects.toThrow();
    open.destroy();
  });

  it('answers an unknown path with the known ones, and an error without its text', async () => {
    const url = await start({
      status: () => {
        throw new Error('canary-secret');
      },
    });
    expect(await get(`${url}/nothing`)).toMatchObject({ status: 404, text: expect.stringContaining('/status') });
    const broken = await get(`${url}/status`);
    expect(broken.status).toBe(500);
    expect(broken.text).not.toContain('canary');
  });

  it('tells nobody to keep or to guess what it sends', async () => {
    const response = await fetch(`${await start()}/status`);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });
});
