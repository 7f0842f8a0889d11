/**
 * The model check of claim, ledger and commit: the pure core under virtual time, through tens of thousands of seeded
 * schedules of crashes, replays, rebalances, takeovers, lost answers and long stops. Where a schedule breaks a promise,
 * its seed and its course are printed; `MODEL_SEED=n` runs that one alone, `MODEL_SCHEDULES=n` runs more of them.
 */

import { describe, expect, it } from 'vitest';
import type { Coverage } from './life.ts';
import { MUTATIONS, type Mutation } from './mutations.ts';
import { runSchedule } from './schedule.ts';

const SCHEDULES = Number(process.env.MODEL_SCHEDULES ?? 25_000);
const ONE_SEED = process.env.MODEL_SEED;
const TIMEOUT = { timeout: 600_000 };

/** What the schedules must reach for their silence to mean anything. */
const MUST_HAPPEN = [
  'ambiguous past dedup',
  'claim with an earlier attempt',
  'claim without answer',
  'crash',
  'duplicate',
  'fenced commit',
  'mark of a zombie',
  'parked',
  'release',
  'replayed',
  'stop of all',
  'takeover',
  'takeover lost',
];

function explain(seed: number): string {
  const { violation, trace } = runSchedule(seed, null, {}, true);
  return `schedule ${seed}: ${violation ?? 'every promise held'} (MODEL_SEED=${seed} runs it again)\n${trace.join('\n')}`;
}

/** The first seed whose schedule breaks a promise, and which; null if none of `schedules` does. */
function firstViolation(mutation: Mutation | null, schedules: number, coverage: Coverage = {}) {
  for (let seed = 1; seed <= schedules; seed++) {
    const { violation } = runSchedule(seed, mutation, coverage);
    if (violation !== null) return { seed, violation };
  }
  return null;
}

if (ONE_SEED === undefined) describe('the model of claim, ledger and commit', checkModel);
else {
  it(`schedule ${ONE_SEED} keeps every promise`, () => {
    console.log(explain(Number(ONE_SEED)));
    expect(runSchedule(Number(ONE_SEED), null, {}).violation).toBeNull();
  });
}

function checkModel(): void {
  it('keeps every promise in any schedule', TIMEOUT, () => {
    const coverage: Coverage = {};
    const found = firstViolation(null, SCHEDULES, coverage);
    if (found !== null) throw new Error(explain(found.seed));
    expect(MUST_HAPPEN.filter(what => (coverage[what] ?? 0) < SCHEDULES / 100)).toEqual([]);
  });

  it('runs the same course again for the same seed', () => {
    expect(runSchedule(7, null, {}, true)).toEqual(runSchedule(7, null, {}, true));
  });

  /** Each fault and the promise it breaks. `longer stop` is no fault of the service but the limit of its promise. */
  it.each<[Mutation, RegExp]>([
    ['boolean claim', /is lost/],
    ['commit before settlement', /passes unsettled/],
    ['missing release', /dead-lettered and released/],
    ['blind release', /sent again|counted twice/],
    ['marks not awaited', /sent again/],
    ['short time to live', /counted twice|sent again/],
    ['young takeover', /counted twice/],
    ['no horizon', /counted twice/],
    ['release after attempt', /counted twice/],
    ['longer stop', /counted twice/],
  ])('notices "%s"', TIMEOUT, (mutation, promise) => {
    expect(firstViolation(mutation, 20_000)?.violation, MUTATIONS[mutation]).toMatch(promise);
  });
}
