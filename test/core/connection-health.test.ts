import { describe, expect, it } from 'vitest';
import { ConnectionHealth, type Failure } from '../../src/core/connection-health.ts';
import { judgeResponse } from '../../src/core/judge-response.ts';

const answer = judgeResponse({ kind: 'failure', code: 'ECONNRESET', mayHaveBeenTaken: true, durationMs: 1 }, 0);
const failure = (changes: Partial<Failure> = {}): Failure => {
  return { now: 0, workingTime: 0, retryAt: 0, isOwn: true, mayBeVendors: false, answer, ...changes };
};
const healthAfter = (...failures: Failure[]): ConnectionHealth => {
  const health = new ConnectionHealth(3);
  for (const each of failures) health.failed(each);
  return health;
};

describe('the circuit of a connection', () => {
  it('opens at so many failures in a row, and each further attempt is a trial', () => {
    const health = healthAfter(failure(), failure());
    expect(health.circuit).toBe('closed');
    health.tries();
    expect(health.circuit).toBe('closed');
    health.failed(failure());
    expect(health.circuit).toBe('open');
    health.tries();
    expect(health.circuit).toBe('half_open');
    health.failed(failure());
    expect([health.circuit, health.failures]).toEqual(['open', 4]);
  });

  it('counts no failure that is not the connection’s own, and the wait counts all', () => {
    const foreign = failure({ isOwn: false });
    const health = healthAfter(failure(), failure(), foreign, foreign, foreign);
    expect([health.circuit, health.failures]).toEqual(['closed', 5]);
  });

  it('stays closed while the failures may be everybody’s, and opens with the next one that is not', () => {
    const shared = failure({ mayBeVendors: true });
    const health = healthAfter(shared, shared, shared, shared);
    expect(health.circuit).toBe('closed');
    health.failed(failure());
    expect(health.circuit).toBe('open');
  });

  it('closes when the failures turn out not to be its own', () => {
    const health = healthAfter(failure(), failure(), failure());
    health.clearOwnFailures();
    expect([health.circuit, health.failures]).toEqual(['closed', 3]);
  });
});

describe('the time for which a connection fails', () => {
  it('counts from the first failure, on a clock that may stand still', () => {
    const health = healthAfter(failure({ workingTime: 100 }), failure({ workingTime: 300 }));
    expect(health.failingForMs(350)).toBe(250);
    expect(healthAfter().failingForMs(350)).toBe(0);
  });

  it('is told from the time since it was last tried', () => {
    expect(healthAfter(failure({ now: 100 }), failure({ now: 300 })).sinceLastMs(1_000)).toBe(700);
  });
});

it('the next attempt is when the last failure said, or at once where something has changed', () => {
  const health = healthAfter(failure({ retryAt: 500 }), failure({ retryAt: 900 }));
  expect([health.waitMs(400), health.waitMs(900), health.waitMs(2_000)]).toEqual([500, 0, 0]);
  health.retryNow();
  expect(health.waitMs(400)).toBe(0);
  expect(health.lastAnswer).toBe(answer);
});
