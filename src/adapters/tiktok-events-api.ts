/**
 * TikTok over HTTP. Knows addresses, headers and timeouts; what an answer means is judged elsewhere.
 *
 * The one thing it does judge is whether a failed request may have reached TikTok. The client starts a request (and
 * says so) once it has a connection and is about to write: a failure before that has surely not been taken, one after
 * it may have been.
 */

import { type Dispatcher, Pool, ProxyAgent } from 'undici';
import { withoutToken } from '../core/access-token.ts';
import { systemCodeOf } from '../core/error-codes.ts';
import { MAX_BODY_BYTES } from '../core/events-api-answer.ts';
import { CONNECT_TIMEOUT, NOT_STARTED, PROXY_REFUSED, REQUEST_TIMEOUT } from '../core/transport-errors.ts';
import type { EventsApi, EventsApiAnswer, EventsApiRequest } from '../ports.ts';

const API_PATH = '/open_api/v1.3/';

export interface EventsApiOptions {
  /** Origin, e.g. `https://business-api.tiktok.com`. */
  readonly baseUrl: string;
  /** `http://proxy:3128`; null where TikTok is reached directly. */
  readonly proxyUrl: string | null;
  readonly connectTimeoutMs: number;
  /** From the first byte written to the last one read. */
  readonly requestTimeoutMs: number;
  /** Requests under way at a time; each has a connection of its own. */
  readonly maxConnectionsCount: number;
  /** `tiktok-conversion-sync/1.2.3` */
  readonly userAgent: string;
}

/** `close` lets requests under way end, `destroy` does not. */
export interface EventsApiClient extends EventsApi {
  close(): Promise<void>;
  destroy(): Promise<void>;
}

export function createEventsApi(options: EventsApiOptions): EventsApiClient {
  const client = createClient(options);
  return {
    send: request => exchange(client, request, options),
    close: () => client.close(),
    destroy: () => client.destroy(),
  };
}

function createClient(options: EventsApiOptions): Dispatcher {
  const { baseUrl, proxyUrl } = options;
  const settings = {
    connections: options.maxConnectionsCount,
    // A POST is not idempotent: never a second one on a connection whose first is unanswered. HTTP/2 would do just that.
    pipelining: 1,
    allowH2: false,
    headersTimeout: options.requestTimeoutMs,
    bodyTimeout: options.requestTimeoutMs,
  };
  if (proxyUrl === null) return new Pool(baseUrl, { ...settings, connect: { timeout: options.connectTimeoutMs } });
  const { connectTimeoutMs: connectTimeout } = options;
  return new ProxyAgent({
    ...settings,
    uri: proxyUrl,
    // Always a tunnel: a request then starts once TikTok itself can be written to, and no proxy ever sees a token.
    proxyTunnel: true,
    connectTimeout,
    // A proxy that is silent would keep every connection taken for the client's own five minutes, long after it is well again.
    clientFactory: (proxy, given) => new Pool(proxy, { ...given, headersTimeout: connectTimeout }),
  });
}

/** What errors of the client mean before a request was started: we abort none then, so they are the proxy's answer to CONNECT. */
const OF_THE_TUNNEL: ReadonlyMap<string, string> = new Map([
  ['UND_ERR_ABORTED', PROXY_REFUSED],
  ['UND_ERR_HEADERS_TIMEOUT', CONNECT_TIMEOUT],
]);

function exchange(client: Dispatcher, request: EventsApiRequest, options: EventsApiOptions): Promise<EventsApiAnswer> {
  return new Promise(resolve => {
    const attempt = new Attempt(options, request, resolve);
    const headers = {
      'access-token': request.accessToken,
      'content-type': 'application/json',
      accept: 'application/json',
      'user-agent': options.userAgent,
    };
    const path = API_PATH + request.path;
    client.dispatch({ origin: options.baseUrl, method: 'POST', path, headers, body: request.body }, attempt);
  });
}

/** One request on its way. Answers exactly once; what comes after that is ignored. */
class Attempt implements Dispatcher.DispatchHandler {
  readonly #answer: (answer: EventsApiAnswer) => void;
  readonly #requestTimeoutMs: number;
  readonly #request: EventsApiRequest;
  readonly #begun = performance.now();
  readonly #body: Buffer[] = [];
  #controller: Dispatcher.DispatchController | null = null;
  #timer: NodeJS.Timeout;
  #answered = false;
  #waitedMs = 0;
  #bytes = 0;
  #status = 0;
  #headers: Record<string, string> = {};

  constructor(
    { connectTimeoutMs, requestTimeoutMs }: EventsApiOptions,
    request: EventsApiRequest,
    answer: (answer: EventsApiAnswer) => void,
  ) {
    this.#answer = answer;
    this.#request = request;
    this.#requestTimeoutMs = requestTimeoutMs;
    // Waiting for a free connection may take as long as the request before it.
    this.#timer = setTimeout(() => this.#fail(CONNECT_TIMEOUT), connectTimeoutMs + requestTimeoutMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#answered) {
      // Given up while waiting for a connection: nothing has been written yet, and nothing will be.
      controller.abort(new Error('given up'));
      return;
    }
    if (!this.#request.mayStart()) {
      this.#fail(NOT_STARTED);
      controller.abort(new Error('not started'));
      return;
    }
    this.#controller = controller;
    this.#waitedMs = this.#elapsed();
    clearTimeout(this.#timer);
    // The client's own timeouts are coarse and begin anew with every byte; this is the one that holds.
    this.#timer = setTimeout(() => this.#fail(REQUEST_TIMEOUT), this.#requestTimeoutMs);
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Record<string, unknown>): void {
    this.#status = status;
    this.#headers = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, this.#withoutToken(String(value))]),
    );
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    this.#body.push(chunk);
    if (this.#bytes > MAX_BODY_BYTES) this.#respond();
  }

  onResponseEnd(): void {
    this.#respond();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    const code = systemCodeOf(error) ?? error.name;
    this.#fail((this.#controller === null ? OF_THE_TUNNEL.get(code) : null) ?? code);
  }

  #respond(): void {
    const body = this.#withoutToken(Buffer.concat(this.#body).toString('utf8', 0, MAX_BODY_BYTES));
    const [status, headers, waitedMs] = [this.#status, this.#headers, this.#waitedMs];
    this.#settle({ kind: 'response', status, headers, body, durationMs: this.#elapsed(), waitedMs });
    if (this.#bytes > MAX_BODY_BYTES) this.#controller?.abort(new Error('body too large'));
  }

  /** TikTok's messages quote the token they refuse: whatever is made of the answer, it is not in there. */
  #withoutToken(text: string): string {
    return withoutToken(text, this.#request.accessToken);
  }

  #fail(code: string): void {
    const mayHaveBeenTaken = this.#controller !== null;
    this.#settle({ kind: 'failure', code, mayHaveBeenTaken, durationMs: this.#elapsed() });
    this.#controller?.abort(new Error(code));
  }

  #settle(answer: EventsApiAnswer): void {
    if (this.#answered) return;
    this.#answered = true;
    clearTimeout(this.#timer);
    this.#answer(answer);
  }

  #elapsed(): number {
    return performance.now() - this.#begun;
  }
}
