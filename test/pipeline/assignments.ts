/** Assignments for tests of what works in them. */

import { Assignment } from '../../src/assignment.ts';
import type { BudgetOptions } from '../../src/core/buffer-budget.ts';
import type { PendingEvent } from '../../src/core/pending-event.ts';
import type { WindowOptions } from '../../src/core/window.ts';
import { pendingOf, TOPIC } from '../core/pending-events.ts';

export const WINDOW: WindowOptions = { sizeMs: 120_000, batchMaxEvents: 1_000, batchMaxBytes: 1_000_000 };

export const BUDGET: BudgetOptions = { maxEvents: 10_000, maxBytes: 10_000_000, pressureRatio: 0.8, resumeRatio: 0.5 };

/** An assignment of one partition in which so many events, each of its own record, wait since `claimedAt`. */
export function assignmentWith(
  count: number,
  claimedAt: number,
  changes: Partial<PendingEvent> = {},
): { assignment: Assignment; events: PendingEvent[] } {
  const assignment = new Assignment(1, [{ topic: TOPIC, partition: 0, offset: 0 }], WINDOW, BUDGET);
  const account = assignment.ledger.account(TOPIC, 0)!;
  const events = Array.from({ length: count }, (_, offset) => {
    return pendingOf(account.track(offset, 1, 0, 0), offset, { claimedAt, ...changes });
  });
  assignment.admit(new Map([['connection-1', count]]), 1_000 * count);
  return { assignment, events };
}
