import { readSchemas } from '../../src/adapters/schema-files.ts';
import { type AvroSchemaJson, encodingType } from '../../src/core/avro-types.ts';

export const schemas = readSchemas();

/** A conversion with the fewest fields; `overrides` replaces or adds. */
export function conversion(overrides: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { conversion_id: 'conv-1', workspace_id: 'ws-1', occurred_at: 1_790_000_000_000, ...overrides };
}

export function revenueUpdate(overrides: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return conversion({ update_id: 'upd-1', kind: 'REALIZED', updated_at: 1_790_000_100_000, ...overrides });
}

/** Puts the header of the Confluent wire format before an Avro body. */
export function frame(schemaId: number, body: Buffer): Buffer {
  const header = Buffer.alloc(5);
  header.writeInt32BE(schemaId, 1);
  return Buffer.concat([header, body]);
}

/** A record of `schema` as a standard Avro writer frames it. */
export function framed(schemaId: number, schema: AvroSchemaJson, record: object): Buffer {
  return frame(schemaId, encodingType(schema).toBuffer(record));
}
