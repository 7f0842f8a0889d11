/** Whether and when the events of an answered request are sent again, in words. What is said here is done by delivery. */

import type { Config } from '../config-options.ts';
import { partsRequest } from '../core/failed-rows.ts';
import type { Verdict } from '../core/judge-response.ts';
import type { DeadLetterReason } from '../core/outcome.ts';
import { durationWords } from '../core/time-words.ts';

/** Whether any event of the request is sent again. */
export function isRetried({ class: verdict }: Verdict, eventCount: number): boolean {
  switch (verdict) {
    case 'delivered':
    case 'connection-refused':
      return false;
    case 'poison':
    case 'split':
      return eventCount > 1;
    default:
      return true;
  }
}

/** When the events are sent again, and how that ends; or what becomes of them where they are not. */
export function whenRetried(verdict: Verdict, eventCount: number, delivery: Config['delivery']): string {
  switch (verdict.class) {
    case 'delivered':
      return 'they are settled as delivered.';
    case 'connection-refused':
      return `its events become ${letters('connection_parked')} until it has another token or entry, or a probe passes; then they are redriven.`;
    case 'poison':
      return whenRefused(verdict, eventCount);
    case 'split':
      return eventCount > 1
        ? 'at once, in two halves.'
        : `a single event is not smaller: it becomes one of the ${letters('refused_by_tiktok')}.`;
    case 'partial':
      return whenPartlyTaken(verdict, eventCount);
    case 'throttled':
      return `${backoffWords(verdict, delivery)}; only this connection slows down. ${holdWords(delivery)}`;
    case 'retry':
    case 'ambiguous':
      return `with the same ids ${backoffWords(verdict, delivery)}; ${howLong(verdict, eventCount, delivery)}`;
  }
}

function whenRefused({ row }: Verdict, eventCount: number): string {
  const letter = `becomes one of the ${letters('refused_by_tiktok')}`;
  if (eventCount === 1) return `the event ${letter}.`;
  if (row !== null && row < eventCount) {
    return `the others at once without row ${row}, which ${letter} if they pass; if not, halves show which are refused.`;
  }
  return `at once in halves, until each refused event stands alone and ${letter}; the others pass.`;
}

function whenPartlyTaken(verdict: Verdict, eventCount: number): string {
  const parts = partsRequest(verdict.failedRows, eventCount)
    ? 'in two parts: the rows listed as failed, and the others'
    : 'in slices';
  const how = eventCount === 1 ? 'with the same id, at once' : `with the same ids, at once ${parts}`;
  return eventCount === 1 ? `${how}; ${afterThreeAttempts(1)}` : `${how}. ${THEN_EVENT_BY_EVENT}`;
}

const THEN_EVENT_BY_EVENT = `What gets such an answer again is sent event by event; one that gets it three times becomes one of the ${letters('ambiguous_answer')}.`;

/** Said of events that nobody understands the answer to. */
function afterThreeAttempts(eventCount: number): string {
  const letter = `becomes one of the ${letters('ambiguous_answer')}.`;
  return eventCount === 1 ? `after three attempts in all it ${letter}` : `in slices. ${THEN_EVENT_BY_EVENT}`;
}

function backoffWords({ retryAfterMs }: Verdict, { retryBaseMs, retryMaxMs }: Config['delivery']): string {
  const growing = `after a random wait of up to ${durationWords(retryBaseMs)}, which doubles up to ${durationWords(retryMaxMs)}`;
  return retryAfterMs === null ? growing : `${growing}, and not before the ${durationWords(retryAfterMs)} asked for`;
}

function howLong({ limitedAttempts }: Verdict, eventCount: number, delivery: Config['delivery']): string {
  const { ambiguousHorizonMs } = delivery;
  if (limitedAttempts) return afterThreeAttempts(eventCount);
  const horizon = `${durationWords(ambiguousHorizonMs)} from the first attempt that may have been taken`;
  return `for at most ${horizon}, then they become ${letters('ambiguous_past_dedup')}. ${holdWords(delivery)}`;
}

function holdWords({ maxHoldMs }: Config['delivery']): string {
  const hold = `once the connection has failed for ${durationWords(maxHoldMs)}`;
  return `Unless TikTok is away for everybody, they become ${letters('connection_backpressure')} ${hold}.`;
}

function letters(reason: DeadLetterReason): string {
  return `dead letters ${reason}`;
}
