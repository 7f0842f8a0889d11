/** The script of `helm test`, as the pod of the rendering runs it. */

import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import type { PodSpec } from 'kubernetes-types/core/v1.d.ts';
import { afterEach, expect, test } from 'vitest';
import { only, render } from './helm.ts';

const [container] = (only(render(), 'Pod')['spec'] as PodSpec).containers;

/** Answers of `/readyz`, one for each request; the last one stays. */
let readiness: number[] = [];

const server = createServer(({ url }, response) => {
  if (url === '/metrics') return response.end('tiktok_sync_build_info{version="0.1.0"} 1\n');
  const [status = 200] = readiness.length > 1 ? readiness.splice(0, 1) : readiness;
  return response.writeHead(status).end(status === 200 ? 'ready' : 'group: joining');
});

afterEach(() => void server.close());

async function run(patienceSeconds: string): Promise<{ readonly exitCode: unknown; readonly output: string }> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const given = Object.fromEntries((container?.env ?? []).map(({ name, value = '' }) => [name, value]));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const env = { ...given, SERVICE_URL: url, PATIENCE_SECONDS: patienceSeconds };
  const { promise, resolve } = Promise.withResolvers<{ exitCode: unknown; output: string }>();
  const args = [...(container?.command ?? []).slice(1), ...(container?.args ?? [])];
  execFile(process.execPath, args, { env }, (error, stdout, stderr) => {
    resolve({ exitCode: error === null ? 0 : error.code, output: stdout + stderr });
  });
  return promise;
}

test('helm test waits for pods that are still starting, as they are right after an install', async () => {
  readiness = [503, 503, 200];
  expect(await run('30')).toEqual({ exitCode: 0, output: expect.stringContaining('tiktok_sync_build_info') });
});

test('helm test gives up, and says what the last answer was', async () => {
  readiness = [503];
  const { exitCode, output } = await run('3');
  expect(exitCode).toBe(1);
  expect(output).toContain('answers 503: group: joining');
  expect(output).toContain('Not ready after 3 s');
});

test('helm test gives up before Helm does', () => {
  const patience = container?.env?.find(({ name }) => name === 'PATIENCE_SECONDS')?.value;
  expect(Number(patience)).toBeGreaterThan(120);
  expect(Number(patience)).toBeLessThan(300);
});
