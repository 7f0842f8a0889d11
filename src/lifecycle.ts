/**
 * Start in order, stop in reverse: what was started is stopped, also when a later start fails.
 */

import type { Clock } from './ports.ts';

/** How to end something that was started. */
export type Stop = () => Promise<void> | void;

export class Lifecycle {
  readonly #stops: { readonly name: string; readonly stop: Stop }[] = [];
  readonly #onFailure: (name: string, error: unknown) => void;
  #stopping = '';
  #stopped: Promise<void> | null = null;

  /** `onFailure` hears of stops that fail; the others are stopped all the same. */
  constructor(onFailure: (name: string, error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  /** Remembers how to stop what has just been started. */
  started(name: string, stop: Stop): void {
    this.#stops.push({ name, stop });
  }

  /**
   * Stops everything, but resolves after `budgetMs` at the latest and names what hangs. A stuck part may be what ended
   * the service, and it must not keep the process from ending.
   */
  async stopWithin(budgetMs: number, clock: Clock): Promise<void> {
    const tooLong = Promise.withResolvers<void>();
    const cancel = clock.after(budgetMs, () => {
      this.#onFailure(this.#stopping, new Error(`not stopped within ${budgetMs} ms`));
      tooLong.resolve();
    });
    await Promise.race([this.stop(), tooLong.promise]);
    cancel();
  }

  /** Stops everything, the last started first. Never rejects; a second call waits for the first and does nothing. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  async #stopAll(): Promise<void> {
    for (let last = this.#stops.pop(); last !== undefined; last = this.#stops.pop()) {
      this.#stopping = last.name;
      try {
        await last.stop();
      } catch (error) {
        this.#onFailure(last.name, error);
      }
    }
  }
}
