/** Entries of the status topic as a reader of another team sees them: plain avsc and the published schema. */

import { readFileSync } from 'node:fs';
import avro from 'avsc';
import type { ReadRecord } from './topic-reader.ts';

/** What is read of an entry here; times are epoch milliseconds. */
export interface ConnectionStatusView {
  readonly connection_id: string;
  readonly state: string | null;
  readonly since: number;
  readonly reason: string | null;
  readonly config_offset: number | null;
  readonly token_digest: string | null;
  readonly api_code: number | null;
  readonly request_id: string | null;
  readonly revision: number | null;
  readonly troubled_since: number | null;
  readonly release_cause: string | null;
}

const FRAME_BYTES = 5;
const SCHEMA = new URL('../schemas/connection-status.avsc', import.meta.url);
const type = avro.Type.forSchema(JSON.parse(readFileSync(SCHEMA, 'utf8')));

/** Null for a connection that was deleted. */
export function readConnectionStatus({ value }: ReadRecord): ConnectionStatusView | null {
  return value === null ? null : (type.fromBuffer(value.subarray(FRAME_BYTES)) as ConnectionStatusView);
}
