/**
 * Start in order, stop in reverse: what was started is stopped, also when a later start fails.
 */

/** How to end something that was started. */
export type Stop = () => Promise<void> | void;

export class Lifecycle {
  readonly #stops: { readonly name: string; readonly stop: Stop }[] = [];
  readonly #onFailure: (name: string, error: unknown) => void;

  /** `onFailure` hears of stops that fail; the others are stopped all the same. */
  constructor(onFailure: (name: string, error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  /** Remembers how to stop what has just been started. */
  started(name: string, stop: Stop): void {
    this.#stops.push({ name, stop });
  }

  /** Stops everything, the last started first. Never rejects; a second call does nothing. */
  async stop(): Promise<void> {
    for (let last = this.#stops.pop(); last !== undefined; last = this.#stops.pop()) {
      try {
        await last.stop();
      } catch (error) {
        this.#onFailure(last.name, error);
      }
    }
  }
}
