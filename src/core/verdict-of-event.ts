/**
 * From the verdict on a request to the verdict on each of its events.
 *
 * Guarantee: an event is `delivered` only where the whole request is, so a list of failed rows makes no event delivered
 * and none poison. A row beyond the request names nothing: then all its events share the request's verdict.
 */

import type { Verdict } from './judge-response.ts';
import type { VerdictClass } from './verdict-rule.ts';

/**
 * What the answer means for the event at `index` of a request with `count` events. Where a refusal names a row, that
 * one is poison and the others, since nothing of the request was taken, are to be sent again. Where a request was
 * taken in part, all of it is sent again, the rows that are listed as failed by themselves: only code 0 says that an event was taken.
 */
export function verdictOfEvent(verdict: Verdict, index: number, count: number): VerdictClass {
  const { class: ofRequest, row } = verdict;
  if (ofRequest === 'poison' && row !== null && row < count) return index === row ? 'poison' : 'retry';
  return ofRequest;
}
