import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acquirePermit, afterThrottling, type RateOptions, type RateState } from '../../src/core/rate-limit.ts';

const OPTIONS: RateOptions = {
  rateStartPerSecond: 10,
  rateCeilingPerSecond: 40,
  rateFloorPerSecond: 0.5,
  rateIncreasePerSecond: 2,
  rateDecreaseRatio: 0.5,
  maxRequestsPerSecond: 1_000,
};

/** One connection over time; `ask` tells how long it has to wait. */
class Course {
  connection: RateState | null = null;
  everybody: RateState | null = null;
  readonly #options: RateOptions;

  constructor(options: Partial<RateOptions> = {}) {
    this.#options = { ...OPTIONS, ...options };
  }

  ask(now: number, ceiling: number | null = null): number {
    const result = acquirePermit(this.connection, this.everybody, this.#options, ceiling, now);
    this.connection = result.connection;
    this.everybody = result.everybody;
    return result.waitMs;
  }

  throttle(now: number, { retryAfterMs = null as number | null, sinceMs = 0 } = {}): void {
    this.connection = afterThrottling(this.connection, this.#options, { retryAfterMs, sinceMs }, now);
  }

  get rate(): number {
    return this.connection?.ratePerSecond ?? Number.NaN;
  }
}

const times = (count: number, act: () => number): number[] => Array.from({ length: count }, act);

describe('a connection that nothing is known of', () => {
  it.each([
    [0.5, 1, 2_000],
    [4, 1, 250],
    [10, 1, 100],
    [40, 4, 25],
  ])('at %d requests a second may make %d at once, and the next one %d ms later', (rate, burst, pause) => {
    const course = new Course({ rateStartPerSecond: rate, rateIncreasePerSecond: 0 });
    expect(times(burst + 1, () => course.ask(0))).toEqual([...new Array(burst).fill(0), pause]);
    expect(course.ask(pause - 1)).toBeGreaterThan(0);
    expect(course.ask(pause + 1)).toBe(0);
    expect(course.ask(pause + 1)).toBeGreaterThan(0);
  });

  it('with 4 requests a second makes no fifth in any second, also after an hour without any', () => {
    const course = new Course();
    const askedAll = (from: number) => Array.from({ length: 1_000 }, (_, ms) => course.ask(from + ms, 4));
    for (const from of [0, 1_000, 3_600_000]) expect(askedAll(from).filter(wait => wait === 0)).toHaveLength(4);
  });

  it.each([
    ['its own ceiling', new Course(), 2],
    ['the ceiling of all', new Course({ rateCeilingPerSecond: 2 }), null],
    ['what everybody may do together', new Course({ maxRequestsPerSecond: 2 }), null],
  ])('keeps to %s', (_, course, ceiling) => {
    expect(times(2, () => course.ask(0, ceiling))).toEqual([0, 500]);
  });

  it('with less than one request a second waits for each', () => {
    const course = new Course();
    expect([course.ask(0, 0.25), course.ask(0, 0.25), course.ask(4_000, 0.25)]).toEqual([0, 4_000, 0]);
  });
});

describe('the rate', () => {
  it('grows by a step in each second in which requests are made, up to its ceiling', () => {
    const course = new Course();
    for (let second = 0; second <= 5; second++) course.ask(second * 1_000);
    expect(course.rate).toBe(20);
    for (let second = 6; second <= 60; second++) course.ask(second * 1_000);
    expect(course.rate).toBe(40);
  });

  it('does not grow while nobody asks', () => {
    const course = new Course();
    course.ask(0);
    course.ask(3_600_000);
    expect(course.rate).toBe(12);
  });

  it('is halved by a throttled answer, down to its floor, and the next request waits', () => {
    const course = new Course();
    course.throttle(0);
    expect([course.rate, course.ask(0)]).toEqual([5, 200]);
    for (let round = 1; round < 20; round++) course.throttle(round * 1_000);
    expect(course.rate).toBe(0.5);
  });

  it('is halved once for all throttled answers of one round trip', () => {
    const course = new Course();
    course.throttle(1_000, { sinceMs: 300 });
    course.throttle(1_100, { sinceMs: 300 });
    expect(course.rate).toBe(5);
    course.throttle(1_400, { sinceMs: 300 });
    expect(course.rate).toBe(2.5);
  });

  it('below its floor by the connection’s own ceiling stays there when it is throttled', () => {
    const course = new Course();
    course.ask(0, 0.1);
    course.throttle(10);
    expect(course.rate).toBe(0.1);
  });
});

describe('Retry-After', () => {
  it('lets nobody ask before it has ended, also when a shorter one comes later', () => {
    const course = new Course();
    course.throttle(0, { retryAfterMs: 30_000 });
    course.throttle(10, { retryAfterMs: 1_000 });
    expect([course.ask(20), course.ask(29_999), course.ask(30_000)]).toEqual([29_980, 1, 0]);
  });

  it('is obeyed for an hour at most', () => {
    const course = new Course();
    course.throttle(0, { retryAfterMs: 86_400_000 });
    expect([course.ask(0), course.ask(3_600_000)]).toEqual([3_600_000, 0]);
  });

  it('does not stop a connection for longer where the clock was set back', () => {
    const course = new Course();
    course.throttle(100_000_000, { retryAfterMs: 10_000 });
    expect(course.ask(0)).toBe(3_600_000);
  });
});

describe('any second', () => {
  /** Busy, mixed with idleness; a null throttles. */
  const steps = fc.array(
    fc.oneof(
      { weight: 20, arbitrary: fc.nat(60) },
      { weight: 3, arbitrary: fc.nat(3_000) },
      { weight: 1, arbitrary: fc.constant(700_000) },
      { weight: 1, arbitrary: fc.constant(null) },
    ),
    { minLength: 1, maxLength: 200 },
  );
  const ceilings = fc.option(fc.double({ min: 0.2, max: 60, noNaN: true }));

  it('has no more permits than the rate and a burst of a tenth of it or one, whenever and however often one asks', () => {
    fc.assert(
      fc.property(steps, ceilings, (pauses, ceiling) => {
        const course = new Course();
        const most = Math.min(OPTIONS.rateCeilingPerSecond, ceiling ?? OPTIONS.rateCeilingPerSecond);
        let now = 0;
        const given: number[] = [];
        for (const pause of pauses) {
          now += pause ?? 0;
          if (pause === null) course.throttle(now);
          // As several at once do, in one process or in two.
          for (const _ of new Array(6)) if (course.ask(now, ceiling) === 0) given.push(now);
        }
        for (const from of given) {
          const inSecond = given.filter(at => at >= from && at <= from + 1_000);
          expect(inSecond.length).toBeLessThanOrEqual(most + Math.max(1, most / 10) + 1e-6);
        }
      }),
    );
  });
});

it('whoever waits as long as he is told gets his permit then', () => {
  const course = new Course();
  let now = 0;
  for (let request = 0; request < 200; request++) {
    const wait = course.ask(now);
    if (wait === 0) continue;
    now += wait;
    expect(course.ask(now)).toBe(0);
  }
});
