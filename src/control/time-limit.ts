/** The time that a command may take in all: several waits share it, so that `--timeout` bounds them together. */

import { CodedError } from '../core/error-codes.ts';
import type { Clock } from '../ports.ts';

export class TimeLimit {
  readonly ms: number;
  readonly #clock: Clock;
  readonly #endsAt: number;

  /** Begins now. */
  constructor(clock: Clock, ms: number) {
    this.ms = ms;
    this.#clock = clock;
    this.#endsAt = clock.monotonic() + ms;
  }

  leftMs(): number {
    return Math.max(0, this.#endsAt - this.#clock.monotonic());
  }

  /**
   * The answer of Kafka and the registry, when it comes in time; `isOver` tells that the rest keeps to the limit by
   * itself. What was asked goes on unheard: it is for whoever asked to end the process.
   * @throws CodedError `DEPENDENCY_UNREACHABLE` at the end of the time, with `consequence` as its last sentence
   */
  hold<T>(asked: Promise<T>, consequence: string, isOver: () => boolean = () => false): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(this.leftMs(), () => {
        const message = `Kafka or the registry did not answer within ${this.ms / 1000} s (--timeout). ${consequence}`;
        if (!isOver()) reject(new CodedError('DEPENDENCY_UNREACHABLE', message));
      });
      asked.then(resolve, reject).finally(cancel);
    });
  }
}
