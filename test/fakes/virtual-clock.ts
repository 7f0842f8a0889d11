/** A clock for asynchronous code: everything that can run has run before time moves on. */

import { ManualClock } from './manual-clock.ts';

export class VirtualClock extends ManualClock {
  /** Lets every promise that can go on go on; no time passes. */
  idle(): Promise<void> {
    return new Promise(resolve => setImmediate(resolve));
  }

  /** Lets time pass, from timer to timer; what a timer sets off ends before the next one. */
  override async advance(ms: number): Promise<void> {
    const end = this.monotonic() + ms;
    await this.idle();
    while (this.runNext(end)) await this.idle();
    this.freeze(end - this.monotonic());
  }
}
