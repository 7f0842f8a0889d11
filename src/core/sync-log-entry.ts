/**
 * One entry of the sync log: who, what, value, outcome, reason and TikTok's answer for one settled event.
 *
 * Guarantee: no e-mail, phone number, contact id or token; ids of conversion, connection and mapping only.
 * Field names are those of `schemas/sync-log-entry.avsc`.
 */

import type { MatchQuality } from './match-quality.ts';
import type { DeadLetterReason, DeliveredReason, DuplicateReason, SkipReason } from './outcome.ts';
import type { MatchKey } from './tiktok-event.ts';

export interface SyncLogEntry {
  /** TikTok's `event_id`, the key of the log's record; the conversion's id where no event was built, else null. */
  readonly event_id: string | null;
  readonly workspace_id: string | null;
  readonly connection_id: string | null;
  readonly mapping_id: string | null;
  readonly conversion_id: string | null;
  readonly tiktok_event_name: string | null;
  /** Epoch milliseconds. */
  readonly event_time: number | null;
  /** Canonical decimal string. */
  readonly value: string | null;
  readonly currency: string | null;
  readonly test_event_code: string | null;
  readonly match_keys: readonly MatchKey[];
  /** Null where no event was built. */
  readonly match_quality: MatchQuality | null;
  readonly outcome: 'delivered' | 'duplicate' | 'skipped' | 'dead_lettered';
  readonly reason: DeliveredReason | DuplicateReason | SkipReason | DeadLetterReason;
  readonly detail: string | null;
  readonly http_status: number | null;
  readonly api_code: number | null;
  readonly request_id: string | null;
  readonly attempts: number;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** `topic|partition|offset` of the record a duplicate lost to. */
  readonly claimant: string | null;
  /** Epoch milliseconds. */
  readonly settled_at: number;
}
