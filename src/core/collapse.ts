/**
 * Events of one record that TikTok would take for one and the same: only one of them is claimed and sent.
 *
 * Guarantee: of the events with one identity (event source id, test or production, event name, event id) exactly one
 * is kept, and which one depends on the events alone, not on their order: a replay keeps the same.
 */

import type { TikTokEvent } from './tiktok-event.ts';

export interface Collapsed {
  /** In the order given. */
  readonly kept: readonly TikTokEvent[];
  /** Settled as duplicates (`same_record`). */
  readonly duplicates: readonly TikTokEvent[];
}

const NONE: readonly TikTokEvent[] = [];

/** Two mappings of one record may make the same event: the one with a value wins, then the lowest `mapping_id`. */
export function collapse(events: readonly TikTokEvent[]): Collapsed {
  if (events.length < 2) return { kept: events, duplicates: NONE };
  const winners = new Map<string, TikTokEvent>();
  for (const event of events) {
    const identity = identityOf(event);
    const rival = winners.get(identity);
    if (rival === undefined || beats(event, rival)) winners.set(identity, event);
  }
  if (winners.size === events.length) return { kept: events, duplicates: NONE };
  const won = new Set(winners.values());
  return { kept: events.filter(event => won.has(event)), duplicates: events.filter(event => !won.has(event)) };
}

/** A claim's key without its prefix, and whatever the dedup window: within one record the claimant is the same. */
function identityOf({ destination, eventName, eventId }: TikTokEvent): string {
  return JSON.stringify([destination.eventSourceId, destination.testEventCode !== null, eventName, eventId]);
}

function beats(challenger: TikTokEvent, holder: TikTokEvent): boolean {
  const withValue = challenger.value !== null;
  if (withValue !== (holder.value !== null)) return withValue;
  return challenger.mappingId < holder.mappingId;
}
