/**
 * What TikTok's documents allow in the body of `POST pixel/batch/` (Events API 1.0, web only), as tables, and the check
 * of a whole body against them. Pure, and all or nothing, like the check of a 2.0 body; keys of `from` as there.
 */

import type { Fields, Problem } from './tiktok-checks.ts';
import {
  amount,
  CODE,
  count,
  currencyOf,
  digest,
  fullUrl,
  isObject,
  listOf,
  objectOf,
  oneOf,
  problem,
  publicIp,
  text,
  textUpTo,
  timestamp,
  within,
} from './tiktok-checks.ts';
import type { TrackVerdict } from './tiktok-refusal.ts';
import { refusal } from './tiktok-refusal.ts';
import type { TrackedEvent } from './tiktok-rules.ts';
import { lengthProblem, pairProblem, poisonProblem, testCodeProblem, webEventName } from './tiktok-rules.ts';
import type { TrackRules } from './tiktok-strictness.ts';
import { DOCUMENTED_RULES } from './tiktok-strictness.ts';
import { CURRENCIES } from './tiktok-vocabulary.ts';

/** Events per request (PEERS). */
export const MAX_BATCH = 50;

const REQUIRED = ['web'] as const;

const USER: Fields = {
  external_id: { check: digest, from: 'SDK; no list, unlike 2.0' },
  email: { check: digest, from: 'SDK; no list, unlike 2.0' },
  phone_number: { check: digest, from: 'SDK; `phone` in 2.0' },
  ttp: { check: text, from: 'SDK' },
};

const PAGE: Fields = {
  url: { check: fullUrl, from: 'SDK' },
  referrer: { check: fullUrl, from: 'SDK' },
};

const AD: Fields = {
  callback: { check: textUpTo(1000), from: 'SDK, the ttclid; length PEERS' },
};

const CONTEXT: Fields = {
  ad: { check: objectOf(AD), from: 'SDK; `user.ttclid` in 2.0' },
  page: { check: objectOf(PAGE), from: 'SDK' },
  user: { check: objectOf(USER), from: 'SDK' },
  ip: { check: publicIp, from: 'SDK; under `user` in 2.0' },
  user_agent: { check: text, from: 'SDK; under `user` in 2.0' },
};

const CONTENT: Fields = {
  content_id: { check: text, from: 'SDK; a number is refused: FIELD' },
  content_type: { check: oneOf(['product', 'product_group'], 'Not a valid choice.'), from: 'SDK; item level' },
  content_name: { check: text, from: 'SDK' },
  content_category: { check: text, from: 'SDK' },
  price: { check: amount('Invalid Price Field.', CODE.INVALID_PARAMS), from: 'SDK; code FIELD' },
  quantity: { check: count, from: 'SDK' },
  status: { check: text, from: 'SDK' },
};

const PROPERTIES: Fields = {
  contents: { check: listOf(objectOf(CONTENT)), from: 'SDK' },
  currency: { check: currencyOf(CURRENCIES), from: 'SDK; refusal of others unproven' },
  value: { check: amount('Not a valid number.', CODE.PARAM_ERROR), from: 'SDK' },
  query: { check: text, from: 'SDK; `search_string` in 2.0' },
  description: { check: text, from: 'SDK' },
};

const EVENT: Fields = {
  type: { check: oneOf(['track'], 'Not a valid choice.'), required: REQUIRED, from: 'SDK' },
  event: { check: webEventName, required: REQUIRED, from: 'SDK; custom names HELP' },
  event_id: { check: text, from: 'SDK' },
  timestamp: { check: timestamp, from: 'SDK; ISO 8601, the time of receipt without one' },
  context: { check: objectOf(CONTEXT), from: 'SDK' },
  properties: { check: objectOf(PROPERTIES), from: 'SDK' },
};

const event = objectOf(EVENT);

const TOP_LEVEL = new Set(['pixel_code', 'batch', 'test_event_code']);

/** An element of `batch[]` that passed the table; only what the rest of the simulator reads. */
export interface BatchedEvent {
  readonly event: string;
  readonly event_id?: string;
  readonly timestamp?: string;
  readonly properties?: { readonly value?: number; readonly currency?: string };
}

/** Reads whose events these are: the pixel code, in words like those reported of `event_source_id`. */
export function readPixelCode(body: unknown): string | Problem {
  if (!isObject(body)) return problem('Request body must be a JSON object.');
  const { pixel_code: pixel } = body;
  return typeof pixel === 'string' && pixel !== ''
    ? pixel
    : problem('Invalid value for pixel_code: not a valid string.');
}

/** Checks a parsed request body at the time `nowMs`, by the documented rules where none are given. Does not know tokens: who owns the pixel is asked elsewhere. */
export function checkBatchBody(body: unknown, options: Partial<TrackRules> & { readonly nowMs: number }): TrackVerdict {
  const rules = { ...DOCUMENTED_RULES, ...options };
  const pixel = readPixelCode(body);
  if (typeof pixel !== 'string') return refusal(pixel, rules.rowNaming, 0);
  const request = body as Record<string, unknown>;
  const outside = outsideProblem(request, rules);
  if (outside !== null) return refusal(outside, rules.rowNaming, 0);
  const rows = request.batch as readonly BatchedEvent[];
  const context = { ...rules, source: 'web' } as const;
  for (let row = 0; row < rows.length; row++) {
    const item = rows[row] as BatchedEvent;
    const found = event(item, context) ?? pairProblem(item, rules) ?? poisonProblem(item, rules);
    // Upper case as in the one 1.0 refusal that was reported: `Batch.0.properties.contents.0.content_id: …`
    if (found !== null) return refusal(within('Batch', within(row, found)), rules.rowNaming, rows.length);
  }
  return { ok: true };
}

function outsideProblem(request: Record<string, unknown>, rules: TrackRules): Problem | null {
  for (const name of Object.keys(request)) {
    if (rules.refuseUnknownFields && !TOP_LEVEL.has(name)) return within(name.slice(0, 40), problem('Unknown field.'));
  }
  return testCodeProblem(request.test_event_code, rules) ?? lengthProblem('batch', request.batch, MAX_BATCH);
}

/** The same event as a 2.0 row would tell it; `receivedAtMs` stands for a missing timestamp. */
export function asTracked(item: BatchedEvent, receivedAtMs: number): TrackedEvent {
  const { timestamp: at, event: name, event_id: id, properties } = item;
  return {
    event: name,
    event_time: Math.floor((at === undefined ? receivedAtMs : Date.parse(at)) / 1000),
    ...(id === undefined ? {} : { event_id: id }),
    ...(properties === undefined ? {} : { properties }),
  };
}
