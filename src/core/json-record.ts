/**
 * Plain JSON read by an Avro schema: the record with every field of the schema, decimals as canonical strings and
 * times as epoch milliseconds.
 *
 * Guarantee: every field that does not fit is told with its path, all at once; no value is repeated in a message,
 * since it may be a token or personal data.
 */

import type { AvroSchemaJson } from './avro-types.ts';
import { parseDecimal } from './decimal.ts';
import { didYouMean } from './did-you-mean.ts';

export interface InputProblem {
  /** `last_touch.occurred_at`, `contents[2].price`; empty for the whole. */
  readonly path: string;
  readonly message: string;
}

export interface RecordRead {
  /** All fields of the schema; only to be used when there are no problems. */
  readonly record: Record<string, unknown>;
  readonly problems: readonly InputProblem[];
}

type Json = Readonly<Record<string, unknown>>;

/**
 * How numbers stand in for text: an id or a phone number without quotes is `taken` as its digits, where the reader of the
 * file gives each digit as it stands; or it is `refused`.
 */
export type NumbersForText = 'taken' | 'refused';

export function readRecord(schema: AvroSchemaJson, json: Json, numbersForText: NumbersForText = 'refused'): RecordRead {
  const reader = new JsonReader(numbersForText);
  return { record: reader.record(schema, json, ''), problems: reader.problems };
}

class JsonReader {
  readonly problems: InputProblem[] = [];
  /** Records and enums are defined once and then referred to by name. */
  readonly #named = new Map<string, AvroSchemaJson>();
  readonly #numbersForText: NumbersForText;

  constructor(numbersForText: NumbersForText) {
    this.#numbersForText = numbersForText;
  }

  record(schema: AvroSchemaJson, json: Json, path: string): Record<string, unknown> {
    this.#named.set(String(schema['name']), schema);
    const fields = schema['fields'] as readonly AvroSchemaJson[];
    const names = fields.map(field => String(field['name']));
    const record: Record<string, unknown> = {};
    fields.forEach((field, index) => {
      const name = names[index] as string;
      this.#define(field['type']);
      const given = Object.hasOwn(json, name) ? json[name] : field['default'];
      if (given === undefined) this.#report(join(path, name), 'is required');
      else record[name] = this.#value(field['type'], given, join(path, name));
    });
    for (const name of Object.keys(json)) {
      if (names.includes(name)) continue;
      const nearest = didYouMean(name, names);
      this.#report(
        join(path, name),
        `is not a field of ${schema['name']}${nearest === null ? '' : `; did you mean ${nearest}?`}`,
      );
    }
    return record;
  }

  #value(type: unknown, given: unknown, path: string): unknown {
    if (Array.isArray(type)) {
      if (given === null && type.includes('null')) return null;
      return this.#value(
        type.find(branch => branch !== 'null'),
        given,
        path,
      );
    }
    const schema: AvroSchemaJson =
      typeof type === 'string' ? (this.#named.get(type) ?? { type }) : (type as AvroSchemaJson);
    if (schema['logicalType'] === 'decimal') return this.#decimal(given, path);
    if (schema['logicalType'] === 'timestamp-millis') return this.#time(given, path);
    switch (schema['type']) {
      case 'record':
        return isObject(given) ? this.record(schema, given, path) : this.#report(path, 'must be an object');
      case 'array':
        return this.#array(schema, given, path);
      case 'long':
      case 'int':
        return Number.isSafeInteger(given) ? given : this.#report(path, 'must be a whole number');
      case 'double':
        return typeof given === 'number' ? given : this.#report(path, 'must be a number');
      case 'boolean':
        return typeof given === 'boolean' ? given : this.#report(path, 'must be true or false');
      default:
        return this.#text(given, path);
    }
  }

  /** A lone surrogate has no UTF-8: Avro would have put another character in its place. */
  #text(given: unknown, path: string): unknown {
    if (this.#numbersForText === 'taken' && Number.isSafeInteger(given)) return String(given);
    if (typeof given !== 'string') return this.#report(path, 'must be a string');
    return given.isWellFormed() ? given : this.#report(path, 'has half a character in it (a lone surrogate)');
  }

  #array(schema: AvroSchemaJson, given: unknown, path: string): unknown {
    if (!Array.isArray(given)) return this.#report(path, 'must be an array');
    return given.map((item, index) => this.#value(schema['items'], item, `${path}[${index}]`));
  }

  #decimal(given: unknown, path: string): unknown {
    return parseDecimal(given) ?? this.#report(path, 'must be a decimal number, as a number or a string');
  }

  #time(given: unknown, path: string): unknown {
    if (typeof given === 'number' && Number.isSafeInteger(given)) return given;
    const zoned = typeof given === 'string' && /^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:?\d{2})$/.test(given);
    const parsed = zoned ? Date.parse(given) : Number.NaN;
    if (zoned && !isCalendarDay(given)) return this.#report(path, 'names a day that no calendar has');
    if (Number.isFinite(parsed)) return parsed;
    return this.#report(path, 'must be a time: ISO 8601 with a zone (2026-11-22T09:30:00Z) or epoch milliseconds');
  }

  #define(type: unknown): void {
    for (const branch of Array.isArray(type) ? type : [type]) {
      if (isObject(branch) && typeof branch['name'] === 'string') this.#named.set(branch['name'], branch);
    }
  }

  #report(path: string, message: string): null {
    this.problems.push({ path, message });
    return null;
  }
}

/** Date.parse would take the 30th of February for the 2nd of March. */
function isCalendarDay(iso: string): boolean {
  const day = iso.slice(0, 'YYYY-MM-DD'.length);
  const midnight = Date.parse(`${day}T00:00:00Z`);
  return Number.isFinite(midnight) && new Date(midnight).toISOString().startsWith(day);
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
