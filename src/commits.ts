/**
 * Commits of settled offsets: one at a time, at most one an interval, each a single attempt that this loop repeats.
 *
 * The client's own retries are not used: a retry that outlives a rejoin commits under the new generation, partitions
 * of others included (tulios/kafkajs#1046). A fenced commit is not an error: the join that follows reads from the
 * last acknowledged offset, and the claims recognise the replay.
 */

import type { Assignment } from './assignment.ts';
import type { Clock, RecordSource } from './ports.ts';
import type { Settlement } from './settlement.ts';

export class Commits {
  readonly #source: RecordSource;
  readonly #settlement: Settlement;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  #cancelScheduled: (() => void) | null = null;
  #running: Promise<void> | null = null;
  #waitingSince: number | null = null;

  constructor(source: RecordSource, settlement: Settlement, clock: Clock, intervalMs: number) {
    this.#source = source;
    this.#settlement = settlement;
    this.#clock = clock;
    this.#intervalMs = intervalMs;
  }

  /** Since when (monotonic milliseconds) a settled offset waits to be committed; null while none does. */
  get waitingSince(): number | null {
    return this.#waitingSince;
  }

  /** The assignment is gone, and with it what waited; a commit still scheduled for it must not stand in for the next. */
  forget(): void {
    this.#waitingSince = null;
    this.#cancelScheduled?.();
    this.#cancelScheduled = null;
  }

  /** There may be something to commit: does so at the end of the interval. */
  soon(assignment: Assignment): void {
    if (assignment.isVoid) return;
    this.#waitingSince ??= this.#clock.monotonic();
    this.#cancelScheduled ??= this.#clock.after(this.#intervalMs, () => {
      this.#cancelScheduled = null;
      if (assignment.isActive) void this.now(assignment);
      else if (!assignment.isVoid) this.soon(assignment);
    });
  }

  /** Commits what can be committed, after a commit that is under way. Never rejects. */
  async now(assignment: Assignment): Promise<void> {
    while (this.#running !== null) await this.#running;
    this.#running = this.#commit(assignment);
    await this.#running;
    this.#running = null;
  }

  async #commit(assignment: Assignment): Promise<void> {
    if (assignment.isVoid) return;
    const offsets = assignment.ledger.committable();
    if (offsets.length === 0) {
      this.#waitingSince = null;
      return;
    }
    const result = await this.#source.commit(assignment.epoch, offsets);
    if (result !== 'committed') return this.soon(assignment);
    void this.#settlement.release(assignment.ledger.acknowledge(offsets));
    if (assignment.isVoid) return;
    this.#waitingSince = null;
    if (assignment.ledger.committable().length > 0) this.soon(assignment);
  }
}
