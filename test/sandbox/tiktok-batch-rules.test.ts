import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { checkBatchBody } from '../../sandbox/tiktok-batch-rules.ts';
import { checkTrackBody } from '../../sandbox/tiktok-rules.ts';
import type { TrackRules } from '../../sandbox/tiktok-strictness.ts';
import { ROW_NAMINGS, STRICT_RULES } from '../../sandbox/tiktok-strictness.ts';
import type { Json } from './tiktok-track-request.ts';
import {
  batchBody,
  batchItem,
  batchItems,
  DIGEST,
  NOW_MS,
  NOW_S,
  trackBody,
  webEvent,
} from './tiktok-track-request.ts';

function check(body: unknown, rules: Partial<TrackRules> = {}) {
  return checkBatchBody(body, { nowMs: NOW_MS, ...STRICT_RULES, ...rules });
}

/** The answer to one event, changed. */
function checkItem(changes: Json, rules: Partial<TrackRules> = {}) {
  const item = Object.entries(batchItem(changes)).filter(([, value]) => value !== undefined);
  return check(batchBody([Object.fromEntries(item)]), rules);
}

const refused = (code: number, message: string, row: number | null = 0) => ({ ok: false, code, message, row });

const context = (fields: Json): Json => ({ context: fields });
const user = (fields: Json): Json => context({ user: fields });
const page = (fields: Json): Json => context({ page: fields });
const ad = (fields: Json): Json => context({ ad: fields });
const properties = (fields: Json): Json => ({ properties: fields });
const content = (fields: Json): Json => properties({ contents: [fields] });

const HASHED = ['external_id', 'email', 'phone_number'];

const IN_FULL: Json = {
  context: {
    ad: { callback: 'E.C.P.x' },
    page: { url: 'https://example.com/?a=b', referrer: 'https://example.org/' },
    user: { external_id: DIGEST, email: DIGEST, phone_number: DIGEST, ttp: '2a.b' },
    ip: '203.0.113.7',
    user_agent: 'Mozilla/5.0',
  },
  properties: {
    value: 19.9,
    currency: 'EUR',
    query: 'q',
    description: 'd',
    contents: [
      {
        content_id: '1',
        content_type: 'product',
        content_name: 'n',
        content_category: 'c',
        price: 9.95,
        quantity: 2,
        status: 's',
      },
    ],
  },
};

const DAY_MS = 86_400_000;
const iso = (ms: number): string => new Date(ms).toISOString();

const ACCEPTED: readonly [title: string, changes: Json][] = [
  ['the least it may be', {}],
  ['every field there is', IN_FULL],
  ['no timestamp', { timestamp: undefined }],
  ['no event id', { event_id: undefined }],
  ['a timestamp without fraction', { timestamp: '2026-01-15T11:59:59Z' }],
  ['a timestamp without seconds', { timestamp: '2026-01-15T11:59Z' }],
  ['a timestamp with an offset', { timestamp: '2026-01-15T14:00:00.5+03:00' }],
  ['an event of 28 days', { timestamp: iso(NOW_MS - 28 * DAY_MS) }],
  ['an event ten minutes ahead', { timestamp: iso(NOW_MS + 600_000) }],
  ['a custom name of 50 characters', { event: `a${'-'.repeat(48)}9` }],
  ['a former name', { event: 'CompletePayment' }],
  ['empty context and properties', { context: {}, properties: {} }],
  ['a value of zero', properties({ value: 0, currency: 'EUR' })],
  ['a click id of 1,000 characters', ad({ callback: 'x'.repeat(1000) })],
];

const CLEAR = 'Must be a lower-case hexadecimal SHA-256 digest.';
const STRING = 'Not a valid string.';
const UNKNOWN = 'Unknown field.';
const MISSING = 'Missing data for required field.';
const EMPTY = 'Shorter than minimum length 1.';
const NUMBER = 'Not a valid number.';
const WHEN = 'Not a valid datetime.';

type Refused = [title: string, changes: Json, path: string, text: string, code?: number];

const REFUSED: readonly Refused[] = [
  ['no type', { type: undefined }, 'type', MISSING],
  ['another type', { type: 'identify' }, 'type', 'Not a valid choice.'],
  ['no event name', { event: undefined }, 'event', MISSING],
  ['a number as event name', { event: 7 }, 'event', STRING],
  ['a name of 51 characters', { event: 'a'.repeat(51) }, 'event', 'Not a valid event name.'],
  ['a name with a space', { event: 'My Event' }, 'event', 'Not a valid event name.'],
  ['a number as event id', { event_id: 273196 }, 'event_id', STRING],
  ['null as event id', { event_id: null }, 'event_id', STRING],
  ['an empty event id', { event_id: '' }, 'event_id', EMPTY],
  ['seconds as timestamp', { timestamp: NOW_S }, 'timestamp', STRING],
  ['seconds in a string as timestamp', { timestamp: `${NOW_S}` }, 'timestamp', WHEN],
  ['an empty timestamp', { timestamp: '' }, 'timestamp', WHEN],
  ['a timestamp without a zone', { timestamp: '2026-01-15T12:00:00' }, 'timestamp', WHEN],
  ['a date as timestamp', { timestamp: '2026-01-15' }, 'timestamp', WHEN],
  ['a month that is none', { timestamp: '2026-13-15T12:00:00Z' }, 'timestamp', WHEN],
  ['an event older than 28 days', { timestamp: iso(NOW_MS - 28 * DAY_MS - 1) }, 'timestamp', 'Event is too old.'],
  [
    'an event further ahead than ten minutes',
    { timestamp: iso(NOW_MS + 600_001) },
    'timestamp',
    'Event is in the future.',
  ],
  ...['event_time', 'user', 'page', 'ad', 'limited_data_use', 'event_source', 'test_event_code', 'pixel_code'].map(
    key => [`${key} in the item`, { [key]: {} }, key, UNKNOWN] as Refused,
  ),
  ['null as context', { context: null }, 'context', 'Not a valid object.'],
  ['a list as context', { context: [] }, 'context', 'Not a valid object.'],
  ...HASHED.flatMap(
    key =>
      [
        [`${key} in clear`, user({ [key]: 'alice@example.com' }), `context.user.${key}`, CLEAR, 40062],
        [`${key} in upper case`, user({ [key]: DIGEST.toUpperCase() }), `context.user.${key}`, CLEAR, 40062],
        [`${key} empty`, user({ [key]: '' }), `context.user.${key}`, CLEAR, 40062],
        [
          `${key} as the digest of nothing`,
          user({ [key]: createHash('sha256').digest('hex') }),
          `context.user.${key}`,
          'Must not be the digest of an empty string.',
          40062,
        ],
        [`a list of ${key}`, user({ [key]: [DIGEST] }), `context.user.${key}`, STRING],
        [`${key} as null`, user({ [key]: null }), `context.user.${key}`, STRING],
      ] as Refused[],
  ),
  ...['phone', 'ttclid', 'ip', 'user_agent', 'locale', 'first_name', 'city'].map(
    key => [`the 2.0 key ${key} in user`, user({ [key]: DIGEST }), `context.user.${key}`, UNKNOWN] as Refused,
  ),
  ['an empty ttp', user({ ttp: '' }), 'context.user.ttp', EMPTY],
  ['a click id under context', context({ ttclid: 'x' }), 'context.ttclid', UNKNOWN],
  ['an empty click id', ad({ callback: '' }), 'context.ad.callback', EMPTY],
  [
    'a click id that is too long',
    ad({ callback: 'x'.repeat(1001) }),
    'context.ad.callback',
    'Longer than maximum length 1000.',
  ],
  ['a relative page address', page({ url: '/a' }), 'context.page.url', 'Not a valid URL.'],
  ['an unknown page field', page({ title: 'x' }), 'context.page.title', UNKNOWN],
  ['a private address', context({ ip: '192.168.1.1' }), 'context.ip', 'Not a public IP address.'],
  ['a broken address', context({ ip: '1.2.3' }), 'context.ip', 'Not a valid IP address.'],
  ['an empty user agent', context({ user_agent: '' }), 'context.user_agent', EMPTY],
  ['null as properties', { properties: null }, 'properties', 'Not a valid object.'],
  ...['search_string', 'content_type', 'content_ids', 'num_items', 'order_id'].map(
    key => [`the 2.0 property ${key}`, properties({ [key]: 'x' }), `properties.${key}`, UNKNOWN] as Refused,
  ),
  ['a value as a string', properties({ value: '1', currency: 'EUR' }), 'properties.value', NUMBER],
  [
    'a negative value',
    properties({ value: -1, currency: 'EUR' }),
    'properties.value',
    'Must be greater than or equal to 0.',
  ],
  ['a value without a currency', properties({ value: 1 }), 'properties.currency', MISSING],
  ['a currency without a value', properties({ currency: 'EUR' }), 'properties.value', MISSING],
  [
    'a currency in lower case',
    properties({ value: 1, currency: 'eur' }),
    'properties.currency',
    'Not a supported currency.',
  ],
  ['a number as query', properties({ query: 1 }), 'properties.query', STRING],
  ['contents that are no list', properties({ contents: {} }), 'properties.contents', 'Not a valid list.'],
  // The one refusal of the 1.0 form that was reported from production, word for word.
  ['a number as content id', content({ content_id: 1 }), 'properties.contents.0.content_id', STRING],
  ['a price as a string', content({ price: '1' }), 'properties.contents.0.price', 'Invalid Price Field.', 40000],
  ['a brand, which is 2.0', content({ brand: 'b' }), 'properties.contents.0.brand', UNKNOWN],
  [
    'an unknown content type',
    content({ content_type: 'x' }),
    'properties.contents.0.content_type',
    'Not a valid choice.',
  ],
];

describe('a 1.0 event', () => {
  test.each(ACCEPTED)('is accepted with %s', (_title, changes) => {
    expect(checkItem(changes)).toEqual({ ok: true });
  });

  test.each(REFUSED)('is refused with %s', (_title, changes, path, text, code = 40002) => {
    expect(checkItem(changes)).toEqual(refused(code, `Batch.0.${path}: ${text}`));
  });

  test('is judged by the same switches as one of 2.0', () => {
    const unlisted = properties({ value: 1, currency: 'BGN' });
    expect(checkItem(unlisted)).toMatchObject({ ok: false });
    expect(checkItem(unlisted, { refuseUnlistedCurrency: false })).toEqual({ ok: true });
    expect(checkItem(properties({ value: 1 }), { pairValueAndCurrency: false })).toEqual({ ok: true });
    expect(checkItem({ extra: 1 }, { refuseUnknownFields: false })).toEqual({ ok: true });
    expect(checkItem(context({ ip: '10.0.0.1' }), { requirePublicIp: false })).toEqual({ ok: true });
    expect(checkItem({ event_id: 'poison-1' }, { poisonPrefix: 'poison-' })).toMatchObject({ row: 0 });
    expect(checkItem({ event_id: 'poison-1' }, { poisonPrefix: null })).toEqual({ ok: true });
  });
});

describe('a 1.0 request', () => {
  const PIXEL = 'Invalid value for pixel_code: not a valid string.';

  test.each<[title: string, body: unknown, message: string, code?: number]>([
    ['null', null, 'Request body must be a JSON object.'],
    ['a list', [batchItem()], 'Request body must be a JSON object.'],
    ['a 2.0 body', trackBody([webEvent()]), PIXEL],
    ['a number as pixel code', batchBody([batchItem()], { pixel_code: 7 }), PIXEL],
    ['an empty pixel code', batchBody([batchItem()], { pixel_code: '' }), PIXEL],
    ['event_source of 2.0', batchBody([batchItem()], { event_source: 'web' }), 'event_source: Unknown field.'],
    ['data of 2.0', batchBody([batchItem()], { data: [webEvent()] }), 'data: Unknown field.'],
    ['a partner', batchBody([batchItem()], { partner_name: 'Me' }), 'partner_name: Unknown field.'],
    ['a number as test code', batchBody([batchItem()], { test_event_code: 1 }), 'test_event_code: Not a valid string.'],
    ['an empty test code', batchBody([batchItem()], { test_event_code: '' }), 'test_event_code: Not a valid string.'],
    ['no batch', { pixel_code: 'PIXEL-1' }, 'batch: Not a valid list.'],
    ['an object as batch', { pixel_code: 'PIXEL-1', batch: {} }, 'batch: Not a valid list.'],
    ['no event', batchBody([]), 'batch: Shorter than minimum length 1.'],
    ['51 events', batchBody(batchItems(51)), 'batch: Longer than maximum length 50.', 40061],
  ])('is refused as a whole with %s', (_title, body, message, code = 40002) => {
    expect(check(body)).toEqual(refused(code, message, null));
  });

  test('of 50 events with a test code is accepted', () => {
    expect(check(batchBody(batchItems(50), { test_event_code: 'TEST1' }))).toEqual({ ok: true });
  });

  test('is refused at the 2.0 endpoint with the words that were seen there', () => {
    const at2 = (body: Json) => checkTrackBody(body, { nowMs: NOW_MS, ...STRICT_RULES });
    const body = batchBody([batchItem()]);
    expect(at2(body)).toMatchObject({
      code: 40002,
      message: 'Invalid value for event_source: must be web, app or offline.',
    });
    expect(at2({ ...body, event_source: 'web' })).toMatchObject({
      code: 40002,
      message: 'Invalid value for event_source_id: not a valid string.',
    });
    expect(at2({ ...trackBody([batchItem()]) })).toMatchObject({ code: 40002, row: 0 });
  });

  test('names its first bad row in the way that is set', () => {
    const rows = batchItems(5);
    rows[3] = batchItem(content({ content_id: 3 }));
    const messages = ROW_NAMINGS.map(rowNaming => {
      const verdict = check(batchBody(rows), { rowNaming });
      expect(verdict).toMatchObject({ ok: false, row: 3 });
      return verdict.ok ? '' : verdict.message;
    });
    expect(messages).toEqual([
      'Batch.3.properties.contents.0.content_id: Not a valid string.',
      'Batch[3].properties.contents[0].content_id: Not a valid string.',
      'Invalid event at index 3: Not a valid string.',
      'Invalid parameter: Not a valid string.',
      'Batch.4.properties.contents.0.content_id: Not a valid string.',
    ]);
  });

  test('is refused for a row that is no object', () => {
    expect(check(batchBody([batchItem(), 'x']))).toEqual(refused(40002, 'Batch.1: Not a valid object.', 1));
  });
});
