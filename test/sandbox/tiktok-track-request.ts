/** Bodies TikTok would take, to be bent by the tests, and the way to send them. */

import { TRACK_PATH } from '../../sandbox/tiktok-judge.ts';

export const NOW_MS = Date.UTC(2026, 0, 15, 12, 0, 0);
export const NOW_S = NOW_MS / 1000;
export const DIGEST = '848a77146d3a71fd1ad5e0b0c2d40b8c4ba5a2cb1ce3c0b4b8c47d2f4f1dbb11';

export type Json = Record<string, unknown>;

/** The least TikTok takes for each source. */
export const LEAST: Readonly<Record<string, Json>> = {
  web: { event: 'Purchase', event_time: NOW_S, event_id: 'e-1' },
  offline: { event: 'Purchase', event_time: NOW_S, event_id: 'e-1' },
  app: { event: 'LaunchAPP', event_time: NOW_S, app: { app_id: '1' } },
  crm: { event: 'Lead', event_time: NOW_S, event_id: 'e-1', lead: { lead_id: 'l-1' } },
};

export function webEvent(changes: Json = {}): Json {
  return { ...LEAST.web, ...changes };
}

export function trackBody(data: readonly unknown[], changes: Json = {}): Json {
  return { event_source: 'web', event_source_id: 'PIXEL-1', data, ...changes };
}

/** Events e-1 … e-n. */
export function webEvents(count: number): Json[] {
  return Array.from({ length: count }, (_, index) => webEvent({ event_id: `e-${index + 1}` }));
}

/** The least TikTok takes in the 1.0 shape. */
export function batchItem(changes: Json = {}): Json {
  return { type: 'track', event: 'Purchase', event_id: 'e-1', timestamp: new Date(NOW_MS).toISOString(), ...changes };
}

export function batchBody(batch: readonly unknown[], changes: Json = {}): Json {
  return { pixel_code: 'PIXEL-1', batch, ...changes };
}

/** Events e-1 … e-n in the 1.0 shape. */
export function batchItems(count: number): Json[] {
  return Array.from({ length: count }, (_, index) => batchItem({ event_id: `e-${index + 1}` }));
}

export interface Sending {
  readonly token?: string | null;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

/** Sends as the service would; a `body` that is a string goes as it is. */
export function send(url: string, body: unknown, sending: Sending = {}): Promise<Response> {
  const { token = 'token-1', path = TRACK_PATH, method = 'POST', headers = {}, signal } = sending;
  return fetch(url + path, {
    method,
    headers: { 'content-type': 'application/json', ...(token === null ? {} : { 'access-token': token }), ...headers },
    ...(method === 'GET' ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
}

export interface Envelope {
  readonly code: number;
  readonly message: string;
  readonly request_id: string;
  readonly data: unknown;
}

/** Sends and reads TikTok's envelope. */
export async function track(url: string, body: unknown, sending: Sending = {}): Promise<Envelope & { status: number }> {
  const response = await send(url, body, sending);
  return { ...((await response.json()) as Envelope), status: response.status };
}

/** The code a failed connection carries. */
export async function failureOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    return String((cause as { code?: unknown } | undefined)?.code ?? error);
  }
  return 'no failure';
}
