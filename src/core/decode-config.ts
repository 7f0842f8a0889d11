/**
 * Records of the config topic → entries. The key says what an entry is called, the value what it says.
 *
 * Guarantee: an entry belongs to the id in its key; a value of another id or kind never takes effect.
 */

import type { AvroSchemaJson } from './avro-types.ts';
import {
  type CompiledEntry,
  compileConnection,
  compileMapping,
  type EntryProblem,
  type RawEntry,
} from './compile-entry.ts';
import type { ConfigEntry, Connection, Mapping } from './config-entry.ts';
import { FramedRecords, type SchemaNeeded } from './framed-records.ts';

/** What a record does to the entry named by its key. */
export type ConfigChange =
  | {
      readonly kind: 'entry';
      readonly entry: ConfigEntry;
      /** What an operator should look at although the entry holds; absent where there is nothing. */
      readonly warnings?: readonly EntryProblem[];
    }
  | { readonly kind: 'tombstone' }
  /** It cannot be read; whatever was known before still holds. */
  | { readonly kind: 'undecodable'; readonly problem: string };

/** A record of the config topic, its key already as text; `null` for a record without one. */
export interface ConfigRecord {
  readonly key: string | null;
  readonly value: Buffer | null;
}

export interface ConfigSchemas {
  readonly connection: AvroSchemaJson;
  readonly mapping: AvroSchemaJson;
}

export type ConfigDecoder = FramedRecords<CompiledEntry>;

/** Learns writer schemas and decodes values; use `readConfigRecord` for whole records. */
export function createConfigDecoder(schemas: ConfigSchemas): ConfigDecoder {
  const extraFields: readonly AvroSchemaJson[] = [];
  return new FramedRecords<CompiledEntry>([
    {
      schema: schemas.connection,
      extraFields,
      finish: decoded => compileConnection(decoded as RawEntry<Connection>, 'topic'),
    },
    {
      schema: schemas.mapping,
      extraFields,
      finish: decoded => compileMapping(decoded as RawEntry<Mapping>, 'topic'),
    },
  ]);
}

/** What a record of the config topic changes, unless its schema must be learned first. */
export function readConfigRecord(decoder: ConfigDecoder, record: ConfigRecord): ConfigChange | SchemaNeeded {
  // Before the key is looked at: a tombstone is how an unreadable key is got rid of.
  if (record.value === null) return { kind: 'tombstone' };
  const key = parseKey(record.key);
  if (key === null) return undecodable('the key is neither connection:<id> nor mapping:<id>');
  const decoded = decoder.decode(record.value);
  if ('needsSchema' in decoded) return decoded;
  if ('skip' in decoded) return { kind: 'tombstone' };
  if ('deadLetter' in decoded) return undecodable(`${decoded.deadLetter}: ${decoded.detail}`);
  const { entry, warnings } = decoded;
  const { kind, id } = nameOf(entry);
  if (kind !== key.kind) return undecodable(`the key names a ${key.kind}, the value is a ${kind}`);
  if (id !== key.id) return { kind: 'entry', entry: misnamed(entry, key.id) };
  return warnings.length === 0 ? { kind: 'entry', entry } : { kind: 'entry', entry, warnings };
}

/** What a key of the config topic names; `null` for a key that is no entry's. */
export function parseKey(key: string | null): { kind: 'connection' | 'mapping'; id: string } | null {
  const match = /^(connection|mapping):(.+)$/s.exec(key ?? '');
  if (match === null) return null;
  return { kind: match[1] as 'connection' | 'mapping', id: match[2] as string };
}

function nameOf(entry: ConfigEntry): { kind: 'connection' | 'mapping'; id: string } {
  if ('connection' in entry) return { kind: 'connection', id: entry.connection.connection_id };
  return { kind: 'mapping', id: entry.mapping.mapping_id };
}

/** The entry under its key's id, unusable: nobody can tell which of the two ids was meant. */
function misnamed(entry: ConfigEntry, id: string): ConfigEntry {
  const problem = 'the id in the key and the id in the value differ';
  if ('connection' in entry) {
    const { workspace_id, enabled } = entry.connection;
    return { kind: 'unusable_connection', connection: { connection_id: id, workspace_id, enabled, problem } };
  }
  const { connection_id, trigger, event_name_filter, enabled } = entry.mapping;
  const mapping = { mapping_id: id, connection_id, trigger, event_name_filter, enabled, problem };
  return { kind: 'unusable_mapping', mapping };
}

function undecodable(problem: string): ConfigChange {
  return { kind: 'undecodable', problem };
}
