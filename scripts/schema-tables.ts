/** Tables of the Avro schemas' fields for docs/producing-events.md, from the schemas' own `doc` texts. */

import { readFileSync } from 'node:fs';

interface Field {
  readonly name: string;
  readonly type: AvroType;
  readonly doc?: string;
}

type AvroType =
  | string
  | readonly AvroType[]
  | {
      readonly type: string;
      readonly name?: string;
      readonly logicalType?: string;
      readonly precision?: number;
      readonly scale?: number;
      readonly symbols?: readonly string[];
      readonly items?: AvroType;
      readonly fields?: readonly Field[];
    };

/** The fields of `schemas/<name>.avsc` but those named in `without`; those of a record inside it stand below it. */
export function fieldTable(name: string, without: ReadonlySet<string> = new Set()): string {
  const fields = fieldsOf(name).filter(field => !without.has(field.name));
  const rows = fields.flatMap(field => [row(field, ''), ...innerRows(field)]);
  return ['| field | type | meaning |', '|---|---|---|', ...rows].join('\n');
}

export function fieldNames(name: string): ReadonlySet<string> {
  return new Set(fieldsOf(name).map(field => field.name));
}

function fieldsOf(name: string): readonly Field[] {
  const text = readFileSync(new URL(`../schemas/${name}.avsc`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { fields: readonly Field[] }).fields;
}

function row(field: Field, prefix: string): string {
  const isRequired = !Array.isArray(field.type);
  const type = `${typeName(field.type)}${isRequired ? ', **required**' : ''}`;
  return `| \`${prefix}${field.name}\` | ${type} | ${(field.doc ?? '').replaceAll('|', '\\|')} |`;
}

function innerRows(field: Field): string[] {
  const type = nonNull(field.type);
  if (typeof type === 'string' || Array.isArray(type) || !('type' in type)) return [];
  if (type.fields !== undefined) return type.fields.map(inner => row(inner, `${field.name}.`));
  const items = type.items;
  if (typeof items !== 'object' || !('fields' in items) || items.fields === undefined) return [];
  return items.fields.map(inner => row(inner, `${field.name}[].`));
}

function nonNull(type: AvroType): AvroType {
  return Array.isArray(type) ? (type.find(branch => branch !== 'null') ?? 'null') : type;
}

function typeName(type: AvroType): string {
  const plain = nonNull(type);
  if (typeof plain === 'string') return plain;
  if (Array.isArray(plain) || !('type' in plain)) return '';
  if (plain.logicalType === 'decimal') return `decimal(${plain.precision}, ${plain.scale})`;
  if (plain.logicalType !== undefined) return plain.logicalType;
  if (plain.type === 'enum') return `enum: ${(plain.symbols ?? []).join(', ')}`;
  if (plain.type === 'array') return `array of ${typeName(plain.items ?? 'null')}`;
  return plain.name ?? plain.type;
}
