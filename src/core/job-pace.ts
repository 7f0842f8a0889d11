/**
 * The pace of a redrive job: so many letters a second, and no burst larger than those of one second.
 *
 * Guarantee: over any stretch of time no more than the rate times its length, plus one second's worth, are let through.
 */

export class JobPace {
  readonly #perSecond: number;
  #tokens: number;
  #at: number;

  /** `now`: milliseconds that never jump. */
  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond;
    this.#tokens = Math.max(1, perSecond);
    this.#at = now;
  }

  /** How many may go now. */
  available(now: number): number {
    const more = (Math.max(0, now - this.#at) / 1000) * this.#perSecond;
    this.#tokens = Math.min(Math.max(1, this.#perSecond), this.#tokens + more);
    this.#at = Math.max(this.#at, now);
    return Math.floor(this.#tokens);
  }

  /** So many go; they count at once, also where they come back. */
  take(count: number): void {
    this.#tokens -= count;
  }

  /** They did not go after all. */
  giveBack(count: number): void {
    this.#tokens += count;
  }

  /** Milliseconds until the next one may go. */
  waitMs(): number {
    return Math.max(0, Math.ceil(((1 - this.#tokens) / this.#perSecond) * 1000));
  }
}
