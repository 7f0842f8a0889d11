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
import type { FirstLife } from './deduplicate.ts';
import { schemaIdOf } from './framed-records.ts';
import type { Refusal, SkipReason } from './outcome.ts';
import type { BusinessEvent, SourceRecord } from './record.ts';
import { type Resolution, resolve } from './resolve.ts';
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

export interface Draft extends FirstLife {
  /** The record as it stands on its event topic; claims, log entries and letters name its coordinates. */
  readonly record: SourceRecord;
  /** Where it was read: the offset that the ledger keeps. Another than the record's where a dead letter was read. */
  readonly offset: number;
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

/**
 * Drafts one record; its schema must be known to the decoder. `now` is epoch milliseconds. With `only` it makes the
 * event of that mapping alone.
 */
export function draft(record: SourceRecord, tools: DraftTools, now: number, only: string | null = null): Draft {
  const schemaId = schemaIdOf(record.value);
  const decoded = tools.decoder.decode(record.value);
  if ('needsSchema' in decoded) throw new Error(`schema ${decoded.needsSchema} was not learned before decoding`);
  if ('skip' in decoded) return draftOf(record, schemaId, null, [skipPart(decoded.skip, null, null, true)]);
  if ('deadLetter' in decoded) return draftOf(record, schemaId, null, [refusePart(decoded, null, null)]);
  return draftOf(record, schemaId, decoded, partsOf(decoded, tools, now, only));
}

function draftOf(
  record: SourceRecord,
  schemaId: number | null,
  event: BusinessEvent | null,
  parts: readonly Part[],
): Draft {
  return { record, offset: record.offset, attemptedAt: null, failedAt: null, schemaId, event, parts };
}

function partsOf(event: BusinessEvent, { table, build }: DraftTools, now: number, only: string | null): Part[] {
  const wanted = resolve(event, table);
  const resolution = only === null ? wanted : restricted(wanted, only);
  if ('skip' in resolution) {
    return [skipPart(resolution.skip, null, only, resolution.skip !== 'no_connection')];
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

/** The mapping may be gone by now, disabled, or changed so that it does not want the event any more. */
function restricted(resolution: Resolution, only: string): Resolution {
  if ('skip' in resolution) return resolution;
  const left = resolution.filter(match => ('mapping' in match ? match.mapping.mapping_id : match.mappingId) === only);
  return left.length === 0 ? { skip: 'no_mapping' } : left;
}

function skipPart(reason: SkipReason, connectionId: string | null, mappingId: string | null, logged: boolean): Part {
  return { kind: 'skip', reason, connectionId, mappingId, logged };
}

function refusePart(refusal: Refusal, connectionId: string | null, mappingId: string | null): Part {
  return { kind: 'refuse', refusal, connectionId, mappingId };
}
