/**
 * De-duplication: what a claim's key and value are, and what a reply of the store means.
 *
 * Guarantee: a claim knows who made it. A replay after a crash recognises its own claim and goes on; a copy at other
 * coordinates does not. Every unclear case is resolved towards sending twice (TikTok drops it), never towards loss.
 *
 * Key: prefix + event source id + `t`|`p` (test or production) + TikTok event name + event id.
 * Value: `p|topic|partition|offset|claimedAt` while pending, `s|topic|partition|offset|sentAt` once sent; times are
 * epoch milliseconds. Parts of the key are length-prefixed, so that no choice of names makes two keys equal.
 */

import type { Coordinates } from './record.ts';
import type { TikTokEvent } from './tiktok-event.ts';

/** An event's claim on being the one that is sent, as it stands (or shall stand) in the store. */
export interface Claim {
  readonly key: string;
  readonly value: string;
  /** Milliseconds until the store may forget it. */
  readonly ttlMs: number;
}

/** Who holds a claim and since when. */
export interface ClaimValue extends Coordinates {
  readonly state: 'pending' | 'sent';
  /** `claimedAt` of a pending claim (the first possible attempt), `sentAt` of a sent one; epoch milliseconds. */
  readonly at: number;
}

export interface DedupOptions {
  /** How long a pending claim of another record keeps later copies out; then its claimant counts as vanished. */
  readonly pendingTakeoverMs: number;
  /** An operator accepts that an event whose pending claim is older than this may count twice; absent: nobody does. */
  readonly forgiveAfterMs?: number;
}

/** What a record's dead letter tells of its first life; epoch milliseconds, null where the record is no letter's. */
export interface FirstLife {
  /** The first attempt that TikTok may have taken; null also where there was none. */
  readonly attemptedAt: number | null;
  /** When it failed. */
  readonly failedAt: number | null;
}

const NO_LETTER: FirstLife = { attemptedAt: null, failedAt: null };

/** What a reply of `SET key value NX GET` means for the claiming event. */
export type ClaimDecision =
  /**
   * Into the window. `claimedAt` is the earliest time an attempt can have been made; `attemptedBefore` is true where
   * one may have been, by an earlier life of this record's consumer or by the claimant it was taken from.
   */
  | { readonly kind: 'send'; readonly claimedAt: number; readonly attemptedBefore: boolean }
  /** Delivered before; only the commit was lost. */
  | { readonly kind: 'replayed'; readonly sentAt: number }
  | {
      readonly kind: 'duplicate';
      readonly reason: 'pending_elsewhere' | 'sent_before';
      readonly claimant: Coordinates;
    }
  /** Ours after a compare-and-set from `expected` to `value`; if that fails, claim again. */
  | {
      readonly kind: 'take-over';
      readonly expected: string;
      readonly value: string;
      readonly claimedAt: number;
      readonly attemptedBefore: boolean;
    };

/** The key of an event's claim. With a dedup window of 0 it carries the claimant's coordinates. */
export function claimKey(prefix: string, event: TikTokEvent, claimant: Coordinates): string {
  const { eventSourceId, testEventCode } = event.destination;
  const own = event.dedupWindowMs === 0 ? `:${claimant.topic}:${claimant.partition}:${claimant.offset}` : '';
  const kind = testEventCode === null ? 'p' : 't';
  return (
    `${prefix}${eventSourceId.length}:${eventSourceId}:${kind}:` +
    `${event.eventName.length}:${event.eventName}:${event.eventId.length}:${event.eventId}${own}`
  );
}

export function pendingValue(claimant: Coordinates, claimedAt: number): string {
  return `p|${claimant.topic}|${claimant.partition}|${claimant.offset}|${claimedAt}`;
}

export function sentValue(claimant: Coordinates, sentAt: number): string {
  return `s|${claimant.topic}|${claimant.partition}|${claimant.offset}|${sentAt}`;
}

/** Reads a stored value; `null` for one this service did not write. Topic names hold no `|` (Kafka forbids it). */
export function parseClaimValue(stored: string): ClaimValue | null {
  const parts = stored.split('|');
  const [state, topic, partition, offset, at] = parts;
  if (parts.length !== 5 || (state !== 'p' && state !== 's') || !topic) return null;
  const value = {
    state: state === 'p' ? ('pending' as const) : ('sent' as const),
    topic,
    partition: Number(partition),
    offset: Number(offset),
    at: Number(at),
  };
  return [value.partition, value.offset, value.at].every(Number.isSafeInteger) ? value : null;
}

/** TikTok remembers an event for 48 h (help centre, event de-duplication); a claim lives at least as long. */
const TIKTOK_MEMORY_MS = 48 * 60 * 60 * 1000;

/** How long a claim must live: the mapping's dedup window, TikTok's memory and the replay horizon, the longest. */
export function claimTtlMs(dedupWindowMs: number, replayHorizonMs: number): number {
  return Math.max(dedupWindowMs, TIKTOK_MEMORY_MS, replayHorizonMs);
}

function sameCoordinates(a: Coordinates, b: Coordinates): boolean {
  return a.offset === b.offset && a.partition === b.partition && a.topic === b.topic;
}

/**
 * Judges the reply to `SET key pendingValue(claimant, now) NX GET`.
 *
 * A value we cannot read is taken over: somebody else's write must not lose an event. A takeover from a pending claim
 * keeps the older `claimedAt`, because an attempt under it may have reached TikTok, which remembers it for 48 h.
 * Whether a copy came late enough to be sent on purpose, the time of its failure decides: a letter that lies for days is
 * no newer for it.
 */
export function judgeClaim(
  reply: string | null,
  claimant: Coordinates,
  dedupWindowMs: number,
  now: number,
  options: DedupOptions,
  { attemptedAt, failedAt }: FirstLife = NO_LETTER,
): ClaimDecision {
  const since = attemptedAt ?? now;
  if (reply === null) return { kind: 'send', claimedAt: since, attemptedBefore: attemptedAt !== null };
  const held = parseClaimValue(reply);
  if (held === null) return takeOver(reply, claimant, since, true);
  const isForgiven = held.state === 'pending' && now - held.at >= (options.forgiveAfterMs ?? Number.POSITIVE_INFINITY);
  if (sameCoordinates(held, claimant)) {
    if (held.state === 'sent') return { kind: 'replayed', sentAt: held.at };
    if (isForgiven) return takeOver(reply, claimant, since, true);
    return { kind: 'send', claimedAt: earlier(held.at, attemptedAt), attemptedBefore: true };
  }
  if (held.state === 'sent') {
    if (earlier(now, failedAt) - held.at < dedupWindowMs) return duplicate('sent_before', held);
    return takeOver(reply, claimant, since, attemptedAt !== null);
  }
  if (now - held.at < options.pendingTakeoverMs) return duplicate('pending_elsewhere', held);
  return takeOver(reply, claimant, isForgiven ? since : earlier(held.at, attemptedAt), true);
}

function earlier(at: number, other: number | null): number {
  return other === null ? at : Math.min(at, other);
}

function duplicate(reason: 'pending_elsewhere' | 'sent_before', held: ClaimValue): ClaimDecision {
  const { topic, partition, offset } = held;
  return { kind: 'duplicate', reason, claimant: { topic, partition, offset } };
}

function takeOver(expected: string, claimant: Coordinates, claimedAt: number, attemptedBefore: boolean): ClaimDecision {
  return { kind: 'take-over', expected, value: pendingValue(claimant, claimedAt), claimedAt, attemptedBefore };
}
