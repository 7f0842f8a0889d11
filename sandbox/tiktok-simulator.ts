/**
 * TikTok's Events API 2.0 as its documents describe it, and as unkind as the field reports say: the judge of every
 * end-to-end test. What it takes is in its ledger; what it does wrong is ordered beforehand (faults, settings).
 */

import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Access } from './tiktok-access.ts';
import { administer, isAdminPath } from './tiktok-admin.ts';
import type { Answer } from './tiktok-answer.ts';
import { answerTo } from './tiktok-answer.ts';
import type { Simulator } from './tiktok-controls.ts';
import type { Misfortune } from './tiktok-faults.ts';
import { Faults } from './tiktok-faults.ts';
import type { Judgement } from './tiktok-judge.ts';
import { judge, UNREAD } from './tiktok-judge.ts';
import type { AnswerNote, LedgerLimits } from './tiktok-ledger.ts';
import { LEDGER_LIMITS, Ledger } from './tiktok-ledger.ts';
import { outcome } from './tiktok-outcome.ts';
import type { SettingsChange, SimulatorSettings } from './tiktok-settings.ts';
import { changed, DEFAULT_SETTINGS } from './tiktok-settings.ts';

/** Nothing is known of TikTok's own limit; this one only protects the machine. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

export interface SimulatorOptions {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** Address to listen on; default loopback. A container needs another. */
  readonly host?: string;
  /** Token by pixel id. */
  readonly pixels?: Readonly<Record<string, string>>;
  readonly settings?: SettingsChange;
  readonly ledgerLimits?: LedgerLimits;
  /** Epoch milliseconds; `advance` adds to it. */
  readonly now?: () => number;
}

export type { Simulator } from './tiktok-controls.ts';

/** Starts a simulator. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = new HttpSimulator(options);
  await simulator.listen(options.port ?? 0);
  return simulator;
}

/** A request on its way through. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly token: string | null;
  readonly requestId: string;
  readonly arrivedAt: number;
  readonly started: number;
}

class HttpSimulator implements Simulator {
  readonly faults = new Faults();
  readonly #access = new Access();
  readonly #ledger: Ledger;
  readonly #server = createServer((request, response) => this.#receive(request, response));
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #clock: () => number;
  readonly #host: string;
  readonly #requestIdPrefix = randomBytes(6).toString('hex').toUpperCase();
  #settings: SimulatorSettings;
  #advancedMs = 0;
  #requestCount = 0;
  #port = 0;
  #stopped = false;

  constructor(options: SimulatorOptions) {
    this.#clock = options.now ?? Date.now;
    this.#host = options.host ?? '127.0.0.1';
    this.#settings = changed(DEFAULT_SETTINGS, options.settings ?? {});
    this.#ledger = new Ledger(options.ledgerLimits ?? LEDGER_LIMITS);
    for (const [pixelId, token] of Object.entries(options.pixels ?? {})) this.addPixel(pixelId, token);
    // An idle connection closed under a client's feet would be one more fault, and nobody ordered it.
    this.#server.keepAliveTimeout = 120_000;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  ledger(): Ledger {
    return this.#ledger;
  }

  addPixel(pixelId: string, token: string): void {
    this.#access.addPixel(pixelId, token);
  }

  removePixel(pixelId: string): boolean {
    return this.#access.removePixel(pixelId);
  }

  revokeToken(token: string): boolean {
    return this.#access.revokeToken(token);
  }

  settings(): SimulatorSettings {
    return this.#settings;
  }

  set(change: SettingsChange): void {
    this.#settings = changed(this.#settings, change);
  }

  now(): number {
    return this.#clock() + this.#advancedMs;
  }

  advance(ms: number): void {
    this.#advancedMs += ms;
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, this.#host, () => {
        this.#server.off('error', reject);
        this.#port = (this.#server.address() as AddressInfo).port;
        resolve();
      });
    });
  }

  down(): Promise<void> {
    return new Promise(resolve => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async up(): Promise<void> {
    if (!this.#server.listening && !this.#stopped) await this.listen(this.#port);
  }

  downFor(ms: number): void {
    void this.down();
    this.#later(ms, () => void this.up());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    await this.down();
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    if (isAdminPath(request.url ?? '')) {
      readBody(request, text => this.#administer(request, response, text ?? ''));
      return;
    }
    const exchange = this.#open(request, response);
    if (this.faults.resetsEarly(exchange.token)) {
      this.#record(exchange, UNREAD, null, 'reset');
      request.socket.resetAndDestroy();
      return;
    }
    readBody(
      request,
      text => this.#conclude(exchange, text),
      () => this.#record(exchange, UNREAD, null, 'client_gone'),
    );
  }

  #administer(request: IncomingMessage, response: ServerResponse, text: string): void {
    const { status, body, afterwards } = administer(this, request.method ?? '', request.url ?? '', text);
    if (afterwards !== undefined) response.once('close', afterwards);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  #open(request: IncomingMessage, response: ServerResponse): Exchange {
    const token = request.headers['access-token'];
    const serial = (++this.#requestCount).toString(16).toUpperCase().padStart(8, '0');
    return {
      request,
      response,
      token: typeof token === 'string' ? token : null,
      requestId: this.#requestIdPrefix + serial,
      arrivedAt: this.now(),
      started: performance.now(),
    };
  }

  /** Judge, take and write down at once; only the answer waits. */
  #conclude(exchange: Exchange, body: string | null): void {
    const { request, token, requestId } = exchange;
    const { method = '', url: path = '' } = request;
    const contentType = request.headers['content-type'] ?? '';
    const nowMs = this.now();
    const bench = { access: this.#access, faults: this.faults, settings: this.#settings, nowMs };
    const judgement = judge({ method, path, contentType, token, body }, bench);
    const { fault, latencyMs } = this.faults.next(token, judgement.sourceId, nowMs);
    const usual = () => answerTo(judgement.problem, this.#settings, requestId);
    const { answer, taken } = outcome(fault, judgement.taken, requestId, usual);
    const note = this.#record(exchange, { ...judgement, taken }, answer, fault?.effect ?? null);
    this.#respond(exchange, answer, fault, latencyMs + this.#settings.baseLatencyMs, note);
  }

  #record(exchange: Exchange, judgement: Judgement, answer: Answer | null, fault: string | null): AnswerNote {
    const { requestId, arrivedAt, request, token } = exchange;
    const { sourceId, testCode, count, taken } = judgement;
    const facts = {
      request_id: requestId,
      at: arrivedAt,
      path: request.url ?? '',
      token: this.#access.digestOf(token),
      event_source_id: sourceId,
      test_event_code: testCode,
      events: count,
      taken: taken !== null,
      code: answer?.code ?? null,
      message: answer?.message ?? null,
      http_status: answer?.status ?? null,
      fault,
    };
    return this.#ledger.record(facts, taken);
  }

  #respond(
    exchange: Exchange,
    answer: Answer | null,
    fault: Misfortune['fault'],
    delayMs: number,
    note: AnswerNote,
  ): void {
    const { request, response, started } = exchange;
    const act = (): void => {
      if (fault?.effect === 'reset') request.socket.resetAndDestroy();
      if (answer === null || response.destroyed) return;
      note(true, performance.now() - started);
      response.writeHead(answer.status, { ...answer.headers, 'content-length': Buffer.byteLength(answer.payload) });
      response.end(answer.payload);
    };
    const timer = delayMs > 0 ? this.#later(delayMs, act) : undefined;
    response.once('close', () => {
      if (!response.writableFinished) note(false, performance.now() - started);
      if (timer === undefined) return;
      clearTimeout(timer);
      this.#timers.delete(timer);
    });
    if (timer === undefined) act();
  }

  #later(ms: number, callback: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      callback();
    }, ms);
    this.#timers.add(timer);
    return timer;
  }
}

/** Hands over the whole body as text, null when it is too large; or tells that the client went away before its end. */
function readBody(request: IncomingMessage, done: (text: string | null) => void, gone: () => void = () => {}): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  });
  request.once('end', () => done(bytes <= MAX_BODY_BYTES ? Buffer.concat(chunks).toString('utf8') : null));
  // A connection lost in mid-body is no error of ours; `close` follows.
  request.on('error', () => {});
  request.once('close', () => {
    if (!request.complete) gone();
  });
}
