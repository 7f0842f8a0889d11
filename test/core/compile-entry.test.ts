import { describe, expect, test } from 'vitest';
import { type CompileFor, compileConnection, compileMapping, type RawEntry } from '../../src/core/compile-entry.ts';
import type { Connection, Mapping } from '../../src/core/config-entry.ts';
import { connectionChange, mappingChange } from './config-records.ts';

describe('a connection', () => {
  test('has every default of the contract filled in', () => {
    expect(connectionChange()).toMatchObject({
      kind: 'entry',
      entry: {
        kind: 'connection',
        connection: {
          connection_id: 'c-1',
          workspace_id: 'ws-1',
          advertiser_name: null,
          pixel_id: 'PIXEL',
          access_token: 'file:c-1',
          test_event_code: null,
          event_source: 'WEB',
          wire: 'V2',
          default_country: null,
          fallback_page_url: null,
          max_requests_per_second: null,
          enabled: true,
        },
      },
    });
  });

  test('keeps what it says, with codes in upper case', () => {
    const said = { default_country: 'de', max_requests_per_second: 0.5, enabled: false, test_event_code: 'TEST1' };
    expect(connectionChange(said)).toMatchObject({
      entry: { connection: { ...said, default_country: 'DE' } },
    });
  });

  test.each([{ wire: 'V1' }, { wire: 'V1', event_source: 'WEB' }, { event_source: 'OFFLINE' }])(
    'may ask for %j',
    said => {
      expect(connectionChange(said)).toMatchObject({ entry: { kind: 'connection', connection: said } });
    },
  );

  test.each([
    [{ workspace_id: '' }, 'workspace_id: is required'],
    [{ pixel_id: ' ' }, 'pixel_id: is required'],
    [{ access_token: null }, 'access_token: is required'],
    [{ access_token: 'abcdef0123456789' }, 'never stored in clear'],
    [{ access_token: 'aesgcm:v1:k1:AAAA' }, 'envelope is malformed'],
    [{ access_token: 'env:HOME' }, 'TIKTOK_TOKEN_'],
    [{ wire: 'V1', event_source: 'OFFLINE' }, 'wire: V1 has web events only'],
    [{ wire: 'UNSPECIFIED' }, 'wire: is unspecified or unknown'],
    [{ event_source: 'UNSPECIFIED' }, 'event_source: is unspecified or unknown'],
    [{ default_country: 'Germany' }, 'default_country: must be 2 letters'],
    [{ fallback_page_url: 'example.com' }, 'fallback_page_url: must be an http'],
    [{ max_requests_per_second: 0 }, 'max_requests_per_second: must be above 0'],
  ])('%j is unusable: %s', (overrides, problem) => {
    expect(connectionChange(overrides)).toMatchObject({
      kind: 'entry',
      entry: { kind: 'unusable_connection', connection: { problem: expect.stringContaining(problem) } },
    });
  });

  test('tells all its problems at once, and never the token', () => {
    const change = connectionChange({ pixel_id: '', access_token: 'a-real-token-in-clear', wire: 'UNSPECIFIED' });
    const text = JSON.stringify(change);
    expect(text).toContain('pixel_id: is required; access_token: a token is never stored in clear');
    expect(text).toContain('wire: is unspecified');
    expect(text).not.toContain('a-real-token-in-clear');
  });
});

describe('a mapping', () => {
  test('has every default of the contract filled in', () => {
    expect(mappingChange()).toEqual({
      kind: 'entry',
      entry: {
        kind: 'mapping',
        mapping: {
          mapping_id: 'm-1',
          connection_id: 'c-1',
          trigger: 'CONVERSION_CREATED',
          event_name_filter: '',
          attribution: 'LAST_TOUCH',
          tiktok_event_name: 'SubmitForm',
          include_value: false,
          value_source: null,
          fixed_value: null,
          currency: null,
          currency_policy: 'OMIT',
          dedup_window_minutes: 1440,
          event_id_source: 'CONVERSION',
          event_time: 'TRIGGER',
          enabled: true,
        },
      },
    });
  });

  test('keeps what it says', () => {
    const said = {
      event_name_filter: 'Demo Booked',
      attribution: 'FIRST_TOUCH',
      include_value: true,
      value_source: 'FIXED',
      fixed_value: '12.3',
      currency: 'EUR',
      currency_policy: 'DEAD_LETTER',
      dedup_window_minutes: 0,
      event_id_source: 'UPDATE',
      event_time: 'CONVERSION',
      enabled: false,
    };
    expect(mappingChange(said)).toMatchObject({ entry: { kind: 'mapping', mapping: said } });
  });

  test.each([
    [{ trigger: null }, 'trigger: is required'],
    [{ trigger: 'UNSPECIFIED' }, 'trigger: is unspecified or unknown'],
    [{ tiktok_event_name: null }, 'tiktok_event_name: is required'],
    [{ connection_id: '' }, 'connection_id: is required'],
    [{ include_value: true }, 'value_source: is required where include_value is true'],
    [{ include_value: true, value_source: 'FIXED' }, 'fixed_value: is required'],
    [{ value_source: 'UNSPECIFIED' }, 'value_source: is unspecified or unknown'],
    [{ attribution: 'UNSPECIFIED' }, 'attribution: is unspecified or unknown'],
    [{ currency_policy: 'UNSPECIFIED' }, 'currency_policy: is unspecified or unknown'],
    [{ event_id_source: 'UNSPECIFIED' }, 'event_id_source: is unspecified or unknown'],
    [{ event_time: 'UNSPECIFIED' }, 'event_time: is unspecified or unknown'],
    [{ currency: 'EURO' }, 'currency: must be 3 letters'],
    [{ dedup_window_minutes: -1 }, 'dedup_window_minutes: must be'],
    [{ dedup_window_minutes: 43201 }, 'dedup_window_minutes: must be'],
  ])('%j is unusable: %s', (overrides, problem) => {
    expect(mappingChange(overrides)).toMatchObject({
      kind: 'entry',
      entry: { kind: 'unusable_mapping', mapping: { problem: expect.stringContaining(problem) } },
    });
  });
});

describe('what an entry is compiled for', () => {
  const connection: RawEntry<Connection> = {
    connection_id: 'c-1',
    workspace_id: 'ws-1',
    advertiser_name: null,
    pixel_id: 'C4A2B3D4E5F6G7H8I9J0',
    access_token: 'file:c-1',
    test_event_code: null,
    event_source: null,
    wire: null,
    default_country: null,
    fallback_page_url: null,
    max_requests_per_second: null,
    enabled: null,
  };
  const mapping: RawEntry<Mapping> = {
    mapping_id: 'm-1',
    connection_id: 'c-1',
    trigger: 'CONVERSION_CREATED',
    event_name_filter: null,
    attribution: null,
    tiktok_event_name: 'Lead',
    include_value: null,
    value_source: null,
    fixed_value: null,
    currency: null,
    currency_policy: null,
    dedup_window_minutes: null,
    event_id_source: null,
    event_time: null,
    enabled: null,
  };
  const fieldsOf = (problems: readonly { readonly field: string }[]) => problems.map(({ field }) => field);

  test('a fallback page that is no whole address is refused before it is written, and a warning on the topic', () => {
    const judged = (fallback_page_url: string, purpose: CompileFor) => {
      const { entry, problems, warnings } = compileConnection({ ...connection, fallback_page_url }, purpose);
      return [entry.kind, fieldsOf(problems), fieldsOf(warnings)];
    };
    for (const url of ['https:///shop.example', 'https://[::1', 'https://shop.example:99999']) {
      const refused = ['unusable_connection', ['fallback_page_url'], []];
      expect([judged(url, 'apply'), judged(url, 'preview')]).toEqual([refused, refused]);
      expect(judged(url, 'topic')).toEqual(['connection', [], ['fallback_page_url']]);
    }
    expect(judged('https://shop.example/?a=1#b', 'apply')).toEqual(['connection', [], []]);
  });

  test('blanks around a fallback page, a country and a currency are nothing', () => {
    const said = { ...connection, fallback_page_url: ' https://shop.example/\n', default_country: ' de ' };
    expect(compileConnection(said, 'topic')).toMatchObject({
      entry: { connection: { fallback_page_url: 'https://shop.example/', default_country: 'DE' } },
      problems: [],
    });
    expect(compileMapping({ ...mapping, currency: ' eur ' }, 'topic')).toMatchObject({
      entry: { mapping: { currency: 'EUR' } },
    });
  });

  test.each<readonly [CompileFor, boolean]>([
    ['topic', true],
    ['apply', true],
    ['preview', false],
  ])('for %s token and trigger are required: %s', (purpose, required) => {
    const { problems } = compileConnection({ ...connection, access_token: null }, purpose);
    expect(fieldsOf(problems)).toEqual(required ? ['access_token'] : []);
    const compiled = compileMapping({ ...mapping, trigger: null }, purpose);
    expect(fieldsOf(compiled.problems)).toEqual(required ? ['trigger'] : []);
  });

  test.each(['Demo booked', 'Checkout', '1stPurchase', 'x'.repeat(51), 'Lead '])(
    'the name %j is refused before it is written and taken from the topic with a warning',
    tiktok_event_name => {
      for (const purpose of ['apply', 'preview'] as const) {
        const { entry, problems, warnings } = compileMapping({ ...mapping, tiktok_event_name }, purpose);
        expect([entry.kind, new Set(fieldsOf(problems)), warnings]).toEqual([
          'unusable_mapping',
          new Set(['tiktok_event_name']),
          [],
        ]);
      }
      const fromTopic = compileMapping({ ...mapping, tiktok_event_name }, 'topic');
      expect([fromTopic.entry.kind, fromTopic.problems, new Set(fieldsOf(fromTopic.warnings))]).toEqual([
        'mapping',
        [],
        new Set(['tiktok_event_name']),
      ]);
    },
  );

  test.each(['Lead', 'CompletePayment', 'PlaceAnOrder', 'Demo_booked-2', 'x'.repeat(50)])(
    'the name %j is taken everywhere without a word',
    tiktok_event_name => {
      for (const purpose of ['topic', 'apply', 'preview'] as const) {
        const { entry, problems, warnings } = compileMapping({ ...mapping, tiktok_event_name }, purpose);
        expect([entry.kind, problems, warnings]).toEqual(['mapping', [], []]);
      }
    },
  );

  test.each<readonly [Partial<RawEntry<Mapping>>, readonly string[]]>([
    [{ value_source: 'FIXED', fixed_value: '5', currency: 'EUR' }, []],
    [{ value_source: 'FIXED', fixed_value: '5' }, ['currency']],
    [{ value_source: 'FIXED', fixed_value: '-5', currency: 'EUR' }, ['fixed_value']],
    [{ value_source: 'FIXED', fixed_value: '5', currency: 'BGN' }, ['currency']],
    [{ value_source: 'QUOTE_VALUE', currency_policy: 'FIXED', currency: 'EUR' }, ['currency_policy']],
    [{ value_source: 'QUOTE_VALUE', currency_policy: 'FIXED', fixed_value: '5' }, ['currency_policy']],
    [{ value_source: 'QUOTE_VALUE', currency_policy: 'FIXED', fixed_value: '5', currency: 'EUR' }, []],
    [{ value_source: 'FIXED', fixed_value: '-5', include_value: false, currency_policy: 'FIXED' }, ['value_source']],
    [{ value_source: null, fixed_value: '-5', include_value: false }, []],
  ])('the value %j is used, with warnings on %j', (said, warned) => {
    const { entry, problems, warnings } = compileMapping({ ...mapping, include_value: true, ...said }, 'apply');
    expect([entry.kind, problems, fieldsOf(warnings)]).toEqual(['mapping', [], warned]);
  });

  test.each([
    ['DE', []],
    ['XX', ['default_country']],
  ])('the default country %s is used, with warnings on %j', (default_country, warned) => {
    const said = { ...connection, pixel_id: 'C4A2B3D4E5F6G7H8I9J0', default_country };
    const { entry, problems, warnings } = compileConnection(said, 'apply');
    expect([entry.kind, problems, fieldsOf(warnings)]).toEqual(['connection', [], warned]);
  });

  test.each([
    ['acme-main', []],
    ['acme@main', []],
    ['jane.doe@example.com', ['looks like an e-mail address']],
    ['acme main', ['has blanks or control characters']],
    ['acme\u001b[31m', ['has blanks or control characters']],
    ['acme\u200bmain', ['has blanks or control characters']],
    ['jane@example.com\n', ['looks like an e-mail address', 'has blanks or control characters']],
  ])('the id %j is used, with warnings that it %j to who writes it', (id, warned) => {
    for (const purpose of ['topic', 'apply'] as const) {
      const asConnection = compileConnection({ ...connection, connection_id: id }, purpose);
      const asMapping = compileMapping({ ...mapping, mapping_id: id }, purpose);
      for (const { problems, warnings } of [asConnection, asMapping]) {
        const told = warnings.filter(({ field }) => /^(connection|mapping)_id$/.test(field)).map(each => each.message);
        const expected = warned.map(message => expect.stringContaining(message));
        expect([problems, told]).toEqual([[], purpose === 'apply' ? expected : []]);
      }
    }
  });

  test.each([
    ['C4A2B3D4E5F6G7H8I9J0', []],
    ['C4A2B3D4E5F6G7H8I9J', ['pixel_id']],
    ['C4A2B3D4E5F6G7H8I9J-', ['pixel_id']],
    ['PIXEL1', ['pixel_id']],
  ])('the pixel id %s is used, with warnings on %j', (pixel_id, warned) => {
    for (const purpose of ['topic', 'apply', 'preview'] as const) {
      const { entry, problems, warnings } = compileConnection({ ...connection, pixel_id }, purpose);
      expect([entry.kind, problems, fieldsOf(warnings)]).toEqual(['connection', [], warned]);
    }
  });
});
