/** Every version of a schema that there was (`schemas/history`), and versions that may come: all of them must go with each other. */

import { readdirSync, readFileSync } from 'node:fs';
import type { AvroSchemaJson } from '../../src/core/avro-types.ts';

export interface SchemaVersion {
  readonly name: string;
  readonly schema: AvroSchemaJson;
}

type Field = AvroSchemaJson;

const HISTORY = new URL('../../schemas/history/', import.meta.url);

/** Without these an entry of the config topic is none, although Avro would do without. */
const NEEDED = new Set(['access_token', 'trigger', 'tiktok_event_name', 'value_source', 'kind']);

/** A symbol that no version of today knows. */
export const NEW_SYMBOL = 'OF_TOMORROW';

/** The versions that were published, oldest first. The last is today's. */
export function publishedVersions(name: string): readonly SchemaVersion[] {
  const files = readdirSync(new URL(`${name}/`, HISTORY)).toSorted(
    (a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10),
  );
  return files.map(file => {
    const text = readFileSync(new URL(`${name}/${file}`, HISTORY), 'utf8');
    return { name: `version ${Number.parseInt(file, 10)}`, schema: JSON.parse(text) as AvroSchemaJson };
  });
}

/** What a schema may become without asking anybody. */
export function futureVersions(schema: AvroSchemaJson): readonly SchemaVersion[] {
  return [
    { name: 'grown', schema: grown(schema) },
    { name: 'without optional fields', schema: lean(schema) },
    { name: 'in another order', schema: { ...schema, fields: unfolded(schema).toReversed() } },
    { name: 'in another namespace', schema: { ...schema, namespace: 'org.example.tomorrow' } },
    { name: 'with more symbols', schema: withSymbol(schema) },
    { name: 'with amounts of scale 2', schema: retyped(schema, '"scale":4', '"scale":2') },
    {
      name: 'with amounts of scale 6',
      schema: retyped(schema, '"precision":18,"scale":4', '"precision":24,"scale":6'),
    },
    { name: 'with other texts', schema: { ...schema, doc: 'Other words.' } },
    { name: 'grown and shrunk', schema: grown(lean(schema)) },
  ];
}

/** Any fields more, each with a default: a plain one, a record, a list, an amount. */
function grown(schema: AvroSchemaJson): AvroSchemaJson {
  const fields = [{ name: 'line', type: 'string' }];
  const more: Field[] = [
    { name: 'new_text', type: ['null', 'string'], default: null },
    { name: 'new_number', type: 'long', default: 7 },
    { name: 'new_record', type: ['null', { type: 'record', name: 'NewRecord', fields }], default: null },
    { name: 'new_list', type: { type: 'array', items: 'string' }, default: [] },
    {
      name: 'new_amount',
      type: ['null', { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 }],
      default: null,
    },
  ];
  // In front and behind: what is not known must be skipped, wherever it stands.
  return { ...schema, fields: [...more.slice(0, 3), ...fieldsOf(schema), ...more.slice(3)] };
}

function lean(schema: AvroSchemaJson): AvroSchemaJson {
  const isKept = ({ name, default: fallback }: Field) => fallback === undefined || NEEDED.has(String(name));
  return { ...schema, fields: fieldsOf(schema).filter(isKept) };
}

function withSymbol(schema: AvroSchemaJson): AvroSchemaJson {
  return retyped(schema, '"symbols":[', `"symbols":["${NEW_SYMBOL}",`);
}

/** The fields, a type that is named twice being defined where it is named last: there it stands first in reverse. */
function unfolded(schema: AvroSchemaJson): readonly Field[] {
  const fields = fieldsOf(schema);
  const [first, last] = ['first_touch', 'last_touch'].map(name => fields.find(field => field['name'] === name));
  if (first === undefined || last === undefined) return fields;
  const swapped = new Map<unknown, Field>([
    [first, { ...first, type: last['type'] }],
    [last, { ...last, type: first['type'] }],
  ]);
  return fields.map(field => swapped.get(field) ?? field);
}

function retyped(schema: AvroSchemaJson, old: string, text: string): AvroSchemaJson {
  return JSON.parse(JSON.stringify(schema).replaceAll(old, text)) as AvroSchemaJson;
}

export function fieldsOf(schema: AvroSchemaJson): readonly Field[] {
  return schema['fields'] as readonly Field[];
}
