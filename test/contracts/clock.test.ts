/** Time: the system's clock and the two that tests turn by hand, by one contract. */

import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import type { Clock } from '../../src/ports.ts';
import { ManualClock } from '../fakes/manual-clock.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

interface ClockHarness {
  readonly clock: Clock;
  /** Lets at least so much time pass. */
  readonly pass: (ms: number) => Promise<void>;
}

function clockContract(kind: string, open: () => ClockHarness): void {
  describe(`a clock: ${kind}`, () => {
    it('calls back once, and not before its time', async () => {
      const { clock, pass } = open();
      const begun = clock.monotonic();
      const calls: number[] = [];
      clock.after(20, () => calls.push(clock.monotonic() - begun));
      await pass(60);
      expect(calls).toHaveLength(1);
      // A timer of the system may be early by its rounding to whole milliseconds.
      expect(calls[0]).toBeGreaterThanOrEqual(19);
    });

    it('does not call back after a cancel', async () => {
      const { clock, pass } = open();
      let called = false;
      const cancel = clock.after(20, () => {
        called = true;
      });
      cancel();
      await pass(60);
      expect(called).toBe(false);
    });

    it('calls back in the order of the delays', async () => {
      const { clock, pass } = open();
      const order: string[] = [];
      clock.after(40, () => order.push('later'));
      clock.after(10, () => order.push('sooner'));
      await pass(100);
      expect(order).toEqual(['sooner', 'later']);
    });

    it('moves both of its times on', async () => {
      const { clock, pass } = open();
      const [now, monotonic] = [clock.now(), clock.monotonic()];
      await pass(30);
      expect(clock.now()).toBeGreaterThan(now);
      expect(clock.monotonic()).toBeGreaterThan(monotonic);
    });
  });
}

clockContract('of the system', () => ({
  clock: systemClock,
  pass: ms => new Promise(resolve => systemClock.after(ms, resolve)),
}));

clockContract('turned by hand', () => {
  const clock = new ManualClock();
  return { clock, pass: async ms => void clock.advance(ms) };
});

clockContract('turned by hand, for asynchronous code', () => {
  const clock = new VirtualClock();
  return { clock, pass: async ms => void (await clock.advance(ms)) };
});
