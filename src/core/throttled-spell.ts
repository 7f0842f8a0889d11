/**
 * For how long TikTok has been throttling a connection, though single requests of it pass.
 *
 * Guarantee: a spell goes from its first sign to its last, none more than a minute after the one before: a throttled
 * answer, or a wait while the request rate is below the one at which the spell began. So a connection that is merely
 * busy has none: it is not throttled, or soon back at its rate, and what it waits for then is no sign.
 */

import type { Verdict } from './judge-response.ts';

const LONGEST_GAP_MS = 60_000;

/** All times are milliseconds of one clock. */
export class ThrottledSpell {
  readonly #began: number;
  readonly #rateBefore: number;
  #lastSign: number;
  #lastAnswer: Verdict;

  /** `ratePerSecond`: what the connection was allowed when it was throttled. */
  constructor(answer: Verdict, ratePerSecond: number, now: number) {
    this.#began = now;
    this.#rateBefore = ratePerSecond;
    this.#lastSign = now;
    this.#lastAnswer = answer;
  }

  /** The last throttled answer. */
  get lastAnswer(): Verdict {
    return this.#lastAnswer;
  }

  isOver(now: number): boolean {
    return now - this.#lastSign > LONGEST_GAP_MS;
  }

  /** From the first sign to the last; 0 once it is over. */
  lastedMs(now: number): number {
    return this.isOver(now) ? 0 : this.#lastSign - this.#began;
  }

  throttled(answer: Verdict, now: number): void {
    this.#lastAnswer = answer;
    this.#lastSign = now;
  }

  /** The connection has to wait for a request; `ratePerSecond` is what it is allowed now. */
  waits(ratePerSecond: number, now: number): void {
    if (ratePerSecond < this.#rateBefore && !this.isOver(now)) this.#lastSign = now;
  }
}
