/**
 * The judgement: was every expected event counted by TikTok exactly once, and is every repeat one that may be?
 *
 * A repeat is allowed when the request that carried the event before was in flight when something cut it off: it was
 * never answered, its answer came so shortly before a kill that its mark may not have been written, or the second
 * request began before the first one's mark can have been.
 */

import type { Ledger } from '../../sandbox/tiktok-ledger.ts';
import type { LedgerEvent, LedgerRequest } from '../../sandbox/tiktok-ledger-page.ts';

export interface Verdict {
  readonly expected: number;
  /** Expected and not counted. */
  readonly lost: readonly string[];
  /** Counted and not expected. */
  readonly surplus: readonly string[];
  /** Counted more than once. */
  readonly doubled: readonly string[];
  readonly repeats: Readonly<Record<RepeatReason, number>>;
  /** Requests whose events came again. */
  readonly repeatedRequests: number;
}

export type RepeatReason = 'never_answered' | 'answered_just_before_a_kill' | 'overlapping' | 'unexplained';

/** How long after TikTok's answer a mark may still be on its way to Redis, on a machine that is busy. */
const MARK_MS = 1_000;

export function judge(ledger: Ledger, expected: ReadonlySet<string>, kills: readonly number[]): Verdict {
  const counted = new Set<string>();
  const doubled: string[] = [];
  const repeats = { never_answered: 0, answered_just_before_a_kill: 0, overlapping: 0, unexplained: 0 };
  const repeatedRequests = new Set<number>();
  const requests = new Map(ledger.requests().map(request => [request.seq, request]));
  const carriedBy = new Map<string, LedgerRequest>();
  for (const event of ledger.events()) {
    const key = keyOf(event);
    const request = requests.get(event.seq);
    const before = carriedBy.get(key);
    if (!event.deduplicated && counted.has(key)) doubled.push(key);
    counted.add(key);
    if (before !== undefined && request !== undefined) {
      repeats[reasonOf(before, request, kills)]++;
      repeatedRequests.add(before.seq);
    }
    if (request !== undefined) carriedBy.set(key, request);
  }
  const lost = [...expected].filter(key => !counted.has(key));
  const surplus = [...counted].filter(key => !expected.has(key));
  return { expected: expected.size, lost, surplus, doubled, repeats, repeatedRequests: repeatedRequests.size };
}

function reasonOf(first: LedgerRequest, second: LedgerRequest, kills: readonly number[]): RepeatReason {
  if (!first.answered) return 'never_answered';
  const answeredAt = first.at + (first.duration_ms ?? 0);
  if (kills.some(kill => first.at <= kill && kill <= answeredAt + MARK_MS)) return 'answered_just_before_a_kill';
  return second.at <= answeredAt + MARK_MS ? 'overlapping' : 'unexplained';
}

function keyOf({ event, event_id, event_source_id }: LedgerEvent): string {
  return `${event_source_id}|${event}|${event_id}`;
}
