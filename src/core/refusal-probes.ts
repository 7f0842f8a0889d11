/**
 * When connections that TikTok refuses are to be asked about again.
 *
 * Guarantee: their events ask once per interval. Where no events ask, it is done without any, the first time after an
 * interval, then after as long as the refusal had lasted by the last time, at most after an hour; a release that TikTok
 * refuses again does not begin that anew.
 */

import { type ConnectionState, isRefused, isReleasedUntried, isSameSubject } from './connection-state.ts';

/** Epoch milliseconds. */
interface Probes {
  /** When it was learned to be refused. */
  readonly refusedSince: number;
  /** The last time it was asked about, or learned to be refused, here or by another replica. */
  readonly at: number;
}

const RAREST_MS = 3_600_000;

export class RefusalProbes {
  readonly #intervalMs: number;
  readonly #probes = new Map<string, Probes>();

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** The connection's state is another one now. */
  changed(connectionId: string, before: ConnectionState | null, after: ConnectionState, now: number): void {
    if (isRefused(after)) {
      const known = this.#probes.get(connectionId);
      // Learned from elsewhere: the answer is fresh enough to count as this interval's probe.
      if (known === undefined) this.#probes.set(connectionId, { refusedSince: now, at: now });
      else if (before !== null && !isRefused(before)) this.probed(connectionId, now);
    } else if (before === null || !isReleasedUntried(after) || !isSameSubject(before, after)) {
      this.forget(connectionId);
    }
  }

  /** A refused connection is asked about now. */
  probed(connectionId: string, now: number): void {
    const known = this.#probes.get(connectionId);
    if (known !== undefined) this.#probes.set(connectionId, { ...known, at: now });
  }

  /** Whether events of a refused connection may ask. */
  isDue(connectionId: string, now: number): boolean {
    const known = this.#probes.get(connectionId);
    return known === undefined || now - known.at >= this.#intervalMs;
  }

  /** Whether nobody has asked about a refused connection for so long that it is to be done without events. */
  isOverdue(connectionId: string, now: number): boolean {
    const known = this.#probes.get(connectionId);
    if (known === undefined) return false;
    const wait = Math.min(Math.max(known.at - known.refusedSince, this.#intervalMs), RAREST_MS);
    return now - known.at >= wait;
  }

  forget(connectionId: string): void {
    this.#probes.delete(connectionId);
  }
}
