/** What every bench needs around it: the stack, a world, an end on Ctrl-C that leaves no child behind, the machine. */

import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { type Stack, startStack } from '../../sandbox/stack.ts';
import { tokensFor, World, type WorldOptions } from '../../sandbox/world.ts';
import { lead } from '../story/business.ts';

/** Says a line with the time since the start. */
export type Say = (text: string) => void;

/** A row of a bench's table; `broken` where a bound was not met. */
export type Row = readonly [what: string, value: string | number, broken?: boolean];

/** What a bench works with. */
export interface Sandbox {
  readonly stack: Stack;
  readonly say: Say;
  /**
   * A world with these connections, each of which sends every conversion of its workspace as a `Lead`; gone with the
   * sandbox, or before with `await using`.
   */
  world(options: WorldOptions & { readonly connections: readonly string[] }): Promise<World>;
}

/** Bounds the ledger of a world: no raw events, and room for what a bench may send. */
export const ROOMY = { maxEvents: 8_000_000, maxRequests: 2_000_000, rawEvents: 0, maxRemembered: 8_000_000 } as const;

/** Runs a bench, prints its table and the machine, and sets exit code 1 when a bound was not met. */
export async function runInSandbox(name: string, bench: (sandbox: Sandbox) => Promise<readonly Row[]>): Promise<void> {
  const startedAt = performance.now();
  const say: Say = text => console.log(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${text}`);
  await using stack = await startStack({ onProgress: say });
  const worlds = new Set<World>();
  const end = (signal: NodeJS.Signals): void => {
    say(`${signal}: stopping`);
    void Promise.allSettled([...worlds].map(world => world.close()))
      .then(() => stack.stop())
      .finally(() => process.exit(130));
  };
  process.once('SIGINT', end).once('SIGTERM', end);
  const rows = await bench({ stack, say, world: options => createWorld(stack, worlds, options) });
  process.off('SIGINT', end).off('SIGTERM', end);
  print(name, rows);
  if (rows.some(([, , broken]) => broken === true)) process.exitCode = 1;
}

async function createWorld(
  stack: Stack,
  worlds: Set<World>,
  { connections, env, ...options }: WorldOptions & { readonly connections: readonly string[] },
): Promise<World> {
  const world = await World.create(stack, {
    simulator: { ledgerLimits: ROOMY },
    ...options,
    env: { ...tokensFor(...connections), TIKTOK_SYNC_LOG_LEVEL: 'warn', ...env },
  });
  worlds.add(world);
  for (const id of connections) {
    await world.connect(id);
    await world.producer.mapping(lead(id));
  }
  return world;
}

export function print(name: string, rows: readonly Row[]): void {
  const all: readonly Row[] = [['machine', machine()], ...rows];
  const width = Math.max(...all.map(([what]) => what.length));
  console.log(`\n${name}`);
  for (const [what, value, broken] of all) {
    console.log(`  ${what.padEnd(width)}  ${value}${broken === true ? '  BOUND NOT MET' : ''}`);
  }
}

/** Cores, processor, memory and Node. */
export function machine(): string {
  const [first] = cpus();
  return `${cpus().length} × ${first?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
}

/** Resident memory of a running process in MiB. @throws Error when it is not running. */
export function residentMiB(pid: number | undefined): number {
  if (pid === undefined) throw new Error('the service is not running');
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}
