import { expect, it } from 'vitest';
import { judgeResponse, type Verdict } from '../../src/core/judge-response.ts';
import { ThrottledSpell } from '../../src/core/throttled-spell.ts';

const throttled = (message: string): Verdict =>
  judgeResponse(
    { kind: 'response', status: 429, headers: {}, body: `{"code":40100,"message":"${message}"}`, durationMs: 1 },
    0,
  );

it('a spell goes from its first sign to its last: one throttled answer is none yet', () => {
  const spell = new ThrottledSpell(throttled('first'), 10, 1_000);
  expect(spell.lastedMs(31_000)).toBe(0);
  spell.throttled(throttled('second'), 31_000);
  expect([spell.lastedMs(40_000), spell.lastAnswer.message]).toEqual([30_000, 'second']);
});

it('a wait is a sign while the rate is below the one at which the spell began, and none once it is back', () => {
  const spell = new ThrottledSpell(throttled('first'), 10, 0);
  spell.waits(9.5, 20_000);
  expect(spell.lastedMs(20_000)).toBe(20_000);
  spell.waits(10, 40_000);
  expect(spell.lastedMs(40_000)).toBe(20_000);
});

it('a spell is over a minute after its last sign, and no wait brings it back', () => {
  const spell = new ThrottledSpell(throttled('first'), 10, 0);
  spell.waits(1, 30_000);
  expect([spell.isOver(90_000), spell.lastedMs(90_000)]).toEqual([false, 30_000]);
  expect([spell.isOver(90_001), spell.lastedMs(90_001)]).toEqual([true, 0]);
  spell.waits(1, 95_000);
  expect(spell.isOver(95_000)).toBe(true);
});
