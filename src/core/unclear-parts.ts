/**
 * In what parts events are sent again that got an answer nobody understands.
 *
 * Guarantee: three attempts for each event, the first included. The second is made in slices, about as many as each has
 * events, and the third event by event, so that one that causes such answers takes no other along; where the answer
 * lists the rows that failed, the second parts them from the others. Of n events, m of them strange: at most
 * 1 + √n + m·√n requests, after a list that was wrong 3 + n. Every event is in exactly one part.
 */

import { partsRequest } from './failed-rows.ts';

/** Attempts that may get an answer nobody understands. */
export const MOST_UNCLEAR_ATTEMPTS = 3;

/** A part of a batch that got such an answer. */
export interface UnclearPart<T> {
  readonly events: readonly T[];
  /** Where the answer says that some were taken: the zero-based rows that were not; null where it does not say. */
  readonly failedRows: readonly number[] | null;
}

/** The parts of the attempt that follows `attempt` (1 or 2), in which these got such an answer. */
export function partsAfter<T>(attempt: number, unclear: readonly UnclearPart<T>[]): (readonly T[])[] {
  return unclear.flatMap(({ events, failedRows }) => {
    if (attempt > 1) return slices(events, 1);
    if (!partsRequest(failedRows, events.length)) return slices(events, Math.ceil(Math.sqrt(events.length)));
    const failed = new Set(failedRows);
    return [events.filter((_, row) => !failed.has(row)), events.filter((_, row) => failed.has(row))];
  });
}

function slices<T>(events: readonly T[], length: number): (readonly T[])[] {
  const count = Math.ceil(events.length / length);
  return Array.from({ length: count }, (_, index) => events.slice(index * length, (index + 1) * length));
}
