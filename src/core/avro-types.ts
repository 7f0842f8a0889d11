/**
 * The Avro types records are read and written with: decimals as canonical strings, times as epoch milliseconds, enums
 * that take unknown symbols, and readers that care for field names only.
 *
 * Guarantee: what a writer declares is honoured or refused, never assumed. Another scale is converted, microseconds
 * become milliseconds; a double, plain bytes or a local time in the place of money or an instant does not resolve.
 */

import avro from 'avsc';
import { guardedType } from './avro-guard.ts';
import { decimalFromBytes, decimalToBytes, isSupportedScale } from './decimal.ts';

/** A schema as parsed from an `.avsc` file. */
export type AvroSchemaJson = Readonly<Record<string, unknown>>;

/** The one name all named types of a writer get, and an alias of all named types of a reader. */
export const COMMON_NAME = 'Any';

/** What an unknown symbol reads as; every enum of the contracts has it as default. */
export const UNSPECIFIED = 'UNSPECIFIED';

type Options = NonNullable<Parameters<typeof avro.Type.forSchema>[1]>;
type Convert = (value: unknown) => unknown;

const asIs: Convert = value => value;

/** Avro's `decimal` on `bytes` or `fixed`, as a canonical decimal string. The scale is its own schema's. */
class DecimalType extends avro.types.LogicalType {
  readonly scale: number;

  constructor(schema: avro.Schema, options?: Options) {
    super(schema, options);
    const { scale = 0 } = schema as { readonly scale?: unknown };
    const { typeName } = this.underlyingType;
    // Thrown errors make avsc fall back to the underlying type (the Avro rule), which money does not resolve to.
    if (!isSupportedScale(scale)) throw new Error('a decimal needs a scale from 0 to 60');
    if (typeName !== 'bytes' && typeName !== 'fixed') throw new Error(`a decimal cannot be based on ${typeName}`);
    this.scale = scale;
  }

  protected override _fromValue(bytes: Buffer): string {
    return decimalFromBytes(bytes, this.scale);
  }

  protected override _toValue(decimal: unknown): Buffer | undefined {
    return typeof decimal === 'string' ? decimalToBytes(decimal, this.scale) : undefined;
  }

  protected override _resolve(writer: avro.Type): Convert | undefined {
    return writer instanceof DecimalType ? asIs : undefined;
  }
}

/** Any time type of Avro, kept apart by its name; only instants resolve to our `timestamp-millis`. */
class TimeType extends avro.types.LogicalType {
  constructor(schema: avro.Schema, options?: Options) {
    super(schema, options);
    const { typeName } = this.underlyingType;
    if (typeName !== 'int' && typeName !== 'long') throw new Error(`a time cannot be based on ${typeName}`);
  }

  protected override _fromValue(value: number): number {
    return value;
  }

  protected override _toValue(value: unknown): number | undefined {
    return typeof value === 'number' ? value : undefined;
  }

  protected override _resolve(writer: avro.Type): Convert | undefined {
    // A bare long is what languages without logical types write; the contract says milliseconds.
    if (writer.typeName === 'long' || writer.typeName === 'logical:timestamp-millis') return asIs;
    if (writer.typeName === 'logical:timestamp-micros') return micros => Math.floor((micros as number) / 1000);
    return undefined;
  }
}

/** An enum of ours as a reader: takes any writer's enum or string, and reads a symbol it does not know as the default. */
class KnownSymbolsType extends avro.types.LogicalType {
  readonly symbols: ReadonlySet<unknown>;

  constructor(schema: avro.Schema, options?: Options) {
    super(schema, options);
    this.symbols = new Set((this.underlyingType as avro.types.EnumType).symbols);
  }

  protected override _fromValue(symbol: string): string {
    return symbol;
  }

  protected override _toValue(symbol: string): string {
    return symbol;
  }

  protected override _resolve(writer: avro.Type): Convert | undefined {
    if (writer.typeName !== 'enum' && writer.typeName !== 'string') return undefined;
    return symbol => (this.symbols.has(symbol) ? symbol : UNSPECIFIED);
  }
}

const KNOWN_SYMBOLS = 'known-symbols';

/** Every time type of Avro 1.12 is named, so that none of them passes for a bare long. */
const TIME_TYPES = [
  'date',
  'time-millis',
  'time-micros',
  'timestamp-millis',
  'timestamp-micros',
  'timestamp-nanos',
  'local-timestamp-millis',
  'local-timestamp-micros',
  'local-timestamp-nanos',
];

const decimalOnly = { decimal: DecimalType };
const allLogicalTypes = {
  decimal: DecimalType,
  [KNOWN_SYMBOLS]: KnownSymbolsType,
  ...Object.fromEntries(TIME_TYPES.map(name => [name, TimeType])),
};

/** The type to read records of a contract with, whoever wrote them: see `openReader`. */
export function readerType(schema: AvroSchemaJson, extraFields: readonly AvroSchemaJson[] = []): avro.types.RecordType {
  const open = openReader(schema) as { fields: unknown[] };
  open.fields.push(...extraFields);
  return parse(open, allLogicalTypes);
}

/** The type of a writer's schema, its named types renamed by `anonymous` in `writer-schema.ts`. */
export function writerType(schema: unknown): avro.types.RecordType {
  return parse(schema, allLogicalTypes);
}

/** The type to write records of a contract with, exactly as the schema says. Times are plain numbers, which is quicker. */
export function encodingType(schema: AvroSchemaJson): avro.types.RecordType {
  return parse(schema, decimalOnly);
}

function parse(schema: unknown, logicalTypes: NonNullable<Options['logicalTypes']>): avro.types.RecordType {
  const options: Options = { logicalTypes, typeHook: guardedType, omitRecordMethods: true };
  const type = avro.Type.forSchema(schema as avro.Schema, options);
  if (!(type instanceof avro.types.RecordType)) throw new Error('the schema is not a record');
  return type;
}

/**
 * Our schema as a reader of anybody's records: every named type also answers to the common name, enums take unknown
 * symbols, and a required field may be nullable in the writer (its value is checked after decoding).
 */
function openReader(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(openReader);
  if (typeof node !== 'object' || node === null) return node;
  const { type, items, fields, ...rest } = node as Record<string, unknown>;
  if (type === 'enum') return { ...rest, type, logicalType: KNOWN_SYMBOLS };
  if (type === 'array') return { ...rest, type, items: openReader(items) };
  if (type === 'record' && Array.isArray(fields)) {
    return { ...rest, type, aliases: [COMMON_NAME], fields: fields.map(openField) };
  }
  return node;
}

function openField(field: AvroSchemaJson): AvroSchemaJson {
  const type = openReader(field['type']);
  return field['default'] === undefined ? { ...field, type: ['null', type] } : { ...field, type };
}
