/**
 * What one record asks for, before anything is claimed or sent: decode, resolve and build, in that order.
 *
 * Guarantee: pure; a record makes at least one part, each part ends in exactly one outcome, and the same record with
 * the same configuration makes the same parts in the same order, so that a replay claims what its first life claimed.
 */

import type { BuildEvent } from './build-event.ts';
import { collapse } from './collapse.ts';
import type { ConfigTable } from './config-table.ts';
import type { EventDecoder } from './decode.ts';
import { schemaIdOf } from './framed-records.ts';
import type { Refusal, SkipReason } from './outcome.ts';
import type { BusinessEvent, SourceRecord } from './record.ts';
import { resolve } from './resolve.ts';
import type { TikTokEvent } from './tiktok-event.ts';

/** One event of a record, or the one reason why the record makes none. */
export type Part =
  | { readonly kind: 'send'; readonly event: TikTokEvent }
  | { readonly kind: 'same_record'; readonly event: TikTokEvent }
  | {
      readonly kind: 'skip';
      readonly reason: SkipReason;
      readonly connectionId: string | null;
      readonly mappingId: string | null;
      /** False for workspaces without a connection: those are counted, not logged. */
      readonly logged: boolean;
    }
  | {
      readonly kind: 'refuse';
      readonly refusal: Refusal;
      readonly connectionId: string | null;
      readonly mappingId: string | null;
    };

export interface Draft {
  readonly record: SourceRecord;
  readonly schemaId: number | null;
  /** Null when the record could not be read. */
  readonly event: BusinessEvent | null;
  readonly parts: readonly Part[];
}

export interface DraftTools {
  readonly decoder: EventDecoder;
  readonly table: ConfigTable;
  readonly build: BuildEvent;
}

/** Drafts one record; its schema must be known to the decoder. `now` is epoch milliseconds. */
export function draft(record: SourceRecord, tools: DraftTools, now: number): Draft {
  const schemaId = schemaIdOf(record.value);
  const decoded = tools.decoder.decode(record.value);
  if ('needsSchema' in decoded) throw new Error(`schema ${decoded.needsSchema} was not learned before decoding`);
  if ('skip' in decoded) return { record, schemaId, event: null, parts: [skipPart(decoded.skip, null, null, true)] };
  if ('deadLetter' in decoded) return { record, schemaId, event: null, parts: [refusePart(decoded, null, null)] };
  return { record, schemaId, event: decoded, parts: partsOf(decoded, tools, now) };
}

function partsOf(event: BusinessEvent, { table, build }: DraftTools, now: number): Part[] {
  const resolution = resolve(event, table);
  if ('skip' in resolution) {
    return [skipPart(resolution.skip, null, null, resolution.skip !== 'no_connection')];
  }
  const parts: Part[] = [];
  const built: TikTokEvent[] = [];
  for (const target of resolution) {
    if ('refusal' in target) {
      parts.push(refusePart(target.refusal, target.connectionId, target.mappingId));
      continue;
    }
    const { connection, mapping } = target;
    const result = build(event, mapping, connection, now);
    if ('skip' in result) parts.push(skipPart(result.skip, connection.connection_id, mapping.mapping_id, true));
    else if ('deadLetter' in result) parts.push(refusePart(result, connection.connection_id, mapping.mapping_id));
    else built.push(result);
  }
  const { kept, duplicates } = collapse(built);
  for (const tiktokEvent of kept) parts.push({ kind: 'send', event: tiktokEvent });
  for (const tiktokEvent of duplicates) parts.push({ kind: 'same_record', event: tiktokEvent });
  return parts;
}

function skipPart(reason: SkipReason, connectionId: string | null, mappingId: string | null, logged: boolean): Part {
  return { kind: 'skip', reason, connectionId, mappingId, logged };
}

function refusePart(refusal: Refusal, connectionId: string | null, mappingId: string | null): Part {
  return { kind: 'refuse', refusal, connectionId, mappingId };
}
