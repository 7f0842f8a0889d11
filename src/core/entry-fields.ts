/**
 * Connections and mappings as people write and read them: the fields of the Avro schema by name, from JSON.
 *
 * Guarantee: everything that is wrong with an entry is told at once, and no value is ever repeated in a message, since
 * it may be a token.
 */

import type { AvroSchemaJson } from './avro-types.ts';
import {
  type CompiledEntry,
  type CompileFor,
  compileConnection,
  compileMapping,
  type EntryProblem,
  type RawEntry,
} from './compile-entry.ts';
import type { ConfigEntry, Connection, Mapping } from './config-entry.ts';
import type { ConfigSchemas } from './decode-config.ts';
import { type InputProblem, readRecord } from './json-record.ts';

export type EntryKind = 'connection' | 'mapping';

/** Which entry; its key on the topic is `<kind>:<id>`. */
export interface EntryName {
  readonly kind: EntryKind;
  readonly id: string;
}

/** Every field of the schema in its order; null where it is not set. Decimals are canonical strings. */
export type Fields = Readonly<Record<string, string | number | boolean | null>>;

export interface EntryRead {
  readonly fields: Fields;
  /** Usable only where there are no problems. */
  readonly entry: ConfigEntry;
  readonly problems: readonly InputProblem[];
  /** What should be looked at and does not keep the entry from being used. */
  readonly warnings: readonly InputProblem[];
}

/** The field that names an entry of a kind. */
export const ID_FIELD = { connection: 'connection_id', mapping: 'mapping_id' } as const;

export function keyOf({ kind, id }: EntryName): string {
  return `${kind}:${id}`;
}

/** The names of a schema's fields, in its order. */
export function fieldNames(schema: AvroSchemaJson): readonly string[] {
  return fieldsOf(schema).map(({ name }) => name);
}

/** The names of the fields that hold a decimal. */
export function decimalFields(schema: AvroSchemaJson): readonly string[] {
  return fieldsOf(schema).flatMap(field => (decimalOf(field) === null ? [] : [field.name]));
}

/** Reads an entry of a file, strictly, by the rules of the topic. */
export function entryFromJson(
  kind: EntryKind,
  json: Readonly<Record<string, unknown>>,
  schemas: ConfigSchemas,
): EntryRead {
  const schema = schemas[kind];
  const read = readRecord(schema, json);
  const fields = Object.fromEntries(fieldNames(schema).map(name => [name, read.record[name] ?? null])) as Fields;
  const compiled = compileFields(kind, fields, 'apply');
  const told = new Set(read.problems.map(({ path }) => path));
  const later = [
    ...compiled.problems.map(asInputProblem),
    ...fieldsOf(schema).flatMap(field => decimalProblem(field, fields[field.name] ?? null)),
  ];
  // A field that does not fit the schema has been taken for absent since, which is no news.
  const problems = [...read.problems, ...later.filter(({ path }) => !told.has(path))];
  return { fields, entry: compiled.entry, problems, warnings: compiled.warnings.map(asInputProblem) };
}

/** The entry that these fields make, with every default filled in. */
export function compileFields(kind: EntryKind, fields: Fields, purpose: CompileFor): CompiledEntry {
  return kind === 'connection'
    ? compileConnection(fields as RawEntry<Connection>, purpose)
    : compileMapping(fields as RawEntry<Mapping>, purpose);
}

function asInputProblem({ field, message }: EntryProblem): InputProblem {
  return { path: field, message };
}

/** A writer would round, which an amount of money must not be. */
function decimalProblem(field: SchemaField, value: Fields[string]): InputProblem[] {
  const decimal = decimalOf(field);
  if (decimal === null || typeof value !== 'string') return [];
  const [whole = '', fraction = ''] = value.replace('-', '').split('.');
  const { precision, scale } = decimal;
  if (fraction.length <= scale && whole.length <= precision - scale) return [];
  const message = `takes ${precision - scale} digits before the point and ${scale} behind it at most`;
  return [{ path: field.name, message }];
}

interface SchemaField {
  readonly name: string;
  readonly type: unknown;
}

function fieldsOf(schema: AvroSchemaJson): readonly SchemaField[] {
  return schema['fields'] as readonly SchemaField[];
}

interface Decimal {
  readonly precision: number;
  readonly scale: number;
}

function decimalOf({ type }: SchemaField): Decimal | null {
  const branches = (Array.isArray(type) ? type : [type]) as readonly unknown[];
  for (const branch of branches) {
    if (typeof branch !== 'object' || branch === null) continue;
    const { logicalType, precision, scale } = branch as { logicalType?: unknown } & Decimal;
    if (logicalType === 'decimal') return { precision, scale };
  }
  return null;
}
