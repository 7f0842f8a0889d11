/**
 * How much of the buffer a failing connection may hold while its events wait.
 *
 * Guarantee: what goes are the oldest batches of its queue, whole, and no more than needed. The oldest, because they
 * hold the lowest offsets: with them gone the commit moves on, and a restart reads less again. The batch that is being
 * tried stays.
 */

/** `shares`: of the buffer, of the batches in the queue, oldest first; returns how many of them must go. */
export function batchesToGo(triedShare: number, shares: readonly number[], maxShare: number): number {
  let held = shares.reduce((sum, share) => sum + share, triedShare);
  let going = 0;
  for (const share of shares) {
    if (held <= maxShare) break;
    held -= share;
    going++;
  }
  return going;
}
