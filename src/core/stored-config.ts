/**
 * What the config topic holds, field by field, as commands show and compare it. The service itself reads it by
 * `decode-config.ts`, which fills in every default.
 *
 * Guarantee: a record that cannot be read, or belongs to another id than its key says, is named with its reason and
 * never shown as an entry.
 */

import type { AvroSchemaJson } from './avro-types.ts';
import { type ConfigSchemas, parseKey } from './decode-config.ts';
import { type EntryName, type Fields, fieldNames, ID_FIELD } from './entry-fields.ts';
import { FramedRecords } from './framed-records.ts';

export interface StoredEntry extends EntryName {
  readonly offset: number;
  readonly fields: Fields;
}

export interface UnreadableEntry {
  readonly offset: number;
  readonly problem: string;
}

/** The newest record of every key that was not deleted; a key is in one of the two. */
export interface StoredConfig {
  readonly entries: ReadonlyMap<string, StoredEntry>;
  readonly unreadable: ReadonlyMap<string, UnreadableEntry>;
}

export interface StoredRecord {
  readonly offset: number;
  readonly value: Buffer;
}

interface Decoded {
  readonly kind: EntryName['kind'];
  readonly fields: Fields;
}

/** The service decodes such an entry and takes it for one that cannot be used; any other unreadable one it cannot decode. */
export const IDS_DIFFER = 'the id in the key and the id in the value differ';

export type StoredConfigDecoder = FramedRecords<Decoded>;

export function createStoredConfigDecoder(schemas: ConfigSchemas): StoredConfigDecoder {
  const reader = (kind: EntryName['kind'], schema: AvroSchemaJson) => ({
    schema,
    extraFields: [],
    finish: (decoded: unknown): Decoded => ({ kind, fields: fieldsOf(schema, decoded) }),
  });
  return new FramedRecords<Decoded>([reader('connection', schemas.connection), reader('mapping', schemas.mapping)]);
}

/** Reads a snapshot of the topic. The schema of every record must have been learned, or it counts as unreadable. */
export function readStoredConfig(
  decoder: StoredConfigDecoder,
  records: ReadonlyMap<string, StoredRecord>,
): StoredConfig {
  const entries = new Map<string, StoredEntry>();
  const unreadable = new Map<string, UnreadableEntry>();
  for (const [key, { offset, value }] of records) {
    const read = readOne(decoder, key, value);
    if (typeof read === 'string') unreadable.set(key, { offset, problem: read });
    else entries.set(key, { ...read, offset });
  }
  return { entries, unreadable };
}

/** The entry, or why it cannot be read. */
function readOne(
  decoder: StoredConfigDecoder,
  key: string,
  value: Buffer,
): (EntryName & { readonly fields: Fields }) | string {
  const name = parseKey(key);
  if (name === null) return 'the key is neither connection:<id> nor mapping:<id>';
  const decoded = decoder.decode(value);
  if ('needsSchema' in decoded) return `the schema ${decoded.needsSchema} is not known`;
  if ('skip' in decoded) return decoded.skip;
  if ('deadLetter' in decoded) return `${decoded.deadLetter}: ${decoded.detail}`;
  if (decoded.kind !== name.kind) return `the key names a ${name.kind}, the value is a ${decoded.kind}`;
  if (decoded.fields[ID_FIELD[name.kind]] !== name.id) return IDS_DIFFER;
  return { ...name, fields: decoded.fields };
}

function fieldsOf(schema: AvroSchemaJson, decoded: unknown): Fields {
  const record = decoded as Fields;
  return Object.fromEntries(fieldNames(schema).map(name => [name, record[name] ?? null]));
}
