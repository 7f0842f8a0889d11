/**
 * The simulator's back door over HTTP, for other processes: `/admin/…` to arrange, `/ledger…` to ask. Bodies are JSON;
 * what is wrong with one is said with HTTP 400.
 */

import { z } from 'zod';
import type { Simulator } from './tiktok-controls.ts';
import { FAULT } from './tiktok-faults.ts';
import { SETTINGS_CHANGE } from './tiktok-settings.ts';

export interface AdminAnswer {
  readonly status: number;
  readonly body: unknown;
  /** To do once the answer is out. */
  readonly afterwards?: () => void;
}

type Handler = (simulator: Simulator, request: AdminRequest) => AdminAnswer;

interface AdminRequest {
  readonly body: unknown;
  readonly query: URLSearchParams;
  /** Last part of the path, where the route ends in `*`. */
  readonly tail: string;
}

const PIXEL = z.strictObject({ pixel_id: z.string().min(1), token: z.string().min(1) });
const TOKEN = z.strictObject({ token: z.string().min(1) });
const CLOCK = z.strictObject({ advance_ms: z.number() });
const DOWN = z.strictObject({ ms: z.number().positive() });
const PAGE = z.object({
  since: z.coerce.number().int().optional(),
  limit: z.coerce.number().int().positive().optional(),
});

const ok = (body: unknown): AdminAnswer => ({ status: 200, body });
const found = (removed: boolean): AdminAnswer => ({ status: removed ? 200 : 404, body: { removed } });

/** Tokens of faults are shown no more than those of pixels. */
function faultList(simulator: Simulator): AdminAnswer {
  const shown = simulator.faults.list().map(({ id, fault: { token, ...fault }, left }) => ({
    id,
    left,
    ...fault,
    ...(token === undefined ? {} : { token: '(one token)' }),
  }));
  return ok({ faults: shown });
}

const ROUTES: Readonly<Record<string, Handler>> = {
  'GET /admin/health': simulator => ok({ url: simulator.url }),
  'POST /admin/pixels': (simulator, { body }) => {
    const { pixel_id, token } = PIXEL.parse(body);
    simulator.addPixel(pixel_id, token);
    return ok({ pixel_id });
  },
  'DELETE /admin/pixels/*': (simulator, { tail }) => found(simulator.removePixel(tail)),
  'POST /admin/tokens/revoke': (simulator, { body }) => ok({ known: simulator.revokeToken(TOKEN.parse(body).token) }),
  'GET /admin/faults': faultList,
  'POST /admin/faults': (simulator, { body }) => ok({ id: simulator.faults.add(FAULT.parse(body)) }),
  'DELETE /admin/faults': simulator => {
    simulator.faults.clear();
    return ok({});
  },
  'DELETE /admin/faults/*': (simulator, { tail }) => found(simulator.faults.remove(Number(tail))),
  'GET /admin/settings': simulator => ok(simulator.settings()),
  'POST /admin/settings': (simulator, { body }) => {
    simulator.set(SETTINGS_CHANGE.parse(body));
    return ok(simulator.settings());
  },
  'POST /admin/clock': (simulator, { body }) => {
    simulator.advance(CLOCK.parse(body).advance_ms);
    return ok({ now: simulator.now() });
  },
  // With a time, since nobody could call it up again over HTTP.
  'POST /admin/down': (simulator, { body }) => {
    const { ms } = DOWN.parse(body);
    return { status: 200, body: {}, afterwards: () => simulator.downFor(ms) };
  },
  'GET /ledger': (simulator, { query }) => {
    const { since, limit } = PAGE.parse(Object.fromEntries(query));
    return ok(simulator.ledger().page(since, limit));
  },
  'GET /ledger/summary': simulator => ok(simulator.ledger().summary()),
  'GET /ledger/tokens': simulator => ok(simulator.ledger().tokens()),
  'DELETE /ledger': (simulator, { query }) => {
    simulator.ledger().clear({ keepDedupMemory: query.get('keep_dedup_memory') === 'true' });
    return ok({});
  },
};

/** Whether a path belongs to the back door. */
export function isAdminPath(path: string): boolean {
  return path.startsWith('/admin/') || /^\/ledger(?:[/?]|$)/.test(path);
}

/** Answers one request to the back door; `text` is its body, empty for none. */
export function administer(simulator: Simulator, method: string, target: string, text: string): AdminAnswer {
  const { pathname, searchParams } = new URL(target, 'http://simulator');
  const cut = pathname.lastIndexOf('/');
  const handler = ROUTES[`${method} ${pathname}`] ?? ROUTES[`${method} ${pathname.slice(0, cut)}/*`];
  if (handler === undefined)
    return { status: 404, body: { error: `no ${method} ${pathname}`, routes: Object.keys(ROUTES) } };
  try {
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    return handler(simulator, { body, query: searchParams, tail: decodeURIComponent(pathname.slice(cut + 1)) });
  } catch (error) {
    if (error instanceof z.ZodError) return { status: 400, body: { error: z.prettifyError(error) } };
    if (error instanceof SyntaxError) return { status: 400, body: { error: 'the body is not JSON' } };
    throw error;
  }
}
