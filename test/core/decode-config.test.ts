import avro from 'avsc';
import { describe, expect, test } from 'vitest';
import { createConfigDecoder, readConfigRecord } from '../../src/core/decode-config.ts';
import { change, connection, encodeConnection, encodeMapping, mapping } from './config-records.ts';
import { frame, schemas } from './event-records.ts';

describe('a record of the config topic', () => {
  test('is the entry its key names', () => {
    expect(change('connection:c-1', encodeConnection(connection()))).toMatchObject({ entry: { kind: 'connection' } });
    expect(change('mapping:m-1', encodeMapping(mapping()))).toMatchObject({ entry: { kind: 'mapping' } });
  });

  test('without a value deletes, whatever its key', () => {
    expect(change('connection:c-1', null)).toEqual({ kind: 'tombstone' });
    expect(change('nonsense', null)).toEqual({ kind: 'tombstone' });
  });

  test.each([[null], ['c-1'], ['connection:'], ['Connection:c-1'], ['campaign:c-1']])(
    'with the key %j cannot be read',
    key => {
      expect(change(key, encodeConnection(connection()))).toMatchObject({
        kind: 'undecodable',
        problem: expect.stringContaining('connection:<id>'),
      });
    },
  );

  test('whose value is of the other kind cannot be read', () => {
    expect(change('mapping:c-1', encodeConnection(connection()))).toMatchObject({ kind: 'undecodable' });
  });

  test('whose value has another id is unusable under the id of the key', () => {
    expect(change('connection:c-2', encodeConnection(connection()))).toMatchObject({
      entry: { kind: 'unusable_connection', connection: { connection_id: 'c-2', workspace_id: 'ws-1' } },
    });
    expect(change('mapping:m-2', encodeMapping(mapping()))).toMatchObject({
      entry: {
        kind: 'unusable_mapping',
        mapping: { mapping_id: 'm-2', connection_id: 'c-1', trigger: 'CONVERSION_CREATED' },
      },
    });
  });

  test('that is no Avro cannot be read, and says why', () => {
    expect(change('connection:c-1', Buffer.from('{}'))).toMatchObject({
      kind: 'undecodable',
      problem: expect.stringContaining('not_framed'),
    });
    expect(change('connection:c-1', frame(1, Buffer.from([200])))).toMatchObject({
      kind: 'undecodable',
      problem: expect.stringContaining('undecodable'),
    });
  });

  test('may need its schema first', () => {
    const read = readConfigRecord(createConfigDecoder(schemas), {
      key: 'connection:c-1',
      value: frame(77, Buffer.alloc(1)),
    });
    expect(read).toEqual({ needsSchema: 77 });
  });

  test('may be written by anybody: a short name, few fields, plain types, symbols as strings', () => {
    const writer = {
      type: 'record',
      name: 'Mapping',
      fields: [
        { name: 'trigger', type: 'string' },
        { name: 'mapping_id', type: 'string' },
        { name: 'connection_id', type: 'string' },
        { name: 'tiktok_event_name', type: 'string' },
        { name: 'dedup_window_minutes', type: 'int' },
        { name: 'enabled', type: 'boolean' },
      ],
    };
    const decoder = createConfigDecoder(schemas);
    decoder.learn(4, { kind: 'schema', schema: writer, references: [] });
    const record = { ...mapping(), dedup_window_minutes: 10, enabled: true };
    const value = frame(4, avro.Type.forSchema(writer as avro.Schema).toBuffer(record));
    expect(readConfigRecord(decoder, { key: 'mapping:m-1', value })).toMatchObject({
      entry: { kind: 'mapping', mapping: { trigger: 'CONVERSION_CREATED', dedup_window_minutes: 10 } },
    });
  });

  test('with a symbol of a newer version is unusable, never read as another', () => {
    const fields = schemas.mapping['fields'] as { name: string; type: [string, { symbols: string[] }] }[];
    const writer = {
      ...schemas.mapping,
      fields: fields.map(field =>
        field.name === 'attribution'
          ? { ...field, type: ['null', { ...field.type[1], symbols: [...field.type[1].symbols, 'LINEAR'] }] }
          : field,
      ),
    };
    const decoder = createConfigDecoder(schemas);
    decoder.learn(2, { kind: 'schema', schema: writer, references: [] });
    const value = encodeMapping(mapping({ attribution: 'LINEAR' }), writer);
    expect(readConfigRecord(decoder, { key: 'mapping:m-1', value })).toMatchObject({
      entry: { kind: 'unusable_mapping', mapping: { problem: expect.stringContaining('attribution') } },
    });
  });
});
