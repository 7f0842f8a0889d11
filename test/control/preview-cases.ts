/**
 * What `preview` must say of an event, as data: the vectors and cases of TikTok's documents and of what users of other
 * tools suffered from. Digests are of Node's own hash, of the text the documents say is hashed.
 */

import { createHash } from 'node:crypto';

type Fields = Readonly<Record<string, unknown>>;

export interface PreviewCase {
  readonly says: string;
  readonly event?: Fields;
  readonly connection?: Fields;
  readonly mapping?: Fields;
  /** Options, by path. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Where in the request which value stands; `undefined`: nothing stands there. */
  readonly sends?: Fields;
  /** The code with which nothing would be sent. */
  readonly refuses?: string;
}

export const NOW = Date.UTC(2026, 10, 22, 12);
const DAY = 86_400_000;

export const EVENT: Fields = {
  conversion_id: 'conv-1',
  workspace_id: 'w1',
  contact_id: 'user_123',
  occurred_at: '2026-11-22T11:59:00.999Z',
  event_name: 'Demo booked',
  quote_value: '1250.50',
  currency: 'EUR',
  last_touch: { page_url: 'https://shop.example/demo' },
};
export const CONNECTION: Fields = { connection_id: 'c1', workspace_id: 'w1', pixel_id: 'C4A2B3D4E5F6G7H8I9J0' };
export const MAPPING: Fields = {
  mapping_id: 'm1',
  connection_id: 'c1',
  tiktok_event_name: 'Lead',
  include_value: true,
  value_source: 'QUOTE_VALUE',
};

const sha = (text: string) => createHash('sha256').update(text).digest('hex');
/** The digest of nothing. */
const NOTHING = sha('');
const GIVEN = sha('somebody else hashed this');
const USER = 'data.0.user';
const VALUE = 'data.0.properties.value';
const CURRENCY = 'data.0.properties.currency';
const NO_VALUE = { [VALUE]: undefined, [CURRENCY]: undefined };
const touch = (fields: Fields) => ({ last_touch: { page_url: 'https://shop.example/demo', ...fields } });

/** One hashed field: as given, as hashed, under which name it leaves. */
function hashed(field: string, given: string, normalised: string, sentAs = field): PreviewCase {
  const sends = { [`${USER}.${sentAs}`]: sha(normalised) };
  return { says: `${field} ${JSON.stringify(given)} is hashed as ${normalised}`, event: { [field]: given }, sends };
}

/** TikTok's own vectors, and the first eight digits its text prints. */
const VECTORS: readonly PreviewCase[] = [
  hashed('email', ' ALICE_abc@gmail.com ', 'alice_abc@gmail.com'),
  hashed('phone', '(+1)2133734253', '+12133734253'),
  hashed('contact_id', 'user_123', 'user_123', 'external_id'),
  hashed('first_name', 'Jane', 'jane'),
  hashed('zip_code', '95110', '95110'),
  hashed('zip_code', 'M5V 3L9', 'm5v3l9'),
];
export const VECTOR_HEADS = ['848a7714', '9f7ec22d', '80fba0ae', '81f8f6dd', '383f7fff', '5c850751'];
export const VECTOR_CASES = VECTORS;

const NORMALISING: readonly PreviewCase[] = [
  hashed('email', 'First.Last+tag@GMail.com', 'first.last+tag@gmail.com'),
  hashed('email', '\tjane@doe.example\n', 'jane@doe.example'),
  hashed('email', 'JÖRG@example.de', 'jörg@example.de'),
  hashed('contact_id', ' User_1 ', 'User_1', 'external_id'),
  hashed('contact_id', '4711', '4711', 'external_id'),
  hashed('first_name', ' ÉMILE ', 'émile'),
  hashed('last_name', "O'Brien-Smith", "o'brien-smith"),
  hashed('last_name', '山田', '山田'),
  hashed('zip_code', 'sw1a 1aa', 'sw1a1aa'),
  hashed('zip_code', '12345-6789', '123456789'),
  ...(['email', 'phone', 'contact_id', 'first_name', 'last_name', 'zip_code'] as const).flatMap(field => {
    const at = `${USER}.${field === 'contact_id' ? 'external_id' : field}`;
    const other = { contact_id: field === 'contact_id' ? null : 'user_123', ...touch({ ttclid: 'E.C.P' }) };
    return [
      { says: `${field} as a digest passes through`, event: { ...other, [field]: GIVEN }, sends: { [at]: GIVEN } },
      {
        says: `${field} as a digest in capitals is put in small letters and not hashed again`,
        event: { ...other, [field]: ` ${GIVEN.toUpperCase()} ` },
        sends: { [at]: GIVEN },
      },
      {
        says: `${field} as the digest of nothing is absent`,
        event: { ...other, [field]: NOTHING.toUpperCase() },
        sends: { [at]: undefined },
      },
      { says: `a blank ${field} is absent`, event: { ...other, [field]: ' \t' }, sends: { [at]: undefined } },
      { says: `${field} null is absent`, event: { ...other, [field]: null }, sends: { [at]: undefined } },
    ];
  }),
  {
    says: 'contact ids are hashed in lower case where the option says so',
    event: { contact_id: ' User_1 ' },
    options: { 'events.externalIdCase': 'lower' },
    sends: { [`${USER}.external_id`]: sha('user_1') },
  },
  {
    says: 'an e-mail that is none is left out',
    event: { email: 'none given' },
    sends: { [`${USER}.email`]: undefined },
  },
  ...['city', 'state', 'country'].map(field => ({
    says: `${field} as a digest, of which only letters would be left, is absent`,
    event: { [field]: GIVEN.toUpperCase() },
    sends: { [`${USER}.${field}`]: undefined },
  })),
  { says: 'a zip of dashes is left out', event: { zip_code: ' - ' }, sends: { [`${USER}.zip_code`]: undefined } },
  ...(
    [
      ['city', 'São Paulo', 'saopaulo'],
      ['city', "L'Aquila", 'laquila'],
      ['city', 'Łódź', 'lodz'],
      ['city', '東京', undefined],
      ['state', 'North Rhine-Westphalia', 'northrhinewestphalia'],
      ['state', 'CA', 'ca'],
      ['country', 'US', 'us'],
      ['country', ' de ', 'de'],
    ] as const
  ).map(([field, given, sent]) => ({
    says: `${field} ${given} is sent in clear as ${sent}`,
    event: { [field]: given },
    sends: { [`${USER}.${field}`]: sent },
  })),
];

const PHONES: readonly PreviewCase[] = (
  [
    ['+44 20 7946 0018', null, null, '+442079460018'],
    ['020 7946 0018', 'GB', null, '+442079460018'],
    ['020 7946 0018', null, 'GB', '+442079460018'],
    ['0151 23456789', 'DE', 'US', '+4915123456789'],
    ['+499891234567890', null, null, '+499891234567890'],
    ['131 2345 6789', 'CN', null, '+8613123456789'],
    ['(650) 555-1234', 'us', null, '+16505551234'],
    ['(650) 555-1234', null, null, undefined],
    ['(650) 555-1234', 'XX', 'US', undefined],
    ['16505551234', null, null, undefined],
    ['555-1234', 'US', null, undefined],
    ['n/a', 'US', null, undefined],
    ['+1234', null, null, undefined],
    ['+1650555123456789012', null, null, undefined],
  ] as const
).map(([phone, country, default_country, e164]) => ({
  says: `phone ${phone} in ${country}, by default ${default_country}, is ${e164 ?? 'left out'}`,
  event: { phone, country },
  connection: { default_country },
  sends: { [`${USER}.phone`]: e164 === undefined ? undefined : sha(e164) },
}));

const CLICKS: readonly PreviewCase[] = [
  {
    says: 'a click id is sent as it is',
    event: touch({ ttclid: 'E.C.P.aZ0-_' }),
    sends: { [`${USER}.ttclid`]: 'E.C.P.aZ0-_' },
  },
  {
    says: 'a click id of another form too',
    event: touch({ ttclid: 'x"y\\z' }),
    sends: { [`${USER}.ttclid`]: 'x"y\\z' },
  },
  {
    says: 'a click id of 1000 characters is whole',
    event: touch({ ttclid: 'x'.repeat(1000) }),
    sends: { [`${USER}.ttclid`]: 'x'.repeat(1000) },
  },
  {
    says: 'a longer click id is left out, not cut',
    event: touch({ ttclid: 'x'.repeat(1001) }),
    sends: { [`${USER}.ttclid`]: undefined },
  },
  ...(
    [
      ['https://shop.example/?utm=1&ttclid=E.C.P.url#top', 'E.C.P.url'],
      ['https://shop.example/?ttclid=E%2EC', 'E.C'],
      ['https://shop.example/?ttclid=', undefined],
      ['https://shop.example/?nottclid=x', undefined],
      ['https://shop.example/#ttclid=x', 'x'],
      ['https://shop.example/#/?ttclid=x', 'x'],
      ['https://shop.example/?ttclid=&ttclid=x', 'x'],
      ['https://shop.example/?%74tclid=x', 'x'],
      ['https://shop.example/?a=1&amp;ttclid=x', 'x'],
    ] as const
  ).map(([page_url, ttclid]) => ({
    says: `where it is empty the click id of ${page_url} is ${ttclid}`,
    event: touch({ ttclid: '', page_url }),
    sends: { [`${USER}.ttclid`]: ttclid, 'data.0.page.url': page_url },
  })),
  {
    says: 'the field beats the landing page',
    event: touch({ ttclid: 'field', page_url: 'https://shop.example/?ttclid=url' }),
    sends: { [`${USER}.ttclid`]: 'field' },
  },
  { says: 'the cookie is sent in clear', event: touch({ ttp: 'ttp-1' }), sends: { [`${USER}.ttp`]: 'ttp-1' } },
];

const PUBLIC_IPS = ['81.2.69.142', '203.0.113.7', '198.51.100.1', '192.0.2.1', '172.15.0.1', '172.32.0.1'];
const MORE_PUBLIC_IPS = ['100.63.255.255', '100.128.0.0', '169.253.1.1', '192.169.1.1', '11.0.0.1', '198.18.0.1'];
const IPV6 = ['2001:db8::1', '2A00:1450:4001:82B::200E', '64:ff9b::808:808', 'fe00::1', 'fec0::1'];
const PRIVATE_IPS = ['10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.0.1', '127.0.0.1', '127.8.8.8'];
const MORE_PRIVATE_IPS = ['169.254.0.1', '100.64.0.1', '100.127.255.255', '::1', 'fe80::1', 'febf::1'];
const PRIVATE_IPV6 = ['fc00::1', 'fdff::1', '::ffff:10.0.0.1', '::ffff:c0a8:1', '0:0:0:0:0:0:0:1'];

const ADDRESSES: readonly PreviewCase[] = [
  ...[...PUBLIC_IPS, ...MORE_PUBLIC_IPS, ...IPV6].map(ip => ({
    says: `the public address ${ip} is sent`,
    event: touch({ ip, user_agent: 'Mozilla/5.0' }),
    sends: { [`${USER}.ip`]: ip, [`${USER}.user_agent`]: 'Mozilla/5.0' },
  })),
  ...[...PRIVATE_IPS, ...MORE_PRIVATE_IPS, ...PRIVATE_IPV6, 'localhost', '1.2.3.4:80'].map(ip => ({
    says: `the address ${ip} is left out`,
    event: touch({ ip, user_agent: 'Mozilla/5.0' }),
    sends: { [`${USER}.ip`]: undefined, [`${USER}.user_agent`]: 'Mozilla/5.0' },
  })),
  {
    says: 'an IPv4 address in IPv6 clothing is sent as IPv4',
    event: touch({ ip: '::ffff:81.2.69.142', user_agent: 'M' }),
    sends: { [`${USER}.ip`]: '81.2.69.142' },
  },
];

const PAGES: readonly PreviewCase[] = [
  {
    says: 'page and referrer are whole',
    event: touch({ page_url: 'https://shop.example/?a=1&b="ü"#x', referrer: 'https://www.tiktok.com/' }),
    sends: { 'data.0.page': { url: 'https://shop.example/?a=1&b="ü"#x', referrer: 'https://www.tiktok.com/' } },
  },
  {
    says: 'without a page the fallback stands in',
    event: { last_touch: null },
    connection: { fallback_page_url: 'https://shop.example/' },
    sends: { 'data.0.page': { url: 'https://shop.example/' } },
  },
  {
    says: 'blanks around the fallback are nothing',
    event: { last_touch: null },
    connection: { fallback_page_url: ' https://shop.example/ ' },
    sends: { 'data.0.page': { url: 'https://shop.example/' } },
  },
  { says: 'without page and fallback there is none', event: { last_touch: null }, sends: { 'data.0.page': undefined } },
  { says: 'a path is no page', event: touch({ page_url: '/demo' }), sends: { 'data.0.page': undefined } },
  {
    says: 'parameters are taken out by name, the click id never, the rest byte for byte',
    event: touch({
      page_url: 'https://s.example/?Email=a%40b.c&x=%7e+&ttclid=T&name=n#f',
      referrer: 'https://r.example/?name=1',
    }),
    options: { 'events.removeQueryParameters': 'email,name' },
    sends: {
      'data.0.page': { url: 'https://s.example/?x=%7e+&ttclid=T#f', referrer: 'https://r.example/' },
      [`${USER}.ttclid`]: 'T',
    },
  },
];

const FIRST = {
  ...{ ttclid: 'first', ttp: 'ttp-1', page_url: 'https://f.example/', referrer: 'https://rf.example/' },
  ...{ ip: '81.2.69.1', user_agent: 'A/1' },
};
const LAST = {
  ...{ ttclid: 'last', ttp: 'ttp-2', page_url: 'https://l.example/', referrer: 'https://rl.example/' },
  ...{ ip: '81.2.69.2', user_agent: 'A/2' },
};
const creditedTo = ({ ttclid, ttp, page_url, referrer, ip, user_agent }: typeof FIRST) => ({
  ...{ [`${USER}.ttclid`]: ttclid, [`${USER}.ttp`]: ttp, [`${USER}.ip`]: ip, [`${USER}.user_agent`]: user_agent },
  ...{ 'data.0.page': { url: page_url, referrer } },
});
const BOTH = { first_touch: FIRST, last_touch: LAST };

const ATTRIBUTION: readonly PreviewCase[] = [
  { says: 'the last touch is credited', event: BOTH, sends: creditedTo(LAST) },
  { says: 'the first where asked', event: BOTH, mapping: { attribution: 'FIRST_TOUCH' }, sends: creditedTo(FIRST) },
  {
    says: 'the first where there is no last',
    event: { first_touch: FIRST, last_touch: null },
    sends: creditedTo(FIRST),
  },
  {
    says: 'the last where there is no first',
    event: { first_touch: { ttclid: ' ' }, last_touch: LAST },
    mapping: { attribution: 'FIRST_TOUCH' },
    sends: creditedTo(LAST),
  },
  {
    says: 'a touch is credited as a whole: no click id of one with the page of the other',
    event: { first_touch: FIRST, last_touch: { page_url: 'https://l.example/' } },
    sends: { [`${USER}.ttclid`]: undefined, 'data.0.page': { url: 'https://l.example/' } },
  },
];

/** The amounts as the body must spell them, since JSON numbers of a test would hide noise. */
export const EXACT_VALUES: readonly (readonly [given: string | number, currency: string, spelt: string])[] = [
  ['19.90', 'EUR', '19.9'],
  [19.9, 'EUR', '19.9'],
  ['0', 'EUR', '0'],
  [0, 'EUR', '0'],
  ['0.00', 'EUR', '0'],
  ['-0', 'EUR', '0'],
  ['0.1', 'USD', '0.1'],
  ['0.3000', 'USD', '0.3'],
  ['1200', 'JPY', '1200'],
  ['1200.00', 'JPY', '1200'],
  ['1.234', 'KWD', '1.234'],
  ['1.2340', 'BHD', '1.234'],
  ['1000000', 'IDR', '1000000'],
  ['4.35', 'USD', '4.35'],
  ['1.005', 'USD', '1.005'],
  ['9007199254740.9933', 'USD', '9007199254740.9933'],
  ['99999999999999.9999', 'USD', '99999999999999.9999'],
  ['90071992547409.9301', 'VND', '90071992547409.9301'],
];

const VALUES: readonly PreviewCase[] = [
  ...EXACT_VALUES.map(([quote_value, currency, spelt]) => ({
    says: `${JSON.stringify(quote_value)} ${currency} is sent as ${spelt}`,
    event: { quote_value, currency },
    sends: { [VALUE]: Number(spelt), [CURRENCY]: currency },
  })),
  {
    says: 'the realized value where the mapping asks for it',
    event: { sales_value: '7.5' },
    mapping: { value_source: 'SALES_VALUE' },
    sends: { [VALUE]: 7.5, [CURRENCY]: 'EUR' },
  },
  {
    says: 'the fixed value in the mapping’s currency',
    mapping: { value_source: 'FIXED', fixed_value: '49.90', currency: 'usd' },
    sends: { [VALUE]: 49.9, [CURRENCY]: 'USD' },
  },
  { says: 'no value where none is wanted', mapping: { include_value: false }, sends: NO_VALUE },
  { says: 'no currency without a value', event: { quote_value: null }, sends: NO_VALUE },
  { says: 'a currency in capitals', event: { currency: ' eur ' }, sends: { [CURRENCY]: 'EUR' } },
  {
    says: 'the event’s currency beats the mapping’s, and no amount is relabelled',
    mapping: { currency: 'USD' },
    sends: { [VALUE]: 1250.5, [CURRENCY]: 'EUR' },
  },
  {
    says: 'the mapping’s currency where the event names none',
    event: { currency: null },
    mapping: { currency: 'USD' },
    sends: { [VALUE]: 1250.5, [CURRENCY]: 'USD' },
  },
  ...['BGN', 'GEL', 'XXX', 'EURO', 'e'].map(currency => ({
    says: `${currency} is not on the list: neither value nor currency`,
    event: { currency },
    sends: { ...NO_VALUE, 'data.0.event': 'Lead' },
  })),
  { says: 'no currency at all: no value', event: { currency: null }, sends: NO_VALUE },
  {
    says: 'the fixed value instead, where the policy says so',
    event: { currency: 'BGN' },
    mapping: { currency_policy: 'FIXED', fixed_value: '10', currency: 'EUR' },
    sends: { [VALUE]: 10, [CURRENCY]: 'EUR' },
  },
  {
    says: 'a negative value may be left out',
    event: { quote_value: '-5' },
    options: { 'events.negativeValue': 'omit' },
    sends: NO_VALUE,
  },
];

const CONTENTS: readonly PreviewCase[] = [
  {
    says: 'ids and a phone number given as numbers are text',
    event: {
      conversion_id: 273196,
      contact_id: 42,
      phone: 14155552671,
      country: 'US',
      contents: [{ content_id: 123 }],
    },
    sends: {
      'data.0.event_id': '273196',
      [`${USER}.external_id`]: sha('42'),
      [`${USER}.phone`]: sha('+14155552671'),
      'data.0.properties.contents': [{ content_id: '123' }],
    },
  },
  {
    says: 'contents have string ids, prices per unit and whole quantities',
    event: {
      contents: [
        { content_id: '42', content_name: 'Seat', content_type: 'product', quantity: 2, price: '10.50' },
        { content_id: '43', quantity: 0 },
      ],
    },
    sends: {
      'data.0.properties.contents': [
        { content_id: '42', content_name: 'Seat', quantity: 2, price: 10.5 },
        { content_id: '43', quantity: 0 },
      ],
      'data.0.properties.content_type': 'product',
    },
  },
  {
    says: 'no content type is made up',
    event: { contents: [{ content_id: '1' }] },
    sends: { 'data.0.properties.content_type': undefined },
  },
  {
    says: 'a content type TikTok does not know is left out',
    event: { contents: [{ content_id: '1', content_type: 'service' }] },
    sends: { 'data.0.properties.content_type': undefined },
  },
  {
    says: 'no price goes out where no value is wanted, and so no currency is sent',
    mapping: { include_value: false },
    event: { contents: [{ content_id: '1', price: '5' }] },
    sends: { 'data.0.properties': { contents: [{ content_id: '1' }] } },
  },
  {
    says: 'no price goes out where the currency could not',
    event: { currency: 'BGN', contents: [{ content_id: '1', price: '5' }] },
    sends: { 'data.0.properties': { contents: [{ content_id: '1' }] } },
  },
];

const SENT_NAMES = ['Purchase', 'Lead', 'CompletePayment', 'SubmitForm', 'PlaceAnOrder', 'ClickButton', 'Schedule'];
const SENT_CUSTOM_NAMES = ['Demo_booked-2', 'x'.repeat(50), 'PageView', 'purchase'];

const NAMES: readonly PreviewCase[] = [...SENT_NAMES, ...SENT_CUSTOM_NAMES].map(name => ({
  says: `${name} is sent as it is`,
  mapping: { tiktok_event_name: name },
  sends: { 'data.0.event': name },
}));

const TIMES: readonly PreviewCase[] = [
  { says: 'seconds, the fraction cut', sends: { 'data.0.event_time': Date.UTC(2026, 10, 22, 11, 59) / 1000 } },
  {
    says: 'a zone is minded',
    event: { occurred_at: '2026-11-22T13:00:00+02:00' },
    sends: { 'data.0.event_time': Date.UTC(2026, 10, 22, 11) / 1000 },
  },
  { says: 'as old as 28 days', event: { occurred_at: NOW - 28 * DAY }, sends: { 'data.0.event_id': 'conv-1' } },
  { says: 'as far ahead as 10 minutes', event: { occurred_at: NOW + 600_000 }, sends: { 'data.0.event_id': 'conv-1' } },
  { says: 'the id byte for byte', event: { conversion_id: ' A_b-ü"' }, sends: { 'data.0.event_id': ' A_b-ü"' } },
];

const UPDATE = {
  ...{ update_id: 'upd-1', kind: 'REALIZED', updated_at: '2026-11-22T11:30:00Z' },
  ...{ occurred_at: '2026-11-20T10:00:00Z', sales_value: '300' },
};
const ON_UPDATE = { trigger: 'REALIZED_REVENUE_UPDATED', value_source: 'SALES_VALUE' };

const UPDATES: readonly PreviewCase[] = [
  {
    says: 'an update has the conversion’s id and its own time',
    event: UPDATE,
    mapping: ON_UPDATE,
    sends: { 'data.0.event_id': 'conv-1', 'data.0.event_time': Date.UTC(2026, 10, 22, 11, 30) / 1000, [VALUE]: 300 },
  },
  {
    says: 'its own id where asked',
    event: UPDATE,
    mapping: { ...ON_UPDATE, event_id_source: 'UPDATE' },
    sends: { 'data.0.event_id': 'upd-1' },
  },
  {
    says: 'the conversion’s time where asked',
    event: UPDATE,
    mapping: { ...ON_UPDATE, event_time: 'CONVERSION' },
    sends: { 'data.0.event_time': Date.UTC(2026, 10, 20, 10) / 1000 },
  },
];

const CONSENT_AND_TESTS: readonly PreviewCase[] = [
  ...['GRANTED', 'UNSPECIFIED', null].map(consent => ({
    says: `consent ${consent} is sent, without a word of it`,
    event: { consent },
    sends: { 'data.0.consent': undefined, 'data.0.event': 'Lead' },
  })),
  ...[true, false].map(limited_data_use => ({
    says: `limited_data_use ${limited_data_use} is passed on`,
    event: { limited_data_use },
    sends: { 'data.0.limited_data_use': limited_data_use },
  })),
  {
    says: 'no limited_data_use is made up',
    sends: { 'data.0.limited_data_use': undefined, test_event_code: undefined },
  },
  {
    says: 'the connection’s test code is at the top',
    connection: { test_event_code: 'C' },
    sends: { test_event_code: 'C' },
  },
  {
    says: 'the event’s test code wins',
    event: { test_event_code: 'E' },
    connection: { test_event_code: 'C' },
    sends: { test_event_code: 'E', 'data.0.test_event_code': undefined },
  },
  { says: 'a blank test code is none', event: { test_event_code: ' ' }, sends: { test_event_code: undefined } },
  { says: 'no partner is made up', sends: { partner_name: undefined } },
];

const WHOLE_PERSON = {
  ...{ email: 'a@b.example', phone: '+12133734253', first_name: 'Jane', last_name: 'Doe', zip_code: '10115' },
  ...{ city: 'Bonn', state: 'NW', country: 'DE', limited_data_use: true, contents: [{ content_id: '1', quantity: 1 }] },
  ...{ first_touch: FIRST, last_touch: LAST },
};
const V1 = { wire: 'V1' };
const OFFLINE = { event_source: 'OFFLINE', pixel_id: '7431234567890123456' };

const SHAPES: readonly PreviewCase[] = [
  {
    says: 'the 1.0 shape has exactly its fields',
    event: WHOLE_PERSON,
    connection: { ...V1, test_event_code: 'T' },
    sends: {
      '': {
        pixel_code: 'C4A2B3D4E5F6G7H8I9J0',
        test_event_code: 'T',
        batch: [
          {
            type: 'track',
            event: 'Lead',
            event_id: 'conv-1',
            timestamp: '2026-11-22T11:59:00Z',
            context: {
              ad: { callback: 'last' },
              page: { url: 'https://l.example/' },
              user: {
                external_id: sha('user_123'),
                email: sha('a@b.example'),
                phone_number: sha('+12133734253'),
                ttp: 'ttp-2',
              },
            },
            properties: { value: 1250.5, currency: 'EUR' },
          },
        ],
      },
    },
  },
  {
    says: 'the 1.0 shape of little is little',
    event: { last_touch: null },
    mapping: { include_value: false },
    connection: V1,
    sends: { 'batch.0.context': { user: { external_id: sha('user_123') } }, 'batch.0.properties': undefined },
  },
  {
    says: 'an offline event has exactly its fields',
    event: WHOLE_PERSON,
    connection: OFFLINE,
    sends: {
      '': {
        event_source: 'offline',
        event_source_id: '7431234567890123456',
        data: [
          {
            event: 'Lead',
            event_time: Date.UTC(2026, 10, 22, 11, 59) / 1000,
            event_id: 'conv-1',
            user: {
              email: sha('a@b.example'),
              phone: sha('+12133734253'),
              first_name: sha('jane'),
              last_name: sha('doe'),
              zip_code: sha('10115'),
              ...{ city: 'bonn', state: 'nw', country: 'de' },
            },
            properties: { value: 1250.5, currency: 'EUR', contents: [{ content_id: '1', quantity: 1 }] },
          },
        ],
      },
    },
  },
  {
    says: 'an offline test event has its code at the top',
    event: { email: 'a@b.example', test_event_code: 'E' },
    connection: OFFLINE,
    sends: { event_source: 'offline', test_event_code: 'E' },
  },
  ...['CompletePayment', 'ApplicationApproval', 'PlaceAnOrder'].map(name => ({
    says: `${name} is an offline event`,
    event: { email: 'a@b.example' },
    connection: OFFLINE,
    mapping: { tiktok_event_name: name },
    sends: { 'data.0.event': name },
  })),
  {
    says: 'the web shape names source and pixel once, at the top',
    sends: {
      event_source: 'web',
      event_source_id: 'C4A2B3D4E5F6G7H8I9J0',
      'data.0.event_source': undefined,
      'data.0.event_source_id': undefined,
    },
  },
  {
    says: 'a pixel code of another form is used',
    connection: { pixel_id: 'PIXEL-1' },
    sends: { event_source_id: 'PIXEL-1' },
  },
];

const REFUSED: readonly PreviewCase[] = [
  { says: 'consent denied', event: { consent: 'DENIED' }, refuses: 'consent_denied' },
  { says: 'a negative value', event: { quote_value: '-0.01' }, refuses: 'negative_value' },
  {
    says: 'a negative value to be kept',
    event: { quote_value: '-5' },
    options: { 'events.negativeValue': 'dead_letter' },
    refuses: 'negative_value',
  },
  { says: 'older than 28 days', event: { occurred_at: NOW - 28 * DAY - 1 }, refuses: 'too_old' },
  { says: 'seconds for milliseconds', event: { occurred_at: NOW / 1000 }, refuses: 'too_old' },
  { says: 'more than 10 minutes ahead', event: { occurred_at: NOW + 600_001 }, refuses: 'in_future' },
  { says: 'microseconds', event: { occurred_at: NOW * 1000 }, refuses: 'in_future' },
  {
    says: 'older than the option allows',
    event: { occurred_at: NOW - 2 * DAY },
    options: { 'events.maxAgeMs': '1d' },
    refuses: 'too_old',
  },
  ...['BGN', 'xyz', ' '].map(currency => ({
    says: `the currency ${JSON.stringify(currency)} where it must be right`,
    event: { currency },
    mapping: { currency_policy: 'DEAD_LETTER' },
    refuses: currency === ' ' ? 'currency_missing' : 'currency_unsupported',
  })),
  { says: 'nobody to match', event: { contact_id: null }, refuses: 'no_match_key' },
  {
    says: 'nobody to match by name and town',
    event: { contact_id: ' ', first_name: 'Jane', last_name: 'Doe', city: 'Bonn' },
    refuses: 'no_match_key',
  },
  {
    says: 'nobody to match by an address alone',
    event: { contact_id: null, ...touch({ ip: '81.2.69.1' }) },
    refuses: 'no_match_key',
  },
  { says: 'nobody behind the digest of nothing', event: { contact_id: NOTHING }, refuses: 'no_match_key' },
  {
    says: 'a phone without a country alone',
    event: { contact_id: null, phone: '650 555 1234' },
    refuses: 'no_match_key',
  },
  {
    says: 'offline without e-mail and phone',
    event: { last_touch: LAST },
    connection: OFFLINE,
    refuses: 'no_match_key',
  },
  {
    says: 'the 1.0 shape with address and agent alone',
    event: { contact_id: null, ...touch({ ip: '81.2.69.1', user_agent: 'M' }) },
    connection: V1,
    refuses: 'no_match_key',
  },
  {
    says: 'offline under a custom name',
    event: { email: 'a@b.example' },
    connection: OFFLINE,
    mapping: { tiktok_event_name: 'DemoBooked' },
    refuses: 'config_invalid',
  },
  { says: 'offline on the old wire', connection: { ...OFFLINE, ...V1 }, refuses: 'config_invalid' },
  ...['Demo booked', 'Démo', '2ndDemo', 'x'.repeat(51), 'Lead ', 'Checkout', 'Registration', 'Browse', '-a', ''].map(
    name => ({
      says: `the event name ${JSON.stringify(name)}`,
      mapping: { tiktok_event_name: name },
      refuses: 'config_invalid',
    }),
  ),
  {
    says: 'a fallback page without a host',
    connection: { fallback_page_url: 'https:///x' },
    refuses: 'config_invalid',
  },
  { says: 'a token in clear', connection: { access_token: 'canary-7f3a' }, refuses: 'config_invalid' },
  { says: 'a wire nobody knows', connection: { wire: 'V3' }, refuses: 'config_invalid' },
  { says: 'a value without a source', mapping: { value_source: null }, refuses: 'config_invalid' },
  { says: 'an empty id', event: { conversion_id: '' }, refuses: 'undecodable' },
  { says: 'an update of no known kind', event: { ...UPDATE, kind: 'REFUNDED' }, refuses: 'unknown_symbol' },
  { says: 'an id that is a broken number', event: { conversion_id: 273196.5 }, refuses: 'INPUT_INVALID' },
  { says: 'consent withdrawn in other words', event: { consent: 'WITHDRAWN' }, refuses: 'INPUT_INVALID' },
  { says: 'consent in small letters', event: { consent: 'denied' }, refuses: 'INPUT_INVALID' },
  { says: 'an id that is true', event: { conversion_id: true }, refuses: 'INPUT_INVALID' },
  { says: 'an amount in words', event: { quote_value: '12,50' }, refuses: 'INPUT_INVALID' },
  { says: 'a quantity and a half', event: { contents: [{ quantity: 1.5 }] }, refuses: 'INPUT_INVALID' },
  {
    says: 'too large',
    event: touch({ user_agent: 'x'.repeat(70_000) }),
    refuses: 'invalid_event',
  },
  {
    says: 'no page where one is required',
    event: { last_touch: null },
    options: { 'events.requirePageUrl': true },
    refuses: 'invalid_event',
  },
  { says: 'another workspace', event: { workspace_id: 'w2' }, refuses: 'no_connection' },
  { says: 'another trigger', mapping: { trigger: 'EXPECTED_REVENUE_UPDATED' }, refuses: 'no_mapping' },
  { says: 'another event name', mapping: { event_name_filter: 'demo booked' }, refuses: 'no_mapping' },
  { says: 'a disabled connection', connection: { enabled: false }, refuses: 'connection_disabled' },
];

export const CASES: readonly PreviewCase[] = [
  ...VECTORS,
  ...NORMALISING,
  ...PHONES,
  ...CLICKS,
  ...ADDRESSES,
  ...PAGES,
  ...ATTRIBUTION,
  ...VALUES,
  ...CONTENTS,
  ...NAMES,
  ...TIMES,
  ...UPDATES,
  ...CONSENT_AND_TESTS,
  ...SHAPES,
  ...REFUSED,
];
