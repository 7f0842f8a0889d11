import { describe, expect, test } from 'vitest';
import type { Schemas } from '../../src/adapters/schema-files.ts';
import type { AvroSchemaJson } from '../../src/core/avro-types.ts';
import { createStatusDecoder } from '../../src/core/connection-status-record.ts';
import { createEventDecoder } from '../../src/core/decode.ts';
import { createConfigDecoder } from '../../src/core/decode-config.ts';
import { RecordEncoder } from '../../src/core/encode.ts';
import { FramedRecords } from '../../src/core/framed-records.ts';
import { conflicts } from '../../src/core/schema-findings.ts';
import { createStoredConfigDecoder } from '../../src/core/stored-config.ts';
import { schemas } from './event-records.ts';
import { goldenFiles } from './golden-records.ts';
import { fieldsOf, futureVersions, NEW_SYMBOL, publishedVersions, type SchemaVersion } from './schema-versions.ts';

type Role = keyof Schemas;
type Value = Readonly<Record<string, unknown>>;
type Decoder = Pick<FramedRecords<object>, 'learn' | 'decode'>;

const ID = 7;
const SCHEMAS: readonly (readonly [Role, string])[] = [
  ['conversionCreated', 'conversion-created'],
  ['revenueUpdated', 'revenue-updated'],
  ['connection', 'connection'],
  ['mapping', 'mapping'],
  ['syncLogEntry', 'sync-log-entry'],
  ['connectionStatus', 'connection-status'],
];

/** What the product reads a record of each schema with; the sync log is read by others, with the same readers. */
const DECODERS: Readonly<Record<Role, (with_: Schemas) => readonly Decoder[]>> = {
  conversionCreated: with_ => [createEventDecoder(with_)],
  revenueUpdated: with_ => [createEventDecoder(with_)],
  connection: with_ => [createStoredConfigDecoder(with_), ...compiling(with_, 'connection')],
  mapping: with_ => [createStoredConfigDecoder(with_), ...compiling(with_, 'mapping')],
  syncLogEntry: ({ syncLogEntry: schema }) => [
    new FramedRecords([{ schema, extraFields: [], finish: decoded => decoded as object }]),
  ],
  connectionStatus: ({ connectionStatus }) => [createStatusDecoder(connectionStatus)],
};

/** What checks an entry counts on every field of today; a reader of fewer is one of yesterday's, with checks of its own. */
function compiling(with_: Schemas, role: 'connection' | 'mapping'): readonly Decoder[] {
  const names = namesOf(with_[role]);
  return namesOf(schemas[role]).every(name => names.includes(name)) ? [createConfigDecoder(with_)] : [];
}

/** A record in which as much is said as can be, and amounts fit every scale there is. */
const VALUES = Object.fromEntries(
  SCHEMAS.map(([role, file]) => {
    const records = goldenFiles(schemas).get(`${file}.json`)?.records ?? [];
    const all = records.filter(({ writer_schema }) => writer_schema === undefined).map(({ value }) => value);
    return [role, amountsOfTwoDigits(Object.assign({}, ...all))];
  }),
) as Readonly<Record<Role, Value>>;

function amountsOfTwoDigits(value: Value): Value {
  const has = (name: string) => name in value;
  return {
    ...value,
    ...(has('quote_value') && { quote_value: '12345678901234.5' }),
    ...(has('sales_value') && { sales_value: '-0.25' }),
  };
}

const versionsOf = (role: Role, file: string) => [...publishedVersions(file), ...futureVersions(schemas[role])];
const namesOf = (schema: AvroSchemaJson) => fieldsOf(schema).map(({ name }) => String(name));

/** Everything that a reader makes of a record that a writer wrote. */
function read(role: Role, writer: SchemaVersion, reader: SchemaVersion, value: Value): readonly object[] {
  return DECODERS[role]({ ...schemas, [role]: reader.schema }).map(decoder => {
    decoder.learn(ID, { kind: 'schema', schema: writer.schema, references: [] });
    return decoder.decode(new RecordEncoder(writer.schema).framed(ID, value));
  });
}

/** The fields of a record, whatever its decoder wraps them in. */
function fieldsRead(decoded: object): Value {
  if ('fields' in decoded) return decoded.fields as Value;
  if ('entry' in decoded) return Object.values(decoded.entry as object).find(part => typeof part === 'object') as Value;
  return decoded as Value;
}

describe.each(SCHEMAS)('%s', (role, file) => {
  const versions = versionsOf(role, file);
  const value = VALUES[role];

  test('is the last of its published versions: a change is published as the next one', () => {
    expect(publishedVersions(file).at(-1)?.schema).toEqual(schemas[role]);
  });

  test('goes with every version that was published, both ways, by the rules of Avro', () => {
    const of = (schema: AvroSchemaJson) => ({ schema, references: [] });
    const found = publishedVersions(file).flatMap(({ name, schema }) => conflicts(of(schemas[role]), of(schema), name));
    expect(found).toEqual([]);
  });

  test.each(versions)('written $name is read by every other version', writer => {
    const written = new Set(namesOf(writer.schema));
    for (const reader of versions) {
      const both = namesOf(reader.schema).filter(name => written.has(name) && name in value);
      for (const decoded of read(role, writer, reader, value)) {
        const where = `${writer.name} → ${reader.name}`;
        expect(decoded, where).not.toHaveProperty('deadLetter');
        if ('problems' in decoded) expect(decoded.problems, where).toEqual([]);
        const fields = fieldsRead(decoded);
        for (const name of both) expect(fields[name], `${where}: ${name}`).toEqual(complete(value[name]));
        const isWhole = !('entry' in decoded);
        for (const name of isWhole ? namesOf(reader.schema).filter(each => !written.has(each)) : []) {
          expect(fields[name] ?? null, `${where}: ${name}`).toEqual(defaultOf(reader.schema, name));
        }
      }
    }
  });
});

/** What a field says when its writer has none of it. */
function defaultOf(schema: AvroSchemaJson, name: string): unknown {
  return fieldsOf(schema).find(field => field['name'] === name)?.['default'];
}

/** Inside a record what is left out is null. */
function complete(value: unknown): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? expect.objectContaining(value) : value;
}

describe('a symbol of tomorrow', () => {
  const tomorrow = (role: Role): SchemaVersion => {
    const version = futureVersions(schemas[role]).find(({ name }) => name === 'with more symbols');
    return version ?? expect.fail('there is no version with more symbols');
  };
  const today = (role: Role): SchemaVersion => ({ name: 'today', schema: schemas[role] });
  const readWith = (role: Role, field: string, reader: SchemaVersion) =>
    read(role, tomorrow(role), reader, { ...VALUES[role], [field]: NEW_SYMBOL }).at(-1) ??
    expect.fail('nothing was read');

  test('is read by a version that knows it', () => {
    expect(readWith('conversionCreated', 'consent', tomorrow('conversionCreated'))).toMatchObject({
      consent: NEW_SYMBOL,
    });
  });

  test('is never read as another one: consent counts as not said', () => {
    expect(readWith('conversionCreated', 'consent', today('conversionCreated'))).toMatchObject({
      consent: 'UNSPECIFIED',
    });
  });

  test('makes a revenue update of an unknown kind a dead letter', () => {
    expect(readWith('revenueUpdated', 'kind', today('revenueUpdated'))).toMatchObject({ deadLetter: 'unknown_symbol' });
  });

  test.each([
    ['connection', 'wire'],
    ['connection', 'event_source'],
    ['mapping', 'trigger'],
    ['mapping', 'currency_policy'],
    ['mapping', 'value_source'],
  ] as const)('makes a %s unusable that says it as its %s', (role, field) => {
    const decoded = readWith(role, field, today(role)) as { readonly problems?: readonly unknown[] };
    expect(decoded.problems).toEqual([expect.objectContaining({ field })]);
  });
});
