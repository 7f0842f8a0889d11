/** Entries of the sync log as a reader of another team sees them: plain avsc and the published schema. */

import { readFileSync } from 'node:fs';
import avro from 'avsc';
import { DecimalString } from './event-producer.ts';
import type { ReadRecord } from './topic-reader.ts';

/** What is read of an entry here; times are epoch milliseconds, `value` is a decimal string. */
export interface SyncLogView {
  /** The record's key. */
  readonly key: string | null;
  readonly event_id: string | null;
  readonly workspace_id: string | null;
  readonly connection_id: string | null;
  readonly mapping_id: string | null;
  readonly conversion_id: string | null;
  readonly tiktok_event_name: string | null;
  readonly event_time: number | null;
  readonly value: string | null;
  readonly currency: string | null;
  readonly match_keys: readonly string[] | null;
  readonly match_quality: string | null;
  readonly outcome: string;
  readonly reason: string;
  readonly detail: string | null;
  readonly http_status: number | null;
  readonly api_code: number | null;
  readonly request_id: string | null;
  readonly attempts: number;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly claimant: string | null;
  readonly settled_at: number;
}

const FRAME_BYTES = 5;
const SCHEMA = new URL('../schemas/sync-log-entry.avsc', import.meta.url);
const type = avro.Type.forSchema(JSON.parse(readFileSync(SCHEMA, 'utf8')), {
  logicalTypes: { decimal: DecimalString },
});

export function readSyncLogEntry({ key, value }: ReadRecord): SyncLogView {
  if (value === null) throw new Error('a record of the sync log has no value');
  const entry = type.fromBuffer(value.subarray(FRAME_BYTES)) as Omit<SyncLogView, 'key'>;
  return { ...entry, key };
}
