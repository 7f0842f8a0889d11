import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { exchange } from '../../sandbox/exchange.ts';
import { kafkaMetadata } from '../../sandbox/kafka-metadata.ts';
import { redisAnswers } from '../../sandbox/redis-server.ts';
import { registryAnswers } from '../../sandbox/schema-registry.ts';
import { type StackService, startStack } from '../../sandbox/stack.ts';

const redisOnly = { brokers: 0, registry: false } as const;

function portOf(service: { readonly address: string }): number {
  return Number(service.address.split(':')[1]);
}

function isAlive(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

describe('a stack', () => {
  it('answers on every address, and leaves no process, port or folder behind when stopped', async () => {
    const stack = await startStack();
    const services: StackService[] = [stack.broker(), stack.registry, stack.redis];
    expect(await kafkaMetadata(portOf(stack.broker()))).toEqual([1]);
    expect(stack.registryUrl).toBe(`http://${stack.registry.address}/apis/ccompat/v7`);
    expect(await registryAnswers(stack.registry.address)).toBe(true);
    expect(await redisAnswers(portOf(stack.redis))).toBe(true);
    const pids = services.map(service => service.pid);
    expect(pids.every(isAlive)).toBe(true);

    await stack.stop();

    expect(pids.some(isAlive)).toBe(false);
    expect(await Promise.all(services.map(service => accepts(portOf(service))))).toEqual([false, false, false]);
    expect(existsSync(stack.folder)).toBe(false);
  });

  it('starts a stopped server again on the same port', async () => {
    await using stack = await startStack(redisOnly);
    const before = stack.redis.pid;
    await stack.redis.stop();
    expect(isAlive(before)).toBe(false);
    expect(await accepts(portOf(stack.redis))).toBe(false);
    await stack.redis.start();
    expect(stack.redis.pid).not.toBe(before);
    expect(await redisAnswers(portOf(stack.redis))).toBe(true);
  });

  it('finds the contents of Redis again after a stop when they were saved before', async () => {
    await using stack = await startStack(redisOnly);
    const ask = async (line: string) => (await exchange(portOf(stack.redis), Buffer.from(`${line}\r\n`), 5)).toString();
    expect(await ask('SET claim mine')).toBe('+OK\r\n');
    expect(await ask('SAVE')).toBe('+OK\r\n');
    await stack.redis.stop();
    await stack.redis.start();
    expect(await ask('GET claim')).toBe('$4\r\nmine\r\n');
  });

  it('stops a frozen server too', async () => {
    const stack = await startStack(redisOnly);
    const { pid } = stack.redis;
    stack.redis.kill('SIGSTOP');
    await stack.stop();
    expect(isAlive(pid)).toBe(false);
  });

  it('keeps the logs and says where when a server died by itself', async () => {
    const lines: string[] = [];
    const stack = await startStack({ ...redisOnly, onProgress: line => lines.push(line) });
    const { pid, logFile } = stack.redis;
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    await vi.waitFor(() => expect(stack.redis.pid).toBeUndefined());
    await stack.stop();
    expect(lines.at(-1)).toBe(`redis had ended by itself, see ${logFile}`);
    expect(readFileSync(logFile, 'utf8')).toContain('Ready to accept connections');
    expect(existsSync(join(stack.folder, 'data'))).toBe(false);
    rmSync(stack.folder, { recursive: true });
  });

  it('says which server it was started without', async () => {
    await using stack = await startStack(redisOnly);
    expect(() => stack.broker()).toThrow('started without Kafka node 0');
    expect(() => stack.registry).toThrow('started without schema registry');
    expect([stack.brokers, stack.registryUrl]).toEqual(['', '']);
  });
});

describe('the owner of a stack', () => {
  interface Owned {
    readonly process: ChildProcess;
    readonly pid: number;
    readonly address: string;
    readonly folder: string;
  }

  async function spawnOwner(): Promise<Owned> {
    const script = fileURLToPath(new URL('./stack-owner.ts', import.meta.url));
    const owner = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'pipe'] });
    const [line] = (await once(owner.stdout, 'data')) as [Buffer];
    return { process: owner, ...(JSON.parse(line.toString()) as Omit<Owned, 'process'>) };
  }

  async function nothingIsLeftOf(owned: Owned): Promise<void> {
    await vi.waitFor(
      async () => {
        expect(isAlive(owned.pid)).toBe(false);
        expect(await accepts(portOf(owned))).toBe(false);
        expect(existsSync(owned.folder)).toBe(false);
      },
      { timeout: 10_000 },
    );
  }

  it.each(['SIGKILL', 'SIGINT', 'SIGTERM', 'SIGHUP'] as const)('leaves nothing behind after %s', async signal => {
    const owned = await spawnOwner();
    owned.process.kill(signal);
    await once(owned.process, 'exit');
    await nothingIsLeftOf(owned);
  });

  it('leaves only the logs behind when it fails', async () => {
    const owned = await spawnOwner();
    const printed: Buffer[] = [];
    owned.process.stderr?.on('data', (part: Buffer) => printed.push(part));
    owned.process.stdin?.write('fail\n');
    await once(owned.process, 'close');
    await vi.waitFor(() => expect(isAlive(owned.pid)).toBe(false), { timeout: 10_000 });
    expect(Buffer.concat(printed).toString()).toContain(`Sandbox logs are kept in ${join(owned.folder, 'logs')}`);
    await vi.waitFor(() => expect(existsSync(join(owned.folder, 'data'))).toBe(false), { timeout: 10_000 });
    expect(existsSync(join(owned.folder, 'logs', 'redis.log'))).toBe(true);
    rmSync(owned.folder, { recursive: true });
  });
});
