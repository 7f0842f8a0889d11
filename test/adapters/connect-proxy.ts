/** An HTTP proxy that makes tunnels (CONNECT), as the ways out of company networks are. */

import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export interface ConnectProxy {
  readonly url: string;
  /** What was asked for: `host:port`, and who asked. */
  readonly tunnels: readonly { readonly target: string; readonly authorization: string | undefined }[];
  /** All bytes that clients sent before a tunnel was made, which is what the proxy could read. */
  readonly heads: () => string;
  /** From now on it makes tunnels for those who ask; those who asked before still wait. */
  wake(): void;
  close(): Promise<void>;
}

/** `answer`: instead of a tunnel, a refusal such as `403 Forbidden`; `silent` answers nothing until `wake`. */
export async function startConnectProxy(answer: string | null = null): Promise<ConnectProxy> {
  let isSilent = answer === 'silent';
  const tunnels: { target: string; authorization: string | undefined }[] = [];
  const heads: string[] = [];
  const open = new Set<Socket | Duplex>();
  const server = createServer((request, response) => {
    heads.push(JSON.stringify(request.rawHeaders));
    response.writeHead(405).end();
  });
  server.on('connection', socket => open.add(socket));
  server.on('connect', (request, client) => {
    const target = request.url ?? '';
    tunnels.push({ target, authorization: request.headers['proxy-authorization'] });
    heads.push(JSON.stringify(request.rawHeaders));
    client.on('error', () => {});
    if (isSilent) return;
    if (answer !== null && answer !== 'silent') return void client.end(`HTTP/1.1 ${answer}\r\n\r\n`);
    const { hostname, port } = new URL(`http://${target}`);
    const upstream = connect(Number(port || 80), hostname, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    open.add(upstream);
    upstream.on('error', () => {
      if (upstream.connecting || upstream.bytesRead + upstream.bytesWritten === 0)
        client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
      else client.destroy();
    });
    upstream.on('close', () => client.destroy());
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tunnels,
    heads: () => heads.join('\n'),
    wake: () => {
      isSilent = false;
    },
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
}
