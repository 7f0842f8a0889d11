/** What there is to tell of a batch that was admitted: one call per batch, counts only. */

import type { Admitted } from './admission.ts';
import type { Draft } from './core/draft.ts';
import type { RecordBatch } from './core/record.ts';
import { NO_CONNECTION } from './core/settled.ts';
import type { MatchKey } from './core/tiktok-event.ts';
import type { Telemetry } from './ports.ts';

export function reportBatch(
  telemetry: Telemetry,
  batch: RecordBatch,
  drafts: readonly Draft[],
  { eventsByConnection, newestEventTime }: Admitted,
): void {
  const notes = new Map<string, number>();
  const undecodable = new Map<string, number>();
  const matchable = new Map<string, Map<readonly MatchKey[], number>>();
  let bytes = 0;
  for (const { event, parts, record } of drafts) {
    bytes += record.value?.length ?? 0;
    for (const part of parts) {
      if (part.kind === 'send') {
        for (const note of part.event.notes) add(notes, note);
        addMatchable(matchable, part.event.destination.connectionId, part.event.matchKeys);
      } else if (part.kind === 'refuse') {
        if (event === null) add(undecodable, part.refusal.deadLetter);
        if (part.refusal.deadLetter === 'no_match_key') addMatchable(matchable, part.connectionId, NO_KEYS);
      }
    }
  }
  telemetry.batchConsumed({
    topic: batch.topic,
    partition: batch.partition,
    records: batch.records.length,
    bytes,
    position: batch.nextOffset,
    highWatermark: batch.highWatermark,
    newestEventTime,
    eventsByConnection,
  });
  if (matchable.size > 0) telemetry.eventsMatchable(matchable);
  if (notes.size > 0) telemetry.eventNotes(notes);
  for (const [reason, count] of undecodable) telemetry.decodeFailed(batch.topic, reason, count);
}

const NO_KEYS: readonly MatchKey[] = [];

/** Events with the same keys share one list of them, so the list itself can be counted by. */
function addMatchable(
  matchable: Map<string, Map<readonly MatchKey[], number>>,
  connectionId: string | null,
  keys: readonly MatchKey[],
): void {
  const id = connectionId ?? NO_CONNECTION;
  let counts = matchable.get(id);
  if (counts === undefined) {
    counts = new Map();
    matchable.set(id, counts);
  }
  add(counts, keys);
}

function add<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
