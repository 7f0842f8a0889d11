/**
 * Writes what many callers hand in as few, large writes, one at a time, and tries each again until it is written.
 *
 * While one write is under way the next one gathers. Callers get a promise that resolves when all they handed in is
 * written, and never rejects: dead letters, log entries and marks are not optional. The price of an outage is that
 * settlement waits, so the buffer fills and consumption pauses, which is what must happen.
 */

import { backoffDelay } from './core/backoff.ts';
import { pause } from './pause.ts';
import type { Clock } from './ports.ts';

export interface WriterOptions<T> {
  readonly write: (items: readonly T[]) => Promise<void>;
  /** Called for each failed write, before it is tried again. */
  readonly onFailure: (error: unknown) => void;
  /** Called when a write succeeded after failures. */
  readonly onRecovery: () => void;
  readonly clock: Clock;
  readonly random: () => number;
  /** How many items are gathered into one write; what one caller handed in stays together, whatever its number. */
  readonly maxItems: number;
}

interface Waiting<T> {
  readonly items: readonly T[];
  readonly done: () => void;
}

const RETRY_BASE_MS = 100;
const RETRY_MAX_MS = 5_000;

export class CoalescingWriter<T> {
  readonly #options: WriterOptions<T>;
  #queue: Waiting<T>[] = [];
  #running = false;
  #closed = false;

  constructor(options: WriterOptions<T>) {
    this.#options = options;
  }

  /** Resolves once every item is written; at once for none. Never settles after `close`. */
  write(items: readonly T[]): Promise<void> {
    if (items.length === 0) return Promise.resolve();
    return new Promise(resolve => {
      this.#queue.push({ items, done: resolve });
      if (!this.#running) void this.#run();
    });
  }

  /** Gives up what is not written. Only for the end of the process: its records are read again. */
  close(): void {
    this.#closed = true;
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#queue.length > 0 && !this.#closed) {
      const taken = this.#take();
      await this.#writeUntilDone(taken.flatMap(({ items }) => items));
      if (this.#closed) break;
      for (const { done } of taken) done();
    }
    this.#running = false;
  }

  #take(): Waiting<T>[] {
    let items = 0;
    let count = 0;
    for (const waiting of this.#queue) {
      if (count > 0 && items + waiting.items.length > this.#options.maxItems) break;
      items += waiting.items.length;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  async #writeUntilDone(items: readonly T[]): Promise<void> {
    const { write, onFailure, onRecovery, clock, random } = this.#options;
    for (let attempt = 1; !this.#closed; attempt++) {
      try {
        await write(items);
        if (attempt > 1) onRecovery();
        return;
      } catch (error) {
        onFailure(error);
        const delay = backoffDelay(attempt, RETRY_BASE_MS, RETRY_MAX_MS, random());
        await pause(clock, delay);
      }
    }
  }
}
