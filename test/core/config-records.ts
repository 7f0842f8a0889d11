import type { AvroSchemaJson } from '../../src/core/avro-types.ts';
import { type ConfigChange, createConfigDecoder, readConfigRecord } from '../../src/core/decode-config.ts';
import { framed, schemas } from './event-records.ts';

/** A connection with the fewest fields that make it usable; `overrides` replaces or adds. */
export function connection(overrides: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { connection_id: 'c-1', workspace_id: 'ws-1', pixel_id: 'PIXEL', access_token: 'file:c-1', ...overrides };
}

export function mapping(overrides: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const fields = { connection_id: 'c-1', trigger: 'CONVERSION_CREATED', tiktok_event_name: 'SubmitForm' };
  return { mapping_id: 'm-1', ...fields, ...overrides };
}

const decoder = createConfigDecoder(schemas);
decoder.learn(1, { kind: 'schema', schema: schemas.connection, references: [] });
decoder.learn(2, { kind: 'schema', schema: schemas.mapping, references: [] });

/** The change a record of the config topic makes, by way of Avro. */
export function change(key: string | null, value: Buffer | null): ConfigChange {
  const read = readConfigRecord(decoder, { key, value });
  if ('needsSchema' in read) throw new Error('the schema was not learned');
  return read;
}

export function encodeConnection(record: object, schema: AvroSchemaJson = schemas.connection): Buffer {
  return framed(1, schema, record);
}

export function encodeMapping(record: object, schema: AvroSchemaJson = schemas.mapping): Buffer {
  return framed(2, schema, record);
}

export const connectionChange = (overrides: Readonly<Record<string, unknown>> = {}): ConfigChange => {
  const record = connection(overrides);
  return change(`connection:${record['connection_id']}`, encodeConnection(record));
};

export const mappingChange = (overrides: Readonly<Record<string, unknown>> = {}): ConfigChange => {
  const record = mapping(overrides);
  return change(`mapping:${record['mapping_id']}`, encodeMapping(record));
};
