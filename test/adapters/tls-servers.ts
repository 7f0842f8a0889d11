/** Redis and a schema registry behind TLS that want a client certificate. */

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Authority } from '../../sandbox/certificates.ts';
import { freePort } from '../../sandbox/free-port.ts';
import type { RedisNodes } from '../contracts/redis-nodes.ts';

/** Its `rediss:` URL. Redis asks for a client certificate unless told otherwise. */
export async function redisTls(nodes: RedisNodes, { cert, server }: Authority): Promise<string> {
  const port = await freePort();
  const files = ['--tls-cert-file', server.cert, '--tls-key-file', server.key, '--tls-ca-cert-file', cert];
  await nodes.start(['--tls-port', String(port), ...files]);
  return `rediss://127.0.0.1:${port}`;
}

export interface TlsRegistry extends AsyncDisposable {
  readonly url: string;
}

/** A registry that knows every schema, by the id 1. */
export async function registryOverTls({ cert, server }: Authority): Promise<TlsRegistry> {
  const [ca, own, key] = [cert, server.cert, server.key].map(path => readFileSync(path, 'utf8'));
  const listener = createServer({ ca, cert: own, key, requestCert: true, rejectUnauthorized: true }, (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":1}');
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    url: `https://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      listener.closeAllConnections();
      await new Promise(resolve => listener.close(resolve));
    },
  };
}
