/**
 * Records in the Confluent wire format (a zero byte, the schema id as int32, the Avro body) decoded to readers of ours.
 *
 * Guarantee: per record nothing but one map look-up and the decoding itself; all schema work is done once per schema
 * id, when it is learned, and so is the verdict on a schema that cannot be read. Nothing here throws for bad data.
 */

import type avro from 'avsc';
import type { AvroSchemaJson } from './avro-types.ts';
import { readerType } from './avro-types.ts';
import { messageOf } from './error-codes.ts';
import type { DeadLetterReason, Refusal, Skip } from './outcome.ts';
import { type Resolver, resolverOf } from './schema-compatibility.ts';
import { shortRecordName, typeOfWriter, type WriterSchema } from './writer-schema.ts';

/** What is known about a schema id: the answer of the registry, or the verdict that there will be none. */
export type SchemaKnowledge =
  | ({ readonly kind: 'schema' } & WriterSchema)
  /** The registry does not know the id. */
  | { readonly kind: 'unknown' }
  /** The schema is no Avro schema but, say, `JSON` or `PROTOBUF`. */
  | { readonly kind: 'foreign'; readonly schemaType: string };

/** The record's schema must be learned first. */
export interface SchemaNeeded {
  readonly needsSchema: number;
}

/** One record type we read. */
export interface RecordReader<T> {
  /** One of the schemas in `schemas/`; its short name chooses it. */
  readonly schema: AvroSchemaJson;
  /** Fields the decoded object shall have besides those of the schema; a writer cannot fill them. */
  readonly extraFields: readonly AvroSchemaJson[];
  /** Checks what Avro cannot, and names the type. `decoded` has the schema's fields, required ones possibly null. */
  finish(decoded: unknown): T | Refusal;
}

/** How records of one schema id are read, or why not. */
type Plan<T> =
  | { readonly type: avro.Type; readonly resolver: Resolver; readonly finish: (decoded: unknown) => T | Refusal }
  | { readonly refusal: Refusal };

interface CompiledReader<T> {
  readonly type: avro.types.RecordType;
  readonly hidden: ReadonlySet<string>;
  readonly finish: (decoded: unknown) => T | Refusal;
}

const HEADER_BYTES = 5;
const NOTHING_NEEDED: readonly number[] = [];
const TOMBSTONE: Skip = { skip: 'tombstone' };

/** The schema id of a framed value; `null` when it is not framed. */
export function schemaIdOf(value: Buffer | null): number | null {
  if (value === null || value.length < HEADER_BYTES || value[0] !== 0) return null;
  return value.readInt32BE(1);
}

export class FramedRecords<T extends object> {
  readonly #readers = new Map<string, CompiledReader<T>>();
  readonly #plans = new Map<number, Plan<T>>();

  constructor(readers: readonly RecordReader<T>[]) {
    for (const { schema, extraFields, finish } of readers) {
      const type = readerType(schema, extraFields);
      const hidden = new Set(extraFields.map(field => String(field['name'])));
      this.#readers.set(String(schema['name']), { type, hidden, finish });
    }
  }

  /** The schema ids that must be learned before these records can be decoded, each once. */
  unlearned(records: readonly { readonly value: Buffer | null }[]): readonly number[] {
    let ids: Set<number> | null = null;
    let last: number | null = null;
    for (const { value } of records) {
      const id = schemaIdOf(value);
      // A batch is written with one schema, or a few: nearly every record repeats the one before, and nothing is needed.
      if (id === null || id === last) continue;
      last = id;
      if (!this.#plans.has(id)) ids = (ids ?? new Set()).add(id);
    }
    return ids === null ? NOTHING_NEEDED : [...ids];
  }

  /** Whether `decode` can say something about records with this schema id. */
  knows(schemaId: number): boolean {
    return this.#plans.has(schemaId);
  }

  /** Takes in what the registry said; the later word counts. */
  learn(schemaId: number, knowledge: SchemaKnowledge): void {
    this.#plans.set(schemaId, this.#plan(schemaId, knowledge));
  }

  /** Why no record of that schema could be read; `null` where they can. Learns nothing. */
  problemOf(schemaId: number, knowledge: SchemaKnowledge): string | null {
    const plan = this.#plan(schemaId, knowledge);
    return 'refusal' in plan ? `${plan.refusal.deadLetter}: ${plan.refusal.detail}` : null;
  }

  /** Makes the id one to be asked for again: for ids the registry did not know, which may be registered later. */
  forget(schemaId: number): void {
    this.#plans.delete(schemaId);
  }

  decode(value: Buffer | null): T | Refusal | Skip | SchemaNeeded {
    if (value === null) return TOMBSTONE;
    const schemaId = schemaIdOf(value);
    if (schemaId === null) return refuse('not_framed', 'the value does not begin with a zero byte and a schema id');
    const plan = this.#plans.get(schemaId);
    if (plan === undefined) return { needsSchema: schemaId };
    if ('refusal' in plan) return plan.refusal;
    let decoded: unknown;
    try {
      const { value: read, offset } = plan.type.decode(value, HEADER_BYTES, plan.resolver);
      if (offset !== value.length) return refuse('undecodable', offset === -1 ? 'truncated' : 'trailing bytes');
      decoded = read;
    } catch (error) {
      return refuse('undecodable', briefly(error));
    }
    return plan.finish(decoded);
  }

  #plan(schemaId: number, knowledge: SchemaKnowledge): Plan<T> {
    if (knowledge.kind === 'unknown') {
      return { refusal: refuse('schema_unknown', `the registry has no schema ${schemaId}`) };
    }
    if (knowledge.kind === 'foreign') {
      return { refusal: refuse('schema_incompatible', `schema ${schemaId} is ${knowledge.schemaType}, not Avro`) };
    }
    const name = shortRecordName(knowledge);
    const reader = this.#readers.get(name ?? '');
    if (reader === undefined) {
      const known = [...this.#readers.keys()].join(' or ');
      const found = name === null ? 'no record' : `a record ${name.slice(0, 100)}`;
      return { refusal: refuse('record_type_unknown', `schema ${schemaId} is ${found}; expected ${known}`) };
    }
    try {
      const writer = typeOfWriter(knowledge, reader.hidden);
      const resolver = resolverOf(reader.type, writer);
      return { type: reader.type, resolver, finish: reader.finish };
    } catch (error) {
      return { refusal: refuse('schema_incompatible', `schema ${schemaId} (${name}): ${briefly(error)}`) };
    }
  }
}

function refuse(deadLetter: DeadLetterReason, detail: string): Refusal {
  return { deadLetter, detail };
}

/** avsc's messages tell positions and counts, never values of fields. */
function briefly(error: unknown): string {
  return messageOf(error).slice(0, 300);
}
