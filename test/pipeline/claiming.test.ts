import { describe, expect, it } from 'vitest';
import { type Claimant, Claiming, type ClaimingOptions } from '../../src/claiming.ts';
import { claimKey, pendingValue, sentValue } from '../../src/core/deduplicate.ts';
import type { TakeOver } from '../../src/ports.ts';
import { TOPIC, tiktokEvent } from '../core/pending-events.ts';
import { ManualClock } from '../fakes/manual-clock.ts';
import { MemoryClaims } from '../fakes/memory-claims.ts';
import { recordingTelemetry } from '../fakes/recording-telemetry.ts';

const HOUR = 3_600_000;

function claimantOf(eventId: string, offset: number): Claimant {
  return {
    event: tiktokEvent({ eventId }),
    source: { topic: TOPIC, partition: 0, offset },
    attemptedAt: null,
    failedAt: null,
  };
}

const A1 = claimantOf('a', 1);
const A2 = claimantOf('a', 2);
const B3 = claimantOf('b', 3);

/** A store in which somebody else may get in between the claim and the takeover. */
class ContestedClaims extends MemoryClaims {
  beforeTakeOver: (() => void) | null = null;

  override takeOver(takeOvers: readonly TakeOver[]): Promise<readonly boolean[]> {
    this.beforeTakeOver?.();
    return super.takeOver(takeOvers);
  }
}

function setUp(changes: Partial<ClaimingOptions> = {}) {
  const clock = new ManualClock();
  const claims = new ContestedClaims(clock);
  const telemetry = recordingTelemetry();
  const options: ClaimingOptions = {
    keyPrefix: 'p:',
    pendingTakeoverMs: HOUR,
    replayHorizonMs: 72 * HOUR,
    onUnavailable: 'pause',
    ...changes,
  };
  const claiming = new Claiming(claims, clock, telemetry, options);
  const put = (claimant: Claimant, value: string) => claims.markSent([{ key: keyOf(claimant), value, ttlMs: HOUR }]);
  const held = (claimant: Claimant) => claims.peek(keyOf(claimant));
  return { clock, claims, telemetry, claiming, put, held };
}

function keyOf({ event, source }: Claimant): string {
  return claimKey('p:', event, source);
}

describe('claiming', () => {
  it('decides each in its order, with the claim as it stands in the store', async () => {
    const { clock, claiming, claims, put, telemetry } = setUp();
    const now = clock.now();
    await put(B3, sentValue(A1.source, now - 1));
    const decided = await claiming.claim([A1, B3, A2]);
    expect(decided?.map(({ decision }) => decision.kind)).toEqual(['send', 'duplicate', 'duplicate']);
    expect(decided?.[0]?.claim).toEqual({ key: keyOf(A1), value: pendingValue(A1.source, now), ttlMs: 72 * HOUR });
    expect(claims.ttlOf(keyOf(A1))).toBe(72 * HOUR);
    expect(telemetry.told('dedupChecks')).toEqual([[{ fresh: 1, replay: 0, duplicate: 2, takenOver: 0 }]]);
  });

  it('of a dead letter’s event holds the time of the attempt that the letter tells of', async () => {
    const { clock, claiming, held } = setUp();
    const attemptedAt = clock.now() - 30 * HOUR;
    const decided = await claiming.claim([{ ...A1, attemptedAt }]);
    expect(decided?.[0]?.decision).toEqual({ kind: 'send', claimedAt: attemptedAt, attemptedBefore: true });
    expect(held(A1)).toBe(pendingValue(A1.source, attemptedAt));
  });

  it('goes on with its own earlier claim, and with that claim’s time', async () => {
    const { clock, claiming, telemetry } = setUp();
    const first = await claiming.claim([A1]);
    clock.advance(30 * HOUR);
    const again = await claiming.claim([A1]);
    expect(again?.[0]).toEqual({
      decision: { kind: 'send', claimedAt: clock.now() - 30 * HOUR, attemptedBefore: true },
      claim: first?.[0]?.claim,
      takenOver: false,
    });
    expect(telemetry.told('dedupChecks')[1]).toEqual([{ fresh: 0, replay: 1, duplicate: 0, takenOver: 0 }]);
  });

  it('takes over what has waited for too long, and keeps the time of the first possible attempt', async () => {
    const { clock, claiming, held, put, telemetry } = setUp();
    const claimedAt = clock.now() - HOUR;
    await put(A1, pendingValue(A2.source, claimedAt));
    const decided = await claiming.claim([A1]);
    expect(decided).toMatchObject([
      {
        decision: { kind: 'send', claimedAt, attemptedBefore: true },
        claim: { value: pendingValue(A1.source, claimedAt) },
        takenOver: true,
      },
    ]);
    expect(held(A1)).toBe(pendingValue(A1.source, claimedAt));
    expect(telemetry.told('dedupChecks')).toEqual([[{ fresh: 0, replay: 0, duplicate: 0, takenOver: 1 }]]);
  });

  it('claims again where somebody else was quicker to take over', async () => {
    const { clock, claiming, claims, put, held } = setUp();
    await put(A1, sentValue({ ...A2.source, partition: 5 }, clock.now() - 24 * HOUR));
    claims.beforeTakeOver = () => void put(A1, pendingValue({ ...A2.source, partition: 6 }, clock.now()));
    const decided = await claiming.claim([A1]);
    expect(decided?.[0]?.decision).toMatchObject({ kind: 'duplicate', claimant: { partition: 6 } });
    expect(held(A1)).toContain('|6|');
  });

  it('gives up where somebody else is always quicker, and the batch waits', async () => {
    const { clock, claiming, claims, put } = setUp();
    let rival = 10;
    const stale = () => put(A1, sentValue({ ...A2.source, partition: rival++ }, clock.now() - 24 * HOUR));
    await stale();
    claims.beforeTakeOver = () => void stale();
    expect(await claiming.claim([A1, B3])).toBeNull();
    expect(rival).toBe(16);
  });
});

describe('where the store does not answer', () => {
  it.each(['lost-request', 'lost-reply'] as const)(
    '(%s) the batch waits, and the same claim goes on',
    async failure => {
      const { claiming, claims, telemetry } = setUp();
      claims.failNext(failure);
      expect(await claiming.claim([A1, B3])).toBeNull();
      expect(telemetry.told('claimsUnavailable')).toEqual([[expect.any(String), 2, 'pause']]);
      const decided = await claiming.claim([A1, B3]);
      expect(decided?.map(({ decision }) => decision.kind)).toEqual(['send', 'send']);
    },
  );

  it.each(['lost-request', 'lost-reply'] as const)('to a takeover (%s), the next claim goes on', async failure => {
    const { clock, claiming, claims, put } = setUp();
    const claimedAt = clock.now() - 2 * HOUR;
    await put(A1, pendingValue(A2.source, claimedAt));
    claims.beforeTakeOver = () => claims.failNext(failure);
    expect(await claiming.claim([A1])).toBeNull();
    claims.beforeTakeOver = null;
    const decided = await claiming.claim([A1]);
    expect(decided?.[0]?.decision).toEqual({ kind: 'send', claimedAt, attemptedBefore: true });
  });

  it('and duplicates matter less than delay, everything passes and is counted', async () => {
    const { clock, claiming, claims, telemetry } = setUp({ onUnavailable: 'pass_through' });
    claims.failure = 'lost-request';
    const decided = await claiming.claim([A1, A2]);
    expect(decided?.map(({ decision }) => decision)).toEqual(
      new Array(2).fill({ kind: 'send', claimedAt: clock.now(), attemptedBefore: false }),
    );
    expect(decided?.map(({ claim }) => claim.value)).toEqual([
      pendingValue(A1.source, clock.now()),
      pendingValue(A2.source, clock.now()),
    ]);
    expect(telemetry.told('claimsUnavailable')).toEqual([[expect.any(String), 2, 'pass_through']]);
  });

  it('with that policy, what was decided before the store went away holds', async () => {
    const { clock, claiming, claims, put } = setUp({ onUnavailable: 'pass_through' });
    await put(B3, sentValue({ ...B3.source, partition: 9 }, clock.now()));
    await put(A1, pendingValue({ ...A1.source, partition: 9 }, clock.now() - 2 * HOUR));
    claims.beforeTakeOver = () => claims.failNext('lost-request');
    const decided = await claiming.claim([A1, B3]);
    expect(decided?.map(({ decision }) => decision.kind)).toEqual(['send', 'duplicate']);
  });

  it('and the failure is not the store’s but ours, it is not taken for an outage', async () => {
    const { claiming, claims } = setUp({ onUnavailable: 'pass_through' });
    claims.beforeTakeOver = () => {
      throw new TypeError('a bug');
    };
    await claims.markSent([{ key: keyOf(A1), value: 'not ours', ttlMs: HOUR }]);
    await expect(claiming.claim([A1])).rejects.toThrow('a bug');
  });
});

it('events without a dedup window do not meet, and find their own claim again', async () => {
  const { claiming } = setUp();
  const once = ({ event, ...rest }: Claimant): Claimant => ({ ...rest, event: { ...event, dedupWindowMs: 0 } });
  const decided = await claiming.claim([once(A1), once(A2)]);
  expect(decided?.map(({ decision }) => decision.kind)).toEqual(['send', 'send']);
  const again = await claiming.claim([once(A1)]);
  expect(again?.[0]?.decision).toMatchObject({ kind: 'send', attemptedBefore: true });
});
