import { afterEach, describe, expect, test } from 'vitest';
import { type AdminServer, startAdminServer } from '../../src/control/admin-http.ts';
import { EXIT } from '../../src/control/exit-codes.ts';
import { command } from './fake-host.ts';

let server: AdminServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

interface Health {
  readonly alive?: boolean;
  readonly ready?: boolean;
  readonly host?: string;
}

/** A service that is as told; answers the port it took. */
async function serving({ alive = true, ready = true, host = '0.0.0.0' }: Health): Promise<number> {
  const check = (name: string, ok: boolean, reason: string) => [{ name, ok, reason, since: 0 }];
  server = await startAdminServer(
    { host, port: 0 },
    {
      liveness: () => check('batch', alive, 'one batch has been in hand for too long'),
      readiness: () => check('joined', ready, 'not joined yet'),
      metrics: { contentType: 'text/plain', text: async () => '' },
      status: () => expect.fail('nobody asks for the status'),
    },
  );
  return server.port;
}

describe('healthcheck', () => {
  test('ends with 0 where the service is alive, ready or not', async () => {
    const port = await serving({ ready: false });
    const { exitCode, out, err } = await command('healthcheck', { env: { TIKTOK_SYNC_HTTP_PORT: String(port) } });
    expect([exitCode, out, err]).toEqual([EXIT.ok, `http://127.0.0.1:${port}/livez: ok\n`, '']);
  });

  test('ends with 1 and the reason where it is not', async () => {
    const port = await serving({ alive: false });
    const { exitCode, out } = await command(`healthcheck --http-port ${port}`);
    expect(exitCode).toBe(EXIT.unexpected);
    expect(out).toBe(`http://127.0.0.1:${port}/livez: batch: one batch has been in hand for too long\n`);
  });

  test('--ready asks for readiness', async () => {
    const port = await serving({ ready: false });
    const { exitCode, out } = await command(`healthcheck --ready --http-port ${port}`);
    expect(exitCode).toBe(EXIT.unexpected);
    expect(out).toContain('/readyz: joined: not joined yet');
  });

  test('takes port and address from the configuration file and needs nothing else of it', async () => {
    const port = await serving({ host: '127.0.0.1' });
    const files = { 'service.yaml': `http:\n  host: localhost\n  port: ${port}\n` };
    const { exitCode, out } = await command('healthcheck --json', {
      env: { TIKTOK_SYNC_CONFIG: 'service.yaml' },
      files,
    });
    expect(exitCode).toBe(EXIT.ok);
    expect(JSON.parse(out)).toEqual({ ok: true, url: `http://localhost:${port}/livez`, reason: 'ok' });
  });

  test('ends with 1 and says why where nobody answers', async () => {
    const port = await serving({});
    await server?.close();
    const { exitCode, out } = await command(`healthcheck --http-port ${port}`);
    expect(exitCode).toBe(EXIT.unexpected);
    expect(out).toContain('no answer (connect ECONNREFUSED');
  });

  test('ends with 3 where the configuration is wrong', async () => {
    const { exitCode, err } = await command('healthcheck', { env: { TIKTOK_SYNC_HTTP_PORT: 'eighty' } });
    expect(exitCode).toBe(EXIT.invalid);
    expect(err).toContain('TIKTOK_SYNC_HTTP_PORT');
  });
});
