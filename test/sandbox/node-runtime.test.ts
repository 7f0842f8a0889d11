import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const runtime = JSON.stringify(new URL('../../bin/node-runtime.js', import.meta.url).href);

/** Runs a script that may call what bin/node-runtime.js exports, as a process of its own. */
function launch(script: string) {
  const imports = `import { echoFilter, isNewEnough, runToEnd } from ${runtime};\n`;
  const args = ['--input-type=module', '--eval', imports + script];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Wraps a program like the command line and the npm scripts do. */
function wrapped(program: string) {
  const args = JSON.stringify(['--eval', program]);
  return launch(`process.exitCode = await runToEnd(process.execPath, ${args});`);
}

async function ending(
  child: ChildProcessByStdio<null, Readable, null>,
): Promise<{ printed: string; code: number | null }> {
  let printed = '';
  child.stdout.on('data', (part: Buffer) => {
    printed += part.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { printed, code };
}

describe('a program run on the right Node', () => {
  it('hands on its exit code and what it prints', async () => {
    expect(await ending(wrapped('console.log("ready"); process.exitCode = 3'))).toEqual({
      printed: 'ready\n',
      code: 3,
    });
  });

  it('stands for the signal that ended it', async () => {
    expect((await ending(wrapped('process.kill(process.pid, "SIGTERM")'))).code).toBe(128 + 15);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('gets %s passed on and may take its time to stop', async signal => {
    const child = wrapped(`
      process.on('${signal}', () => { console.log('stopping'); process.exit(0); });
      setInterval(() => {}, 1000);
      console.log('ready');
    `);
    await once(child.stdout, 'data');
    child.kill(signal);
    expect(await ending(child)).toEqual({ printed: 'stopping\n', code: 0 });
  });

  it('gets a stop signal once though the terminal and npm both send it, and again when it is meant again', async () => {
    const script = `
      const times = [1000, 1001, 1050, 1060, 2000];
      const isNew = echoFilter(() => times.shift());
      console.log(['SIGINT', 'SIGINT', 'SIGTERM', 'SIGINT', 'SIGINT'].map(isNew).join());
    `;
    expect((await ending(launch(script))).printed).toBe('true,false,true,false,true\n');
  });

  it('needs Node 24.6', async () => {
    const versions = ['20.20.2', '24.5.1', '24.6.0', '25.0.0'];
    const { printed } = await ending(launch(`console.log(${JSON.stringify(versions)}.map(isNewEnough).join())`));
    expect(printed).toBe('false,false,true,true\n');
  });
});

/** Ends by itself if nobody tells it to, so that a failure leaves nothing behind. */
const STAND_IN = `
process.on('SIGTERM', () => { console.log('drained'); process.exit(0); });
setTimeout(() => process.exit(1), 4000);
console.log('ready');
`;

function copyBin(folder: string): void {
  cpSync(join(root, 'bin'), join(folder, 'bin'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  mkdirSync(join(folder, 'src'));
}

/** A program under a shell, as npm starts it: with a command behind it, no shell replaces itself by the program. */
function underShell(program: readonly string[], env: Readonly<Record<string, string>>) {
  const args = ['-c', '"$@"; exit', 'sh', process.execPath, ...program];
  return spawn('sh', args, { stdio: ['ignore', 'pipe', 'inherit'], env });
}

/** The command line with a stand-in for the service. */
function commandLine(folder: string): readonly string[] {
  copyBin(folder);
  writeFileSync(join(folder, 'src', 'main.ts'), STAND_IN);
  return [join(folder, 'bin', 'tiktok-sync.js')];
}

/** `npm run sandbox` with a stand-in for the sandbox, in a clone that has its libraries. */
function npmScript(folder: string): readonly string[] {
  copyBin(folder);
  for (const part of ['scripts', 'package-lock.json'])
    cpSync(join(root, part), join(folder, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  mkdirSync(join(folder, 'sandbox'));
  writeFileSync(join(folder, 'sandbox', 'keep.ts'), STAND_IN);
  return [join(folder, 'scripts', 'run.mjs'), 'sandbox'];
}

describe('the command line in a clone without its libraries', () => {
  it('says what to run, and no more', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tiktok-sync-bin-'));
    try {
      copyBin(folder);
      writeFileSync(join(folder, 'src', 'main.ts'), "import 'a-library-that-is-not-there';");
      const bin = join(folder, 'bin', 'tiktok-sync.js');
      const { status, stderr } = spawnSync(process.execPath, [bin], { encoding: 'utf8' });
      expect([status, stderr]).toEqual([1, expect.stringContaining(`Run "npm ci" in ${folder}`)]);
      expect(stderr.trim().split('\n')).toHaveLength(2);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('what npm runs', () => {
  it.each([
    ['the command line', commandLine, { npm_command: 'exec' }],
    ['the command line', commandLine, { npm_lifecycle_event: 'npx' }],
    ['a script of the project', npmScript, { npm_lifecycle_event: 'sandbox' }],
  ])('drains and ends when npm and its shell are gone: %s', async (_, prepare, env) => {
    const folder = mkdtempSync(join(tmpdir(), 'tiktok-sync-bin-'));
    const shell = underShell(prepare(folder), env);
    try {
      await once(shell.stdout, 'data');
      shell.kill('SIGKILL');
      // What it prints ends with the last process that has it.
      expect((await ending(shell)).printed).toBe('drained\n');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
