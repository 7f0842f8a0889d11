/** What runs in our containers of docker-compose.yml, in its order and with its variables, as processes on the sandbox. */

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { ServerProcess } from '../../sandbox/child-process.ts';
import { AGREEMENT } from '../../sandbox/demo-report.ts';
import { freePort } from '../../sandbox/free-port.ts';
import { composeFile, container, ROOT } from '../docs/compose-file.ts';
import { useStack } from '../stack.ts';

const stack = await useStack();
const run = promisify(execFile);
const cwd = fileURLToPath(ROOT);
/** Entry points of the two images. */
const ENTRY = { service: ['src/main.ts'], sandbox: [] } as const;

const ports = { tiktok: await freePort(), service: await freePort() };
const unique = stack.unique('compose');
const folder = mkdtempSync(join(tmpdir(), 'tiktok-sync-compose-'));

/** A word of the compose file, with the sandbox's addresses in place of the containers' names and ports. */
function here(word: string): string {
  return word
    .replace('http://registry:8080/apis/ccompat/v7', stack.registryUrl)
    .replace('redis://redis:6379', stack.redisUrl)
    .replace('kafka:9092', stack.brokers)
    .replace(/(tiktok|127\.0\.0\.1):8090/, `127.0.0.1:${ports.tiktok}`)
    .replace('service:8080', `127.0.0.1:${ports.service}`)
    .replace('--port=8090', `--port=${ports.tiktok}`)
    .replace('--host=0.0.0.0', '--host=127.0.0.1');
}

/** The variables of a container, on topics and in a group of this test's own. */
function environmentOf(name: string): Record<string, string> {
  const given = Object.entries(container(name).environment ?? {}).map(([key, value]) => [key, here(value)]);
  const topics = ['CONVERSIONS', 'REVENUE_UPDATES', 'CONFIG', 'DEAD_LETTER', 'SYNC_LOG', 'CONNECTION_STATUS'];
  return {
    PATH: process.env['PATH'] ?? '',
    ...Object.fromEntries(given),
    ...Object.fromEntries(topics.map(topic => [`TIKTOK_SYNC_TOPIC_${topic}`, `${unique}.${topic.toLowerCase()}`])),
    TIKTOK_SYNC_GROUP_ID: unique,
    TIKTOK_SYNC_HTTP_PORT: String(ports.service),
    TIKTOK_SYNC_WINDOW_MS: '2s',
  };
}

function argumentsOf(name: string): string[] {
  const { build, command = [] } = container(name);
  return [...ENTRY[build?.target === 'sandbox' ? 'sandbox' : 'service'], ...command.map(here)];
}

/** A job: its standard output; rejects unless it ends with exit code 0. */
async function job(name: string, ...more: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [...argumentsOf(name), ...more], { cwd, env: environmentOf(name) });
  return stdout;
}

/** A server, up once the compose file's own health check says so. */
async function server(name: 'tiktok' | 'service'): Promise<void> {
  const [, , ...check] = container(name).healthcheck?.test ?? [];
  const env = environmentOf(name);
  const started = new ServerProcess({
    name,
    address: `127.0.0.1:${ports[name]}`,
    command: process.execPath,
    args: name === 'service' ? ['src/main.ts', 'run'] : argumentsOf(name),
    env,
    folder: cwd,
    logFile: join(folder, `${name}.log`),
    ready: async () => (await run(process.execPath, check.map(here), { cwd, env })) !== undefined,
    deadlineMs: 90_000,
    stopSignal: 'SIGTERM',
  });
  onTestFinished(() => started.stop());
  await started.start();
}

test('the containers of docker compose do their work in its order, and the stream may come again', async () => {
  onTestFinished(() => rmSync(folder, { recursive: true }));
  expect(Object.keys(composeFile.services)).toEqual(
    expect.arrayContaining(['tiktok', 'topics', 'connections', 'service', 'demo']),
  );
  await server('tiktok');
  await job('topics');
  expect(await job('connections')).toContain('acme-main');
  await server('service');
  for (const time of ['first', 'second']) expect(await job('demo', '--steps', '4'), time).toContain(AGREEMENT);
});
