/** Redis servers for the claim store's tests: one alone, a cluster of two, a pair watched by a sentinel. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { vi } from 'vitest';
import { ServerProcess, type ServerSpec } from '../../sandbox/child-process.ts';
import { exchange } from '../../sandbox/exchange.ts';
import { freePort } from '../../sandbox/free-port.ts';
import { createRedisClaims } from '../../src/adapters/redis-claims.ts';
import { createRedisClient, type RedisClient, type RedisOptions } from '../../src/adapters/redis-client.ts';
import type { Claims } from '../../src/ports.ts';

export interface RedisNode {
  readonly port: number;
  readonly server: ServerProcess;
  /** A plain connection of the test's own, past the adapter. */
  readonly admin: Redis;
}

/** Servers in a folder of their own; `close` ends and removes all of it. */
export class RedisNodes {
  readonly #folder = mkdtempSync(join(tmpdir(), 'tiktok-sync-redis-'));
  readonly #nodes: RedisNode[] = [];

  async start(extra: readonly string[] = []): Promise<RedisNode> {
    const port = await freePort();
    return this.#launch(port, ['--save', '', '--appendonly', 'no', ...extra]);
  }

  /** Two masters that share the slots. */
  async startCluster(): Promise<readonly [RedisNode, RedisNode]> {
    const [a, b] = [await this.#clusterNode(), await this.#clusterNode()];
    await a.admin.cluster('ADDSLOTSRANGE', 0, 8191);
    await b.admin.cluster('ADDSLOTSRANGE', 8192, 16383);
    await b.admin.cluster('SET-CONFIG-EPOCH', 2);
    await a.admin.cluster('MEET', '127.0.0.1', b.port);
    await clusterReady([a, b]);
    return [a, b];
  }

  /** A sentinel that watches the master on a port under the name `claims`. */
  async startSentinel(masterPort: number): Promise<RedisNode> {
    const port = await freePort();
    const file = join(this.#folder, `sentinel-${port}.conf`);
    writeFileSync(file, `port ${port}\nbind 127.0.0.1\nsentinel monitor claims 127.0.0.1 ${masterPort} 1\n`);
    return this.#launch(port, [], [file, '--sentinel']);
  }

  async close(): Promise<void> {
    for (const { admin } of this.#nodes) admin.disconnect();
    await Promise.all(
      this.#nodes.map(async ({ server }) => {
        server.kill('SIGCONT');
        await server.stop('SIGKILL');
      }),
    );
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #clusterNode(): Promise<RedisNode> {
    const options = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'];
    return this.start([...options, '--cluster-config-file', 'nodes.conf']);
  }

  async #launch(port: number, options: readonly string[], first: readonly string[] = []): Promise<RedisNode> {
    const folder = join(this.#folder, String(port));
    mkdirSync(folder, { recursive: true });
    const server = new ServerProcess(spec(port, folder, [...first, ...options]));
    await server.start();
    const admin = new Redis({ host: '127.0.0.1', port, retryStrategy: () => 20, maxRetriesPerRequest: null });
    admin.on('error', () => undefined);
    const node = { port, server, admin };
    this.#nodes.push(node);
    return node;
  }
}

function spec(port: number, folder: string, args: readonly string[]): ServerSpec {
  const fromFile = args[0]?.endsWith('.conf') ?? false;
  return {
    name: `redis-${port}`,
    address: `127.0.0.1:${port}`,
    command: 'redis-server',
    args: fromFile ? args : ['--port', String(port), '--bind', '127.0.0.1', ...args],
    folder,
    logFile: join(folder, 'log'),
    ready: async () => (await exchange(port, Buffer.from('PING\r\n'), 7)).toString() === '+PONG\r\n',
    deadlineMs: 15_000,
    stopSignal: 'SIGTERM',
  };
}

/** Waits until every node sees the whole cluster. */
export async function clusterReady(nodes: readonly RedisNode[]): Promise<void> {
  await vi.waitFor(
    async () => {
      for (const { admin } of nodes) {
        const info = String(await admin.cluster('INFO'));
        if (!/cluster_state:ok/.test(info) || !/cluster_known_nodes:2/.test(info)) throw new Error(info);
      }
    },
    { timeout: 15_000, interval: 30 },
  );
}

/** The claim store together with its connection. */
export type ConnectedClaims = Claims & RedisClient;

export function connectedClaims(options: RedisOptions): ConnectedClaims {
  const client = createRedisClient(options);
  return { ...client, ...createRedisClaims(client) };
}
