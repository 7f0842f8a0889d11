import avro from 'avsc';
import { describe, expect, test } from 'vitest';
import type { AvroSchemaJson } from '../../src/core/avro-types.ts';
import { fullRecordName } from '../../src/core/schema-contract.ts';
import { schemas } from './event-records.ts';

interface Field {
  readonly name: string;
  readonly doc?: string;
  readonly default?: unknown;
  readonly type: unknown;
}

/** Every record in a schema, the nested ones included. */
function recordsIn(node: unknown): { name: string; fields: Field[] }[] {
  if (typeof node !== 'object' || node === null) return [];
  const inner = Object.values(node).flatMap(recordsIn);
  const { type } = node as { type?: unknown };
  return type === 'record' ? [node as { name: string; fields: Field[] }, ...inner] : inner;
}

function enumsIn(node: unknown): { name: string; symbols: string[]; default?: string }[] {
  if (typeof node !== 'object' || node === null) return [];
  const inner = Object.values(node).flatMap(enumsIn);
  const { type } = node as { type?: unknown };
  return type === 'enum' ? [node as { name: string; symbols: string[] }, ...inner] : inner;
}

const fieldNames = (schema: AvroSchemaJson) => (schema['fields'] as Field[]).map(field => field.name);
const words = (text: string) => text.trim().split(/\s+/);

const SHARED =
  words(`conversion_id workspace_id contact_id event_name occurred_at email phone country first_name last_name
  city state zip_code first_touch last_touch quote_value sales_value currency contents consent limited_data_use test_event_code`);

describe('the contracts', () => {
  test('have every field that was promised', () => {
    expect(fieldNames(schemas.conversionCreated)).toEqual(SHARED);
    expect(fieldNames(schemas.revenueUpdated)).toEqual([...SHARED, 'update_id', 'kind', 'updated_at']);
    expect(fieldNames(schemas.connection)).toEqual(
      words(`connection_id workspace_id advertiser_name pixel_id access_token test_event_code event_source wire
        default_country fallback_page_url max_requests_per_second enabled`),
    );
    expect(fieldNames(schemas.mapping)).toEqual(
      words(`mapping_id connection_id trigger event_name_filter attribution tiktok_event_name include_value value_source
        fixed_value currency currency_policy dedup_window_minutes event_id_source event_time enabled`),
    );
  });

  test('are named as producers know them', () => {
    expect(Object.values(schemas).map(fullRecordName)).toEqual([
      'com.sourceloop.events.ConversionCreated',
      'com.sourceloop.events.RevenueUpdated',
      'com.sourceloop.tiktok.Connection',
      'com.sourceloop.tiktok.Mapping',
      'com.sourceloop.tiktok.SyncLogEntry',
      'com.sourceloop.tiktok.ConnectionStatus',
    ]);
  });

  describe.each(Object.entries(schemas))('%s', (_role, schema) => {
    const fields = recordsIn(schema).flatMap(record => record.fields);

    test('says what every field means', () => {
      for (const field of fields) expect(field.doc, field.name).toMatch(/\S/);
    });

    test('makes every field nullable with default null, ids and times excepted', () => {
      for (const { name, type, default: fallback } of fields) {
        if (fallback === null) expect(type, name).toEqual(['null', expect.anything()]);
        else expect(name).toMatch(/^(conversion|workspace|update|connection|mapping|pixel)_id$|_at$|^since$/);
      }
    });

    test('gives every enum the default UNSPECIFIED', () => {
      for (const { symbols, default: fallback } of enumsIn(schema)) {
        expect(symbols[0]).toBe('UNSPECIFIED');
        expect(fallback).toBe('UNSPECIFIED');
      }
    });

    test('holds money as decimal(18, 4) and times as timestamp-millis', () => {
      const text = JSON.stringify(schema);
      for (const decimal of text.match(/\{[^{}]*"decimal"[^{}]*\}/g) ?? []) {
        expect(JSON.parse(decimal)).toEqual({ type: 'bytes', logicalType: 'decimal', precision: 18, scale: 4 });
      }
      for (const { name, type } of fields) {
        if (!/_at$|^since$/.test(name)) continue;
        expect(JSON.stringify(type), name).toContain('{"type":"long","logicalType":"timestamp-millis"}');
      }
    });

    test('can lose and gain any optional field without breaking readers or writers', () => {
      const optional = (schema['fields'] as Field[]).filter(field => field.default === null).map(field => field.name);
      const parse = (json: unknown) => avro.Type.forSchema(JSON.parse(JSON.stringify(json)) as avro.Schema);
      // Types defined in a removed field would be missing in the ones that only name them.
      const removable = optional.filter(name => name !== 'first_touch');
      const smaller = {
        ...schema,
        fields: (schema['fields'] as Field[]).filter(field => !removable.includes(field.name)),
      };
      expect(() => parse(schema).createResolver(parse(smaller))).not.toThrow();
      expect(() => parse(smaller).createResolver(parse(schema))).not.toThrow();
    });
  });
});
