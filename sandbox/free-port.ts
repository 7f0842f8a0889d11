import { createServer } from 'node:net';

// Below the range from which Linux takes the source ports of outgoing connections (32768 and up): a port in that range
// can be lost to any client while a stopped server waits for its restart, and a client that knocks at a closed port of
// it can, by chance, connect to itself.
const LOWEST = 15_000;
const HIGHEST = 32_000;
const handedOut = new Set<number>();

/** A loopback port that nobody listens on and that this process has not handed out before. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (handedOut.has(port) || !(await canListen('127.0.0.1', port))) continue;
    handedOut.add(port);
    return port;
  }
  throw new Error(`no free port found between ${LOWEST} and ${HIGHEST}`);
}

/** Whether nobody listens on a port of a loopback address, nor on that port of all addresses. */
export function canListen(address: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen(port, address, () => server.close(() => resolve(true)));
  return promise;
}
