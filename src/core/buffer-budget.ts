/**
 * The budget of buffered events: everything read and not yet settled, wherever it waits.
 *
 * Guarantee: memory is bounded whatever the backlog. At the pressure ratio batches leave early; at 100 % partitions
 * are paused until the buffer has drained to the resume ratio. The two thresholds differ so that a buffer at its edge
 * does not pause and resume with every batch.
 */

export interface BudgetOptions {
  readonly maxEvents: number;
  /** Bytes of event JSON plus the one copy of each source record. */
  readonly maxBytes: number;
  readonly pressureRatio: number;
  readonly resumeRatio: number;
}

export class BufferBudget {
  readonly #options: BudgetOptions;
  #events = 0;
  #bytes = 0;
  #isDraining = false;

  constructor(options: BudgetOptions) {
    this.#options = options;
  }

  get events(): number {
    return this.#events;
  }

  get bytes(): number {
    return this.#bytes;
  }

  take(events: number, bytes: number): void {
    this.#events += events;
    this.#bytes += bytes;
    if (this.full) this.#isDraining = true;
  }

  give(events: number, bytes: number): void {
    this.#events -= events;
    this.#bytes -= bytes;
    if (this.drained) this.#isDraining = false;
  }

  /** Share of the budget in use; above 1 by at most one fetched batch. */
  get ratio(): number {
    return this.shareOf(this.#events, this.#bytes);
  }

  /** Share of the budget that these would take, the larger of events and bytes. */
  shareOf(events: number, bytes: number): number {
    return Math.max(events / this.#options.maxEvents, bytes / this.#options.maxBytes);
  }

  get underPressure(): boolean {
    return this.ratio >= this.#options.pressureRatio;
  }

  get full(): boolean {
    return this.ratio >= 1;
  }

  /** From the time it was full until it has drained: nothing more is read meanwhile. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  get resumeRatio(): number {
    return this.#options.resumeRatio;
  }

  get drained(): boolean {
    return this.ratio <= this.#options.resumeRatio;
  }
}
