/** An OAuth 2.0 token endpoint on the loopback that issues unsigned tokens, as Kafka's validator for tests takes them. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A JWT without a signature, for `sub`, that ends in so many seconds. */
export function unsignedToken(sub: string, endsInSeconds: number): string {
  const now = Math.floor(Date.now() / 1000);
  const parts = [{ alg: 'none' }, { sub, iat: now - 60, exp: now + endsInSeconds }];
  return `${parts.map(part => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`;
}

export interface TokenRequest {
  readonly authorization: string;
  readonly form: string;
}

export class TokenEndpoint {
  /** Everything that was asked, in order. */
  readonly requests: TokenRequest[] = [];
  status = 200;
  /** What it says of the life of its tokens. */
  expiresIn = 3_600;
  issue = () => unsignedToken('alice', 3_600);
  readonly #server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    this.requests.push({ authorization: request.headers.authorization ?? '', form: Buffer.concat(chunks).toString() });
    const answer = { access_token: this.issue(), token_type: 'bearer', expires_in: this.expiresIn };
    response.writeHead(this.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });

  /** Its URL. */
  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/token`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }
}
