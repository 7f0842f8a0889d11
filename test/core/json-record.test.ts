import { expect, test } from 'vitest';
import { readRecord } from '../../src/core/json-record.ts';
import { schemas } from './event-records.ts';

test('a record from JSON has every field of the schema, in its order', () => {
  const json = { connection_id: 'c', workspace_id: 'w', pixel_id: 'p' };
  const { record, problems } = readRecord(schemas.connection, json);
  expect(problems).toEqual([]);
  const fields = schemas.connection['fields'] as { name: string }[];
  expect(Object.keys(record)).toEqual(fields.map(field => field.name));
});

test('no problem repeats the value it is about', () => {
  const secret = 'a-secret-value';
  const json = {
    connection_id: 'c',
    workspace_id: 'w',
    pixel_id: 'p',
    enabled: secret,
    max_requests_per_second: secret,
  };
  const { problems } = readRecord(schemas.connection, json);
  expect(problems).toHaveLength(2);
  expect(JSON.stringify(problems)).not.toContain(secret);
});

test.each([
  ['2026-11-22T09:30:00Z', true],
  ['2026-11-22T09:30:00.250+0100', true],
  [1_790_000_000_000, true],
  ['2026-11-22T09:30:00', false],
  ['2026-11-22', false],
  ['2026-99-22T09:30:00Z', false],
  ['2026-02-30T09:30:00Z', false],
  ['2026-02-29T09:30:00+01:00', false],
  ['2028-02-29T23:30:00-05:00', true],
  ['1790000000000', false],
  [1.5, false],
])('the time %j is taken: %s', (given, taken) => {
  const json = { connection_id: 'c', since: given, updated_at: 1 };
  expect(readRecord(schemas.connectionStatus, json).problems.length === 0).toBe(taken);
});

test('a day that does not exist and a lone surrogate are problems of their fields', () => {
  const json = { connection_id: 'c\ud83d', since: '2026-02-30T09:30:00Z', updated_at: 1 };
  expect(readRecord(schemas.connectionStatus, json).problems).toEqual([
    { path: 'connection_id', message: expect.stringContaining('lone surrogate') },
    { path: 'since', message: 'names a day that no calendar has' },
  ]);
  expect(readRecord(schemas.connectionStatus, { ...json, connection_id: '\ud83d\ude00', since: 1 }).problems).toEqual(
    [],
  );
});
