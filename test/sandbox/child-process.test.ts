import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServerProcess, type ServerSpec } from '../../sandbox/child-process.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tiktok-sync-child-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function shell(script: string, changes: Partial<ServerSpec> = {}): ServerProcess {
  return new ServerProcess({
    name: 'pretender',
    address: '127.0.0.1:1',
    command: 'sh',
    args: ['-c', script],
    folder,
    logFile: join(folder, 'pretender.log'),
    ready: async () => false,
    deadlineMs: 30_000,
    stopSignal: 'SIGTERM',
    ...changes,
  });
}

describe('a server', () => {
  it('that ends while starting fails the start at once, with the end of its log and where the log is', async () => {
    const start = shell('echo "no such setting: heap" >&2; exit 3').start();
    await expect(start).rejects.toMatchObject({
      code: 'SERVER_EXITED',
      message: expect.stringMatching(/ended while starting \(exit code 3\).*no such setting: heap.*pretender\.log/s),
    });
  });

  it('whose program does not exist fails the start', async () => {
    const start = shell('', { command: join(folder, 'missing') }).start();
    await expect(start).rejects.toMatchObject({ code: 'SERVER_EXITED', message: expect.stringContaining('ENOENT') });
  });

  it('that never answers fails the start after its deadline', async () => {
    const server = shell('echo warming up; exec sleep 60', { deadlineMs: 200 });
    await expect(server.start()).rejects.toMatchObject({
      code: 'SERVER_NOT_READY',
      message: expect.stringContaining('did not answer within 0.2 s'),
    });
    await server.stop('SIGKILL');
    expect(server.pid).toBeUndefined();
  });

  it('that is stopped by us did not die by itself, one that is killed by others did', async () => {
    const stopped = shell('exec sleep 60', { ready: async () => true });
    await stopped.start();
    await stopped.stop();
    expect(stopped.diedByItself).toBe(false);

    const killed = shell('exec sleep 60', { ready: async () => true });
    await killed.start();
    if (killed.pid !== undefined) process.kill(killed.pid, 'SIGKILL');
    await expect.poll(() => killed.pid).toBeUndefined();
    expect(killed.diedByItself).toBe(true);
  });
});
