/**
 * How much is read while the vendor is out: so many records in a window.
 *
 * Guarantee: over the windows of an outage no more than that many records each on average, plus one fetched batch. A
 * batch is taken whole or not at all, so the account may fall below nothing, and later windows pay for it.
 */

export interface TrickleOptions {
  readonly recordsPerWindow: number;
  readonly windowMs: number;
}

export class Trickle {
  readonly #options: TrickleOptions;
  /** Null while everything may be read. */
  #account: { left: number; filledAt: number } | null = null;

  constructor(options: TrickleOptions) {
    this.#options = options;
  }

  /** Whether a batch may be taken now; milliseconds of one clock. */
  allows(isOutage: boolean, now: number): boolean {
    if (!isOutage) {
      this.#account = null;
      return true;
    }
    const { recordsPerWindow, windowMs } = this.#options;
    this.#account ??= { left: recordsPerWindow, filledAt: now };
    const windows = Math.floor((now - this.#account.filledAt) / windowMs);
    this.#account.left = Math.min(recordsPerWindow, this.#account.left + windows * recordsPerWindow);
    this.#account.filledAt += windows * windowMs;
    return this.#account.left > 0;
  }

  took(records: number): void {
    if (this.#account !== null) this.#account.left -= records;
  }
}
