/** The simulator's default against what is known of TikTok, row by row: what is known to be refused, and nothing else. */

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Access } from '../../sandbox/tiktok-access.ts';
import { Faults } from '../../sandbox/tiktok-faults.ts';
import type { TrackRequest } from '../../sandbox/tiktok-judge.ts';
import { BATCH_PATH, judge, TRACK_PATH } from '../../sandbox/tiktok-judge.ts';
import { DEFAULT_SETTINGS } from '../../sandbox/tiktok-settings.ts';
import { STRICT_RULES } from '../../sandbox/tiktok-strictness.ts';
import type { Json } from './tiktok-track-request.ts';
import {
  batchBody,
  batchItem,
  batchItems,
  DIGEST,
  LEAST,
  NOW_MS,
  NOW_S,
  trackBody,
  webEvent,
  webEvents,
} from './tiktok-track-request.ts';

const DAY_S = 86_400;
/** The strictest where app events are switched on, so that each rule shows by itself. */
const STRICT = { ...STRICT_RULES, appEvents: true };
const UUID = `${'a'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}`;
const NOTHING = createHash('sha256').digest('hex');

/** The code a request is answered with; 0 when it is accepted. */
function codeOf(body: unknown, rules = {}, changes: Partial<TrackRequest> = {}): number {
  const access = new Access();
  access.addPixel('PIXEL-1', 'token-1');
  access.addPixel('PIXEL-2', 'token-2');
  const bench = {
    access,
    faults: new Faults(),
    settings: { ...DEFAULT_SETTINGS, appEvents: true, ...rules },
    nowMs: NOW_MS,
  };
  const path = Object.hasOwn(Object(body), 'pixel_code') ? BATCH_PATH : TRACK_PATH;
  const request = { method: 'POST', path, contentType: 'application/json', token: 'token-1', ...changes };
  return judge({ ...request, body: JSON.stringify(body) }, bench).problem?.code ?? 0;
}

/** A request of one event of a source, changed. */
const of = (source: string, changes: Json) => trackBody([{ ...LEAST[source], ...changes }], { event_source: source });
const web = (changes: Json) => of('web', changes);
const user = (fields: Json) => web({ user: fields });
const properties = (fields: Json) => web({ properties: fields });
const content = (fields: Json) => properties({ contents: [fields] });
/** The same of Events API 1.0. */
const former = (changes: Json) => batchBody([batchItem(changes)]);

const GOOD = web({});

type Refused = [fact: string, body: unknown, code: number, changes?: Partial<TrackRequest>];

const REFUSED: readonly Refused[] = [
  ['a missing token is 40104', GOOD, 40104, { token: null }],
  ['an empty token is 40104', GOOD, 40104, { token: '' }],
  ['an incorrect or revoked token is 40105', GOOD, 40105, { token: 'token-3' }],
  ['the prefix Bearer gives 40105', GOOD, 40105, { token: 'Bearer token-1' }],
  ['a token that does not own the pixel is 40001', GOOD, 40001, { token: 'token-2' }],
  ['a pixel that nobody has is 40001', trackBody([webEvent()], { event_source_id: 'PIXEL-3' }), 40001],
  ['every path ends in a slash, another is 40400', GOOD, 40400, { path: TRACK_PATH.slice(0, -1) }],
  ['requests are POST', GOOD, 40400, { method: 'GET' }],
  ['the content type is application/json', GOOD, 40002, { contentType: 'text/plain' }],
  ['event_source must be web, app, offline or crm', trackBody([webEvent()], { event_source: 'WEB' }), 40002],
  [
    'event_source is never inside data[]',
    { event_source_id: 'PIXEL-1', data: [webEvent({ event_source: 'web' })] },
    40002,
  ],
  ['a 1.0 body at the 2.0 endpoint is refused', former({}), 40002, { path: TRACK_PATH }],
  ['event_source_id must be a string', trackBody([webEvent()], { event_source_id: 7 }), 40002],
  ['data holds at least one event', trackBody([]), 40002],
  ['over 1,000 events the whole request is refused', trackBody(webEvents(1001)), 40061],
  ['test_event_code is a string', trackBody([webEvent()], { test_event_code: 7 }), 40002],
  ['a partner name that is not registered is 40063', trackBody([webEvent()], { partner_name: 'Me' }), 40063],
  ['event is required', web({ event: undefined }), 40002],
  ['a custom name has at most 50 characters', web({ event: 'a'.repeat(51) }), 40002],
  ['a custom name begins with a letter', web({ event: '1st' }), 40002],
  ['a custom name has no spaces', web({ event: 'My Event' }), 40002],
  ['offline takes standard names only', of('offline', { event: 'MyEvent' }), 40002],
  ['event_time is required', web({ event_time: undefined }), 40002],
  ['event_time is an integer', web({ event_time: `${NOW_S}` }), 40002],
  ['event_time is in seconds', web({ event_time: NOW_MS }), 40002],
  ['milliseconds are no seconds, nor are microseconds', web({ event_time: NOW_MS * 1_000 }), 40002],
  ['an offline event is at most 28 days old', of('offline', { event_time: NOW_S - 28 * DAY_S - 1 }), 40002],
  ['an integer as event_id is 40002', web({ event_id: 273_196 }), 40002],
  ['an app event needs its app', of('app', { app: undefined }), 40002],
  ['an app needs its id', of('app', { app: {} }), 40002],
  ['a CRM event needs its lead', of('crm', { lead: undefined }), 40002],
  ['a lead needs its id', of('crm', { lead: {} }), 40002],
  ['limited_data_use is a boolean', web({ limited_data_use: 'true' }), 40002],
  ['an e-mail that is not hashed is 40062', user({ email: 'alice@example.com' }), 40062],
  ['a phone that is not hashed is 40062', user({ phone: '+12133734253' }), 40062],
  ['a digest of 63 digits is none', user({ email: DIGEST.slice(1) }), 40062],
  ['an external id that is not hashed is 40062', user({ external_id: 'user_123' }), 40062],
  ['one of several e-mails that is not hashed is 40062', user({ email: [DIGEST, 'alice@example.com'] }), 40062],
  ['a name takes no list', user({ first_name: [DIGEST] }), 40002],
  ['a ttclid has at most 1,000 characters', user({ ttclid: 'x'.repeat(1001) }), 40002],
  ['ip is an address', user({ ip: '8.8.8.256' }), 40002],
  ['value is a number', properties({ value: '1.5', currency: 'EUR' }), 40002],
  ['currency is upper-case ISO 4217', properties({ value: 1, currency: 'eur' }), 40002],
  ['a number as content_id is 40002', content({ content_id: 1 }), 40002],
  ['a price as a string is 40000', content({ price: '1' }), 40000],
  ['a price of null is 40000', content({ price: null }), 40000],
  ['quantity is an integer', content({ quantity: 0.5 }), 40002],
  ['content_type is product or product_group', properties({ content_type: 'thing' }), 40002],
  ['numeric order ids must become strings', properties({ order_id: 1 }), 40002],
  ['a page address is a full URL', web({ page: { url: '/a' } }), 40002],
  ['1.0: pixel_code is a string', { ...former({}), pixel_code: 7 }, 40002],
  ['1.0: at most 50 events', batchBody(batchItems(51)), 40061],
  ['1.0: every event says its type', former({ type: undefined }), 40002],
  ['1.0: timestamp is ISO 8601', former({ timestamp: `${NOW_S}` }), 40002],
  ['1.0: an integer as event_id', former({ event_id: 273_196 }), 40002],
  ['1.0: single strings, no lists', former({ context: { user: { email: [DIGEST] } } }), 40002],
  ['1.0: an e-mail that is not hashed', former({ context: { user: { email: 'alice@example.com' } } }), 40062],
  ['1.0: a number as content_id', former({ properties: { contents: [{ content_id: 1 }] } }), 40002],
];

/** Each is refused by the strict rules, and accepted by the documented ones. */
const TAKEN: readonly [fact: string, body: unknown][] = [
  ['no limit is known for the age of a web event', web({ event_time: NOW_S - 90 * DAY_S })],
  ['no limit is known for the age of an app event', of('app', { event_time: NOW_S - 90 * DAY_S })],
  ['no limit is known for the future', web({ event_time: NOW_S + 3_600 })],
  ['what becomes of an unlisted currency is unknown', properties({ value: 1, currency: 'BGN' })],
  ['what becomes of a negative value is unknown', properties({ value: -1, currency: 'EUR' })],
  ['that value and currency go together is asked of senders', properties({ value: 1 })],
  ['so it is the other way round', properties({ currency: 'EUR' })],
  ['no limit is known for the list of e-mails', user({ email: Array(11).fill(DIGEST) })],
  ['no limit is known for the list of phones', user({ phone: Array(11).fill(DIGEST) })],
  ['that an address is public is asked of senders', user({ ip: '10.1.2.3' })],
  ['that the digest of nothing is not sent is asked of senders', user({ email: NOTHING })],
  ['that digests are in lower case is asked of senders', user({ email: DIGEST.toUpperCase() })],
  ['so it is with names', user({ first_name: DIGEST.toUpperCase() })],
  ['an event time before September 2001', web({ event_time: 999_999_999 })],
  ['an event time of 0, and one before 1970', trackBody([webEvent({ event_time: 0 }), webEvent({ event_time: -1 })])],
  ['that a raw IDFA is in upper case is asked of senders', of('app', { user: { idfa: UUID } })],
  ['that a GAID is in lower case is asked of senders', of('app', { user: { gaid: UUID.toUpperCase() } })],
  ['that a city has no blanks and capitals is what others send', user({ city: 'New York', country: 'US' })],
  ['that a city is letters only is what others send', user({ city: 'Berlin 10115' })],
  ['that a country is in clear is what others send', user({ country: DIGEST })],
  ['fields that no document names: travel', properties({ hotel_id: 'h' })],
  ["the item level for content_type, as TikTok's own template has it", content({ content_type: 'product' })],
  ['fields of 1.0 beside those of 2.0', web({ context: {} })],
  ['fields of other event sources', of('offline', { user: { ttclid: 'x' } })],
  ['an unknown field at the top level', trackBody([webEvent()], { extra: 1 })],
  ['empty texts where something is optional', user({ ttclid: '', user_agent: '' })],
  ['an empty test code', trackBody([webEvent()], { test_event_code: '' })],
  ['an empty list of e-mails', user({ email: [] })],
  ['1.0: no limit is known for the age', former({ timestamp: new Date(NOW_MS - 90 * DAY_S * 1_000).toISOString() })],
  ['1.0: what becomes of an unlisted currency is unknown', former({ properties: { value: 1, currency: 'BGN' } })],
  [
    '1.0: that digests are in lower case is asked of senders',
    former({ context: { user: { email: DIGEST.toUpperCase() } } }),
  ],
  ['1.0: that an address is public is asked of senders', former({ context: { ip: '10.1.2.3' } })],
  ['1.0: fields that no document names', former({ extra: 1 })],
];

/** Not refused by any rules. */
const HARMLESS: readonly [fact: string, body: unknown][] = [
  ['page.url: documented as required for web, enforcement unproven', web({})],
  ['the documented 62 currencies', properties({ value: 0, currency: 'EUR' })],
  ['quantity, missing from one document', content({ content_id: '1', quantity: 2 })],
  ['a custom name in CRM', of('crm', { event: 'Won' })],
  ['a standard name in CRM', of('crm', { event: 'Lead' })],
  ['a former name', web({ event: 'CompletePayment' })],
  ['a reserved name, which TikTok rewrites', web({ event: 'Registration' })],
  ['an event id that begins like poison: that is a fault to be asked for', web({ event_id: 'poison-1' })],
  ['1.0: receive time is used without a timestamp', former({ timestamp: undefined })],
];

describe('by default the simulator', () => {
  test.each(REFUSED)('refuses what TikTok refuses: %s', (_fact, body, code, changes) => {
    expect(codeOf(body, {}, changes)).toBe(code);
  });

  test.each(TAKEN)('takes what nobody says TikTok refuses: %s', (_fact, body) => {
    expect(codeOf(body)).toBe(0);
    expect(codeOf(body, STRICT)).not.toBe(0);
  });

  test.each(HARMLESS)('takes, as it does when strict: %s', (_fact, body) => {
    expect([codeOf(body), codeOf(body, STRICT)]).toEqual([0, 0]);
  });

  test('refuses app events as 40118 until they are switched on', () => {
    const app = of('app', {});
    const { appEvents } = DEFAULT_SETTINGS;
    expect([codeOf(app, { appEvents }), codeOf(app, STRICT_RULES), codeOf(app)]).toEqual([40118, 40118, 0]);
  });
});
