/**
 * Arrays and maps of avsc with their block counts checked. A count is attacker-controlled and avsc believes it: seven
 * bytes can block the process for 15 s, and a negative block size in a skipped field makes it read in circles.
 *
 * Guarantee: reading or skipping takes at most as many steps as the record has bytes. The price: items that take no
 * byte (`array<null>`) cannot be told from an attack, so a schema with such items is refused.
 */

import avro from 'avsc';

/** What we use of avsc's cursor over a buffer (internal to avsc: pinned, and held by a test). */
export interface Tap {
  readonly buf: Buffer;
  pos: number;
  readLong(): number;
  skipLong(): void;
  readString(): string;
  skipString(): void;
}

/** The reading half of avsc's internal protocol between types. */
interface Readable {
  _read(tap: Tap): unknown;
  _skip(tap: Tap): void;
}

type Options = Parameters<typeof avro.Type.forSchema>[1];

class CorruptBlock extends Error {
  constructor(problem: string) {
    super(`corrupt block: ${problem}`);
    this.name = 'CorruptBlock';
  }
}

/** Reads the header of the next block: its item count, 0 at the end. Size hints are read over, never believed. */
function nextCount(tap: Tap): number {
  let count = tap.readLong();
  if (count < 0) {
    count = -count;
    tap.skipLong();
  }
  // Every item takes at least a byte, so more items than bytes left is a lie.
  if (count > tap.buf.length - tap.pos) throw new CorruptBlock(`${count} items in ${tap.buf.length - tap.pos} bytes`);
  return count;
}

/** Skips whole blocks by their size where they have one, checking that it leads forward and stays inside. */
function skipBlocks(tap: Tap, skipItem: (tap: Tap) => void): void {
  for (let count = tap.readLong(); count !== 0; count = tap.readLong()) {
    if (count < 0) {
      const size = tap.readLong();
      if (size < 0 || size > tap.buf.length - tap.pos) throw new CorruptBlock(`a block size of ${size}`);
      tap.pos += size;
    } else {
      if (count > tap.buf.length - tap.pos) throw new CorruptBlock(`${count} items`);
      while (count-- > 0) skipItem(tap);
    }
  }
}

/** The fewest bytes a value of `type` takes: 0, or 1 for anything more. */
function leastBytes(type: avro.Type): 0 | 1 {
  if (type.typeName === 'null') return 0;
  if (type instanceof avro.types.FixedType) return type.size === 0 ? 0 : 1;
  if (type instanceof avro.types.RecordType) {
    // A record still under construction holds the very array or map that asks, which takes a byte.
    const fields: readonly avro.types.Field[] | undefined = type.fields;
    return fields === undefined || fields.some(field => leastBytes(field.type) === 1) ? 1 : 0;
  }
  return 1;
}

class GuardedArrayType extends avro.types.ArrayType {
  // No field initialisers: avsc freezes the object in its constructor.
  constructor(schema: avro.Schema, options: Options) {
    super(schema, options);
    if (leastBytes(this.itemsType) === 0) throw new Error('array items that take no byte are not accepted');
  }

  _read(tap: Tap): unknown[] {
    const items = this.itemsType as unknown as Readable;
    const values: unknown[] = [];
    for (let count = nextCount(tap); count !== 0; count = nextCount(tap)) {
      while (count-- > 0) values.push(items._read(tap));
    }
    return values;
  }

  _skip(tap: Tap): void {
    const items = this.itemsType as unknown as Readable;
    skipBlocks(tap, cursor => items._skip(cursor));
  }
}

class GuardedMapType extends avro.types.MapType {
  _read(tap: Tap): Record<string, unknown> {
    const values = this.valuesType as unknown as Readable;
    const entries: Record<string, unknown> = Object.create(null);
    for (let count = nextCount(tap); count !== 0; count = nextCount(tap)) {
      while (count-- > 0) {
        const key = tap.readString();
        entries[key] = values._read(tap);
      }
    }
    return entries;
  }

  _skip(tap: Tap): void {
    const values = this.valuesType as unknown as Readable;
    skipBlocks(tap, cursor => {
      cursor.skipString();
      values._skip(cursor);
    });
  }
}

/**
 * For `typeHook` of `Type.forSchema`: puts the guarded types in the place of avsc's own. (A hook rather than a patched
 * prototype: avsc stays as it is for everybody else in the process.)
 */
export function guardedType(schema: avro.Schema, options: Options): avro.Type | undefined {
  if (typeof schema !== 'object' || schema === null || !('type' in schema)) return undefined;
  if (schema.type === 'array') return new GuardedArrayType(schema, options);
  if (schema.type === 'map') return new GuardedMapType(schema, options);
  return undefined;
}
