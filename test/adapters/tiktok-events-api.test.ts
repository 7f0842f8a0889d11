import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { makeAuthority } from '../../sandbox/certificates.ts';
import { eventually } from '../../sandbox/eventually.ts';
import { freePort } from '../../sandbox/free-port.ts';
import { createEventsApi, type EventsApiClient, type EventsApiOptions } from '../../src/adapters/tiktok-events-api.ts';
import { lookAtTikTok } from '../../src/adapters/tiktok-look.ts';
import { type EventsApiAnswer, MAX_BODY_BYTES } from '../../src/core/events-api-answer.ts';
import { type ConnectProxy, startConnectProxy } from './connect-proxy.ts';

const REQUEST = { path: 'event/track/', accessToken: 'a-token', body: '{"data":["zażółć"]}', mayStart: () => true };

type Handler = (request: IncomingMessage, body: string, response: ServerResponse) => void;

let server: Server | null = null;
let clients: EventsApiClient[] = [];

async function serve(handler: Handler): Promise<string> {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => handler(request, Buffer.concat(chunks).toString(), response));
    request.on('error', () => undefined);
  });
  await new Promise<void>(resolve => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function client(baseUrl: string, changes: Partial<EventsApiOptions> = {}): EventsApiClient {
  const created = createEventsApi({
    baseUrl,
    proxyUrl: null,
    connectTimeoutMs: 2_000,
    requestTimeoutMs: 10_000,
    maxConnectionsCount: 4,
    userAgent: 'tiktok-conversion-sync/test',
    ...changes,
  });
  clients.push(created);
  return created;
}

afterEach(async () => {
  await Promise.all(clients.map(created => created.destroy()));
  clients = [];
  server?.closeAllConnections();
  await new Promise(resolve => (server ? server.close(resolve) : resolve(null)));
  server = null;
});

describe('the Events API over HTTP', () => {
  it('posts the body with the token to the path below the API', async () => {
    let seen: unknown;
    const origin = await serve(({ method, url, headers }, body, response) => {
      const { 'access-token': token, authorization, 'content-type': type } = headers;
      seen = { method, url, body, token, authorization, type, agent: headers['user-agent'] };
      response.setHeader('X-Tt-Logid', 'log-1').end('{"code":0}');
    });
    const answer = await client(origin).send(REQUEST);
    expect(seen).toEqual({
      method: 'POST',
      url: '/open_api/v1.3/event/track/',
      body: REQUEST.body,
      token: 'a-token',
      authorization: undefined,
      type: 'application/json',
      agent: 'tiktok-conversion-sync/test',
    });
    expect(answer).toMatchObject({ kind: 'response', status: 200, body: '{"code":0}' });
    expect(answer).toHaveProperty(['headers', 'x-tt-logid'], 'log-1');
    expect(answer.durationMs).toBeGreaterThan(0);
  });

  it('gives no answer that holds the token it was sent', async () => {
    const accessToken = 'tok/SealCanarySecretC1';
    const message = `Access token ${accessToken} of PIXEL1 is incorrect`;
    const origin = await serve((_, __, response) => {
      response.setHeader('X-Tt-Logid', accessToken);
      response.end(
        JSON.stringify({ code: 40105, message, quoted: 'QUOTED' }).replace('QUOTED', 'tok\\/SealCanarySecretC1'),
      );
    });
    const answer = await client(origin).send({ ...REQUEST, accessToken });
    expect(answer.kind === 'response' && JSON.parse(answer.body)).toEqual({
      ...{ code: 40105, message: 'Access token [redacted] of PIXEL1 is incorrect', quoted: '[redacted]' },
    });
    expect(answer).toHaveProperty(['headers', 'x-tt-logid'], '[redacted]');
  });

  it('gives an error page back as it is', async () => {
    const origin = await serve((_, __, response) => {
      response.writeHead(500, { 'content-type': 'text/html' }).end('<html>Bad Gateway</html>');
    });
    const answer = await client(origin).send(REQUEST);
    expect(answer).toMatchObject({ kind: 'response', status: 500, body: '<html>Bad Gateway</html>' });
  });

  it('follows no redirect, which would carry the token elsewhere', async () => {
    let requests = 0;
    const origin = await serve((_, __, response) => {
      requests++;
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    expect(await client(origin).send(REQUEST)).toMatchObject({ kind: 'response', status: 307 });
    expect(requests).toBe(1);
  });

  it('reads at most 1 MiB of a body that does not end, and answers the next request all the same', async () => {
    let endless = true;
    const origin = await serve((_, __, response) => {
      if (!endless) return response.end('{"code":0}');
      const pour = () => {
        while (!response.destroyed && response.write('x'.repeat(16_384)));
      };
      response.on('drain', pour);
      return pour();
    });
    const api = client(origin, { maxConnectionsCount: 1 });
    const answer = await api.send(REQUEST);
    expect(answer).toMatchObject({ kind: 'response', status: 200, body: 'x'.repeat(MAX_BODY_BYTES) });
    endless = false;
    expect(await api.send(REQUEST)).toMatchObject({ kind: 'response', body: '{"code":0}' });
  });

  it('keeps each value of a header that was sent twice', async () => {
    const origin = await serve((_, __, response) => response.setHeader('Retry-After', ['9', '20']).end());
    expect(await client(origin).send(REQUEST)).toMatchObject({ headers: { 'retry-after': '9,20' } });
  });

  it('uses connections again', async () => {
    const ports = new Set<number | undefined>();
    const origin = await serve(({ socket }, _, response) => {
      ports.add(socket.remotePort);
      response.end('{"code":0}');
    });
    const api = client(origin, { maxConnectionsCount: 20 });
    for (let i = 0; i < 10; i++) await api.send(REQUEST);
    expect(ports.size).toBeLessThan(3);
  });

  it('tells how long a request waited for a connection, and not for TikTok', async () => {
    const origin = await serve((_, __, response) => void setTimeout(() => response.end('{"code":0}'), 100));
    const api = client(origin, { maxConnectionsCount: 1 });
    const [first, second] = await Promise.all([api.send(REQUEST), api.send(REQUEST)]);
    const waitedMs = (answer: EventsApiAnswer) => (answer.kind === 'response' ? (answer.waitedMs ?? 0) : 0);
    expect(waitedMs(second)).toBeGreaterThanOrEqual(90);
    expect(waitedMs(first)).toBeLessThan(waitedMs(second));
    expect(second.durationMs - waitedMs(second)).toBeGreaterThanOrEqual(90);
  });

  it('sends no second request on a connection whose first is unanswered', async () => {
    const ports: (number | undefined)[] = [];
    const waiting: ServerResponse[] = [];
    const origin = await serve(({ socket }, _, response) => {
      ports.push(socket.remotePort);
      if (waiting.push(response) === 2) for (const held of waiting) held.end('{"code":0}');
    });
    const api = client(origin, { maxConnectionsCount: 2 });
    await Promise.all([api.send(REQUEST), api.send(REQUEST)]);
    expect(new Set(ports).size).toBe(2);
  });
});

describe('a request that surely did not reach TikTok', () => {
  const surelyNot = { kind: 'failure', mayHaveBeenTaken: false };

  it('was refused', async () => {
    const answer = await client(`http://127.0.0.1:${await freePort()}`).send(REQUEST);
    expect(answer).toMatchObject({ ...surelyNot, code: 'ECONNREFUSED' });
  });

  it('found no address', async () => {
    const answer = await client('http://no-such-host.invalid').send(REQUEST);
    expect(answer).toMatchObject({ ...surelyNot, code: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/) });
  });

  it('failed at the TLS handshake', async () => {
    const origin = await serve((_, __, response) => void response.end('{"code":0}'));
    const answer = await client(origin.replace('http:', 'https:')).send(REQUEST);
    expect(answer).toMatchObject({ ...surelyNot, code: expect.stringMatching(/SSL|ECONNRESET|UND_ERR_SOCKET/) });
  });

  it('gave up waiting for a connection, and is not sent afterwards either', async () => {
    const bodies: string[] = [];
    const origin = await serve((_, body, response) => {
      bodies.push(body);
      if (body === 'last') response.end('{"code":0}');
    });
    const api = client(origin, { maxConnectionsCount: 1, connectTimeoutMs: 50, requestTimeoutMs: 250 });
    const wanted = ['first', 'second', 'third', 'fourth'];
    const answers = await Promise.all(wanted.map(body => api.send({ ...REQUEST, body })));
    expect(answers[0]).toMatchObject({ code: 'REQUEST_TIMEOUT', mayHaveBeenTaken: true });
    expect(answers[3]).toMatchObject({ code: 'CONNECT_TIMEOUT', mayHaveBeenTaken: false });
    expect(await api.send({ ...REQUEST, body: 'last' })).toMatchObject({ kind: 'response' });
    // Which of the others still got the connection is a matter of milliseconds; what was promised of them is not.
    const sent = wanted.filter((_, index) => bodies.includes(wanted[index] as string));
    const possible = wanted.filter((_, index) => {
      const answer = answers[index];
      return answer?.kind === 'failure' && answer.mayHaveBeenTaken;
    });
    expect(possible).toEqual(expect.arrayContaining(sent));
    expect(bodies.at(-1)).toBe('last');
  });

  it('waited for a connection and may no longer start when it gets one', async () => {
    const bodies: string[] = [];
    const answerFirst = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    const origin = await serve((_, body, response) => {
      bodies.push(body);
      if (body !== 'first') return void response.end('{"code":0}');
      arrived.resolve();
      return void answerFirst.promise.then(() => response.end('{"code":0}'));
    });
    const api = client(origin, { maxConnectionsCount: 1 });
    let owner = true;
    const asked: string[] = [];
    const mayStart = (body: string) => () => {
      asked.push(body);
      return owner;
    };
    const [first, second] = ['first', 'second'].map(body => api.send({ ...REQUEST, body, mayStart: mayStart(body) }));
    await arrived.promise;
    // Asked when it is written, not when it is handed in.
    expect(asked).toEqual(['first']);
    owner = false;
    answerFirst.resolve();
    expect(await first).toMatchObject({ kind: 'response', status: 200 });
    expect(await second).toMatchObject({ ...surelyNot, code: 'NOT_STARTED' });
    expect(asked).toEqual(['first', 'second']);
    // The connection is as good as before, and nothing of the second request ever came over it.
    expect(await api.send({ ...REQUEST, body: 'third' })).toMatchObject({ kind: 'response' });
    expect(bodies).toEqual(['first', 'third']);
  });

  it('came after the client was closed', async () => {
    const api = client('http://127.0.0.1:1');
    await api.close();
    expect(await api.send(REQUEST)).toMatchObject(surelyNot);
  });

  it('has a token no header can hold', async () => {
    const answer = await client('http://127.0.0.1:1').send({ ...REQUEST, accessToken: 'a\r\nX-Evil: 1' });
    expect(answer).toMatchObject(surelyNot);
    expect(JSON.stringify(answer)).not.toContain('Evil');
  });
});

describe('a request that may have reached TikTok', () => {
  const perhaps = { kind: 'failure', mayHaveBeenTaken: true };

  it('got no answer in time', async () => {
    const origin = await serve(() => undefined);
    const answer = await client(origin, { requestTimeoutMs: 100 }).send(REQUEST);
    expect(answer).toMatchObject({ ...perhaps, code: 'REQUEST_TIMEOUT' });
  });

  it('got an answer that trickles beyond the time', async () => {
    const sockets: Socket[] = [];
    const origin = await serve(({ socket }, _, response) => {
      sockets.push(socket);
      response.writeHead(200);
      const drip = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(drip));
    });
    const answer = await client(origin, { requestTimeoutMs: 150 }).send(REQUEST);
    expect(answer).toMatchObject({ ...perhaps, code: 'REQUEST_TIMEOUT' });
    await expect.poll(() => sockets.every(socket => socket.destroyed)).toBe(true);
  });

  it('was cut before an answer', async () => {
    const origin = await serve(({ socket }) => socket.resetAndDestroy());
    expect(await client(origin).send(REQUEST)).toMatchObject({ ...perhaps, code: 'ECONNRESET' });
  });

  it('was cut within the answer, however good it began', async () => {
    const origin = await serve(({ socket }, _, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"code":0', () => socket.destroy());
    });
    expect(await client(origin).send(REQUEST)).toMatchObject(perhaps);
  });

  it('met something that is not HTTP', async () => {
    const origin = await serve(({ socket }) => socket.end('hello\r\n\r\n'));
    expect(await client(origin).send(REQUEST)).toMatchObject({ ...perhaps, code: 'HTTPParserError' });
  });
});

describe('a request through a proxy', () => {
  const surelyNot = { kind: 'failure', mayHaveBeenTaken: false };
  let proxy: ConnectProxy | null = null;

  afterEach(async () => {
    await proxy?.close();
    proxy = null;
  });

  async function through(answer: string | null = null): Promise<{ readonly proxyUrl: string }> {
    proxy = await startConnectProxy(answer);
    return { proxyUrl: proxy.url.replace('//', '//sync:p%40ss@') };
  }

  it('goes through a tunnel to TikTok, so that the proxy sees no token', async () => {
    const origin = await serve(({ url }, body, response) => void response.end(JSON.stringify({ code: 0, url, body })));
    const api = client(origin, await through());
    for (let i = 0; i < 3; i++) {
      expect(await api.send(REQUEST)).toMatchObject({ status: 200, body: expect.stringContaining('zażółć') });
    }
    const authorization = `Basic ${Buffer.from('sync:p@ss').toString('base64')}`;
    const asked = proxy?.tunnels ?? [];
    expect(asked.length).toBeGreaterThan(0);
    for (const tunnel of asked) expect(tunnel).toEqual({ target: origin.replace('http://', ''), authorization });
    expect(proxy?.heads()).not.toContain(REQUEST.accessToken);
  });

  it('reaches a TikTok that speaks TLS and would speak HTTP/2, with a certificate that is checked, by HTTP/1.1', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tiktok-sync-tunnel-'));
    const { cert, server: own } = await makeAuthority(folder, 'tiktok');
    const trusted = getCACertificates('default');
    const [authority = '', certificate, key] = [cert, own.cert, own.key].map(path => readFileSync(path, 'utf8'));
    rmSync(folder, { recursive: true });
    const tiktok = createSecureServer({ cert: certificate, key, allowHTTP1: true }, ({ httpVersion }, response) => {
      response.end(httpVersion);
    });
    await new Promise<void>(resolve => tiktok.listen(0, '127.0.0.1', resolve));
    const origin = `https://127.0.0.1:${(tiktok.address() as AddressInfo).port}`;
    const way = await through();
    try {
      expect(await client(origin, way).send(REQUEST)).toMatchObject({
        ...surelyNot,
        code: expect.stringMatching(/^UNABLE_TO_/),
      });
      setDefaultCACertificates([...trusted, authority]);
      expect(await client(origin, way).send(REQUEST)).toMatchObject({ status: 200, body: '1.1' });
    } finally {
      setDefaultCACertificates(trusted);
      tiktok.close();
    }
  });

  it.each(['403 Forbidden', '407 Proxy Authentication Required'])(
    'surely did not reach TikTok when the proxy answers %s',
    async refusal => {
      let requests = 0;
      const origin = await serve((_, __, response) => {
        requests++;
        response.end('{"code":0}');
      });
      const answer = await client(origin, await through(refusal)).send(REQUEST);
      expect(answer).toMatchObject({ ...surelyNot, code: 'PROXY_REFUSED' });
      expect(requests).toBe(0);
    },
  );

  it('surely did not reach TikTok when the proxy is away', async () => {
    const proxyUrl = `http://127.0.0.1:${await freePort()}`;
    const answer = await client('http://127.0.0.1:9', { proxyUrl }).send(REQUEST);
    expect(answer).toMatchObject({ ...surelyNot, code: 'ECONNREFUSED' });
  });

  it('surely did not reach TikTok while the proxy is silent, and does as soon as it answers again', async () => {
    const origin = await serve((_, __, response) => void response.end('{"code":0}'));
    const changes = { ...(await through('silent')), connectTimeoutMs: 300, requestTimeoutMs: 1_000 };
    const api = client(origin, { ...changes, maxConnectionsCount: 1 });
    expect(await api.send(REQUEST)).toMatchObject({ ...surelyNot, code: 'CONNECT_TIMEOUT' });
    proxy?.wake();
    await eventually('a request through the proxy', async () => (await api.send(REQUEST)).kind === 'response', 15_000);
  });

  it('surely did not reach TikTok when the TLS handshake in the tunnel fails', async () => {
    const origin = await serve((_, __, response) => void response.end('{"code":0}'));
    const answer = await client(origin.replace('http:', 'https:'), await through()).send(REQUEST);
    expect(answer).toMatchObject({ ...surelyNot, code: expect.stringMatching(/SSL|ECONNRESET|UND_ERR/) });
  });

  it('may have reached TikTok when the tunnel breaks after it was written', async () => {
    const origin = await serve(({ socket }) => void socket.destroy());
    const answer = await client(origin, await through()).send(REQUEST);
    expect(answer).toMatchObject({ kind: 'failure', mayHaveBeenTaken: true });
  });
});

describe("doctor's look at TikTok", () => {
  const baseUrl = 'https://127.0.0.1:9';

  it('takes the same way', async () => {
    const proxy = await startConnectProxy();
    const way = { baseUrl, proxyUrl: proxy.url, timeoutMs: 5_000, userAgent: 'doctor' };
    expect((await lookAtTikTok(way, Date.now)).trouble).not.toBeNull();
    await proxy.close();
    expect(proxy.tunnels).toEqual([{ target: '127.0.0.1:9', authorization: undefined }]);
  });

  it.each([
    ['403 Forbidden', 'ERR_PROXY_TUNNEL'],
    ['silent', 'TIMED_OUT'],
  ])('says where to look when the proxy is %s', async (answer, code) => {
    const proxy = await startConnectProxy(answer);
    const way = { baseUrl, proxyUrl: proxy.url, timeoutMs: 500, userAgent: 'doctor' };
    const { trouble } = await lookAtTikTok(way, Date.now);
    await proxy.close();
    expect(trouble).toMatchObject({ code, advice: expect.stringContaining('tiktok.proxyUrl') });
  });
});
