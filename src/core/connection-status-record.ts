/**
 * Connection states as records of the status topic, and back.
 *
 * Guarantee: every state of ours can be encoded, whatever number TikTok answered, and is the same when read back; an
 * entry that is not about a version of a connection's entry, or has a state this version does not know, is none.
 */

import type { AvroSchemaJson } from './avro-types.ts';
import { type ConnectionState, RELEASE_CAUSES, STATE_NAMES } from './connection-state.ts';
import { FramedRecords } from './framed-records.ts';

/** A record of the status topic as its schema has it; times are epoch milliseconds. */
export interface StatusRecord {
  readonly connection_id: string;
  readonly workspace_id: string | null;
  readonly state: string | null;
  readonly since: number;
  readonly reason: string | null;
  readonly config_offset: number | null;
  readonly token_digest: string | null;
  readonly http_status: number | null;
  readonly api_code: number | null;
  readonly request_id: string | null;
  readonly revision: number | null;
  readonly troubled_since: number | null;
  readonly release_cause: string | null;
  readonly instance: string | null;
  readonly updated_at: number;
}

/** Who writes a record, when, and for which workspace. */
export interface StatusWriting {
  readonly workspaceId: string | null;
  readonly instance: string;
  readonly now: number;
}

const KEY_PREFIX = 'connection:';

export function statusKey(connectionId: string): string {
  return KEY_PREFIX + connectionId;
}

/** Null for a key that is none of ours. */
export function connectionIdOf(key: string): string | null {
  return key.startsWith(KEY_PREFIX) && key.length > KEY_PREFIX.length ? key.slice(KEY_PREFIX.length) : null;
}

export function statusRecordOf(connectionId: string, state: ConnectionState, writing: StatusWriting): StatusRecord {
  return {
    connection_id: connectionId,
    workspace_id: writing.workspaceId,
    state: state.state,
    since: state.since,
    reason: state.reason,
    config_offset: state.configOffset,
    token_digest: state.tokenDigest,
    http_status: whole(state.httpStatus),
    api_code: whole(state.apiCode),
    request_id: state.requestId,
    revision: state.revision,
    troubled_since: state.troubledSince,
    release_cause: state.releaseCause,
    instance: writing.instance,
    updated_at: writing.now,
  };
}

/** TikTok's body is not ours: a code that no integer type holds must not keep a state from being told. */
function whole(value: number | null): number | null {
  return Number.isSafeInteger(value) ? value : null;
}

/** Null for an entry that says nothing we can use. */
export function stateOfRecord(record: StatusRecord): ConnectionState | null {
  const state = STATE_NAMES.find(name => name === record.state);
  if (state === undefined || record.config_offset === null) return null;
  return {
    state,
    since: record.since,
    reason: record.reason,
    configOffset: record.config_offset,
    tokenDigest: record.token_digest,
    httpStatus: record.http_status,
    apiCode: record.api_code,
    requestId: record.request_id,
    revision: record.revision ?? 0,
    troubledSince: record.troubled_since,
    releaseCause: RELEASE_CAUSES.find(cause => cause === record.release_cause) ?? null,
  };
}

const INCOMPLETE = { deadLetter: 'undecodable', detail: 'connection_id or since is missing' } as const;

export type StatusDecoder = FramedRecords<StatusRecord>;

/** Learns writer schemas and decodes values of the status topic. */
export function createStatusDecoder(schema: AvroSchemaJson): StatusDecoder {
  return new FramedRecords<StatusRecord>([{ schema, extraFields: [], finish }]);
}

function finish(decoded: unknown) {
  const record = decoded as StatusRecord;
  const required: readonly unknown[] = [record.connection_id, record.since];
  return required.includes(null) ? INCOMPLETE : record;
}

/** The state of a record of the topic, and who wrote it; null for a record that cannot be read. */
export function readStatus(
  decoder: StatusDecoder,
  value: Buffer,
): { readonly state: ConnectionState | null; readonly instance: string | null } | null {
  const decoded = decoder.decode(value);
  return 'connection_id' in decoded ? { state: stateOfRecord(decoded), instance: decoded.instance } : null;
}

/** By connection; records that say nothing we can use are left out. */
export function statesOf(
  decoder: StatusDecoder,
  records: ReadonlyMap<string, { readonly value: Buffer }>,
): Map<string, ConnectionState> {
  const states = new Map<string, ConnectionState>();
  for (const [key, { value }] of records) {
    const [connectionId, state] = [connectionIdOf(key), readStatus(decoder, value)?.state ?? null];
    if (connectionId !== null && state !== null) states.set(connectionId, state);
  }
  return states;
}
