/**
 * Changes that producers make to their schema of `ConversionCreated`, as data: for the table of docs/producing-events.md,
 * whose verdicts are worked out here, and for the tests, which ask the real registry about each.
 */

import { readSchemas } from '../src/adapters/schema-files.ts';
import type { AvroSchemaJson } from '../src/core/avro-types.ts';

export interface SchemaChange {
  /** What is done, as a row of the table. */
  readonly change: string;
  /** The producer's schema afterwards. */
  readonly schema: AvroSchemaJson;
  /** What a record of that schema says beside `MINIMAL`. */
  readonly sent: Readonly<Record<string, unknown>>;
  /** What the producer does instead, or should know. */
  readonly advice: string;
}

type Field = AvroSchemaJson;

const BASE = readSchemas().conversionCreated;
const OPTIONAL_STRING = { type: ['null', 'string'], default: null };

/** The required fields of every record that is sent. */
export const MINIMAL = { conversion_id: 'conv-1', workspace_id: 'acme', occurred_at: 1_790_000_000_000 };

export const SCHEMA_CHANGES: readonly SchemaChange[] = [
  {
    change: 'Add an optional field, `["null", T]` with `default: null`',
    schema: plus({ name: 'campaign', ...OPTIONAL_STRING }),
    sent: { campaign: 'spring', email: 'a@example.com' },
    advice: 'The way to grow. The service leaves alone what it does not know.',
  },
  {
    change: 'Add a field with another default (`"string"`, `default: ""`)',
    schema: plus({ name: 'campaign', type: 'string', default: '' }),
    sent: { campaign: 'spring' },
    advice: 'Fine.',
  },
  {
    change: 'Add a required field (no default)',
    schema: plus({ name: 'campaign', type: 'string' }),
    sent: { campaign: 'spring' },
    advice: 'Give it a default: whoever reads old records with the new schema has none to fill in.',
  },
  {
    change: 'Remove an optional field',
    schema: without('city'),
    sent: { email: 'a@example.com' },
    advice: 'It reads as null.',
  },
  {
    change: 'Remove a required field',
    schema: without('workspace_id'),
    sent: {},
    advice: 'Never.',
  },
  {
    change: 'Change the order of fields',
    schema: { ...BASE, fields: fields().toReversed().map(definedBeforeUse) },
    sent: { email: 'a@example.com', last_touch: { ttclid: 'E.C.P.1' } },
    advice: 'Fields are matched by name.',
  },
  {
    change: 'Change a `doc` text',
    schema: { ...BASE, doc: 'Other words.' },
    sent: { email: 'a@example.com' },
    advice: 'Fine.',
  },
  {
    change: 'Rename an optional field (`currency` → `currency_code`)',
    schema: replace('currency', field => ({ ...field, name: 'currency_code' })),
    sent: { quote_value: '12.5', currency_code: 'EUR' },
    advice: '**The trap:** no check objects, for it is a removal and an addition. The value never arrives.',
  },
  {
    change: 'Rename a required field (`conversion_id` → `id`)',
    schema: replace('conversion_id', field => ({ ...field, name: 'id' })),
    sent: { id: 'conv-1' },
    advice: 'Never.',
  },
  {
    change: 'Make a required field optional',
    schema: replace('occurred_at', field => ({ ...field, type: ['null', field['type']], default: null })),
    sent: {},
    advice: 'Where it is filled it is read; null would be `undecodable`.',
  },
  {
    change: 'Make an optional field required',
    schema: replace('email', field => ({ name: field['name'], type: 'string' })),
    sent: { email: 'a@example.com' },
    advice: 'Keep `["null", T]` and always fill it.',
  },
  {
    change: 'Widen a type (`quantity`: long → double)',
    schema: retyped(
      '"type":["null","long"],"default":null,"doc":"How many',
      '"type":["null","double"],"default":null,"doc":"How many',
    ),
    sent: { contents: [{ quantity: 2 }] },
    advice: 'Add a field of the wider type instead.',
  },
  {
    change: 'Narrow a type (`quantity`: long → int)',
    schema: retyped(
      '"type":["null","long"],"default":null,"doc":"How many',
      '"type":["null","int"],"default":null,"doc":"How many',
    ),
    sent: { contents: [{ quantity: 2 }] },
    advice: 'The service would read it, readers with the new schema not the old records.',
  },
  {
    change: 'Add an enum symbol',
    schema: retyped('"DENIED"]', '"DENIED","WITHDRAWN"]'),
    sent: { consent: 'WITHDRAWN' },
    advice:
      "Upgrade the service first: until then the symbol reads as `UNSPECIFIED`, which for consent means not said, and the event is sent. Keep the enum's `default`.",
  },
  {
    change: 'Remove an enum symbol',
    schema: retyped('"GRANTED",', ''),
    sent: { consent: 'DENIED' },
    advice: 'Old records with it read as the default.',
  },
  {
    change: 'Turn an enum into a string',
    schema: replace('consent', field => ({ ...field, ...OPTIONAL_STRING })),
    sent: { consent: 'DENIED' },
    advice: 'Keep the enum.',
  },
  {
    change: 'Another decimal scale (4 → 2)',
    schema: retyped('"scale":4', '"scale":2'),
    sent: { quote_value: '12.5', currency: 'EUR' },
    advice:
      'The service honours the scale of the writer. Readers that assume their own are wrong by a factor of 100: agree first.',
  },
  {
    change: 'A decimal becomes a double',
    schema: replace('quote_value', field => ({ ...field, type: ['null', 'double'] })),
    sent: { quote_value: 12.5, currency: 'EUR' },
    advice: 'Never: money is decimal.',
  },
  {
    change: '`timestamp-millis` becomes `timestamp-micros`',
    schema: retyped('"timestamp-millis"', '"timestamp-micros"'),
    sent: { occurred_at: 1_790_000_000_000_000 },
    advice: 'The service converts. Other readers may not.',
  },
  {
    change: 'Drop a logical type (`timestamp-millis` → long)',
    schema: replace('occurred_at', field => ({ ...field, type: 'long' })),
    sent: {},
    advice: 'A bare long is taken for milliseconds. Keep the logical type.',
  },
  {
    change: 'Rename a nested record (`Touch` → `Visit`)',
    schema: retyped('"Touch"', '"Visit"'),
    sent: { last_touch: { ttclid: 'E.C.P.1' } },
    advice: 'The service reads fields only; the registry compares names within unions.',
  },
  {
    change: 'A namespace of your own',
    schema: { ...BASE, namespace: 'com.acme.shop' },
    sent: { email: 'a@example.com', last_touch: { ttclid: 'E.C.P.1' } },
    advice: 'The service reads fields only. Keep the namespace on a subject that you share with others.',
  },
  {
    change: 'Rename the record (`ConversionCreated` → `Conversion`)',
    schema: { ...BASE, name: 'Conversion' },
    sent: {},
    advice: 'Never: the short name chooses the reader.',
  },
];

function fields(): readonly Field[] {
  return BASE['fields'] as readonly Field[];
}

function plus(field: Field): AvroSchemaJson {
  return { ...BASE, fields: [...fields(), field] };
}

function without(name: string): AvroSchemaJson {
  return { ...BASE, fields: fields().filter(field => field['name'] !== name) };
}

function replace(name: string, change: (field: Field) => Field): AvroSchemaJson {
  return { ...BASE, fields: fields().map(field => (field['name'] === name ? change(field) : field)) };
}

/** The schema with another text in the place of each `old` one. */
function retyped(old: string, text: string): AvroSchemaJson {
  return JSON.parse(JSON.stringify(BASE).replaceAll(old, text)) as AvroSchemaJson;
}

/** In another order the type of both touches must be defined where it comes first. */
function definedBeforeUse(field: Field): Field {
  const types = new Map(fields().map(each => [each['name'], each['type']]));
  if (field['name'] === 'last_touch') return { ...field, type: types.get('first_touch') };
  return field['name'] === 'first_touch' ? { ...field, type: types.get('last_touch') } : field;
}
