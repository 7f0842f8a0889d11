/**
 * Whether TikTok can be reached from here: one request without a token and without an event, which TikTok refuses in its own
 * JSON. Node's own client, because a proxy's certificate or page and the `Date` header are what is looked for.
 */

import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { systemCodeOf } from '../core/error-codes.ts';
import type { TikTokLook, Trouble } from '../ports-doctor.ts';
import { NO_TLS_THERE, tlsAdvice } from './tls-advice.ts';

const PATH = '/open_api/v1.3/event/track/';
const MAX_BODY_BYTES = 64 * 1024;

interface Answer {
  readonly status: number;
  readonly date: string | null;
  readonly body: string;
}

/** Where to look, and which way. */
export interface TikTokWay {
  readonly baseUrl: string;
  /** Null: directly. */
  readonly proxyUrl: string | null;
  readonly timeoutMs: number;
  readonly userAgent: string;
}

/** Never rejects. `now`: epoch milliseconds. */
export async function lookAtTikTok(way: TikTokWay, now: () => number): Promise<TikTokLook> {
  const begun = now();
  try {
    const { body, date, status } = await ask(way);
    const ended = now();
    const served = date === null ? Number.NaN : Date.parse(date);
    // The header has whole seconds, and was written at some moment of the exchange.
    const skewMs = Number.isNaN(served) ? null : Math.round((begun + ended) / 2 - served);
    return { trouble: null, httpStatus: status, apiCode: apiCodeIn(body), skewMs, tookMs: ended - begun };
  } catch (error) {
    return {
      trouble: troubleOf(error, way),
      httpStatus: null,
      apiCode: null,
      skewMs: null,
      tookMs: now() - begun,
    };
  }
}

function ask({ baseUrl, proxyUrl, timeoutMs, userAgent }: TikTokWay): Promise<Answer> {
  const url = new URL(baseUrl + PATH);
  const isHttps = url.protocol === 'https:';
  // Without a word about a proxy Node.js would take none; with one it must not look at the environment.
  const proxyEnv = proxyUrl === null ? {} : { HTTP_PROXY: proxyUrl, HTTPS_PROXY: proxyUrl };
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const body = '{}';
  const signal = AbortSignal.timeout(timeoutMs);
  // Node.js does not look at it while it waits for the proxy.
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  const options = {
    method: 'POST',
    agent: isHttps ? new HttpsAgent({ proxyEnv }) : new HttpAgent({ proxyEnv }),
    signal,
    headers: {
      'content-type': 'application/json',
      'content-length': body.length,
      accept: 'application/json',
      'user-agent': userAgent,
    },
  };
  const request = (isHttps ? httpsRequest : httpRequest)(url, options, response => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      if (text.length < MAX_BODY_BYTES) text += chunk;
    });
    response.on('error', reject);
    response.on('end', () =>
      resolve({ status: response.statusCode ?? 0, date: response.headers.date ?? null, body: text }),
    );
  });
  request.on('error', reject);
  request.end(body);
  return promise;
}

function apiCodeIn(body: string): number | null {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== 'object' || parsed === null || !('code' in parsed)) return null;
    return typeof parsed.code === 'number' ? parsed.code : null;
  } catch {
    return null;
  }
}

function troubleOf(error: unknown, { proxyUrl, timeoutMs }: TikTokWay): Trouble {
  const wayOut = proxyUrl === null ? DIRECT_WAY : PROXY_WAY;
  const code = systemCodeOf(error) ?? 'NO_ANSWER';
  if (error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')) {
    const problem = `no answer within ${timeoutMs / 1_000} s`;
    return { kind: 'unreachable', code: 'TIMED_OUT', problem, advice: wayOut };
  }
  const tls = tlsAdvice(error, 'tiktok.tls');
  if (tls === null || tls.passes) return { kind: 'unreachable', code, problem: code, advice: wayOut };
  const advice = tls.text === NO_TLS_THERE ? `${NO_TLS_THERE} ${SCHEME}` : AUTHORITY;
  return { kind: 'refused', code, problem: `no TLS connection (${code})`, advice };
}

const SCHEME = 'Check https: and http: in tiktok.baseUrl and tiktok.proxyUrl, and that nothing else answers there.';
const AUTHORITY =
  'Check the clock, and whether a proxy terminates TLS: give Node.js its authority with NODE_EXTRA_CA_CERTS.';
const DIRECT_WAY = 'Check tiktok.baseUrl, the name server, the firewall and the egress rules of the network.';
const PROXY_WAY =
  'Check tiktok.proxyUrl, its user and password, and that the proxy lets tunnels through to the host of tiktok.baseUrl.';
