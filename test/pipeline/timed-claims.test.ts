import { describe, expect, it } from 'vitest';
import { ClaimsUnavailable } from '../../src/ports.ts';
import { timedClaims } from '../../src/timed-claims.ts';
import { MemoryClaims } from '../fakes/memory-claims.ts';
import { recordingTelemetry } from '../fakes/recording-telemetry.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

const claim = { key: 'k', value: 'p|t|0|1|5', ttlMs: 60_000 };

describe('a claim store with a stopwatch', () => {
  it('answers what the store answers, and tells how long each call took', async () => {
    const clock = new VirtualClock();
    const telemetry = recordingTelemetry();
    const claims = timedClaims(new MemoryClaims(clock), clock, telemetry);
    expect(await claims.claim([claim])).toEqual([null]);
    expect(await claims.takeOver([{ ...claim, expected: claim.value, value: 'p|t|0|2|5' }])).toEqual([true]);
    await claims.markSent([{ ...claim, value: 's|t|0|2|6' }]);
    await claims.release([{ key: 'k', value: 's|t|0|2|6' }]);
    expect(await claims.claim([claim])).toEqual([null]);
    const commands = telemetry.told('claimsCalled').map(([command]) => command);
    expect(commands).toEqual(['claim', 'take_over', 'mark', 'release', 'claim']);
  });

  it('tells of a call that failed too, and lets the failure through', async () => {
    const clock = new VirtualClock();
    const telemetry = recordingTelemetry();
    const store = new MemoryClaims(clock);
    store.failNext('lost-request');
    await expect(timedClaims(store, clock, telemetry).claim([claim])).rejects.toBeInstanceOf(ClaimsUnavailable);
    expect(telemetry.told('claimsCalled')).toEqual([['claim', expect.any(Number)]]);
  });
});
