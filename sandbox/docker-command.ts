/** Docker's command line on this machine: which one can build our image, and how it is run. */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { SandboxError } from './stack-contract.ts';

/** From this one on Docker's command line builds with BuildKit only where its plug-in `buildx` is. */
const NEEDS_PLUGIN_SINCE = 23;

export interface CommandOptions {
  /** The engine's address (`unix:///…`); default: the one the environment or the context names. */
  readonly host?: string | undefined;
  /** Where the output goes line by line, too. */
  readonly onLine?: (line: string) => void;
  /** Ends the command. */
  readonly signal?: AbortSignal | undefined;
}

/** The first `docker` on the path that can build with BuildKit; a machine may have several. */
export function findDocker(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map(folder => join(folder, 'docker')).find(command => existsSync(command) && builds(command));
}

function builds(command: string): boolean {
  const version = spawnSync(command, ['--version'], { encoding: 'utf8' }).stdout ?? '';
  const major = Number(/version (\d+)\./.exec(version)?.[1] ?? Number.NaN);
  return major < NEEDS_PLUGIN_SINCE || spawnSync(command, ['buildx', 'version'], { stdio: 'ignore' }).status === 0;
}

/** Whether an engine answers where the environment says that one is. */
export function engineAnswers(command: string): boolean {
  return spawnSync(command, ['version'], { stdio: 'ignore', timeout: 10_000 }).status === 0;
}

/** How a `docker` command ended. */
export interface DockerEnd {
  readonly exitCode: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs one `docker` command to its end, whatever that is. */
export async function runDocker(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<DockerEnd> {
  const { host, onLine, signal } = options;
  const env = { ...process.env, DOCKER_BUILDKIT: '1', ...(host === undefined ? {} : { DOCKER_HOST: host }) };
  const child = spawn(command, args, {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal === undefined ? {} : { signal }),
  });
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('error', reject).once('close', resolve);
  if (onLine !== undefined) {
    child.stderr.on('data', (part: Buffer) => {
      for (const line of part.toString().split('\n')) if (line.trim() !== '') onLine(line);
    });
  }
  const [exitCode, out, err] = await Promise.all([promise, text(child.stdout), text(child.stderr)]);
  return { exitCode, out, err };
}

/**
 * Runs one `docker` command and answers what it printed, without the last line break.
 * @throws SandboxError `COMMAND_FAILED` with its last lines
 */
export async function docker(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { exitCode, out, err } = await runDocker(command, args, options);
  if (exitCode === 0) return out.trimEnd();
  const tail = `${out}\n${err}`.trim().split('\n').slice(-25).join('\n');
  throw new SandboxError('COMMAND_FAILED', `docker ${args[0]} failed (exit code ${exitCode}).\n${tail}`);
}
