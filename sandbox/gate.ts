/** A way to a server that can be closed, so that one test's outage is not everybody's: a TCP relay on loopback. */

import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './free-port.ts';

export class Gate {
  /** `host:port`, to be used in place of the server's. */
  readonly address: string;
  readonly #port: number;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;

  private constructor(port: number, target: string) {
    const [host = '127.0.0.1', targetPort] = target.split(':');
    this.address = `127.0.0.1:${port}`;
    this.#port = port;
    this.#target = { host, port: Number(targetPort) };
  }

  /** An open gate before the server at `target` (`host:port`). */
  static async before(target: string): Promise<Gate> {
    const gate = new Gate(await freePort(), target);
    await gate.open();
    return gate;
  }

  open(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server = createServer(socket => this.#relay(socket));
    this.#server.once('error', reject).listen(this.#port, '127.0.0.1', resolve);
    return promise;
  }

  /** Breaks what is open and refuses what comes, until `open`. */
  close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#server === null) resolve();
    this.#server?.close(() => resolve());
    this.#server = null;
    for (const socket of this.#sockets) socket.resetAndDestroy();
    return promise;
  }

  #relay(near: Socket): void {
    const far = connect(this.#target);
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => {
        this.#sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
  }
}
