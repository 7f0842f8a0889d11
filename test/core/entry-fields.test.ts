import { describe, expect, test } from 'vitest';
import { decimalFields, entryFromJson, fieldNames, keyOf } from '../../src/core/entry-fields.ts';
import { connection, mapping } from './config-records.ts';
import { schemas } from './event-records.ts';

const problemsOf = (kind: 'connection' | 'mapping', json: Readonly<Record<string, unknown>>) =>
  entryFromJson(kind, json, schemas).problems.map(({ path, message }) => `${path}: ${message}`);

describe('an entry of a file', () => {
  test('has every field of the schema in its order, null where it is not set', () => {
    const { fields, entry, problems } = entryFromJson('mapping', mapping({ fixed_value: 19.9 }), schemas);
    expect(problems).toEqual([]);
    expect(Object.keys(fields)).toEqual(fieldNames(schemas.mapping));
    expect(fields).toMatchObject({ mapping_id: 'm-1', fixed_value: '19.9', currency: null });
    expect(entry).toMatchObject({ kind: 'mapping', mapping: { dedup_window_minutes: 1440 } });
  });

  test('tells everything that is wrong with it at once, and a field that does not fit only once', () => {
    const json = { ...mapping({ trigger: 5, include_value: 'yes', dedup_window_minutes: -1 }), curency: 'EUR' };
    expect(problemsOf('mapping', json)).toEqual([
      'trigger: must be a string',
      'include_value: must be true or false',
      'curency: is not a field of Mapping; did you mean currency?',
      'dedup_window_minutes: must be a whole number from 0 to 43200',
    ]);
  });

  test('tells every required field that is missing', () => {
    expect(problemsOf('connection', {})).toEqual([
      'connection_id: is required',
      'workspace_id: is required',
      'pixel_id: is required',
      'access_token: is required',
    ]);
  });

  test('refuses a token in clear and does not repeat it', () => {
    const told = problemsOf('connection', connection({ access_token: 'canary-7f3a' }));
    expect(told).toEqual([expect.stringContaining('never stored in clear')]);
    expect(told.join()).not.toContain('canary-7f3a');
  });

  test('refuses a name that TikTok would refuse', () => {
    expect(problemsOf('mapping', mapping({ tiktok_event_name: 'my event!' }))).not.toEqual([]);
  });

  test.each([
    ['0.12345', false],
    ['100000000000000', false],
    ['-99999999999999.9999', true],
    ['0.1234', true],
  ])('the amount %s fits the schema: %s', (fixed_value, fits) => {
    const told = problemsOf('mapping', mapping({ fixed_value }));
    expect(told).toEqual(fits ? [] : ['fixed_value: takes 14 digits before the point and 4 behind it at most']);
  });

  test('is named on the topic by kind and id', () => {
    expect(keyOf({ kind: 'connection', id: 'a:b' })).toBe('connection:a:b');
    expect(decimalFields(schemas.mapping)).toEqual(['fixed_value']);
    expect(decimalFields(schemas.connection)).toEqual([]);
  });
});
