/**
 * What TikTok makes of a whole request, before any fault: route, token, then the body, whose pixel must be the
 * token's. That the token comes before the body is likely, not documented.
 */

import type { Access } from './tiktok-access.ts';
import type { Problem } from './tiktok-checks.ts';
import { CODE, problem } from './tiktok-checks.ts';
import type { TakenEvents } from './tiktok-ledger.ts';
import type { TrackedEvent } from './tiktok-rules.ts';
import { checkTrackBody, readSource } from './tiktok-rules.ts';
import type { SimulatorSettings } from './tiktok-settings.ts';

/** The one endpoint there is, trailing slash included. */
export const TRACK_PATH = '/open_api/v1.3/event/track/';

/** A request as it came. */
export interface TrackRequest {
  readonly method: string;
  readonly path: string;
  readonly contentType: string;
  readonly token: string | null;
  /** Null when it was too large to be read. */
  readonly body: string | null;
}

export interface Bench {
  readonly access: Access;
  readonly settings: SimulatorSettings;
  readonly nowMs: number;
}

export interface Judgement {
  /** Null: accepted. */
  readonly problem: Problem | null;
  readonly sourceId: string | null;
  readonly testCode: string | null;
  /** Length of `data`. */
  readonly count: number;
  /** What counts, if accepted. */
  readonly taken: TakenEvents | null;
}

const WRONG_ROUTE = problem('Path not found: check the version and the trailing slash.', CODE.ROUTE_NOT_FOUND);
const WRONG_METHOD = problem('Method not allowed: use POST.', CODE.ROUTE_NOT_FOUND);
const WRONG_TYPE = problem('Content-Type must be application/json.');
const NOT_JSON = problem('Request body is not valid JSON.');
const TOO_LARGE = problem('Request body is too large.');

/** Nothing of the body is known, or it does not matter. */
export const UNREAD: Judgement = { problem: null, sourceId: null, testCode: null, count: 0, taken: null };

export function judge(request: TrackRequest, bench: Bench): Judgement {
  const refused = routeProblem(request) ?? tokenProblem(request.token, bench);
  if (refused !== null) return { ...UNREAD, problem: refused };
  if (request.body === null) return { ...UNREAD, problem: TOO_LARGE };
  const body = parsed(request.body);
  if (body === undefined) return { ...UNREAD, problem: NOT_JSON };
  return judgeBody(body, request.token ?? '', bench);
}

function routeProblem({ path, method, contentType }: TrackRequest): Problem | null {
  if (path !== TRACK_PATH) return WRONG_ROUTE;
  if (method !== 'POST') return WRONG_METHOD;
  return /^application\/json\s*(?:;|$)/i.test(contentType) ? null : WRONG_TYPE;
}

function tokenProblem(token: string | null, { access, settings, nowMs }: Bench): Problem | null {
  return access.tokenProblem(token) ?? access.rateProblem(token ?? '', nowMs, settings.maxRequestsPerSecond);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function judgeBody(body: unknown, token: string, { access, settings, nowMs }: Bench): Judgement {
  const source = readSource(body);
  if ('code' in source) return { ...UNREAD, problem: source };
  const { data, test_event_code: code } = body as { data?: unknown; test_event_code?: unknown };
  const testCode = typeof code === 'string' ? code : null;
  const count = Array.isArray(data) ? data.length : 0;
  const judged = { sourceId: source.sourceId, testCode, count, taken: null };
  const foreign = access.pixelProblem(token, source.sourceId);
  if (foreign !== null) return { ...judged, problem: foreign };
  const verdict = checkTrackBody(body, { ...settings, nowMs });
  if (!verdict.ok) return { ...judged, problem: problem(verdict.message, verdict.code) };
  const taken = { ...source, at: nowMs, testCode, events: data as readonly TrackedEvent[] };
  return { ...judged, problem: null, taken };
}
