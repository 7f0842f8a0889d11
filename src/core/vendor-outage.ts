/**
 * Whether TikTok as a whole is away, judged by how its connections fare: nobody is to blame for it, so no circuit
 * opens and nobody's hold clock runs while it lasts.
 *
 * Guarantee: it begins when, of the connections with an attempt in the last ten minutes, at least half and at least two
 * (where only one is enabled: that one) fail vendor-wide, twice each so that a single timeout is none, with no success
 * of any connection since. The first success ends it, and so does a quarter of an hour without another such failure:
 * then nobody is left who could succeed.
 */

const MEMORY_MS = 10 * 60_000;
/** Longer than any wait between two attempts. */
const QUIET_MS = 15 * 60_000;
const FAILURES = 2;

interface Attempts {
  at: number;
  /** Vendor-wide failures in a row since the last success of any connection. */
  failures: number;
  successesBefore: number;
}

/** What a report changed. */
export type OutageChange = 'began' | 'ended' | null;

/** Times are milliseconds of one clock. */
export class VendorOutage {
  readonly #attempts = new Map<string, Attempts>();
  #successes = 0;
  #lastSuccessAt = Number.NEGATIVE_INFINITY;
  #since: number | null = null;
  #lastFailureAt = 0;
  #endedAt = Number.NEGATIVE_INFINITY;
  /** What outages that are over took. */
  #lostMs = 0;

  get active(): boolean {
    return this.#since !== null;
  }

  /** For how long the outage has lasted; 0 while there is none. */
  lastedMs(now: number): number {
    return this.#since === null ? 0 : now - this.#since;
  }

  /** How long ago the last outage ended; endless where there was none. */
  overForMs(now: number): number {
    return now - this.#endedAt;
  }

  /** A time that stands still during outages. */
  workingTime(now: number): number {
    return now - this.#lostMs - this.lastedMs(now);
  }

  /** Whether nobody is known to have got through since then, so that what has failed since may fail for everybody. */
  isPossibleSince(at: number): boolean {
    return this.#lastSuccessAt < at;
  }

  /** Whether another connection has tried of late. */
  hasOthers(connectionId: string, now: number): boolean {
    for (const [id, { at }] of this.#attempts) if (id !== connectionId && now - at <= MEMORY_MS) return true;
    return false;
  }

  /** TikTok judged events of the connection. */
  succeeded(connectionId: string, now: number): OutageChange {
    this.#successes++;
    this.#lastSuccessAt = now;
    this.#note(connectionId, false, now);
    return this.#end(now);
  }

  /** Asked now and then: whether it has ended because nobody fails any more. */
  watch(now: number): OutageChange {
    return now - this.#lastFailureAt > QUIET_MS ? this.#end(now) : null;
  }

  /** A request of the connection failed. `enabledConnections`: how many there are. */
  failed(connectionId: string, vendorWide: boolean, enabledConnections: number, now: number): OutageChange {
    this.#note(connectionId, vendorWide, now);
    if (vendorWide) this.#lastFailureAt = now;
    if (this.#since !== null || !vendorWide || !this.#isOut(enabledConnections, now)) return null;
    this.#since = now;
    return 'began';
  }

  /** The connection is gone. */
  forget(connectionId: string): void {
    this.#attempts.delete(connectionId);
  }

  #end(now: number): OutageChange {
    if (this.#since === null) return null;
    this.#lostMs += now - this.#since;
    this.#since = null;
    this.#endedAt = now;
    return 'ended';
  }

  #note(connectionId: string, vendorWide: boolean, now: number): void {
    const before = this.#attempts.get(connectionId);
    const failures = before?.successesBefore === this.#successes ? before.failures : 0;
    this.#attempts.set(connectionId, {
      at: now,
      failures: vendorWide ? failures + 1 : 0,
      successesBefore: this.#successes,
    });
  }

  #isOut(enabledConnections: number, now: number): boolean {
    let tried = 0;
    let failing = 0;
    for (const [connectionId, { at, failures, successesBefore }] of this.#attempts) {
      if (now - at > MEMORY_MS) {
        this.#attempts.delete(connectionId);
        continue;
      }
      tried++;
      if (successesBefore === this.#successes && failures >= FAILURES) failing++;
    }
    return failing * 2 >= tried && failing >= (enabledConnections === 1 ? 1 : 2);
  }
}
