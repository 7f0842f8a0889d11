import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { lookAtRegistry } from '../../src/adapters/registry-look.ts';
import { readTlsFiles } from '../../src/adapters/tls-files.ts';

/** What is found out about a server that gives this answer to everything, or none. */
async function lookAt(answer: { readonly status: number; readonly body: string } | null) {
  const server = createServer((_, response) => {
    if (answer !== null) response.writeHead(answer.status).end(answer.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const tls = readTlsFiles('registry', { caFile: null, certFile: null, keyFile: null, rejectUnauthorized: true });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return lookAtRegistry({ url, username: null, password: null, timeoutMs: 300, tls }, [], () => null);
}

test.each([
  ['says nothing', null, 'unreachable', 'TIMED_OUT'],
  ['refuses the credentials', { status: 401, body: '{}' }, 'refused', 'REGISTRY_DENIES'],
  ['is a proxy whose registry is away', { status: 502, body: 'bad gateway' }, 'unreachable', 'REGISTRY_FAILS'],
  ['has another API', { status: 404, body: '<html>' }, 'refused', 'NOT_THE_API'],
  ['answers with a page', { status: 200, body: '<html>' }, 'refused', 'NOT_THE_API'],
])('a registry that %s is told as that', async (_, answer, kind, code) => {
  const { apiFoundAt, trouble } = await lookAt(answer);
  expect([trouble?.kind, trouble?.code, apiFoundAt]).toEqual([kind, code, null]);
});
