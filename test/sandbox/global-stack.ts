/** Vitest global setup: one stack for all test files, started when the first of them asks for it (see test/stack.ts). */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { type Stack, startStack } from '../../sandbox/stack.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Answers with the addresses of the shared stack, once it is up. */
    stackHost: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let stack: Promise<Stack> | undefined;
  const host = createServer((_, response) => {
    stack ??= startStack({ onProgress: line => console.log(`sandbox: ${line}`) });
    stack.then(
      ({ brokers, registryUrl, redisUrl }) => response.end(JSON.stringify({ brokers, registryUrl, redisUrl })),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : String(error)),
    );
  });
  host.listen(0, '127.0.0.1');
  await once(host, 'listening');
  project.provide('stackHost', `http://127.0.0.1:${(host.address() as AddressInfo).port}`);
  return async () => {
    host.closeAllConnections();
    host.close();
    const running = await stack?.catch(() => undefined);
    await running?.stop({ keepLogs: project.vitest.state.getCountOfFailedTests() > 0 });
  };
}
