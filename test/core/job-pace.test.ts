import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JobPace } from '../../src/core/job-pace.ts';

describe('the pace of a job', () => {
  test('lets one second’s worth through at once, then as many as time has brought', () => {
    const pace = new JobPace(10, 0);
    expect(pace.available(0)).toBe(10);
    pace.take(10);
    expect([pace.available(0), pace.waitMs()]).toEqual([0, 100]);
    expect(pace.available(100)).toBe(1);
    expect(pace.available(350)).toBe(3);
  });

  test('does not save up for longer than a second', () => {
    const pace = new JobPace(10, 0);
    expect(pace.available(3_600_000)).toBe(10);
  });

  test('takes back what did not go', () => {
    const pace = new JobPace(10, 0);
    pace.take(10);
    pace.giveBack(4);
    expect(pace.available(0)).toBe(4);
  });

  test('never lets more through than its rate and one second’s worth', () => {
    const step = fc.record({ ms: fc.nat(2_000), want: fc.nat(50) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.array(step, { maxLength: 50 }), (rate, steps) => {
        const pace = new JobPace(rate, 0);
        let [now, gone] = [0, 0];
        for (const { ms, want } of steps) {
          now += ms;
          const going = Math.min(want, pace.available(now));
          pace.take(going);
          gone += going;
          expect(gone).toBeLessThanOrEqual(rate + (rate * now) / 1000 + 1e-6);
        }
      }),
    );
  });

  test('has something to let through when the wait it told of is over', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), rate => {
        const pace = new JobPace(rate, 0);
        pace.take(pace.available(0));
        expect(pace.available(pace.waitMs() + 1)).toBeGreaterThanOrEqual(1);
      }),
    );
  });
});
