/**
 * How a connection fares since its last success: failures in a row, its circuit breaker and when it may be tried again.
 *
 * Guarantee: every failure counts, fast ones too, and none twice. The circuit opens at so many failures in a row that
 * are the connection's own; then each attempt is a trial, and the first success ends all of it. Throttled answers are
 * not its own here (the request rate is lowered instead), nor are those of an outage of the vendor; and while it may be
 * one, the circuit stays closed.
 */

import type { Verdict } from './judge-response.ts';

/** `open`: waits for its next trial. `half_open`: the trial is under way. */
export const CIRCUIT_STATES = ['closed', 'open', 'half_open'] as const;
export type CircuitState = (typeof CIRCUIT_STATES)[number];

/** All times are milliseconds of one clock; `workingTime` stands still while the vendor is out. */
export interface Failure {
  readonly now: number;
  readonly workingTime: number;
  readonly retryAt: number;
  readonly isOwn: boolean;
  /** Whether it may yet turn out to be an outage of the vendor. */
  readonly mayBeVendors: boolean;
  readonly answer: Verdict;
}

export class ConnectionHealth {
  readonly #failuresToOpen: number;
  #failures = 0;
  #ownFailures = 0;
  #failingSince: number | null = null;
  #firstAt: number | null = null;
  #last: Failure | null = null;
  #retryAt = 0;
  #onTrial = false;

  constructor(failuresToOpen: number) {
    this.#failuresToOpen = failuresToOpen;
  }

  /** Failures in a row, whatever their kind. */
  get failures(): number {
    return this.#failures;
  }

  get circuit(): CircuitState {
    if (this.#ownFailures < this.#failuresToOpen || this.#last?.mayBeVendors) return 'closed';
    return this.#onTrial ? 'half_open' : 'open';
  }

  /** The answer to the last request. */
  get lastAnswer(): Verdict | null {
    return this.#last?.answer ?? null;
  }

  failed(failure: Failure): void {
    this.#failures++;
    if (failure.isOwn) this.#ownFailures++;
    this.#failingSince ??= failure.workingTime;
    this.#firstAt ??= failure.now;
    this.#last = failure;
    this.#retryAt = failure.retryAt;
    this.#onTrial = false;
  }

  /** A request is about to start. */
  tries(): void {
    this.#onTrial = true;
  }

  /** It fails with everybody: that is not its own doing. */
  clearOwnFailures(): void {
    this.#ownFailures = 0;
  }

  /** Something has changed that may end the failures: try at once. */
  retryNow(): void {
    this.#retryAt = 0;
  }

  /** Milliseconds until the next attempt. */
  waitMs(now: number): number {
    return Math.max(0, this.#retryAt - now);
  }

  /** For how long every attempt has failed, the vendor's outages left out. */
  failingForMs(workingTime: number): number {
    return this.#failingSince === null ? 0 : workingTime - this.#failingSince;
  }

  /** When the first of these failures came; null before there is one. */
  get firstAt(): number | null {
    return this.#firstAt;
  }

  /** Milliseconds since the last failure. */
  sinceLastMs(now: number): number {
    return this.#last === null ? 0 : now - this.#last.now;
  }
}
