/** One command of the program, run as its users run it: a process of its own, told by arguments and environment. */

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface CommandEnd {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly out: string;
  readonly err: string;
}

export interface CommandRun {
  readonly ended: Promise<CommandEnd>;
  /** What it has written to standard error so far. */
  err(): string;
  kill(signal: NodeJS.Signals): void;
}

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

export function runCommand(args: readonly string[], env: Readonly<Record<string, string>>): CommandRun {
  const child: ChildProcess = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { out: '', err: '' };
  child.stdout?.on('data', (chunk: Buffer) => {
    text.out += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    text.err += chunk.toString();
  });
  const { promise, resolve, reject } = Promise.withResolvers<CommandEnd>();
  child.on('error', reject);
  child.on('close', exitCode => resolve({ exitCode, ...text }));
  return { ended: promise, err: () => text.err, kill: signal => void child.kill(signal) };
}
