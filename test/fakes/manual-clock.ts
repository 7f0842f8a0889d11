/** A clock that stands still until told to move; timers run in order of their time, then of their creation. */

import type { Clock } from '../../src/ports.ts';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

export class ManualClock implements Clock {
  #elapsed = 0;
  readonly #start: number;
  readonly #timers = new Set<Timer>();

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#start = start;
  }

  now(): number {
    return Math.floor(this.#start + this.#elapsed);
  }

  monotonic(): number {
    return this.#elapsed;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#elapsed + Math.max(0, delayMs), callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Moves time and runs what falls due, including timers that those timers start. */
  advance(ms: number): void {
    const end = this.#elapsed + ms;
    while (this.runNext(end));
    this.#elapsed = end;
  }

  /** Moves to the next timer due by `end` (monotonic milliseconds) and runs it; false when there is none. */
  protected runNext(end: number): boolean {
    const due = this.#nextDue(end);
    if (due === null) return false;
    this.#timers.delete(due);
    this.#elapsed = Math.max(this.#elapsed, due.at);
    due.callback();
    return true;
  }

  /** Lets time pass without running timers, as for a process that was stopped. */
  freeze(ms: number): void {
    this.#elapsed += ms;
  }

  get pendingTimers(): number {
    return this.#timers.size;
  }

  #nextDue(end: number): Timer | null {
    let next: Timer | null = null;
    for (const timer of this.#timers) {
      if (timer.at <= end && (next === null || timer.at < next.at)) next = timer;
    }
    return next;
  }
}
