import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { checkTrackBody } from '../../sandbox/tiktok-rules.ts';
import type { TrackRules } from '../../sandbox/tiktok-strictness.ts';
import { DOCUMENTED_RULES, ROW_NAMINGS, STRICT_RULES } from '../../sandbox/tiktok-strictness.ts';
import { CURRENCIES, EVENT_SOURCES, OFFLINE_EVENTS } from '../../sandbox/tiktok-vocabulary.ts';
import type { Json } from './tiktok-track-request.ts';
import { DIGEST, LEAST, NOW_MS, NOW_S, trackBody, webEvent, webEvents } from './tiktok-track-request.ts';

function check(body: unknown, rules: Partial<TrackRules> = {}) {
  return checkTrackBody(body, { nowMs: NOW_MS, ...STRICT_RULES, appEvents: true, ...rules });
}

/** The answer to one event of a source, changed. */
function checkEvent(source: string, changes: Json, rules: Partial<TrackRules> = {}) {
  const event = Object.entries({ ...LEAST[source], ...changes }).filter(([, value]) => value !== undefined);
  return check(trackBody([Object.fromEntries(event)], { event_source: source }), rules);
}

const refused = (code: number, message: string, row: number | null = 0) => ({ ok: false, code, message, row });

const user = (fields: Json): Json => ({ user: fields });
const properties = (fields: Json): Json => ({ properties: fields });
const content = (fields: Json): Json => ({ properties: { contents: [fields] } });
const page = (fields: Json): Json => ({ page: fields });

const HASHED = ['email', 'phone', 'external_id', 'first_name', 'last_name', 'zip_code'];
const TEXTS = ['search_string', 'description', 'order_id', 'shop_id'];

type Accepted = [title: string, source: string, changes: Json];
type Refused = [title: string, source: string, changes: Json, path: string, text: string, code?: number];

const ACCEPTED: readonly Accepted[] = [
  ...EVENT_SOURCES.map(source => [`the least a ${source} event may be`, source, {}] as Accepted),
  ...HASHED.map(key => [`user.${key} as a digest`, 'web', user({ [key]: DIGEST })] as Accepted),
  ['several e-mails', 'web', user({ email: [DIGEST, DIGEST] })],
  ['several phones offline', 'offline', user({ phone: [DIGEST, DIGEST] })],
  ['several external ids', 'crm', user({ external_id: [DIGEST] })],
  ['names and place offline', 'offline', user({ first_name: DIGEST, city: 'munchen', state: 'ca', country: 'us' })],
  ['a ttclid of 1,000 characters', 'web', user({ ttclid: 'x'.repeat(1000) })],
  ['a ttp', 'web', user({ ttp: '2a.b' })],
  ['an IPv4 address with a user agent', 'web', user({ ip: '8.8.8.8', user_agent: 'Mozilla/5.0' })],
  ['a compressed IPv6 address', 'web', user({ ip: '2001:4860::8888' })],
  ['an IPv6 address in full', 'web', user({ ip: '2001:4860:0000:0000:0000:0000:0000:8888' })],
  ['an address kept for documentation', 'web', user({ ip: '203.0.113.7' })],
  ...['0.0.0.0', '224.0.0.1', '255.255.255.255', '::', 'ff02::1', '::ffff:8.8.8.8'].map(
    ip => [`the address ${ip}, which is not private`, 'web', user({ ip })] as Accepted,
  ),
  ['a locale', 'app', user({ locale: 'zh-Hant-TW' })],
  [
    'a raw IDFA and a raw GAID',
    'app',
    user({
      idfa: `${'A'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}`,
      gaid: `${'a'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}`,
    }),
  ],
  ['a tracking status', 'app', user({ att_status: 'DENIED', idfv: 'x' })],
  ['a value of zero', 'web', properties({ value: 0, currency: 'EUR' })],
  [
    'a content in full',
    'web',
    content({ content_id: '1', price: 1.5, quantity: 2, content_name: 'n', content_category: 'c', brand: 'b' }),
  ],
  ['a content type', 'web', properties({ content_type: 'product_group' })],
  ['content ids and a number of items', 'web', properties({ content_ids: ['1', '2'], num_items: 2 })],
  ['what Segment adds', 'web', properties({ delivery_category: 'home_delivery', predicted_ltv: 1.5 })],
  ...TEXTS.map(key => [`properties.${key}`, 'offline', properties({ [key]: 'x' })] as Accepted),
  ['empty user and properties', 'web', { user: {}, properties: {} }],
  ['a page', 'web', page({ url: 'https://example.com/?a=b#c', referrer: 'http://example.org' })],
  ['limited data use', 'web', { limited_data_use: true }],
  ['a custom name of 50 characters', 'web', { event: `a${'-'.repeat(48)}9` }],
  ['a name that is standard but for its case, as a custom one', 'web', { event: 'purchase' }],
  ['a former name', 'web', { event: 'CompletePayment' }],
  ['a former name offline', 'offline', { event: 'SubmitForm' }],
  ['a custom name in CRM', 'crm', { event: 'Won' }],
  ['an event without an id', 'web', { event_id: undefined }],
  ['an event of 28 days', 'web', { event_time: NOW_S - 28 * 86_400 }],
  ['an event ten minutes ahead', 'web', { event_time: NOW_S + 600 }],
  [
    'ad fields of an app',
    'app',
    {
      ad: {
        callback: 'c',
        campaign_id: '1',
        ad_id: '2',
        creative_id: '3',
        is_retargeting: false,
        attributed: true,
        attribution_type: 't',
        attribution_provider: 'p',
      },
    },
  ],
  ['an app in full', 'app', { app: { app_id: '1', app_name: 'n', app_version: '2' }, limited_data_use: false }],
  ['a lead in full', 'crm', { lead: { lead_id: '1', lead_event_source: 'CRM' } }],
];

const CLEAR = 'Must be a lower-case hexadecimal SHA-256 digest.';
const STRING = 'Not a valid string.';
const UNKNOWN = 'Unknown field.';
const MISSING = 'Missing data for required field.';
const EMPTY = 'Shorter than minimum length 1.';
const LETTERS = 'Must be lower-case letters only.';
const NAME = 'Not a valid event name.';
const INTEGER = 'Not a valid integer.';
const NUMBER = 'Not a valid number.';
const CHOICE = 'Not a valid choice.';
const URL_TEXT = 'Not a valid URL.';
const NOT_PUBLIC = 'Not a public IP address.';

const REFUSED: readonly Refused[] = [
  ['an event name of another type', 'web', { event: 7 }, 'event', STRING],
  ['a missing event name', 'web', { event: undefined }, 'event', MISSING],
  ['an empty event name', 'web', { event: '' }, 'event', EMPTY],
  ['a name of 51 characters', 'web', { event: 'a'.repeat(51) }, 'event', NAME],
  ['a name with a space', 'web', { event: 'My Event' }, 'event', NAME],
  ['a name that begins with a digit', 'web', { event: '1st' }, 'event', NAME],
  ['a name with a trailing line feed', 'web', { event: 'Purchase\n' }, 'event', NAME],
  ['a custom name offline', 'offline', { event: 'MyEvent' }, 'event', 'Not a supported event name for offline events.'],
  [
    'a standard name in other case offline',
    'offline',
    { event: 'purchase' },
    'event',
    'Not a supported event name for offline events.',
  ],
  ['a missing time', 'web', { event_time: undefined }, 'event_time', MISSING],
  ['a time in milliseconds', 'web', { event_time: NOW_MS }, 'event_time', 'Not a valid Unix timestamp in seconds.'],
  ['a time before 2001', 'web', { event_time: 999_999_999 }, 'event_time', 'Not a valid Unix timestamp in seconds.'],
  ['a time in ISO 8601', 'web', { event_time: '2026-01-15T12:00:00Z' }, 'event_time', INTEGER],
  ['a time with a fraction', 'web', { event_time: NOW_S + 0.5 }, 'event_time', INTEGER],
  ['a time as a string', 'web', { event_time: `${NOW_S}` }, 'event_time', INTEGER],
  ['an event older than 28 days', 'web', { event_time: NOW_S - 28 * 86_400 - 1 }, 'event_time', 'Event is too old.'],
  [
    'an event further ahead than ten minutes',
    'web',
    { event_time: NOW_S + 601 },
    'event_time',
    'Event is in the future.',
  ],
  ['a number as event id', 'web', { event_id: 273196 }, 'event_id', STRING],
  ['null as event id', 'web', { event_id: null }, 'event_id', STRING],
  ['an empty event id', 'web', { event_id: '' }, 'event_id', EMPTY],
  ['an event id of an app event', 'app', { event_id: 'e' }, 'event_id', 'Not a field of app events.'],
  ['event_source inside data', 'web', { event_source: 'web' }, 'event_source', UNKNOWN],
  ['test_event_code inside data', 'web', { test_event_code: 'T' }, 'test_event_code', UNKNOWN],
  ['a context of 1.0', 'web', { context: {} }, 'context', UNKNOWN],
  ['a timestamp of 1.0', 'web', { timestamp: '2026-01-15T12:00:00Z' }, 'timestamp', UNKNOWN],
  ['__proto__', 'web', JSON.parse('{"__proto__": {}}') as Json, '__proto__', UNKNOWN],
  ['null as user', 'web', { user: null }, 'user', 'Not a valid object.'],
  ['a list as user', 'web', { user: [] }, 'user', 'Not a valid object.'],
  ['an unknown user field', 'web', user({ phone_number: DIGEST }), 'user.phone_number', UNKNOWN],
  ...HASHED.flatMap(
    key =>
      [
        [`user.${key} in clear`, 'web', user({ [key]: 'alice@example.com' }), `user.${key}`, CLEAR, 40062],
        [`user.${key} in upper case`, 'web', user({ [key]: DIGEST.toUpperCase() }), `user.${key}`, CLEAR, 40062],
        [`user.${key} cut`, 'web', user({ [key]: DIGEST.slice(1) }), `user.${key}`, CLEAR, 40062],
        [`user.${key} empty`, 'web', user({ [key]: '' }), `user.${key}`, CLEAR, 40062],
        [
          `user.${key} as the digest of nothing`,
          'web',
          user({ [key]: createHash('sha256').digest('hex') }),
          `user.${key}`,
          'Must not be the digest of an empty string.',
          40062,
        ],
        [`user.${key} as null`, 'web', user({ [key]: null }), `user.${key}`, STRING],
      ] as Refused[],
  ),
  ['one clear e-mail of several', 'web', user({ email: [DIGEST, 'a@b.c'] }), 'user.email.1', CLEAR, 40062],
  ['no e-mail at all', 'web', user({ email: [] }), 'user.email', EMPTY],
  ['eleven e-mails', 'web', user({ email: Array(11).fill(DIGEST) }), 'user.email', 'Longer than maximum length 10.'],
  ['several first names', 'web', user({ first_name: [DIGEST] }), 'user.first_name', STRING],
  [
    'a ttclid that is too long',
    'web',
    user({ ttclid: 'x'.repeat(1001) }),
    'user.ttclid',
    'Longer than maximum length 1000.',
  ],
  ['an empty ttclid', 'web', user({ ttclid: '' }), 'user.ttclid', EMPTY],
  ['an empty ttp', 'web', user({ ttp: '' }), 'user.ttp', EMPTY],
  ['an empty user agent', 'web', user({ user_agent: '' }), 'user.user_agent', EMPTY],
  ['a broken address', 'web', user({ ip: '8.8.8.256' }), 'user.ip', 'Not a valid IP address.'],
  ['an address with a port', 'web', user({ ip: '8.8.8.8:80' }), 'user.ip', 'Not a valid IP address.'],
  ...[
    '10.1.2.3',
    '127.0.0.1',
    '172.16.0.1',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.1.1',
    '100.64.0.1',
    '100.127.0.1',
    '::1',
    '0:0:0:0:0:0:0:1',
    'fd00::1',
    'fe80::1',
    '::ffff:10.0.0.1',
    '::ffff:192.168.1.1',
    '::ffff:a00:1',
  ].map(ip => [`the address ${ip}`, 'web', user({ ip }), 'user.ip', NOT_PUBLIC] as Refused),
  ['a locale with an underscore', 'web', user({ locale: 'en_US' }), 'user.locale', 'Not a valid BCP 47 tag.'],
  ['a city in upper case', 'web', user({ city: 'Berlin' }), 'user.city', LETTERS],
  ['a state with a space', 'web', user({ state: 'new york' }), 'user.state', LETTERS],
  ['a country as a digest', 'web', user({ country: DIGEST }), 'user.country', LETTERS],
  [
    'an IDFA in lower case',
    'app',
    user({ idfa: `${'a'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}` }),
    'user.idfa',
    'Not a valid IDFA.',
  ],
  [
    'a GAID in upper case',
    'app',
    user({ gaid: `${'A'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}` }),
    'user.gaid',
    'Not a valid GAID.',
  ],
  ['an unknown tracking status', 'app', user({ att_status: 'MAYBE' }), 'user.att_status', CHOICE],
  ...['ttclid', 'ttp', 'ip', 'user_agent', 'locale', 'external_id'].map(
    key =>
      [
        `user.${key} offline`,
        'offline',
        user({ [key]: DIGEST }),
        `user.${key}`,
        'Not a field of offline events.',
      ] as Refused,
  ),
  ['user.idfa on the web', 'web', user({ idfa: DIGEST }), 'user.idfa', 'Not a field of web events.'],
  ['user.ttclid of an app', 'app', user({ ttclid: 'x' }), 'user.ttclid', 'Not a field of app events.'],
  ['a page offline', 'offline', page({ url: 'https://example.com/' }), 'page', 'Not a field of offline events.'],
  [
    'limited data use offline',
    'offline',
    { limited_data_use: true },
    'limited_data_use',
    'Not a field of offline events.',
  ],
  ['limited data use as a string', 'web', { limited_data_use: 'true' }, 'limited_data_use', 'Not a valid boolean.'],
  ['an app on the web', 'web', { app: { app_id: '1' } }, 'app', 'Not a field of web events.'],
  ['an app event without an app', 'app', { app: undefined }, 'app', MISSING],
  ['an app without its id', 'app', { app: {} }, 'app.app_id', MISSING],
  ['an ad flag as a string', 'app', { ad: { attributed: 'yes' } }, 'ad.attributed', 'Not a valid boolean.'],
  ['ad fields on the web', 'web', { ad: {} }, 'ad', 'Not a field of web events.'],
  ['a CRM event without a lead', 'crm', { lead: undefined }, 'lead', MISSING],
  ['a lead without its id', 'crm', { lead: {} }, 'lead.lead_id', MISSING],
  ['a lead on the web', 'web', { lead: { lead_id: '1' } }, 'lead', 'Not a field of web events.'],
  ['null as properties', 'web', { properties: null }, 'properties', 'Not a valid object.'],
  ['an unknown property', 'web', properties({ query: 'x' }), 'properties.query', UNKNOWN],
  ['a value as a string', 'web', properties({ value: '1.5', currency: 'EUR' }), 'properties.value', NUMBER],
  [
    'a value of infinity',
    'web',
    properties(JSON.parse('{"value": 1e999, "currency": "EUR"}') as Json),
    'properties.value',
    NUMBER,
  ],
  [
    'a negative value',
    'web',
    properties({ value: -1, currency: 'EUR' }),
    'properties.value',
    'Must be greater than or equal to 0.',
  ],
  ['a value without a currency', 'web', properties({ value: 1 }), 'properties.currency', MISSING],
  ['a currency without a value', 'web', properties({ currency: 'EUR' }), 'properties.value', MISSING],
  [
    'a currency in lower case',
    'web',
    properties({ value: 1, currency: 'eur' }),
    'properties.currency',
    'Not a supported currency.',
  ],
  [
    'a currency off the list',
    'web',
    properties({ value: 1, currency: 'BGN' }),
    'properties.currency',
    'Not a supported currency.',
  ],
  ['contents that are no list', 'web', properties({ contents: {} }), 'properties.contents', 'Not a valid list.'],
  ['a number as content id', 'web', content({ content_id: 1 }), 'properties.contents.0.content_id', STRING],
  ['a price as a string', 'web', content({ price: '1' }), 'properties.contents.0.price', 'Invalid Price Field.', 40000],
  ['a price of null', 'web', content({ price: null }), 'properties.contents.0.price', 'Invalid Price Field.', 40000],
  ['half a quantity', 'web', content({ quantity: 0.5 }), 'properties.contents.0.quantity', INTEGER],
  [
    'a content type at the item, as in 1.0',
    'web',
    content({ content_type: 'product' }),
    'properties.contents.0.content_type',
    UNKNOWN,
  ],
  ['an unknown content type', 'web', properties({ content_type: 'thing' }), 'properties.content_type', CHOICE],
  ['a number among content ids', 'web', properties({ content_ids: ['1', 2] }), 'properties.content_ids.1', STRING],
  ['a number of items as a string', 'web', properties({ num_items: '2' }), 'properties.num_items', INTEGER],
  ...TEXTS.map(
    key => [`a number as properties.${key}`, 'web', properties({ [key]: 1 }), `properties.${key}`, STRING] as Refused,
  ),
  ['a page address without a scheme', 'web', page({ url: 'example.com/a' }), 'page.url', URL_TEXT],
  ['a page address without a host', 'web', page({ url: 'https:///a' }), 'page.url', URL_TEXT],
  ['a page address with a broken host', 'web', page({ url: 'https://exa mple.com/' }), 'page.url', URL_TEXT],
  ['a relative referrer', 'web', page({ referrer: '/a' }), 'page.referrer', URL_TEXT],
  ['an unknown page field', 'web', page({ title: 'x' }), 'page.title', UNKNOWN],
];

describe('an event', () => {
  test.each(ACCEPTED)('is accepted: %s', (_title, source, changes) => {
    expect(checkEvent(source, changes)).toEqual({ ok: true });
  });

  test.each(REFUSED)('is refused: %s', (_title, source, changes, path, text, code = 40002) => {
    expect(checkEvent(source, changes)).toEqual(refused(code, `data.0.${path}: ${text}`));
  });
});

describe('a request', () => {
  const SOURCE = 'Invalid value for event_source: must be web, app or offline.';
  const SOURCE_ID = 'Invalid value for event_source_id: not a valid string.';
  const FORMER_SHAPE = {
    pixel_code: 'PIXEL-1',
    event: 'Purchase',
    event_id: 'e-1',
    timestamp: '2026-01-15',
    context: {},
  };

  test.each<[title: string, body: unknown, message: string, code?: number]>([
    ['null', null, 'Request body must be a JSON object.'],
    ['a list', [webEvent()], 'Request body must be a JSON object.'],
    ['a 1.0 body', FORMER_SHAPE, SOURCE],
    ['no event source', trackBody([webEvent()], { event_source: undefined }), SOURCE],
    ['an unknown event source', trackBody([webEvent()], { event_source: 'WEB' }), SOURCE],
    ['the event source inside data only', { event_source_id: 'P', data: [webEvent({ event_source: 'web' })] }, SOURCE],
    ['a number as source id', trackBody([webEvent()], { event_source_id: 7 }), SOURCE_ID],
    ['no source id', trackBody([webEvent()], { event_source_id: undefined }), SOURCE_ID],
    ['an unknown field', trackBody([webEvent()], { pixel_code: 'x' }), 'pixel_code: Unknown field.'],
    ['a number as test code', trackBody([webEvent()], { test_event_code: 1 }), 'test_event_code: Not a valid string.'],
    ['an empty test code', trackBody([webEvent()], { test_event_code: '' }), 'test_event_code: Not a valid string.'],
    ['a partner', trackBody([webEvent()], { partner_name: 'Me' }), 'partner_name: Not a registered partner.', 40063],
    ['no data', trackBody([], { data: undefined }), 'data: Not a valid list.'],
    ['data that is no list', trackBody([], { data: webEvent() }), 'data: Not a valid list.'],
    ['no event', trackBody([]), 'data: Shorter than minimum length 1.'],
    ['1,001 events', trackBody(webEvents(1001)), 'data: Longer than maximum length 1000.', 40061],
  ])('is refused as a whole with %s', (_title, body, message, code = 40002) => {
    expect(check(body)).toEqual(refused(code, message, null));
  });

  test('of 1,000 events with a test code is accepted', () => {
    expect(check(trackBody(webEvents(1000), { test_event_code: 'TEST1' }))).toEqual({ ok: true });
  });

  test('of a registered partner is accepted', () => {
    expect(check(trackBody([webEvent()], { partner_name: 'Me' }), { partnerNames: ['Me'] })).toEqual({ ok: true });
  });

  test('names its first bad row in the way that is set, and always knows it itself', () => {
    const rows = webEvents(5);
    rows[3] = webEvent({ properties: { contents: [{ content_id: 3 }] } });
    rows[4] = webEvent({ event_id: 4 });
    const messages = Object.fromEntries(
      ROW_NAMINGS.map(rowNaming => {
        const verdict = check(trackBody(rows), { rowNaming });
        expect(verdict).toMatchObject({ ok: false, row: 3 });
        return [rowNaming, verdict.ok ? '' : verdict.message];
      }),
    );
    expect(messages).toEqual({
      dotted: 'data.3.properties.contents.0.content_id: Not a valid string.',
      bracketed: 'data[3].properties.contents[0].content_id: Not a valid string.',
      index: 'Invalid event at index 3: Not a valid string.',
      none: 'Invalid parameter: Not a valid string.',
      wrong: 'data.4.properties.contents.0.content_id: Not a valid string.',
    });
  });

  test('is refused for a row that is no object', () => {
    expect(check(trackBody([webEvent(), 'x']))).toEqual(refused(40002, 'data.1: Not a valid object.', 1));
  });
});

describe('a switchable rule', () => {
  test('poison events are refused although nothing is wrong with them', () => {
    const rows = [webEvent(), webEvent({ event_id: 'poison-1' })];
    const poisonPrefix = 'poison-';
    expect(check(trackBody(rows), { poisonPrefix })).toEqual(refused(40002, 'data.1: Event is not acceptable.', 1));
    expect(check(trackBody(rows), { poisonPrefix: null })).toEqual({ ok: true });
    expect(check(trackBody(rows), { poisonPrefix: 'e-' })).toMatchObject({ row: 0 });
  });

  test('a page address is required of web events only where that is switched on', () => {
    expect(checkEvent('web', {}, { requirePageUrl: true })).toEqual(refused(40002, `data.0.page.url: ${MISSING}`));
    expect(checkEvent('web', page({ url: 'https://example.com/' }), { requirePageUrl: true })).toEqual({ ok: true });
    expect(checkEvent('offline', {}, { requirePageUrl: true })).toEqual({ ok: true });
  });

  test('negative values, lone values, longer lists and other ages can be allowed', () => {
    const negative = properties({ value: -1, currency: 'EUR' });
    expect(checkEvent('web', negative, { allowNegativeValue: true })).toEqual({ ok: true });
    expect(checkEvent('web', properties({ value: 1 }), { pairValueAndCurrency: false })).toEqual({ ok: true });
    expect(checkEvent('web', user({ email: Array(11).fill(DIGEST) }), { maxListLength: 11 })).toEqual({ ok: true });
    expect(checkEvent('web', { event_time: NOW_S - 9 }, { maxAgeMs: 7_000 })).toMatchObject({ ok: false });
    expect(checkEvent('web', { event_time: NOW_S + 9 }, { maxFutureMs: 10_000 })).toEqual({ ok: true });
  });
});

describe('what no document says is refused', () => {
  const DOUBTFUL = [
    ...[UNKNOWN, 'Not a field of', EMPTY, NOT_PUBLIC, LETTERS, 'Must be greater than', 'maximum length 10.'],
    ...['digest of an empty', 'too old', 'in the future'],
  ];
  const DOUBTFUL_TITLES = [
    ...['a value without a currency', 'a currency without a value', 'a currency off the list', 'a time before 2001'],
    ...['an IDFA in lower case', 'a GAID in upper case'],
    ...HASHED.map(key => `user.${key} in upper case`),
  ];
  const doubtful = ([title, , changes, , text]: Refused): boolean =>
    // An empty name is no name, whatever is made of empty texts elsewhere.
    changes['event'] !== '' && (DOUBTFUL_TITLES.includes(title) || DOUBTFUL.some(part => text.includes(part)));

  test('is taken by the documented rules, and everything else refused just the same', () => {
    const taken = REFUSED.filter(
      ([, source, changes]) => checkEvent(source, changes, { ...DOCUMENTED_RULES, appEvents: true }).ok,
    );
    expect(taken.map(([title]) => title)).toEqual(REFUSED.filter(doubtful).map(([title]) => title));
    expect(taken.length).toBeGreaterThan(40);
    expect(REFUSED.length - taken.length).toBeGreaterThan(60);
  });

  test('is taken where that is switched off: fields nobody names, currencies off the list, private addresses', () => {
    expect(checkEvent('web', properties({ hotel_id: 'h' }), { refuseUnknownFields: false })).toEqual({ ok: true });
    expect(checkEvent('offline', user({ ttclid: 'x' }), { refuseUnknownFields: false })).toEqual({ ok: true });
    expect(check(trackBody([webEvent()], { extra: 1 }), { refuseUnknownFields: false })).toEqual({ ok: true });
    const lev = properties({ value: 1, currency: 'BGN' });
    expect(checkEvent('web', lev, { refuseUnlistedCurrency: false })).toEqual({ ok: true });
    expect(checkEvent('web', user({ ip: '10.0.0.1' }), { requirePublicIp: false })).toEqual({ ok: true });
  });

  test('leaves what is surely wrong refused', () => {
    const digits = properties({ value: 1, currency: 'eur' });
    expect(checkEvent('web', digits, { refuseUnlistedCurrency: false })).toMatchObject({ ok: false });
    expect(checkEvent('web', user({ ip: '10.0.0.256' }), { requirePublicIp: false })).toMatchObject({ ok: false });
    expect(checkEvent('web', { event_id: 7, extra: 1 }, { refuseUnknownFields: false })).toMatchObject({ ok: false });
  });
});

test('there are 62 currencies, and 22 names for offline events', () => {
  expect([CURRENCIES.size, OFFLINE_EVENTS.size]).toEqual([62, 22]);
});
