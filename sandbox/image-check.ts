/**
 * `npm run image:check`: builds the images of the Dockerfile and tries them on the sandbox, also where no image can be
 * pulled: with a Docker engine and a base of its own. Needs root where no engine answers. Options: `--base IMAGE` takes
 * that image in place of one made here. Exit code 0 only if everything holds; nothing is left behind.
 */

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createProgress } from './demo-progress.ts';
import { DockerEngine } from './docker-engine.ts';
import { makeBase } from './image-base.ts';
import { buildImage } from './image-build.ts';
import { tryAlone, tryService, trySimulator, tryTopicsJob } from './image-trial.ts';
import { startStack } from './stack.ts';
import { guard, spare } from './watchdog.ts';
import { World } from './world.ts';

/** Long enough to stop the service while an event waits in it. */
const WINDOW_MS = 10_000;

const { values: options } = parseArgs({ options: { base: { type: 'string' } } });
const progress = createProgress(process.stdout);
const onProgress = (line: string): void => {
  if (!stopping) progress.line(line);
};
const folder = mkdtempSync(join(tmpdir(), 'tiktok-sync-image-'));
// The user of the container reads what is mounted from in here.
chmodSync(folder, 0o755);
guard(folder);
// What the sandbox lays down elsewhere by itself goes with it, too.
process.env['TMPDIR'] = folder;

const interrupted = Promise.withResolvers<never>();
let exitCode = 1;
let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    stopping = true;
    exitCode = 128 + constants.signals[signal];
    interrupted.reject(new Error(`${signal}: stopped before the end`));
  });
}

let verdict = '';
try {
  await using engine = await DockerEngine.open(folder, onProgress);
  onProgress(`${engine.description} is up`);
  verdict = await Promise.race([check(engine), interrupted.promise]);
  exitCode = 0;
} catch (error) {
  progress.end();
  console.error(`image:check failed: ${error instanceof Error ? error.message : String(error)}`);
}
rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
spare(folder);
if (exitCode === 0) console.log(verdict);
process.exit(exitCode);

async function check(engine: DockerEngine): Promise<string> {
  const name = `tiktok-sync-check-${process.pid}`;
  const image = `${name}:service`;
  const sandboxImage = `${name}:sandbox`;
  const commit = presentCommit();
  const base = options.base ?? `${name}:base`;
  if (options.base === undefined) await makeBase(engine, base, folder, onProgress);
  onProgress(`Building the images on ${options.base ?? 'a base made here'} …`);
  const build = { base, commit, folder };
  const detail = (line: string): void => {
    if (!stopping) progress.update(line);
  };
  const bytes = await buildImage(engine, { ...build, target: 'service', image }, detail);
  await buildImage(engine, { ...build, target: 'sandbox', image: sandboxImage }, detail);
  onProgress(`the image has ${megabytes(bytes)}`);

  await using stack = await startStack({ onProgress });
  await using world = await World.create(stack, { name: 'image-check', windowMs: WINDOW_MS });
  const request = { engine, world, image, sandboxImage, commit, folder, onProgress };
  await tryAlone(request);
  await tryTopicsJob(request);
  await tryService(request);
  await trySimulator(request);
  return `image:check passed: ${megabytes(bytes)}, read-only, uid 1000, no capabilities, no shell; 2 events produced, 2 delivered, 0 twice; SIGTERM: exit code 0`;
}

/** What stands for the commit where these are no files of a repository. */
function presentCommit(): string {
  const asked = spawnSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8', cwd: import.meta.dirname });
  return asked.status === 0 ? asked.stdout.trim() : 'not-from-a-repository';
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(0)} MB`;
}
