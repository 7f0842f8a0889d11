import { describe, expect, test } from 'vitest';
import { createStoredConfigDecoder, readStoredConfig } from '../../src/core/stored-config.ts';
import { connection, encodeConnection, encodeMapping, mapping } from './config-records.ts';
import { schemas } from './event-records.ts';

function read(records: Readonly<Record<string, Buffer>>) {
  const decoder = createStoredConfigDecoder(schemas);
  decoder.learn(1, { kind: 'schema', schema: schemas.connection, references: [] });
  decoder.learn(2, { kind: 'schema', schema: schemas.mapping, references: [] });
  const entries = Object.entries(records).map(([key, value], offset) => [key, { offset, value }] as const);
  return readStoredConfig(decoder, new Map(entries));
}

describe('what the config topic holds', () => {
  test('is told field by field, as it was written', () => {
    const { entries, unreadable } = read({
      'connection:c-1': encodeConnection(connection({ enabled: null })),
      'mapping:m-1': encodeMapping(mapping({ fixed_value: '19.9' })),
    });
    expect(unreadable.size).toBe(0);
    expect(entries.get('connection:c-1')).toMatchObject({ kind: 'connection', id: 'c-1', offset: 0 });
    expect(entries.get('connection:c-1')?.fields).toMatchObject({
      access_token: 'file:c-1',
      enabled: null,
      wire: null,
    });
    expect(entries.get('mapping:m-1')?.fields).toMatchObject({ fixed_value: '19.9', trigger: 'CONVERSION_CREATED' });
  });

  test('names what cannot be read, with the reason', () => {
    const stray = encodeConnection(connection());
    const { entries, unreadable } = read({
      stray,
      'connection:other': stray,
      'mapping:c-1': stray,
      'mapping:cut': encodeMapping(mapping({ mapping_id: 'cut' })).subarray(0, 12),
      'mapping:new': Buffer.from([0, 0, 0, 0, 9, 1]),
      'mapping:text': Buffer.from('{}'),
    });
    expect(entries.size).toBe(0);
    expect(Object.fromEntries([...unreadable].map(([key, { problem }]) => [key, problem]))).toEqual({
      stray: 'the key is neither connection:<id> nor mapping:<id>',
      'connection:other': 'the id in the key and the id in the value differ',
      'mapping:c-1': 'the key names a mapping, the value is a connection',
      'mapping:cut': expect.stringContaining('undecodable'),
      'mapping:new': 'the schema 9 is not known',
      'mapping:text': expect.stringContaining('not_framed'),
    });
  });
});
