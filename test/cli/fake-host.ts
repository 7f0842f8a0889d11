import type { HeavyCommands } from '../../src/cli.ts';
import { runCli } from '../../src/cli.ts';
import type { Host } from '../../src/control/host.ts';

export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  /** Standard input. */
  readonly input?: string;
  readonly color?: boolean;
  readonly heavy?: Partial<HeavyCommands>;
}

export interface Ended {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** Three variables that make a valid configuration. */
export const MINIMAL = {
  TIKTOK_SYNC_KAFKA_BROKERS: 'k1:9092',
  TIKTOK_SYNC_REGISTRY_URL: 'http://registry:8081',
  TIKTOK_SYNC_REDIS_URL: 'redis://redis:6379',
};

const none = () => Promise.reject(new Error('this command is not expected to run'));
/** Commands that nobody is expected to run. */
export const NO_COMMANDS: HeavyCommands = {
  run: none,
  topics: none,
  schemas: none,
  preview: none,
  deadLetters: { look: none, redrive: none },
  apply: none,
  get: none,
  delete: none,
  connections: { verify: none, list: none },
  doctor: none,
};

/** A host of plain values, and what has been written to it. */
export function fakeHost({ env = {}, files = {}, input = '', color = false }: Surroundings) {
  const text = { out: '', err: '' };
  const terminal = (name: 'out' | 'err') => ({
    color,
    isTerminal: false,
    write: (more: string) => {
      text[name] += more;
    },
  });
  const host: Host = {
    env,
    out: terminal('out'),
    err: terminal('err'),
    readFile: path => {
      const content = files[path];
      if (content === undefined) throw new Error(`ENOENT: no such file, open '${path}'`);
      return content;
    },
    readInput: async () => input,
    now: () => Date.UTC(2026, 10, 22, 12),
    nodeVersion: 'v24.0.0',
    stopSignal: () => new AbortController().signal,
  };
  return { host, text };
}

/** Runs a command line in this process, with plain values for everything outside it. */
export async function command(line: string, surroundings: Surroundings = {}) {
  const { host, text } = fakeHost(surroundings);
  const argv = line.split(' ').filter(word => word !== '');
  const exitCode = await runCli(argv, host, { ...NO_COMMANDS, ...surroundings.heavy });
  return { exitCode, ...text } satisfies Ended;
}
