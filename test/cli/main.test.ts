import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MINIMAL } from './fake-host.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

const FAKE_SERVICE = fileURLToPath(new URL('./fake-service.ts', import.meta.url));

/** Starts `run` with a service that behaves as told, and sends each signal when the line before it has been printed. */
async function runAndSignal(behaviour: string, steps: readonly (readonly [string, NodeJS.Signals])[]) {
  const env = { ...MINIMAL, FAKE_SERVICE: behaviour };
  const child = spawn(process.execPath, ['--import', FAKE_SERVICE, MAIN, 'run'], { env });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'close');
  const text = { out: '', err: '' };
  const pending = [...steps];
  child.stderr.on('data', more => {
    text.err += more;
  });
  child.stdout.on('data', more => {
    text.out += more;
    while (pending[0] !== undefined && text.out.includes(pending[0][0])) child.kill(pending.shift()?.[1]);
  });
  const [exitCode] = await ended;
  return { exitCode, ...text };
}

/** Runs the real program in a process of its own, with nothing in its environment but `env`. */
function tiktokSync(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { env, encoding: 'utf8' });
  return { exitCode: status, out: stdout, err: stderr };
}

function scratchFile(name: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'tiktok-sync-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

describe('the program', () => {
  test('2: a folder in place of a file is named', () => {
    const { err, exitCode } = tiktokSync(['tokens', 'seal', '--connection', 'x', '--key-file', tmpdir()]);
    expect(exitCode).toBe(2);
    expect(err).toContain(`INPUT_UNREADABLE  ${tmpdir()}: EISDIR`);
    const flags = ['--event', tmpdir(), '--connection', 'c.json', '--mapping', 'm.json'];
    expect(tiktokSync(['preview', ...flags]).err).toContain(`INPUT_UNREADABLE  ${tmpdir()}: EISDIR`);
  });

  test('0: a valid configuration from the environment alone', () => {
    const { exitCode, out, err } = tiktokSync(['check'], MINIMAL);
    expect([exitCode, err]).toEqual([0, 'The configuration is valid.\n']);
    expect(out).toContain('groupId: tiktok-conversion-sync');
  });

  test('0: a valid configuration from a file and a secret file', () => {
    const secret = scratchFile('password', 'canary-7f3a\n');
    const file = scratchFile('sync.yaml', 'kafka:\n  brokers: [k1:9092]\nregistry:\n  url: http://r:8081\n');
    const env = {
      TIKTOK_SYNC_REDIS_URL: 'redis://r',
      TIKTOK_SYNC_REDIS_PASSWORD_FILE: secret,
      TIKTOK_SYNC_CONFIG: file,
    };
    const { exitCode, out } = tiktokSync(['check'], env);
    expect(exitCode).toBe(0);
    expect(out).toContain(`password: "***"  # env TIKTOK_SYNC_REDIS_PASSWORD_FILE`);
    expect(out).toContain(`brokers: [ k1:9092 ]  # ${file}:2`);
  });

  test('2: a command line that is not understood', () => {
    const { exitCode, out, err } = tiktokSync(['chekc']);
    expect([exitCode, out]).toEqual([2, '']);
    expect(err).toContain('Did you mean check?');
  });

  test('3: an invalid configuration, for run as for check', () => {
    expect(tiktokSync(['check']).exitCode).toBe(3);
    const { exitCode, out, err } = tiktokSync(['run']);
    expect([exitCode, out]).toEqual([3, '']);
    expect(err).toContain('CONFIG_REQUIRED  kafka.brokers');
  });

  test('standard input is read to its end, however slow its writer', async () => {
    const tell = 'data:text/javascript,process.stdin.once("newListener", () => console.error("reads"))';
    const args = ['--import', tell, MAIN, 'explain', '--http-status', '200', '--body', '-'];
    const child = spawn(process.execPath, args, { env: {} });
    onTestFinished(() => void child.kill('SIGKILL'));
    const printed = text(child.stdout);
    // It says that it reads, or that there is nothing to read.
    await once(child.stderr, 'data');
    child.stdin.on('error', () => undefined).end('{"code":0}');
    expect(await printed).toMatch(/^delivered: /);
  });

  test('no colours without a terminal', () => {
    expect(tiktokSync(['check']).err).not.toContain(String.fromCharCode(27));
  });
});

describe('a running service', () => {
  test('0: stopped gracefully by the first SIGTERM or SIGINT', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const { exitCode, out, err } = await runAndSignal('graceful', [['running', signal]]);
      expect([exitCode, out, err]).toEqual([0, 'running\nstopping\n', '']);
    }
  });

  test('143 and 130: ended at once by the second signal', async () => {
    const terminated = [
      ['running', 'SIGTERM'],
      ['stopping', 'SIGTERM'],
    ] as const;
    expect((await runAndSignal('stuck', terminated)).exitCode).toBe(143);
    const interrupted = [
      ['running', 'SIGTERM'],
      ['stopping', 'SIGINT'],
    ] as const;
    expect((await runAndSignal('stuck', interrupted)).exitCode).toBe(130);
  });

  test('1: an error that nobody caught ends the process', async () => {
    const { exitCode, err } = await runAndSignal('uncaught', []);
    expect(exitCode).toBe(1);
    expect(err).toMatch(/^UNEXPECTED {2}Error: nobody catches this/);
  });
});
