/** A clock for asynchronous code: time moves only when told to, and everything that can run has run before it moves. */

import type { Clock } from '../../src/ports.ts';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

export class VirtualClock implements Clock {
  #elapsed = 0;
  readonly #start: number;
  readonly #timers = new Set<Timer>();

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#start = start;
  }

  now(): number {
    return this.#start + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#elapsed + Math.max(0, delayMs), callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Lets every promise that can go on go on; no time passes. */
  idle(): Promise<void> {
    return new Promise(resolve => setImmediate(resolve));
  }

  /** Lets time pass, from timer to timer; what a timer sets off ends before the next one. */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms;
    await this.idle();
    for (let due = this.#nextDue(end); due !== null; due = this.#nextDue(end)) {
      this.#timers.delete(due);
      this.#elapsed = Math.max(this.#elapsed, due.at);
      due.callback();
      await this.idle();
    }
    this.#elapsed = end;
  }

  #nextDue(end: number): Timer | null {
    let next: Timer | null = null;
    for (const timer of this.#timers) {
      if (timer.at <= end && (next === null || timer.at < next.at)) next = timer;
    }
    return next;
  }
}
