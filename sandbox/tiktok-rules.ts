/**
 * What TikTok's documents allow in the body of `POST event/track/` (Events API 2.0), as tables, and the check of a
 * whole body against them. Pure: the time is an argument. All or nothing: one bad row refuses the request.
 *
 * Where a rule comes from (`from`): GO = the Go client bububa/tiktok-business, whose comments reproduce TikTok's own
 * documentation; SDK = TikTok's official SDK; HELP = TikTok's help centre; PEERS = several senders agree; FIELD =
 * a refusal that someone reported from production.
 */

import type { Check, CheckContext, Fields, Problem } from './tiktok-checks.ts';
import {
  advertisingId,
  amount,
  CODE,
  count,
  currencyOf,
  digest,
  eventTime,
  flag,
  fullUrl,
  isObject,
  listOf,
  matching,
  NOT_ACCEPTABLE,
  objectOf,
  oneOf,
  oneOrSeveral,
  place,
  problem,
  publicIp,
  text,
  textUpTo,
  within,
} from './tiktok-checks.ts';
import type { TrackVerdict } from './tiktok-refusal.ts';
import { refusal } from './tiktok-refusal.ts';
import type { TrackRules } from './tiktok-strictness.ts';
import { DOCUMENTED_RULES } from './tiktok-strictness.ts';
import type { EventSource } from './tiktok-vocabulary.ts';
import { ATT_STATUSES, CURRENCIES, EVENT_SOURCES, OFFLINE_EVENTS } from './tiktok-vocabulary.ts';

/** Events per request; one more and the whole request is refused (GO). */
export const MAX_EVENTS = 1000;

const WEB: readonly EventSource[] = ['web'];
const APP: readonly EventSource[] = ['app'];
const CRM: readonly EventSource[] = ['crm'];
const WEB_AND_APP: readonly EventSource[] = ['web', 'app'];
const WEB_AND_CRM: readonly EventSource[] = ['web', 'crm'];

const USER: Fields = {
  email: { check: oneOrSeveral(digest), from: 'GO' },
  phone: { check: oneOrSeveral(digest), from: 'GO' },
  external_id: { check: oneOrSeveral(digest), sources: WEB_AND_CRM, from: 'GO' },
  ttclid: { check: textUpTo(1000), sources: WEB, from: 'GO; length PEERS' },
  ttp: { check: text, sources: WEB, from: 'GO' },
  ip: { check: publicIp, sources: WEB_AND_APP, from: 'GO' },
  user_agent: { check: text, sources: WEB_AND_APP, from: 'GO' },
  locale: {
    check: matching(/^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*$/, 'Not a valid BCP 47 tag.'),
    sources: WEB_AND_APP,
    from: 'GO',
  },
  first_name: { check: digest, from: 'PEERS' },
  last_name: { check: digest, from: 'PEERS' },
  zip_code: { check: digest, from: 'PEERS' },
  city: { check: place, from: 'PEERS' },
  state: { check: place, from: 'PEERS' },
  country: { check: place, from: 'PEERS' },
  idfa: {
    check: advertisingId(/^(?:[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}|[0-9a-f]{64})$/, 'Not a valid IDFA.'),
    sources: APP,
    from: 'GO',
  },
  gaid: {
    check: advertisingId(/^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64})$/, 'Not a valid GAID.'),
    sources: APP,
    from: 'GO',
  },
  idfv: { check: text, sources: APP, from: 'GO' },
  att_status: { check: oneOf(ATT_STATUSES, 'Not a valid choice.'), sources: APP, from: 'GO' },
};

const CONTENT: Fields = {
  content_id: { check: text, from: 'GO; a number is refused: FIELD' },
  price: { check: amount('Invalid Price Field.', CODE.INVALID_PARAMS), from: 'GO; code FIELD' },
  quantity: { check: count, from: 'HELP' },
  content_name: { check: text, from: 'GO' },
  content_category: { check: text, from: 'GO' },
  brand: { check: text, from: 'GO' },
};

const PROPERTIES: Fields = {
  value: { check: amount('Not a valid number.', CODE.PARAM_ERROR), from: 'GO' },
  currency: { check: currencyOf(CURRENCIES), from: 'GO, SDK; refusal of others unproven' },
  contents: { check: listOf(objectOf(CONTENT)), from: 'GO' },
  content_type: { check: oneOf(['product', 'product_group'], 'Not a valid choice.'), from: 'GO; item level was 1.0' },
  content_ids: { check: listOf(text), from: 'GO' },
  num_items: { check: count, from: 'GO' },
  search_string: { check: text, from: 'GO; `query` was 1.0' },
  description: { check: text, from: 'GO' },
  order_id: { check: text, from: 'GO' },
  shop_id: { check: text, from: 'GO' },
  delivery_category: { check: text, from: 'PEERS' },
  predicted_ltv: { check: amount('Not a valid number.', CODE.PARAM_ERROR), from: 'PEERS' },
};

const PAGE: Fields = {
  url: { check: fullUrl, from: 'GO' },
  referrer: { check: fullUrl, from: 'GO' },
};

const APPLICATION: Fields = {
  app_id: { check: text, required: APP, from: 'GO' },
  app_name: { check: text, from: 'GO' },
  app_version: { check: text, from: 'GO' },
};

const AD: Fields = {
  callback: { check: text, from: 'GO' },
  campaign_id: { check: text, from: 'GO' },
  ad_id: { check: text, from: 'GO' },
  creative_id: { check: text, from: 'GO' },
  is_retargeting: { check: flag, from: 'GO' },
  attributed: { check: flag, from: 'GO' },
  attribution_type: { check: text, from: 'PEERS' },
  attribution_provider: { check: text, from: 'PEERS' },
};

const LEAD: Fields = {
  lead_id: { check: text, required: CRM, from: 'GO' },
  lead_event_source: { check: text, from: 'GO' },
};

/** Standard names have this shape too. A standard name in other letter case is a custom event of its own. */
export const webEventName = matching(/^[A-Za-z][A-Za-z0-9_-]{0,49}$/, 'Not a valid event name.');
const offlineEventName = oneOf(OFFLINE_EVENTS, 'Not a supported event name for offline events.');

const eventName: Check = (value, context) =>
  context.source === 'offline' ? offlineEventName(value, context) : webEventName(value, context);

const EVENT: Fields = {
  event: { check: eventName, required: EVENT_SOURCES, from: 'GO; custom names HELP' },
  event_time: { check: eventTime, required: EVENT_SOURCES, from: 'GO' },
  event_id: { check: text, sources: ['web', 'offline', 'crm'], from: 'GO; a number is refused: FIELD' },
  user: { check: objectOf(USER), from: 'GO' },
  properties: { check: objectOf(PROPERTIES), from: 'GO' },
  page: { check: objectOf(PAGE), sources: WEB, from: 'GO' },
  limited_data_use: { check: flag, sources: WEB_AND_APP, from: 'GO' },
  app: { check: objectOf(APPLICATION), sources: APP, required: APP, from: 'GO' },
  ad: { check: objectOf(AD), sources: APP, from: 'GO' },
  lead: { check: objectOf(LEAD), sources: CRM, required: CRM, from: 'GO' },
};

const event = objectOf(EVENT);

/** GO: app events are for those whom TikTok has switched them on; SDK: the code. */
const APP_NOT_ALLOWED = problem('App events are not allow-listed for this app.', CODE.NOT_IN_WHITELIST);

const TOP_LEVEL = new Set(['event_source', 'event_source_id', 'data', 'test_event_code', 'partner_name']);

/** What is known of a request before its events are looked at. */
export interface TrackSource {
  readonly source: EventSource;
  readonly sourceId: string;
}

/** Reads the two fields that decide whose events these are. Texts as reported from production (FIELD). */
export function readSource(body: unknown): TrackSource | Problem {
  if (!isObject(body)) return problem('Request body must be a JSON object.');
  const source = EVENT_SOURCES.find(known => known === body.event_source);
  // A body of the 1.0 shape, or one with event_source inside data[], ends here.
  if (source === undefined) return problem('Invalid value for event_source: must be web, app or offline.');
  const sourceId = body.event_source_id;
  if (typeof sourceId !== 'string' || sourceId === '') {
    return problem('Invalid value for event_source_id: not a valid string.');
  }
  return { source, sourceId };
}

/** Checks a parsed request body at the time `nowMs`, by the documented rules where none are given. Does not know tokens: who owns the pixel is asked elsewhere. */
export function checkTrackBody(body: unknown, options: Partial<TrackRules> & { readonly nowMs: number }): TrackVerdict {
  const rules = { ...DOCUMENTED_RULES, ...options };
  const source = readSource(body);
  if ('code' in source) return refusal(source, rules.rowNaming, 0);
  if (source.source === 'app' && !rules.appEvents) return refusal(APP_NOT_ALLOWED, rules.rowNaming, 0);
  const request = body as Record<string, unknown>;
  const outside = outsideProblem(request, rules);
  if (outside !== null) return refusal(outside, rules.rowNaming, 0);
  const rows = request.data as readonly unknown[];
  const context = { ...rules, source: source.source };
  for (let row = 0; row < rows.length; row++) {
    const found = event(rows[row], context) ?? wholeEventProblem(rows[row] as TrackedEvent, rules, context);
    if (found !== null) return refusal(within('data', within(row, found)), rules.rowNaming, rows.length);
  }
  return { ok: true };
}

function outsideProblem(request: Record<string, unknown>, rules: TrackRules): Problem | null {
  for (const name of Object.keys(request)) {
    if (rules.refuseUnknownFields && !TOP_LEVEL.has(name)) return within(name.slice(0, 40), problem('Unknown field.'));
  }
  const { test_event_code: testCode, partner_name: partner, data } = request;
  const badTestCode = testCodeProblem(testCode, rules);
  if (badTestCode !== null) return badTestCode;
  if (partner !== undefined && !(typeof partner === 'string' && rules.partnerNames.includes(partner))) {
    return within('partner_name', problem('Not a registered partner.', CODE.INVALID_PARTNER_NAME));
  }
  return lengthProblem('data', data, MAX_EVENTS);
}

/** The test code at the top level, where there is one. */
export function testCodeProblem(testCode: unknown, { refuseEmpty }: TrackRules): Problem | null {
  if (testCode === undefined || (typeof testCode === 'string' && (testCode !== '' || !refuseEmpty))) return null;
  return within('test_event_code', problem('Not a valid string.'));
}

/** A list of 1 to `max` elements. */
export function lengthProblem(name: string, list: unknown, max: number): Problem | null {
  if (!Array.isArray(list)) return within(name, problem('Not a valid list.'));
  if (list.length === 0) return within(name, problem('Shorter than minimum length 1.'));
  if (list.length <= max) return null;
  return within(name, problem(`Longer than maximum length ${max}.`, CODE.INVALID_BATCH_SIZE));
}

/** An element of `data[]` that passed the table; only what the rest of the simulator reads. */
export interface TrackedEvent {
  readonly event: string;
  readonly event_time: number;
  readonly event_id?: string;
  readonly properties?: { readonly value?: number; readonly currency?: string };
  readonly page?: { readonly url?: string };
}

/** Rules that take more than one field to see. */
function wholeEventProblem(event: TrackedEvent, rules: TrackRules, context: CheckContext): Problem | null {
  if (rules.requirePageUrl && context.source === 'web' && event.page?.url === undefined) {
    return within('page', within('url', problem('Missing data for required field.')));
  }
  return pairProblem(event, rules) ?? poisonProblem(event, rules);
}

/** What both shapes of an event have in common. */
export type CommonParts = Pick<TrackedEvent, 'event_id' | 'properties'>;

export function pairProblem({ properties: { value, currency } = {} }: CommonParts, rules: TrackRules): Problem | null {
  if (!rules.pairValueAndCurrency || (value === undefined) === (currency === undefined)) return null;
  const missing = value === undefined ? 'value' : 'currency';
  return within('properties', within(missing, problem('Missing data for required field.')));
}

/** An event that is refused only because it was ordered so. */
export function poisonProblem({ event_id: id }: CommonParts, { poisonPrefix }: TrackRules): Problem | null {
  return poisonPrefix !== null && id?.startsWith(poisonPrefix) ? NOT_ACCEPTABLE : null;
}
