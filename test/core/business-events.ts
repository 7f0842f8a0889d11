/** Events, mappings and connections for tests of building: a complete one of each, and arbitrary ones. */

import fc from 'fast-check';
import type { BuildOptions } from '../../src/core/build-event.ts';
import type { Connection, Mapping } from '../../src/core/config-entry.ts';
import { sha256 } from '../../src/core/normalise.ts';
import type { BusinessEvent, ConversionCreated, RevenueUpdated, Touch } from '../../src/core/record.ts';

export const NOW = Date.UTC(2026, 9, 25, 12, 0, 0);

export const NO_TOUCH: Touch = {
  ttclid: null,
  ttp: null,
  page_url: null,
  referrer: null,
  ip: null,
  user_agent: null,
  occurred_at: null,
};

export const LAST_TOUCH: Touch = {
  ttclid: 'E.C.P.last',
  ttp: 'ttp-last',
  page_url: 'https://shop.example/last?a=1',
  referrer: 'https://www.tiktok.com/',
  ip: '203.0.113.7',
  user_agent: 'Mozilla/5.0',
  occurred_at: NOW - 5000,
};

export const FIRST_TOUCH: Touch = { ...LAST_TOUCH, ttclid: 'E.C.P.first', page_url: 'https://shop.example/first' };

export function conversion(changes: Partial<ConversionCreated> = {}): ConversionCreated {
  return {
    trigger: 'CONVERSION_CREATED',
    conversion_id: 'conversion-1',
    workspace_id: 'workspace-1',
    contact_id: 'user_123',
    event_name: 'Demo form',
    occurred_at: NOW - 60_999,
    email: ' ALICE_abc@gmail.com ',
    phone: '(+1)2133734253',
    country: null,
    first_name: null,
    last_name: null,
    city: null,
    state: null,
    zip_code: null,
    first_touch: FIRST_TOUCH,
    last_touch: LAST_TOUCH,
    quote_value: null,
    sales_value: '129.95',
    currency: 'USD',
    contents: null,
    consent: 'GRANTED',
    limited_data_use: null,
    test_event_code: null,
    ...changes,
  };
}

export function revenueUpdate(changes: Partial<RevenueUpdated> = {}): RevenueUpdated {
  return {
    ...conversion(),
    trigger: 'REALIZED_REVENUE_UPDATED',
    update_id: 'update-1',
    updated_at: NOW - 1_500,
    ...changes,
  };
}

export function mappingOf(changes: Partial<Mapping> = {}): Mapping {
  return {
    mapping_id: 'mapping-1',
    connection_id: 'connection-1',
    trigger: null,
    event_name_filter: '',
    attribution: 'LAST_TOUCH',
    tiktok_event_name: 'Purchase',
    include_value: true,
    value_source: 'SALES_VALUE',
    fixed_value: null,
    currency: null,
    currency_policy: 'OMIT',
    dedup_window_minutes: 1440,
    event_id_source: 'CONVERSION',
    event_time: 'TRIGGER',
    enabled: true,
    ...changes,
  };
}

export function connectionOf(changes: Partial<Connection> = {}): Connection {
  return {
    connection_id: 'connection-1',
    workspace_id: 'workspace-1',
    advertiser_name: 'Acme',
    pixel_id: 'PIXEL1',
    access_token: 'env:TIKTOK_TOKEN_ACME',
    test_event_code: null,
    event_source: 'WEB',
    wire: 'V2',
    default_country: null,
    fallback_page_url: null,
    max_requests_per_second: null,
    enabled: true,
    ...changes,
  };
}

/** What texts of real events are seldom and break programs: each kind by name, so that a test can see that it came. */
export const NASTY = {
  'an unpaired surrogate': /\p{Surrogate}/u,
  'a NUL': /\0/,
  'text from right to left': /[\u0590-\u08ff\u202e\u2067]/,
  'an invisible character': /[\u200b-\u200f\u2060\ufeff]/,
  'a line separator': /[\r\n\u2028]/,
  'a character beyond 16 bits': /[\u{10000}-\u{10ffff}]/u,
  'half an escape': /%(?![0-9a-f]{2})/i,
  'a quote or a backslash': /["\\]/,
  'a text of more than 10,000 characters': /^.{10001}/s,
} as const satisfies Record<string, RegExp>;

const PIECES = [
  '\ud83d',
  '\udc00',
  '\0',
  'שלום',
  'مرحبا',
  '\u202eevil\u202c',
  '\u2067',
  '\u200b',
  '\ufeff',
  '\u2028',
  '\r\n',
];
const MORE_PIECES = [
  '🏳️\u200d🌈',
  '%',
  '%zz',
  '%00',
  '%ff',
  '"',
  '\\',
  '</script>',
  'e\u0301',
  '\uffff',
  'null',
  '__proto__',
];

/** Texts of a few nasty pieces, before, in and behind ordinary ones; rarely a huge one. */
export const nastyText: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 30,
    arbitrary: fc
      .array(fc.constantFrom(...PIECES, ...MORE_PIECES, 'a@b.example', '+12133734253', 'https://s.example/?ttclid='), {
        minLength: 1,
        maxLength: 4,
      })
      .map(pieces => pieces.join('')),
  },
  { weight: 1, arbitrary: fc.integer({ min: 10_001, max: 80_000 }).map(length => 'é'.repeat(length)) },
);

function sometimes<T>(...likely: readonly T[]): fc.Arbitrary<T | string | null> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...likely) },
    { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
    { weight: 1, arbitrary: nastyText },
    { weight: 4, arbitrary: fc.constant(null) },
  );
}

/** A digest in any letter case, also that of nothing. */
const digest = fc.oneof(
  fc.stringMatching(/^[0-9a-fA-F]{64}$/),
  fc.constantFrom(sha256(''), ` ${sha256('').toUpperCase()}`),
);

/** Addresses of every kind that must not leave. */
export const PRIVATE_IPS = [
  ...['10.0.0.1', '172.16.0.1', '192.168.0.1', '127.0.0.1', '169.254.0.1', '100.64.0.1', '::1', 'fe80::1', 'fd00::1'],
  ...['::ffff:10.0.0.1', '::FFFF:100.64.0.1', '0:0:0:0:0:ffff:c0a8:1'],
] as const;

/** Canonical decimals, as decoding makes them. */
export const anyDecimal: fc.Arbitrary<string> = fc
  .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 14n }), fc.stringMatching(/^[0-9]{0,3}[1-9]$/))
  .map(([negative, whole, fraction]) => `${negative ? '-' : ''}${whole}.${fraction}`);

const anyTouch: fc.Arbitrary<Touch> = fc.record({
  ttclid: sometimes('E.C.P.x', '', 'x'.repeat(1000), 'x'.repeat(1001)),
  ttp: sometimes('ttp', ' '),
  page_url: sometimes(
    'https://shop.example/?ttclid=E.C.P.y',
    '/landing?ttclid=a',
    'http://[::1',
    'https://shop.example/%',
  ),
  referrer: sometimes('https://www.tiktok.com/', 'android-app://com.zhiliaoapp.musically'),
  ip: fc.oneof(sometimes('203.0.113.7', '::ffff:8.8.8.8', '1.2.3.4:80', ...PRIVATE_IPS), fc.ipV4(), fc.ipV6()),
  user_agent: sometimes('Mozilla/5.0 "quoted" \\'),
  occurred_at: fc.option(fc.integer()),
});

const anyFields = {
  conversion_id: fc.oneof(fc.string({ unit: 'binary' }), nastyText, fc.uuid(), fc.uuid()),
  workspace_id: fc.string(),
  contact_id: fc.oneof(sometimes('User_1'), digest),
  event_name: sometimes('Demo form'),
  occurred_at: fc.oneof(fc.integer({ min: NOW - 40 * 86_400_000, max: NOW + 3_600_000 }), fc.double()),
  email: fc.oneof(sometimes('A@b.example'), fc.emailAddress(), digest),
  phone: fc.oneof(sometimes('+12133734253', '0151 23456789'), fc.stringMatching(/^\+?[0-9 ().-]{1,20}$/), digest),
  country: sometimes('US', 'de', 'Deutschland', 'XX'),
  first_name: sometimes('Jane'),
  last_name: fc.oneof(sometimes('Doe'), digest),
  city: sometimes('São Paulo', 'Tromsø', '東京', 'Łódź'),
  state: sometimes('CA', 'New South Wales'),
  zip_code: sometimes('M5V 3L9', '-'),
  first_touch: fc.option(anyTouch),
  last_touch: fc.option(anyTouch),
  quote_value: fc.option(anyDecimal),
  sales_value: fc.option(anyDecimal),
  currency: sometimes('USD', 'eur', 'BGN', 'XXX'),
  contents: fc.option(
    fc.array(
      fc.record({
        content_id: sometimes('sku-1', ''),
        content_name: sometimes('Plan "Pro"'),
        content_type: sometimes('product', 'product_group', 'PRODUCT', 'service'),
        quantity: fc.option(fc.oneof(fc.integer(), fc.double())),
        price: fc.option(anyDecimal),
      }),
      { maxLength: 4 },
    ),
  ),
  consent: fc.constantFrom('UNSPECIFIED', 'GRANTED', 'DENIED', null),
  limited_data_use: fc.option(fc.boolean()),
  test_event_code: sometimes('TEST1', ' '),
} as const;

/** Any event that decoding can give, most of its fields odd. */
export const anyEvent: fc.Arbitrary<BusinessEvent> = fc.oneof(
  fc.record({ ...anyFields, trigger: fc.constant('CONVERSION_CREATED' as const) }),
  fc.record({
    ...anyFields,
    trigger: fc.constantFrom('EXPECTED_REVENUE_UPDATED' as const, 'REALIZED_REVENUE_UPDATED' as const),
    update_id: fc.string(),
    updated_at: fc.integer({ min: NOW - 40 * 86_400_000, max: NOW + 3_600_000 }),
  }),
);

/** Any usable mapping; event names keep TikTok's rules, which are judged when a mapping is saved. */
export const anyMapping: fc.Arbitrary<Mapping> = fc.record({
  mapping_id: fc.string({ minLength: 1 }),
  connection_id: fc.constant('connection-1'),
  trigger: fc.constant(null),
  event_name_filter: fc.constant(''),
  attribution: fc.constantFrom('LAST_TOUCH', 'FIRST_TOUCH'),
  tiktok_event_name: fc.oneof(
    fc.constantFrom('Purchase', 'SubmitForm'),
    fc.constant('Lead'),
    fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,49}$/),
  ),
  include_value: fc.boolean(),
  value_source: fc.constantFrom('QUOTE_VALUE', 'SALES_VALUE', 'FIXED', null),
  fixed_value: fc.option(anyDecimal),
  currency: fc.constantFrom('USD', 'BGN', null),
  currency_policy: fc.constantFrom('OMIT', 'FIXED', 'DEAD_LETTER'),
  dedup_window_minutes: fc.nat(),
  event_id_source: fc.constantFrom('CONVERSION', 'UPDATE'),
  event_time: fc.constantFrom('TRIGGER', 'CONVERSION'),
  enabled: fc.constant(true),
});

export const anyConnection: fc.Arbitrary<Connection> = fc.record({
  ...(Object.fromEntries(Object.entries(connectionOf()).map(([name, value]) => [name, fc.constant(value)])) as {
    [Name in keyof Connection]: fc.Arbitrary<Connection[Name]>;
  }),
  test_event_code: fc.constantFrom('TEST9', '', null),
  wire: fc.constantFrom('V2', 'V2', 'V1'),
  event_source: fc.constantFrom('WEB', 'OFFLINE'),
  default_country: fc.constantFrom('US', 'DE', 'xx', null),
  fallback_page_url: fc.constantFrom('https://shop.example/', 'shop.example', null),
});

/** The configuration's defaults, spelt out. */
export const DEFAULT_BUILD_OPTIONS: BuildOptions = {
  // TikTok's longest attribution window is 28 days after a click: an older event earns nothing.
  maxEventAgeMs: 28 * 24 * 60 * 60 * 1000,
  maxFutureMs: 10 * 60 * 1000,
  maxEventBytes: 64 * 1024,
  externalIdCase: 'keep',
  removeQueryParameters: [],
  negativeValue: 'skip',
  requirePageUrl: false,
  partnerName: null,
};
