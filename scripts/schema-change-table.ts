/** The table of what a producer may change, for docs/producing-events.md: each verdict is worked out, not written down. */

import { readSchemas } from '../src/adapters/schema-files.ts';
import { createEventDecoder } from '../src/core/decode.ts';
import { RecordEncoder } from '../src/core/encode.ts';
import { COMPATIBILITY } from '../src/core/schema-contract.ts';
import { conflicts } from '../src/core/schema-findings.ts';
import { MINIMAL, SCHEMA_CHANGES, type SchemaChange } from './schema-changes.ts';

const SCHEMAS = readSchemas();
const ID = 1;

export function schemaChangeTable(): string {
  const rows = SCHEMA_CHANGES.map(change => {
    const allowed = isCompatible(change) ? 'yes' : '**no**';
    return `| ${change.change} | ${allowed} | ${readingOf(change)} | ${change.advice} |`;
  });
  const head = `| change | allowed by ${COMPATIBILITY} | what the service reads | note |`;
  return [head, '|---|---|---|---|', ...rows].join('\n');
}

/** The verdict of the rules of Avro, both ways. */
export function isCompatible({ schema }: SchemaChange): boolean {
  const base = { schema: SCHEMAS.conversionCreated, references: [] };
  return conflicts({ schema, references: [] }, base, 'the other').length === 0;
}

/** What becomes of a record of the changed schema in the service's own decoder. */
export function readingOf({ schema, sent }: SchemaChange): string {
  const decoder = createEventDecoder(SCHEMAS);
  decoder.learn(ID, { kind: 'schema', schema, references: [] });
  const record = { ...MINIMAL, ...sent };
  const event = decoder.decode(new RecordEncoder(schema).framed(ID, record));
  if ('deadLetter' in event) return `nothing: dead letter \`${event.deadLetter}\``;
  const read = new Map<string, unknown>(Object.entries(event));
  const others = Object.entries(record).flatMap(([name, value]) => {
    if (!read.has(name)) return [`but \`${name}\``];
    return agrees(read.get(name), value) ? [] : [`with \`${name}\` as \`${JSON.stringify(read.get(name))}\``];
  });
  return ['everything', ...others].join(' ');
}

/** Whether what was read has everything that was sent; what was not sent is null. */
function agrees(read: unknown, sent: unknown): boolean {
  if (typeof sent !== 'object' || sent === null) return read === sent;
  const fields = (read ?? {}) as Readonly<Record<string, unknown>>;
  return Object.entries(sent).every(([name, value]) => agrees(fields[name], value));
}
