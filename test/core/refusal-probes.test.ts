import { describe, expect, it } from 'vitest';
import { afterNoRefusal, afterRefusal, afterSuccess, unanswered } from '../../src/core/connection-state.ts';
import { RefusalProbes } from '../../src/core/refusal-probes.ts';

const INTERVAL_MS = 120_000;
const HOUR_MS = 3_600_000;
const answer = (apiCode: number) => ({ apiCode, httpStatus: 200, requestId: null, message: 'no' });
const undecided = unanswered('undecided', { configOffset: 1, tokenDigest: 'a' }, null, 0);
const refused = afterRefusal(undecided, answer(40001), 0);
const untried = afterNoRefusal(refused, answer(40002), 0);

function refusedAt(now: number): RefusalProbes {
  const probes = new RefusalProbes(INTERVAL_MS);
  probes.changed('c', undecided, refused, now);
  return probes;
}

/** Asks whenever it is overdue; answers the whole intervals between one time and the next. */
function asking(probes: RefusalProbes, from: number, times: number): number[] {
  const waits: number[] = [];
  for (let [now, last] = [from, from]; waits.length < times; now += INTERVAL_MS) {
    if (!probes.isOverdue('c', now)) continue;
    waits.push((now - last) / INTERVAL_MS);
    last = now;
    probes.probed('c', now);
  }
  return waits;
}

describe('a refused connection', () => {
  it('whose events do not ask is asked about after an interval, then ever more rarely, at most after an hour', () => {
    expect(asking(refusedAt(0), 0, 9)).toEqual([1, 1, 2, 4, 8, 16, 30, 30, 30]);
    expect(30 * INTERVAL_MS).toBe(HOUR_MS);
  });

  it('whose events ask is never asked about without', () => {
    const probes = refusedAt(0);
    for (let now = INTERVAL_MS; now < INTERVAL_MS * 5; now += INTERVAL_MS) {
      expect(probes.isDue('c', now - 1)).toBe(false);
      expect(probes.isDue('c', now)).toBe(true);
      probes.probed('c', now);
      expect(probes.isOverdue('c', now + INTERVAL_MS - 1)).toBe(false);
    }
  });

  it('that was released untried and is refused again is asked about no sooner than it would have been', () => {
    const probes = refusedAt(0);
    asking(probes, 0, 5);
    const now = 20 * INTERVAL_MS;
    probes.changed('c', refused, untried, now);
    expect(probes.isOverdue('c', now + HOUR_MS)).toBe(true);
    probes.changed('c', untried, afterRefusal(untried, answer(40001), now), now);
    expect([probes.isDue('c', now), probes.isOverdue('c', now + 19 * INTERVAL_MS)]).toEqual([false, false]);
    expect(probes.isOverdue('c', now + 20 * INTERVAL_MS)).toBe(true);
  });

  it.each([
    ['after TikTok took its credentials', refused, afterSuccess(refused, 1)],
    ['with other credentials', refused, { ...undecided, configOffset: 2 }],
    ['with other credentials that another replica released', refused, { ...untried, tokenDigest: 'b' }],
  ])('%s is asked about as if for the first time', (_, before, after) => {
    const probes = refusedAt(0);
    asking(probes, 0, 5);
    const now = 20 * INTERVAL_MS;
    probes.changed('c', before, after, now);
    expect([probes.isDue('c', now), probes.isOverdue('c', now + HOUR_MS)]).toEqual([true, false]);
    probes.changed('c', after, { ...refused, configOffset: after.configOffset }, now);
    expect(probes.isOverdue('c', now + INTERVAL_MS)).toBe(true);
  });

  it('that is gone is forgotten, and one that is not refused is none of it', () => {
    const probes = refusedAt(0);
    probes.forget('c');
    probes.probed('other', 0);
    for (const id of ['c', 'other']) expect(probes.isOverdue(id, HOUR_MS)).toBe(false);
  });
});
