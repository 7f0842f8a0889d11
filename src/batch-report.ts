/** What there is to tell of a batch that was admitted: one call per batch, counts only. */

import type { Admitted } from './admission.ts';
import type { Draft } from './core/draft.ts';
import type { RecordBatch } from './core/record.ts';
import type { Telemetry } from './ports.ts';

export function reportBatch(
  telemetry: Telemetry,
  batch: RecordBatch,
  drafts: readonly Draft[],
  { eventsByConnection, newestEventTime }: Admitted,
): void {
  const notes = new Map<string, number>();
  const undecodable = new Map<string, number>();
  let bytes = 0;
  for (const { event, parts, record } of drafts) {
    bytes += record.value?.length ?? 0;
    for (const part of parts) {
      if (part.kind === 'send') for (const note of part.event.notes) add(notes, note);
      else if (part.kind === 'refuse' && event === null) add(undecodable, part.refusal.deadLetter);
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
  if (notes.size > 0) telemetry.eventNotes(notes);
  for (const [reason, count] of undecodable) telemetry.decodeFailed(batch.topic, reason, count);
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
