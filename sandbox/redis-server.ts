import { join } from 'node:path';
import { ServerProcess } from './child-process.ts';
import { exchange } from './exchange.ts';
import { freePort } from './free-port.ts';

/** A Redis on a free loopback port that writes nothing to disk unless told to by `SAVE`. */
export async function redisServer(folder: string): Promise<ServerProcess> {
  const port = await freePort();
  return new ServerProcess({
    name: 'redis',
    address: `127.0.0.1:${port}`,
    command: 'redis-server',
    args: ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    folder: join(folder, 'data', 'redis'),
    logFile: join(folder, 'logs', 'redis.log'),
    ready: () => redisAnswers(port),
    deadlineMs: 15_000,
    stopSignal: 'SIGTERM',
  });
}

/** True when a Redis on this loopback port answers PING. */
export async function redisAnswers(port: number): Promise<boolean> {
  return (await exchange(port, Buffer.from('PING\r\n'), 7)).toString() === '+PONG\r\n';
}
