/**
 * The Avro schemas of `schemas/`, read once and synchronously at start: without them nothing can run.
 */

import { readFileSync } from 'node:fs';
import type { AvroSchemaJson } from '../core/avro-types.ts';

const FILES = {
  conversionCreated: 'conversion-created.avsc',
  revenueUpdated: 'revenue-updated.avsc',
  connection: 'connection.avsc',
  mapping: 'mapping.avsc',
  syncLogEntry: 'sync-log-entry.avsc',
  connectionStatus: 'connection-status.avsc',
} as const;

/** The parsed schemas by their role. */
export type Schemas = Readonly<Record<keyof typeof FILES, AvroSchemaJson>>;

const FOLDER = new URL('../../schemas/', import.meta.url);

export function readSchemas(): Schemas {
  const entries = Object.entries(FILES).map(([role, file]) => [role, readSchema(file)]);
  return Object.freeze(Object.fromEntries(entries)) as Schemas;
}

function readSchema(file: string): AvroSchemaJson {
  return JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as AvroSchemaJson;
}
