/** What every implementation of the port `RequestLimits` must do. Rates are slow, so that no wait depends on the machine. */

import { afterEach, describe, expect, it } from 'vitest';
import type { RateOptions } from '../../src/core/rate-limit.ts';
import type { RequestLimits } from '../../src/ports.ts';

export const SLOW: RateOptions = {
  rateStartPerSecond: 0.1,
  rateCeilingPerSecond: 0.4,
  rateFloorPerSecond: 0.04,
  rateIncreasePerSecond: 0,
  rateDecreaseRatio: 0.5,
  maxRequestsPerSecond: 100,
};

export interface LimitsUnderTest {
  readonly limits: RequestLimits;
  /** Another replica's, of the same connections; these themselves where they are one process's own. */
  readonly ofOtherReplica: RequestLimits;
  /** Their clock, in milliseconds. */
  now(): Promise<number>;
  /** Lets time pass for them. */
  passes(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** How long the calls of a test may take on a busy machine. */
const TOLERANCE_MS = 2_500;

export function expectAbout(waitMs: number, expected: number): void {
  expect(waitMs).toBeLessThanOrEqual(expected);
  expect(waitMs).toBeGreaterThan(expected - TOLERANCE_MS);
}

export function requestLimitsContract(where: string, start: (options: RateOptions) => Promise<LimitsUnderTest>): void {
  describe(`request limits ${where}`, () => {
    let closeAll: (() => Promise<void>)[] = [];
    afterEach(async () => {
      await Promise.all(closeAll.map(close => close()));
      closeAll = [];
    });
    const open = async (changes: Partial<RateOptions> = {}) => {
      const under = await start({ ...SLOW, ...changes });
      closeAll.push(under.close);
      const wait = async (connectionId = 'a', ceiling: number | null = null) =>
        (await under.limits.acquire(connectionId, ceiling)).waitMs;
      const rate = async () => (await under.limits.acquire('a', null)).ratePerSecond;
      return { ...under, wait, rate };
    };

    it('let a connection make a request, and the next one when its rate allows', async () => {
      const { passes, wait } = await open();
      expect(await wait()).toBe(0);
      expectAbout(await wait(), 10_000);
      await passes(10_000);
      expect(await wait()).toBe(0);
      expectAbout(await wait(), 10_000);
    });

    it('are each connection’s own', async () => {
      const { wait } = await open();
      expect([await wait('a'), await wait('b')]).toEqual([0, 0]);
    });

    it('hold for everybody together above them', async () => {
      const { passes, wait } = await open({ maxRequestsPerSecond: 0.05 });
      expect(await wait('a')).toBe(0);
      expectAbout(await wait('b'), 20_000);
      await passes(20_000);
      expect(await wait('b')).toBe(0);
    });

    it('take nothing from a connection that has to wait for everybody', async () => {
      const { passes, wait } = await open({ maxRequestsPerSecond: 0.05 });
      await wait('a');
      await wait('b');
      await passes(20_000);
      expect(await wait('b')).toBe(0);
    });

    it('obey the connection’s own ceiling', async () => {
      const { wait } = await open();
      expect(await wait('a', 0.02)).toBe(0);
      expectAbout(await wait('a', 0.02), 50_000);
    });

    it('hold one permit at most where the rate is low', async () => {
      const { passes, wait } = await open();
      await wait();
      await passes(3_000_000);
      expect(await wait()).toBe(0);
      expectAbout(await wait(), 10_000);
    });

    it.each([
      [4, 1],
      [30, 3],
    ])(
      'at %d requests a second give at once a burst of %d, over two replicas and after idleness too',
      async (rate, burst) => {
        const { limits, now, ofOtherReplica, passes } = await open({
          rateStartPerSecond: rate,
          rateCeilingPerSecond: rate,
        });
        for (const idleMs of [0, 3_000, 500_000]) {
          await passes(idleMs);
          const from = await now();
          const waits: number[] = [];
          for (let request = 0; request < 12; request++) {
            const { waitMs } = await (request % 2 === 0 ? limits : ofOtherReplica).acquire('a', null);
            waits.push(waitMs);
          }
          const seconds = ((await now()) - from) / 1_000;
          expect(waits.slice(0, burst)).toEqual(new Array(burst).fill(0));
          expect(waits.filter(wait => wait === 0).length).toBeLessThanOrEqual(burst + rate * seconds + 1e-6);
          await passes(1_000);
        }
      },
    );

    it('grow by a step in a second with requests, up to the ceiling', async () => {
      const { passes, rate } = await open({ rateIncreasePerSecond: 0.1 });
      expect(await rate()).toBeCloseTo(0.1, 5);
      await passes(60_000);
      expect(await rate()).toBeCloseTo(0.2, 5);
      for (let second = 0; second < 5; second++) {
        await passes(60_000);
        await rate();
      }
      expect(await rate()).toBeCloseTo(0.4, 5);
    });

    it('are halved by a throttled answer, down to the floor', async () => {
      const { limits, passes, rate, wait } = await open();
      await limits.throttled('a', { retryAfterMs: null, sinceMs: 0 });
      expectAbout(await wait(), 20_000);
      await passes(1_000);
      await limits.throttled('a', { retryAfterMs: null, sinceMs: 0 });
      expect(await rate()).toBeCloseTo(0.04, 5);
      expect(await wait('b')).toBe(0);
    });

    it('are halved once for all throttled answers of one round trip', async () => {
      const { limits, passes, rate } = await open();
      await limits.throttled('a', { retryAfterMs: null, sinceMs: 1_000 });
      await passes(30_000);
      await limits.throttled('a', { retryAfterMs: null, sinceMs: 60_000 });
      expect(await rate()).toBeCloseTo(0.05, 5);
    });

    it('let nobody ask before Retry-After has ended', async () => {
      const { limits, passes, wait } = await open();
      await limits.throttled('a', { retryAfterMs: 90_000, sinceMs: 0 });
      await limits.throttled('a', { retryAfterMs: 5_000, sinceMs: 0 });
      expectAbout(await wait('a'), 90_000);
      expect(await wait('b')).toBe(0);
      await passes(86_000);
      expectAbout(await wait('a'), 4_000);
      await passes(4_000);
      expect(await wait('a')).toBe(0);
    });
  });
}
