import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkBatchBody } from '../../sandbox/tiktok-batch-rules.ts';
import { checkTrackBody } from '../../sandbox/tiktok-rules.ts';
import { STRICT_RULES } from '../../sandbox/tiktok-strictness.ts';
import { type BuildOptions, type Built, createBuilder } from '../../src/core/build-event.ts';
import { BUILD_NOTES } from '../../src/core/build-notes.ts';
import type { Connection, Mapping } from '../../src/core/config-entry.ts';
import { sha256 } from '../../src/core/normalise.ts';
import { DEAD_LETTER_REASONS, SKIP_REASONS } from '../../src/core/outcome.ts';
import type { BusinessEvent, Content } from '../../src/core/record.ts';
import { trackBody } from '../../src/core/tiktok-body.ts';
import type { Destination, TikTokEvent } from '../../src/core/tiktok-event.ts';
import { shapeOf } from '../../src/core/tiktok-shape.ts';
import {
  anyConnection,
  anyEvent,
  anyMapping,
  connectionOf,
  conversion,
  DEFAULT_BUILD_OPTIONS,
  FIRST_TOUCH,
  LAST_TOUCH,
  mappingOf,
  NASTY,
  NO_TOUCH,
  NOW,
  revenueUpdate,
} from './business-events.ts';

const build = createBuilder(DEFAULT_BUILD_OPTIONS);
const DAY = 86_400_000;

function outcome(event: BusinessEvent, mapping: Partial<Mapping> = {}, connection: Partial<Connection> = {}): Built {
  return build(event, mappingOf(mapping), connectionOf(connection), NOW);
}

function sent(event: BusinessEvent, mapping: Partial<Mapping> = {}, connection: Partial<Connection> = {}): TikTokEvent {
  const built = outcome(event, mapping, connection);
  if (!('json' in built)) throw new Error(`expected an event, got ${JSON.stringify(built)}`);
  return built;
}

/** What the simulator says of a whole body, at its strictest. */
function checkBody({ wire }: Destination, body: unknown) {
  return (wire === 'V1' ? checkBatchBody : checkTrackBody)(body, { nowMs: NOW, ...STRICT_RULES });
}

const payload = (...args: Parameters<typeof sent>) => JSON.parse(sent(...args).json);

describe('a typical conversion', () => {
  it('becomes exactly this event', () => {
    const built = sent(conversion());
    expect(JSON.parse(built.json)).toEqual({
      event: 'Purchase',
      event_time: Math.floor((NOW - 60_999) / 1000),
      event_id: 'conversion-1',
      user: {
        email: sha256('alice_abc@gmail.com'),
        phone: sha256('+12133734253'),
        external_id: sha256('user_123'),
        ttclid: 'E.C.P.last',
        ttp: 'ttp-last',
        ip: '203.0.113.7',
        user_agent: 'Mozilla/5.0',
      },
      properties: { value: 129.95, currency: 'USD' },
      page: { url: 'https://shop.example/last?a=1', referrer: 'https://www.tiktok.com/' },
    });
    expect({ ...built, json: '', destination: null }).toEqual({
      destination: null,
      workspaceId: 'workspace-1',
      mappingId: 'mapping-1',
      conversionId: 'conversion-1',
      eventName: 'Purchase',
      eventId: 'conversion-1',
      eventTime: Math.floor((NOW - 60_999) / 1000),
      json: '',
      jsonBytes: Buffer.byteLength(built.json),
      value: '129.95',
      currency: 'USD',
      matchKeys: ['ttclid', 'email', 'phone', 'external_id', 'ttp', 'ip'],
      notes: [],
      dedupWindowMs: DAY,
    });
  });

  const nothing = Object.fromEntries(Object.keys(conversion()).map(name => [name, null]));
  const bare = (changes: Partial<BusinessEvent> = {}) =>
    ({
      ...nothing,
      trigger: 'CONVERSION_CREATED',
      conversion_id: 'c',
      workspace_id: 'w',
      occurred_at: NOW,
      ...changes,
    }) as BusinessEvent;

  it('with nothing but an id, a time and one key is sent as just that, with its gaps counted', () => {
    const built = sent(bare({ contact_id: 'user_123' }));
    const user = `{"external_id":"${sha256('user_123')}"}`;
    expect(built.json).toBe(`{"event":"Purchase","event_time":${NOW / 1000},"event_id":"c","user":${user}}`);
    expect(built.notes).toEqual(['value_missing', 'page_missing']);
    expect(built.matchKeys).toEqual(['external_id']);
  });

  it('that nobody can be matched with is refused before it takes a place in a batch', () => {
    expect(outcome(bare())).toMatchObject({ deadLetter: 'no_match_key' });
    const half = { ...NO_TOUCH, ip: '203.0.113.7' };
    expect(outcome(bare({ last_touch: half, first_name: 'Jane', city: 'Bonn' }))).toMatchObject({
      deadLetter: 'no_match_key',
    });
    expect(outcome(bare({ phone: '0151 23456789' }))).toMatchObject({
      deadLetter: 'no_match_key',
      detail: expect.stringContaining('phone_without_country'),
    });
  });
});

describe('the user', () => {
  it('gets names and zip hashed, places in clear', () => {
    const event = conversion({
      first_name: ' Jane ',
      last_name: 'DOE',
      zip_code: 'M5V 3L9',
      city: 'São Paulo',
      state: 'SP',
      country: 'BR',
    });
    expect(payload(event).user).toMatchObject({
      first_name: sha256('jane'),
      last_name: sha256('doe'),
      zip_code: sha256('m5v3l9'),
      city: 'saopaulo',
      state: 'sp',
      country: 'br',
    });
  });

  it('is matched by phone with the default country only where the event names no country', () => {
    const local = { phone: '2133734253' };
    expect(payload(conversion(local), {}, { default_country: 'US' }).user.phone).toBe(sha256('+12133734253'));
    expect(sent(conversion(local)).notes).toEqual(['phone_without_country']);
    const abroad = conversion({ phone: '0151 23456789', country: 'DE' });
    expect(payload(abroad, {}, { default_country: 'US' }).user.phone).toBe(sha256('+4915123456789'));
  });

  it('keeps a country of its own for each connection that builds from the same event', () => {
    const event = conversion({ phone: '0151 23456789' });
    const digests = ['DE', 'AT', 'DE'].map(default_country => payload(event, {}, { default_country }).user.phone);
    expect(digests).toEqual(['+4915123456789', '+4315123456789', '+4915123456789'].map(sha256));
  });

  it('has an ip as match key only together with a user agent', () => {
    const event = conversion({ last_touch: { ...LAST_TOUCH, user_agent: null } });
    expect(payload(event).user.ip).toBe('203.0.113.7');
    expect(sent(event).matchKeys).not.toContain('ip');
  });

  it('never has a private ip', () => {
    const built = sent(conversion({ last_touch: { ...LAST_TOUCH, ip: '10.0.0.1' } }));
    expect(JSON.parse(built.json).user).not.toHaveProperty('ip');
    expect(built.notes).toEqual(['ip_private']);
  });

  it.each([
    ['https://shop.example/?utm=1&ttclid=E.C.P.url%2B1&x=2#top', 'E.C.P.url+1'],
    ['/landing?ttclid=E.C.P.url', 'E.C.P.url'],
    ['https://shop.example/?attclid=E.C.P.url', undefined],
    ['https://shop.example/#ttclid=E.C.P.url', 'E.C.P.url'],
    ['https://shop.example/?ttclid=', undefined],
  ])('gets its click id from the landing page %s where the field is empty', (page_url, ttclid) => {
    expect(payload(conversion({ last_touch: { ...LAST_TOUCH, ttclid: ' ', page_url } })).user.ttclid).toBe(ttclid);
  });

  it('has a click id of up to 1000 characters whole, a longer one not at all', () => {
    const withClickId = (ttclid: string) => sent(conversion({ last_touch: { ...LAST_TOUCH, ttclid } }));
    expect(JSON.parse(withClickId('x'.repeat(1000)).json).user.ttclid).toBe('x'.repeat(1000));
    const tooLong = withClickId('x'.repeat(1001));
    expect(JSON.parse(tooLong.json).user).not.toHaveProperty('ttclid');
    expect(tooLong).toMatchObject({ notes: ['ttclid_too_long'], matchKeys: expect.not.arrayContaining(['ttclid']) });
  });
});

describe('attribution', () => {
  it('takes the touch the mapping asks for', () => {
    expect(payload(conversion(), { attribution: 'LAST_TOUCH' }).user.ttclid).toBe('E.C.P.last');
    expect(payload(conversion(), { attribution: 'FIRST_TOUCH' }).user.ttclid).toBe('E.C.P.first');
  });

  it.each([
    ['LAST_TOUCH', { last_touch: null, first_touch: FIRST_TOUCH }, 'E.C.P.first'],
    ['LAST_TOUCH', { last_touch: { ...NO_TOUCH, occurred_at: NOW }, first_touch: FIRST_TOUCH }, 'E.C.P.first'],
    ['FIRST_TOUCH', { last_touch: LAST_TOUCH, first_touch: null }, 'E.C.P.last'],
  ] as const)('to a missing %s takes the other one', (attribution, touches, ttclid) => {
    const built = sent(conversion(touches), { attribution });
    expect(JSON.parse(built.json).user.ttclid).toBe(ttclid);
    expect(built.notes).toEqual(['touch_fallback']);
  });
});

describe('the page', () => {
  const landing = (page_url: string | null, referrer: string | null = null) =>
    conversion({ last_touch: { ...LAST_TOUCH, page_url, referrer } });

  it('is the landing page with all its parameters', () => {
    expect(payload(landing('https://shop.example/?a=1&b="2"#c')).page).toEqual({
      url: 'https://shop.example/?a=1&b="2"#c',
    });
  });

  it.each([
    [null, []],
    ['/landing', ['page_url_unusable']],
    ['javascript:alert(1)', ['page_url_unusable']],
  ])('%j gives way to the fallback of the connection', (page_url, notes) => {
    const built = sent(landing(page_url), {}, { fallback_page_url: 'https://shop.example/' });
    expect(JSON.parse(built.json).page).toEqual({ url: 'https://shop.example/' });
    expect(built.notes).toEqual(notes);
  });

  it('is left out without an address, even with a referrer', () => {
    const built = sent(landing(null, 'https://www.tiktok.com/'));
    expect(JSON.parse(built.json)).not.toHaveProperty('page');
    expect(built.notes).toEqual(['page_missing']);
  });

  it('has no referrer that is no web address', () => {
    const built = sent(landing('https://shop.example/', 'android-app://com.example'));
    expect(JSON.parse(built.json).page).toEqual({ url: 'https://shop.example/' });
    expect(built.notes).toEqual(['referrer_unusable']);
  });
});

describe('properties', () => {
  const content = (changes: Partial<Content>): Content => ({
    content_id: null,
    content_name: null,
    content_type: null,
    quantity: null,
    price: null,
    ...changes,
  });

  it('hold an amount digit by digit', () => {
    const event = conversion({ sales_value: '12345678901234.5678' });
    expect(sent(event).json).toContain('"properties":{"value":12345678901234.5678,"currency":"USD"}');
    expect(sent(conversion({ sales_value: '0' })).json).toContain('"value":0,');
  });

  it('hold contents with ids as strings, prices and quantities as numbers, and one type for all', () => {
    const contents = [
      content({ content_id: '42', content_name: 'Plan "Pro"', content_type: 'product', quantity: 2, price: '10.5' }),
      content({ content_id: '43', quantity: 0 }),
      content({}),
    ];
    expect(payload(conversion({ contents })).properties).toEqual({
      value: 129.95,
      currency: 'USD',
      contents: [
        { content_id: '42', price: 10.5, quantity: 2, content_name: 'Plan "Pro"' },
        { content_id: '43', quantity: 0 },
      ],
      content_type: 'product',
    });
  });

  it('leave out what TikTok would refuse in contents, with a note', () => {
    const contents = [
      content({ content_id: 'a', content_type: 'product', price: '-1', quantity: -1 }),
      content({ content_id: 'b', content_type: 'product_group', price: 'x', quantity: 1.5 }),
    ];
    const built = sent(conversion({ contents }));
    expect(JSON.parse(built.json).properties.contents).toEqual([{ content_id: 'a' }, { content_id: 'b' }]);
    expect(JSON.parse(built.json).properties).not.toHaveProperty('content_type');
    expect(built.notes).toEqual(['price_omitted', 'quantity_omitted', 'content_type_omitted']);
  });

  it('hold no price under a currency that is not its own', () => {
    const event = conversion({ currency: 'EUR', contents: [content({ content_id: 'a', price: '10' })] });
    const built = sent(event, { value_source: 'FIXED', fixed_value: '7', currency: 'USD' });
    expect(JSON.parse(built.json).properties).toEqual({ value: 7, currency: 'USD', contents: [{ content_id: 'a' }] });
    expect(built.notes).toEqual(['price_omitted']);
  });

  it('are absent when there is nothing to say', () => {
    expect(payload(conversion(), { include_value: false })).not.toHaveProperty('properties');
    expect(payload(conversion({ contents: [] }), { include_value: false })).not.toHaveProperty('properties');
  });
});

describe('the event id', () => {
  it.each(['conversion-1', '273196', ' padded ', 'ünï"\\\u2028', '\ud800'])(
    '%j passes byte for byte',
    conversion_id => {
      const built = sent(conversion({ conversion_id }));
      expect(built.eventId).toBe(conversion_id);
      expect(JSON.parse(built.json).event_id).toBe(conversion_id);
    },
  );

  it('is the update’s own only for updates, and only where the mapping says so', () => {
    expect(sent(revenueUpdate()).eventId).toBe('conversion-1');
    expect(sent(revenueUpdate(), { event_id_source: 'UPDATE' }).eventId).toBe('update-1');
    expect(sent(conversion(), { event_id_source: 'UPDATE' }).eventId).toBe('conversion-1');
  });

  it('that is empty makes a dead letter', () => {
    const invalid = { deadLetter: 'invalid_event' };
    expect(outcome(conversion({ conversion_id: '' }))).toMatchObject(invalid);
    expect(outcome(revenueUpdate({ update_id: ' ' }), { event_id_source: 'UPDATE' })).toMatchObject(invalid);
  });
});

describe('the event time', () => {
  it('is the trigger’s: the conversion, or its update; a mapping may choose the conversion', () => {
    const update = revenueUpdate({ occurred_at: NOW - 9_000, updated_at: NOW - 1_500 });
    expect(sent(update).eventTime).toBe(NOW / 1000 - 2);
    expect(sent(update, { event_time: 'CONVERSION' }).eventTime).toBe(NOW / 1000 - 9);
    expect(sent(conversion({ occurred_at: NOW - 1 })).eventTime).toBe(NOW / 1000 - 1);
  });

  it('is UTC seconds, cut and not rounded, also in the hour that a clock change repeats', () => {
    // 25 October 2026: 02:30 comes twice in Berlin, an hour apart.
    const summer = Date.parse('2026-10-25T02:30:00.999+02:00');
    const winter = Date.parse('2026-10-25T02:30:00.999+01:00');
    expect(sent(conversion({ occurred_at: summer })).eventTime).toBe(1792888200);
    expect(sent(conversion({ occurred_at: winter })).eventTime).toBe(1792888200 + 3600);
  });

  it('may be as old as the limit and no older', () => {
    expect(outcome(conversion({ occurred_at: NOW - 28 * DAY }))).toHaveProperty('json');
    expect(outcome(conversion({ occurred_at: NOW - 28 * DAY - 1 }))).toMatchObject({ deadLetter: 'too_old' });
  });

  it('may be as far ahead as the limit and no further', () => {
    expect(outcome(conversion({ occurred_at: NOW + 600_000 }))).toHaveProperty('json');
    expect(outcome(conversion({ occurred_at: NOW + 600_001 }))).toMatchObject({ deadLetter: 'in_future' });
  });

  it('in seconds or microseconds is caught, the first with a hint', () => {
    expect(outcome(conversion({ occurred_at: NOW / 1000 }))).toMatchObject({
      deadLetter: 'too_old',
      detail: expect.stringContaining('in seconds?'),
    });
    expect(outcome(conversion({ occurred_at: NOW * 1000 }))).toMatchObject({ deadLetter: 'in_future' });
  });

  it('and the limit are told as people read them', () => {
    const detailOf = (occurred_at: number) => (outcome(conversion({ occurred_at })) as { detail: string }).detail;
    const old = NOW - 29 * DAY;
    expect(detailOf(old)).toBe(`The event is older than 28 days (${new Date(old).toISOString()}).`);
    const ahead = NOW + DAY;
    expect(detailOf(ahead)).toBe(`The event is more than 10 minutes in the future (${new Date(ahead).toISOString()}).`);
    expect(detailOf(NOW * 1_000_000)).toContain('in the future (');
  });

  it('that is no number makes a dead letter', () => {
    expect(outcome(conversion({ occurred_at: Number.NaN }))).toMatchObject({ deadLetter: 'invalid_event' });
  });
});

describe('the destination', () => {
  it('has the test code of the event, else of the connection', () => {
    const code = (event: string | null, connection: string | null) =>
      sent(conversion({ test_event_code: event }), {}, { test_event_code: connection }).destination.testEventCode;
    expect([code('E', 'C'), code(' ', 'C'), code('E', null), code(null, ' ')]).toEqual(['E', 'C', 'E', null]);
  });

  it('is one object for one connection and test code, and one key for equal ones', () => {
    const connection = connectionOf();
    const to = (test_event_code: string | null, at = connection) => {
      const built = build(conversion({ test_event_code }), mappingOf(), at, NOW);
      if (!('json' in built)) throw new Error('expected an event');
      return built.destination;
    };
    expect(to(null)).toBe(to(null));
    expect(to('T')).toBe(to('T'));
    expect(to('T').key).toBe(to('T', connectionOf()).key);
    expect(
      new Set([to(null), to('T'), to('null'), to(null, connectionOf({ pixel_id: 'P2' }))].map(d => d.key)).size,
    ).toBe(4);
    for (let i = 0; i < 200; i++) expect(to(`T${i}`).testEventCode).toBe(`T${i}`);
  });

  it('of wire V1 with offline events does not exist', () => {
    expect(outcome(conversion(), {}, { wire: 'V1', event_source: 'OFFLINE' })).toMatchObject({
      deadLetter: 'config_invalid',
    });
  });
});

describe('an offline event', () => {
  const OFFLINE = { event_source: 'OFFLINE', pixel_id: 'SET1' } as const;

  it('has e-mail, phone, names and places, and nothing of a visit', () => {
    const event = conversion({ first_name: 'Jane', city: 'Bonn', limited_data_use: false });
    expect(payload(event, {}, OFFLINE)).toEqual({
      event: 'Purchase',
      event_time: Math.floor((NOW - 60_999) / 1000),
      event_id: 'conversion-1',
      user: {
        email: sha256('alice_abc@gmail.com'),
        phone: sha256('+12133734253'),
        first_name: sha256('jane'),
        city: 'bonn',
      },
      properties: { value: 129.95, currency: 'USD' },
    });
    expect(sent(event, {}, OFFLINE)).toMatchObject({ notes: [], matchKeys: ['email', 'phone'] });
  });

  it('without e-mail and phone is refused, whatever else it has', () => {
    const event = conversion({ email: null, phone: null });
    expect(outcome(event, {}, OFFLINE)).toMatchObject({ deadLetter: 'no_match_key' });
  });

  it('with a custom name is refused, as TikTok would refuse its whole batch', () => {
    expect(outcome(conversion(), { tiktok_event_name: 'DemoBooked' }, OFFLINE)).toMatchObject({
      deadLetter: 'config_invalid',
    });
  });

  it('cannot ask for limited data use, which is noted where it was wanted', () => {
    const built = sent(conversion({ limited_data_use: true }), {}, OFFLINE);
    expect([built.json.includes('limited'), built.notes]).toEqual([false, ['limited_data_use_omitted']]);
  });
});

describe('an event of the 1.0 shape', () => {
  const V1 = { wire: 'V1' } as const;

  it('has exactly the fields of that shape', () => {
    const content = { content_id: '1', content_name: null, content_type: null, quantity: 1, price: '1' };
    const event = conversion({ first_name: 'Jane', city: 'Bonn', limited_data_use: true, contents: [content] });
    expect(payload(event, { tiktok_event_name: 'CompletePayment' }, V1)).toEqual({
      type: 'track',
      event: 'CompletePayment',
      event_id: 'conversion-1',
      timestamp: '2026-10-25T11:58:59Z',
      context: {
        ad: { callback: 'E.C.P.last' },
        page: { url: 'https://shop.example/last?a=1' },
        user: {
          external_id: sha256('user_123'),
          email: sha256('alice_abc@gmail.com'),
          phone_number: sha256('+12133734253'),
          ttp: 'ttp-last',
        },
      },
      properties: { value: 129.95, currency: 'USD' },
    });
    expect(sent(event, {}, V1)).toMatchObject({
      notes: ['contents_omitted', 'limited_data_use_omitted'],
      matchKeys: ['ttclid', 'email', 'phone', 'external_id', 'ttp'],
    });
  });

  it('is not matched by ip and user agent, which it does not carry', () => {
    const touch = { ...NO_TOUCH, ip: '203.0.113.7', user_agent: 'Mozilla' };
    const event = conversion({ email: null, phone: null, contact_id: null, last_touch: touch });
    expect(outcome(event, {}, V1)).toMatchObject({ deadLetter: 'no_match_key' });
    expect(outcome(event)).toHaveProperty('json');
  });
});

it('the shapes of one event are kept apart, in whatever order they are built', () => {
  const event = conversion();
  const shapes = [{}, { wire: 'V1' }, { event_source: 'OFFLINE' }, {}] as const;
  const alone = shapes.map(shape => createBuilder(DEFAULT_BUILD_OPTIONS)(event, mappingOf(), connectionOf(shape), NOW));
  expect(shapes.map(shape => outcome(event, {}, shape))).toEqual(alone);
});

describe('the options', () => {
  const builtWith = (options: Partial<BuildOptions>, event: BusinessEvent) =>
    createBuilder({ ...DEFAULT_BUILD_OPTIONS, ...options })(event, mappingOf(), connectionOf(), NOW);
  const sentWith = (options: Partial<BuildOptions>, event: BusinessEvent) => {
    const built = builtWith(options, event);
    if (!('json' in built)) throw new Error('expected an event');
    return { ...JSON.parse(built.json), notes: built.notes };
  };

  it('choose the letter case of contact ids', () => {
    const event = conversion({ contact_id: 'User_1' });
    expect(sentWith({ externalIdCase: 'lower' }, event).user.external_id).toBe(sha256('user_1'));
    expect(sentWith({}, event).user.external_id).toBe(sha256('User_1'));
  });

  it('take query parameters out of page and referrer, and never the click id', () => {
    const page_url = 'https://s.example/?email=a&ttclid=E.C.P.url&x=1';
    const touch = { ...LAST_TOUCH, ttclid: null, page_url, referrer: 'https://r.example/?email=b' };
    const { page, user } = sentWith({ removeQueryParameters: ['email'] }, conversion({ last_touch: touch }));
    expect(page).toEqual({ url: 'https://s.example/?ttclid=E.C.P.url&x=1', referrer: 'https://r.example/' });
    expect(user.ttclid).toBe('E.C.P.url');
  });

  it('decide over a negative value', () => {
    const refund = conversion({ sales_value: '-1' });
    expect(builtWith({ negativeValue: 'skip' }, refund)).toEqual({ skip: 'negative_value' });
    expect(builtWith({ negativeValue: 'dead_letter' }, refund)).toMatchObject({ deadLetter: 'negative_value' });
    const omitted = sentWith({ negativeValue: 'omit' }, refund);
    expect([omitted.properties, omitted.notes]).toEqual([undefined, ['negative_value_omitted']]);
  });

  it('may ask for a page address', () => {
    const nowhere = conversion({ last_touch: { ...LAST_TOUCH, page_url: null } });
    expect(builtWith({ requirePageUrl: true }, nowhere)).toMatchObject({ deadLetter: 'invalid_event' });
    expect(builtWith({ requirePageUrl: true }, conversion())).toHaveProperty('json');
    const offline = createBuilder({ ...DEFAULT_BUILD_OPTIONS, requirePageUrl: true });
    expect(offline(nowhere, mappingOf(), connectionOf({ event_source: 'OFFLINE' }), NOW)).toHaveProperty('json');
  });
});

describe('consent and limited data use', () => {
  it('denied means not sent, whatever else is wrong with the event', () => {
    expect(outcome(conversion({ consent: 'DENIED', conversion_id: '' }))).toEqual({ skip: 'consent_denied' });
    for (const consent of ['GRANTED', 'UNSPECIFIED', null] as const) {
      expect(outcome(conversion({ consent }))).toHaveProperty('json');
    }
  });

  it.each([true, false])('limited_data_use %s is passed on', limited_data_use => {
    expect(payload(conversion({ limited_data_use })).limited_data_use).toBe(limited_data_use);
  });
});

describe('an event that cannot be built', () => {
  it('has a negative value and is skipped', () => {
    expect(outcome(conversion({ sales_value: '-1' }))).toEqual({ skip: 'negative_value' });
  });

  it('has no name', () => {
    expect(outcome(conversion(), { tiktok_event_name: ' ' })).toMatchObject({ deadLetter: 'invalid_event' });
  });

  it('is larger than the limit, counted in bytes', () => {
    const wide = (length: number) => conversion({ last_touch: { ...LAST_TOUCH, user_agent: 'ü'.repeat(length) } });
    const small = createBuilder({ ...DEFAULT_BUILD_OPTIONS, maxEventBytes: Buffer.byteLength(sent(wide(500)).json) });
    expect(small(wide(500), mappingOf(), connectionOf(), NOW)).toHaveProperty('json');
    expect(small(wide(501), mappingOf(), connectionOf(), NOW)).toEqual({
      deadLetter: 'invalid_event',
      detail: expect.stringMatching(
        / larger than \d+ bytes \(events.maxEventBytes\): 1004 bytes of it are user.user_agent\.$/,
      ),
    });
  });

  it('makes the code throw, and then names the class of the error only', () => {
    const hostile = conversion();
    Object.defineProperty(hostile, 'email', {
      get: () => {
        throw new RangeError('jane@doe.example');
      },
    });
    expect(outcome(hostile)).toEqual({
      deadLetter: 'build_failed',
      detail: 'Building for mapping mapping-1 failed unexpectedly (RangeError).',
    });
  });
});

describe('whatever the event', () => {
  const PERSONAL = ['email', 'phone', 'phone_number', 'external_id', 'first_name', 'last_name', 'zip_code'] as const;

  // Seeded, so that what is rare is among it each time.
  const tried = fc.sample(anyEvent, { numRuns: 2_000, seed: 1 });
  const textsOf = (value: unknown): string[] =>
    typeof value === 'string' ? [value] : Object.values(Object(value)).flatMap(textsOf);

  it.each(Object.entries(NASTY))('there is %s among what is tried, and in what is sent', (_, nasty) => {
    const has = (value: unknown) => textsOf(value).some(text => nasty.test(text));
    expect(tried.filter(has).length).toBeGreaterThan(20);
    const sentOf = tried.map(event => outcome(event)).flatMap(built => ('json' in built ? [built.json] : []));
    expect(sentOf.filter(json => has(JSON.parse(json)))).not.toEqual([]);
  });

  it('what is built passes the strict check of the simulator, the rest has a reason', () => {
    const passedByShape = { web: 0, offline: 0, web_v1: 0 };
    fc.assert(
      fc.property(anyEvent, anyMapping, anyConnection, (event, mapping, connection) => {
        const built = build(event, mapping, connection, NOW);
        if ('skip' in built || 'deadLetter' in built) {
          const reason = 'skip' in built ? built.skip : built.deadLetter;
          expect([...SKIP_REASONS, ...DEAD_LETTER_REASONS]).toContain(reason);
          expect(reason).not.toBe('build_failed');
          return;
        }
        const body = JSON.parse(trackBody(built.destination, [built.json]));
        expect(checkBody(built.destination, body)).toEqual({ ok: true });
        expect(Buffer.byteLength(built.json)).toBeLessThanOrEqual(DEFAULT_BUILD_OPTIONS.maxEventBytes);
        const user = built.destination.wire === 'V1' ? body.batch[0].context.user : body.data[0].user;
        for (const field of PERSONAL) expect(user?.[field] ?? 'a'.repeat(64)).toMatch(/^[0-9a-f]{64}$/);
        passedByShape[shapeOf(connection) ?? 'web'] += 1;
        for (const note of built.notes) expect(BUILD_NOTES).toContain(note);
        expect(new Set(built.notes).size).toBe(built.notes.length);
      }),
      { numRuns: 5_000 },
    );
    expect(Math.min(...Object.values(passedByShape))).toBeGreaterThan(100);
  });

  it('a detail of a refusal quotes nothing personal', () => {
    fc.assert(
      fc.property(anyEvent, anyMapping, anyConnection, (event, mapping, connection) => {
        const secret = 'jane.doe';
        const marked = { ...event, email: secret, phone: secret, contact_id: secret, currency: secret };
        const built = build(marked, { ...mapping, mapping_id: 'm' }, connection, NOW);
        if ('deadLetter' in built) expect(built.detail.toLowerCase()).not.toContain(secret);
      }),
    );
  });

  it('the same input gives the same bytes', () => {
    fc.assert(
      fc.property(anyEvent, anyMapping, anyConnection, (event, mapping, connection) => {
        const other = createBuilder(DEFAULT_BUILD_OPTIONS);
        expect(other(structuredClone(event), mapping, connection, NOW)).toEqual(build(event, mapping, connection, NOW));
      }),
    );
  });
});
