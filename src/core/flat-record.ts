/**
 * Records of plain fields → Avro, at a third of avsc's cost: for the sync log, of which every event writes an entry.
 *
 * Guarantee: readers get what they would get from avsc. A schema with other fields than texts, whole numbers, decimals
 * and lists of texts is refused at once, and a value that its field does not take when it is written.
 */

import type { AvroSchemaJson } from './avro-types.ts';
import { decimalToBytes } from './decimal.ts';

/** Writes a value at `at` and returns where it ends; what lies behind the buffer's end is not written. */
type Write = (target: Buffer, value: unknown, at: number) => number;

interface Field {
  readonly name: string;
  readonly isOptional: boolean;
  readonly write: Write;
}

/** Longer texts are left to Node; for shorter ones a call of it costs more than the work. */
const SHORT = 64;

export class FlatRecordWriter {
  readonly #fields: readonly Field[];

  /** Throws for a schema that is no record of plain fields, each of them optional (null first) or not. */
  constructor({ fields }: AvroSchemaJson) {
    if (!Array.isArray(fields)) throw new Error('the schema is not a record');
    this.#fields = fields.map(fieldOf);
  }

  /** Writes a record from `start`; returns where it ends. Beyond the buffer's length: it did not fit. */
  write(target: Buffer, record: object, start: number): number {
    let at = start;
    for (const { name, isOptional, write } of this.#fields) {
      const value = (record as Readonly<Record<string, unknown>>)[name];
      if (!isOptional) at = write(target, value, at);
      else if (value === null || value === undefined) at = writeWhole(target, 0, at);
      else at = write(target, value, writeWhole(target, 1, at));
    }
    return at;
  }
}

function fieldOf({ name, type }: { readonly name: string; readonly type: unknown }): Field {
  const isOptional = Array.isArray(type) && type.length === 2 && type[0] === 'null';
  return { name, isOptional, write: writerOf(name, isOptional ? type[1] : type) };
}

function writerOf(name: string, type: unknown): Write {
  const described = typeof type === 'object' && type !== null ? type : { type };
  const { type: base, logicalType, items, scale = 0 } = described as Readonly<Record<string, unknown>>;
  if (base === 'string') return checked(name, isText, writeText);
  if (base === 'int') return checked(name, isInt, writeWhole);
  if (base === 'long') return checked(name, Number.isSafeInteger, writeWhole);
  if (base === 'bytes' && logicalType === 'decimal') return checked(name, isText, decimalWriter(scale as number));
  if (base === 'array' && items === 'string') return checked(name, isListOfTexts, writeTexts);
  throw new Error(`the field ${name} is none that can be written here`);
}

function checked<T>(
  name: string,
  fits: (value: unknown) => boolean,
  write: (target: Buffer, value: T, at: number) => number,
): Write {
  return (target, value, at) => {
    if (!fits(value)) throw new TypeError(`the value of ${name} does not fit its type`);
    return write(target, value as T, at);
  };
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isInt(value: unknown): boolean {
  return typeof value === 'number' && (value | 0) === value;
}

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText);
}

/** Avro's `int` and `long`: zigzag, seven bits a byte. */
function writeWhole(target: Buffer, value: number, start: number): number {
  let at = start;
  let rest = value >= 0 ? value * 2 : value * -2 - 1;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) target[at++] = (rest & 0x7f) | 0x80;
  target[at++] = rest;
  return at;
}

function writeText(target: Buffer, text: string, start: number): number {
  const { length } = text;
  if (length > SHORT) return writeUtf8(target, text, start);
  const at = writeWhole(target, length, start);
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0x80) return writeUtf8(target, text, start);
    target[at + index] = unit;
  }
  return at + length;
}

function writeUtf8(target: Buffer, text: string, start: number): number {
  const bytes = Buffer.byteLength(text);
  const at = writeWhole(target, bytes, start);
  if (at + bytes <= target.length) target.write(text, at);
  return at + bytes;
}

/** One block, and the empty one that ends the list. */
function writeTexts(target: Buffer, texts: readonly string[], start: number): number {
  let at = start;
  if (texts.length > 0) {
    at = writeWhole(target, texts.length, at);
    for (const text of texts) at = writeText(target, text, at);
  }
  return writeWhole(target, 0, at);
}

function decimalWriter(scale: number) {
  return (target: Buffer, decimal: string, start: number): number => {
    const bytes = decimalToBytes(decimal, scale);
    const at = writeWhole(target, bytes.length, start);
    for (let index = 0; index < bytes.length; index++) target[at + index] = bytes[index]!;
    return at + bytes.length;
  };
}
