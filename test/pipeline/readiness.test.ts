import { describe, expect, it } from 'vitest';
import { CHECKS, Readiness } from '../../src/readiness.ts';
import { ManualClock } from '../fakes/manual-clock.ts';

function setUp() {
  const clock = new ManualClock();
  const readiness = new Readiness(clock);
  const of = (name: string) => readiness.checks.find(check => check.name === name);
  return { clock, readiness, of };
}

describe('readiness', () => {
  it('has every check from the start, none of them passed', () => {
    const { clock, readiness } = setUp();
    expect(readiness.checks).toEqual(
      CHECKS.map(name => ({ name, ok: false, reason: 'not started', since: clock.now() })),
    );
  });

  it('keeps the order of the checks, whatever happens first', () => {
    const { readiness } = setUp();
    readiness.pass('serving');
    readiness.pass('redis');
    expect(readiness.checks.map(({ name }) => name)).toEqual(CHECKS);
  });

  it('tells since when a check is as it is, however often it is said again', () => {
    const { clock, of, readiness } = setUp();
    const start = clock.now();
    clock.advance(1_000);
    readiness.fail('config', 'the config topic is being read');
    clock.advance(1_000);
    readiness.fail('config', 'the config topic is being read');
    expect(of('config')).toEqual({
      name: 'config',
      ok: false,
      reason: 'the config topic is being read',
      since: start + 1_000,
    });
    readiness.pass('config');
    clock.advance(1_000);
    readiness.pass('config');
    expect(of('config')).toMatchObject({ ok: true, reason: 'ok', since: start + 2_000 });
  });

  it('begins a new time with another reason', () => {
    const { clock, of, readiness } = setUp();
    readiness.fail('config', 'no readable version of mapping:m-1');
    clock.advance(5_000);
    readiness.fail('config', 'no readable version of mapping:m-2');
    expect(of('config')).toMatchObject({ reason: 'no readable version of mapping:m-2', since: clock.now() });
  });

  it('fails one check without touching the others', () => {
    const { readiness } = setUp();
    for (const name of CHECKS) readiness.pass(name);
    readiness.fail('serving', 'draining');
    expect(readiness.checks.filter(({ ok }) => !ok).map(({ name, reason }) => [name, reason])).toEqual([
      ['serving', 'draining'],
    ]);
  });
});
