/**
 * What TikTok makes of a whole request, before any fault: route, token, then the body, whose pixel must be the
 * token's. That the token comes before the body is likely, not documented.
 */

import type { Access } from './tiktok-access.ts';
import type { BatchedEvent } from './tiktok-batch-rules.ts';
import { asTracked, checkBatchBody, readPixelCode } from './tiktok-batch-rules.ts';
import type { Problem } from './tiktok-checks.ts';
import { CODE, problem } from './tiktok-checks.ts';
import type { Faults } from './tiktok-faults.ts';
import type { TakenEvents } from './tiktok-ledger.ts';
import type { TrackedEvent, TrackSource } from './tiktok-rules.ts';
import { checkTrackBody, readSource } from './tiktok-rules.ts';
import type { SimulatorSettings } from './tiktok-settings.ts';

/** Events API 2.0, trailing slash included. */
export const TRACK_PATH = '/open_api/v1.3/event/track/';

/** Events API 1.0 in batches, trailing slash included. */
export const BATCH_PATH = '/open_api/v1.3/pixel/batch/';

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
  /** Asked how bad rows are named. */
  readonly faults: Faults;
}

export interface Judgement {
  /** Null: accepted. */
  readonly problem: Problem | null;
  readonly sourceId: string | null;
  readonly testCode: string | null;
  /** Length of `data` or `batch`. */
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
  return judgeBody(body, request, bench);
}

function routeProblem({ path, method, contentType }: TrackRequest): Problem | null {
  if (!Object.hasOwn(ENDPOINTS, path)) return WRONG_ROUTE;
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

/** What an endpoint reads of a body before it looks at the rows, and how it checks them. */
interface Endpoint {
  readonly source: (body: unknown) => TrackSource | Problem;
  /** Name of the list of rows. */
  readonly rows: 'data' | 'batch';
  readonly check: typeof checkTrackBody;
  readonly read: (nowMs: number) => (row: unknown) => TrackedEvent;
}

const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  [TRACK_PATH]: {
    source: readSource,
    rows: 'data',
    check: checkTrackBody,
    read: () => row => row as TrackedEvent,
  },
  [BATCH_PATH]: {
    source: body => {
      const pixel = readPixelCode(body);
      return typeof pixel === 'string' ? { source: 'web', sourceId: pixel } : pixel;
    },
    rows: 'batch',
    check: checkBatchBody,
    read: nowMs => row => asTracked(row as BatchedEvent, nowMs),
  },
};

function judgeBody(body: unknown, request: TrackRequest, { access, faults, settings, nowMs }: Bench): Judgement {
  const endpoint = ENDPOINTS[request.path] as Endpoint;
  const source = endpoint.source(body);
  if ('code' in source) return { ...UNREAD, problem: source };
  const { [endpoint.rows]: rows, test_event_code: code } = body as Record<string, unknown>;
  const testCode = typeof code === 'string' && code !== '' ? code : null;
  const events: readonly unknown[] = Array.isArray(rows) ? rows : [];
  const judged = { sourceId: source.sourceId, testCode, count: events.length, taken: null };
  const foreign = access.pixelProblem(request.token ?? '', source.sourceId);
  if (foreign !== null) return { ...judged, problem: foreign };
  const rowNaming = faults.rowNaming(request.token, source.sourceId) ?? settings.rowNaming;
  const verdict = endpoint.check(body, { ...settings, rowNaming, nowMs });
  if (!verdict.ok) return { ...judged, problem: problem(verdict.message, verdict.code) };
  return { ...judged, problem: null, taken: { ...source, at: nowMs, testCode, events, read: endpoint.read(nowMs) } };
}
