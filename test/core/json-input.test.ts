import { describe, expect, test } from 'vitest';
import { connectionFromJson, eventFromJson, mappingFromJson } from '../../src/core/json-input.ts';
import { connection, mapping } from './config-records.ts';
import { conversion, revenueUpdate, schemas } from './event-records.ts';

describe('an event from JSON', () => {
  test('has the defaults of the schema, times from ISO 8601 and decimals from numbers or strings', () => {
    const touch = { ttclid: 'click', occurred_at: '2026-11-22T09:30:00+01:00' };
    const contents = [{ content_id: 'sku', quantity: 2, price: 1.5 }];
    const json = conversion({
      occurred_at: '2026-11-22T08:30:00Z',
      quote_value: 19.9,
      sales_value: '7.50',
      last_touch: touch,
      contents,
    });
    expect(eventFromJson(json, schemas)).toMatchObject({
      value: {
        trigger: 'CONVERSION_CREATED',
        occurred_at: Date.UTC(2026, 10, 22, 8, 30),
        quote_value: '19.9',
        sales_value: '7.5',
        last_touch: { ttclid: 'click', page_url: null, occurred_at: Date.UTC(2026, 10, 22, 8, 30) },
        contents: [{ content_id: 'sku', content_name: null, quantity: 2, price: '1.5' }],
        first_touch: null,
        consent: null,
      },
    });
  });

  test.each([
    ['by a field of its own', revenueUpdate(), 'REALIZED_REVENUE_UPDATED'],
    ['by its type', { ...revenueUpdate({ kind: 'EXPECTED' }), type: 'RevenueUpdated' }, 'EXPECTED_REVENUE_UPDATED'],
    ['by its type', { ...conversion(), type: 'ConversionCreated' }, 'CONVERSION_CREATED'],
  ])('is told %s', (_how, json, trigger) => {
    expect(eventFromJson(json, schemas)).toMatchObject({ value: { trigger } });
  });

  test('tells all problems at once, with their paths, and suggests names', () => {
    const json = {
      conversion_id: 7.5,
      occured_at: 1,
      occurred_at: '2026-11-22',
      last_touch: { ttcild: 'x', occurred_at: true },
      contents: [{ price: '1,5', quantity: 1.5 }],
      limited_data_use: 'yes',
    };
    const read = eventFromJson(json, schemas);
    const problems = 'problems' in read ? read.problems.map(({ path, message }) => `${path}: ${message}`) : [];
    expect(problems).toEqual([
      'conversion_id: must be a string',
      'workspace_id: is required',
      expect.stringContaining('occurred_at: must be a time'),
      expect.stringContaining('last_touch.occurred_at: must be a time'),
      'last_touch.ttcild: is not a field of Touch; did you mean ttclid?',
      'contents[0].quantity: must be a whole number',
      expect.stringContaining('contents[0].price: must be a decimal'),
      'limited_data_use: must be true or false',
      'occured_at: is not a field of ConversionCreated; did you mean occurred_at?',
    ]);
  });

  test('with an unknown kind is refused as the service would', () => {
    expect(eventFromJson(revenueUpdate({ kind: 'REFUND' }), schemas)).toMatchObject({
      refusal: { deadLetter: 'unknown_symbol' },
    });
  });

  test.each(['denied', 'Denied', 'WITHDRAWN', '', 'GRANTED '])('with the consent %j has a problem', consent => {
    expect(eventFromJson(conversion({ consent }), schemas)).toEqual({
      problems: [{ path: 'consent', message: 'is not a known symbol; known are UNSPECIFIED, GRANTED, DENIED' }],
    });
  });

  test.each(['UNSPECIFIED', 'GRANTED', 'DENIED', null])('with the consent %j has none', consent => {
    expect(eventFromJson(conversion({ consent }), schemas)).toMatchObject({ value: { consent } });
  });

  test.each([[null], [[]], ['text'], [3]])('must be an object, not %j', json => {
    expect(eventFromJson(json, schemas)).toHaveProperty('problems');
  });

  test('of an unknown type is a problem', () => {
    expect(eventFromJson(conversion({ type: 'Refund' }), schemas)).toMatchObject({ problems: [{ path: 'type' }] });
  });
});

describe('a connection from JSON', () => {
  test('needs no token, since nothing is sent', () => {
    const { access_token: _token, ...json } = connection();
    expect(connectionFromJson(json, schemas)).toMatchObject({
      value: { connection_id: 'c-1', wire: 'V2', access_token: '' },
    });
  });

  test('with a token in clear is refused without repeating it', () => {
    const read = connectionFromJson(connection({ access_token: 'secret-in-clear' }), schemas);
    expect(read).toMatchObject({ refusal: { deadLetter: 'config_invalid' } });
    expect(JSON.stringify(read)).not.toContain('secret-in-clear');
  });

  test('with an unknown symbol is refused', () => {
    expect(connectionFromJson(connection({ wire: 'V3' }), schemas)).toMatchObject({
      refusal: {
        deadLetter: 'config_invalid',
        detail: expect.stringContaining('wire: is not a known symbol; known are V2, V1'),
      },
    });
  });
});

describe('a mapping from JSON', () => {
  test('needs no trigger', () => {
    const { trigger: _trigger, ...json } = mapping({ fixed_value: 5 });
    expect(mappingFromJson(json, schemas)).toMatchObject({
      value: { trigger: null, fixed_value: '5', dedup_window_minutes: 1440 },
    });
  });

  test('that is unusable is refused, one that does not fit the schema has problems', () => {
    expect(mappingFromJson(mapping({ include_value: true }), schemas)).toMatchObject({
      refusal: { deadLetter: 'config_invalid' },
    });
    expect(mappingFromJson(mapping({ include_value: 1 }), schemas)).toMatchObject({
      problems: [{ path: 'include_value' }],
    });
  });
});
