/** Runs a container that ends by itself, as a Job's or a test's does. */

import { execFile } from 'node:child_process';
import type { CommandLine } from './isolation.ts';

export interface End {
  readonly exitCode: number | string;
  /** Standard output and errors, one after the other. */
  readonly output: string;
}

const PATIENCE_MS = 40_000;

export function runToEnd({ command, args, env, cwd }: CommandLine): Promise<End> {
  const { promise, resolve } = Promise.withResolvers<End>();
  execFile(command, args, { env, cwd, timeout: PATIENCE_MS }, (error, stdout, stderr) =>
    resolve({ exitCode: error === null ? 0 : (error.code ?? error.signal ?? 'unknown'), output: stdout + stderr }),
  );
  return promise;
}
