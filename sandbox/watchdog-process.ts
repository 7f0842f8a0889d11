/**
 * Outlives the process that owns a sandbox stack and clears up after it. Standard input is a pipe that the owner holds
 * open; it closes however the owner ends, SIGKILL included, and then every guarded process group is killed and every
 * guarded folder removed. Lines are JSON: `{"guard": pid | path}` or `{"spare": pid | path}`.
 */
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { signalGroup } from './process-group.ts';

// Ctrl-C in a terminal reaches the whole foreground group; this process must see the owner off first.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

const guarded = new Set<number | string>();
for await (const line of createInterface({ input: process.stdin })) {
  const { guard, spare } = JSON.parse(line) as { guard?: number | string; spare?: number | string };
  if (guard !== undefined) guarded.add(guard);
  if (spare !== undefined) guarded.delete(spare);
}

// Signals first: a server that still runs could go on writing into a folder that is being removed.
for (const item of guarded) if (typeof item === 'number') signalGroup(item, 'SIGKILL');
for (const item of guarded)
  if (typeof item === 'string') rmSync(item, { recursive: true, force: true, maxRetries: 10 });
