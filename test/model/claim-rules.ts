/** The claims of the model: the core's own, unless a mutation puts something worse in their place. */

import { type ClaimDecision, claimKey, claimTtlMs, judgeClaim, pendingValue } from '../../src/core/deduplicate.ts';
import type { Claim } from '../../src/ports.ts';
import type { Mutation } from './mutations.ts';
import { describe, HOUR, type Rec, type World } from './world.ts';

export const DEDUP = { pendingTakeoverMs: HOUR };
export const REPLAY_HORIZON = 72 * HOUR;

const BOOLEAN = '1';
/** Less than the replay horizon, as somebody might choose who knows only of TikTok's memory. */
const SHORT_TTL = 48 * HOUR;

export function claimOf(record: Rec, claimedAt: number, mutation: Mutation | null): Claim {
  const { event } = record.kind;
  return {
    key: claimKey('', event, record),
    value: mutation === 'boolean claim' ? BOOLEAN : pendingValue(record, claimedAt),
    ttlMs: mutation === 'short time to live' ? SHORT_TTL : claimTtlMs(event.dedupWindowMs, REPLAY_HORIZON),
  };
}

export function judged(record: Rec, reply: string | null, now: number, mutation: Mutation | null): ClaimDecision {
  if (mutation === 'boolean claim' && reply !== null) {
    return { kind: 'duplicate', reason: 'sent_before', claimant: record };
  }
  const decision = judgeClaim(reply, record, record.kind.event.dedupWindowMs, now, DEDUP);
  if (mutation !== 'young takeover' || decision.kind !== 'take-over') return decision;
  return { ...decision, value: pendingValue(record, now), claimedAt: now };
}

/** A record may be a duplicate of one that is on its way or was delivered, never of one that was given up. */
export function checkClaimant(world: World, claimant: Rec, at: number): void {
  const delivered = claimant.kind.takes.some(take => take.record === claimant);
  if (claimant.releasedAt !== null && claimant.releasedAt < at && !delivered) {
    world.violated(`an event is a duplicate of ${describe(claimant)}, which was dead-lettered and released`);
  }
}
