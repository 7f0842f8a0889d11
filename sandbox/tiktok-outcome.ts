/** What becomes of a judged request once a fault has had its way: the answer, and which of its events count. */

import type { Answer } from './tiktok-answer.ts';
import { answerInPart, answerOf, answerOverLimit } from './tiktok-answer.ts';
import { CODE, NOT_ACCEPTABLE } from './tiktok-checks.ts';
import type { Blow } from './tiktok-faults.ts';
import type { TakenEvents } from './tiktok-ledger.ts';

export interface Outcome {
  /** Null where the client is left without any. */
  readonly answer: Answer | null;
  readonly taken: TakenEvents | null;
}

/** `good` is what would count without a fault, null for a refused request; `usual` the answer it would have had. */
export function outcome(fault: Blow | null, good: TakenEvents | null, requestId: string, usual: () => Answer): Outcome {
  if (fault === null) return { answer: usual(), taken: good };
  switch (fault.effect) {
    case 'limit':
      return { answer: answerOverLimit(fault, requestId), taken: null };
    case 'partial':
      return inPart(fault, good, requestId, usual);
    case 'answer':
      return { answer: answerOf(fault, requestId), taken: fault.taken === true ? good : null };
    default:
      return { answer: null, taken: fault.taken === true ? good : null };
  }
}

function inPart(
  fault: Extract<Blow, { effect: 'partial' }>,
  good: TakenEvents | null,
  requestId: string,
  usual: () => Answer,
): Outcome {
  const failed = good === null ? [] : rowsWith(good, fault.id_prefix);
  if (good === null || failed.length === 0) return { answer: usual(), taken: good };
  if (failed.length === good.events.length) {
    const refused = { effect: 'answer', status: 200, code: CODE.PARAM_ERROR, message: NOT_ACCEPTABLE.text } as const;
    return { answer: answerOf(refused, requestId), taken: null };
  }
  const rows = new Set(failed);
  const taken = { ...good, events: good.events.filter((_, row) => !rows.has(row)) };
  return { answer: answerInPart(failed, fault.listed === true, requestId), taken };
}

function rowsWith({ events, read }: TakenEvents, prefix: string): number[] {
  return events.flatMap((event, row) => (read(event).event_id?.startsWith(prefix) === true ? [row] : []));
}
