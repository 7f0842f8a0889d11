/**
 * The flush before a join: gives the consumer its time to deliver and commit under the old generation, and keeps the
 * membership alive meanwhile.
 *
 * The coordinator waits for the slowest member up to the rebalance timeout, counted from the rebalance's start, which
 * a member notices late; hence half of it. Without heartbeats only the session timeout would remain. A heartbeat is
 * answered by REBALANCE_IN_PROGRESS now, which re-arms the session all the same.
 */

import type { Clock } from '../ports.ts';
import { type ConsumerGroupInternals, kafkaErrorCode } from './kafka-internals.ts';

const HEARTBEAT_EVERY_MS = 1_000;

/** The coordinator's answers after which nothing can be committed any more. */
const MEMBERSHIP_LOST: ReadonlySet<string> = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID']);

/** Whether an error of a group request says that the assignment is gone. */
export function isMembershipLost(code: string): boolean {
  return MEMBERSHIP_LOST.has(code);
}

/** Resolves when `flush` has, when the budget is spent, or at once when the membership is lost. */
export async function flushBeforeRejoin(
  group: ConsumerGroupInternals,
  budgetMs: number,
  clock: Clock,
  flush: (budgetMs: number, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const abort = new AbortController();
  const ended = new Promise<void>(resolve => abort.signal.addEventListener('abort', () => resolve(), { once: true }));
  const cancelDeadline = clock.after(budgetMs, () => abort.abort());
  const stopBeating = keepAlive(group, clock, () => abort.abort());
  try {
    await Promise.race([flush(budgetMs, abort.signal), ended]);
  } finally {
    stopBeating();
    cancelDeadline();
  }
}

function keepAlive(group: ConsumerGroupInternals, clock: Clock, onLost: () => void): () => void {
  let isStopped = false;
  let cancel = (): void => {};
  const beat = async (): Promise<void> => {
    try {
      await group.heartbeat({ interval: 0 });
    } catch (error) {
      if (isMembershipLost(kafkaErrorCode(error))) return onLost();
      // REBALANCE_IN_PROGRESS is what is expected; other trouble may pass within the budget.
    }
    if (!isStopped) cancel = clock.after(HEARTBEAT_EVERY_MS, () => void beat());
  };
  void beat();
  return () => {
    isStopped = true;
    cancel();
  };
}
