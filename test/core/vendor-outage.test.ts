import { describe, expect, it } from 'vitest';
import { VendorOutage } from '../../src/core/vendor-outage.ts';

const MINUTE = 60_000;

/** Lets connections fail vendor-wide twice each, all at one time; returns what the last report changed. */
function fail(outage: VendorOutage, ids: readonly string[], { enabled = 10, at = 0 } = {}) {
  return ids.flatMap(id => [1, 2].map(() => outage.failed(id, true, enabled, at))).findLast(change => change !== null);
}

function succeed(outage: VendorOutage, ids: readonly string[], at = 0): void {
  for (const id of ids) outage.succeeded(id, at);
}

describe('an outage of the vendor begins', () => {
  it.each([
    ['two of two fail', [], ['a', 'b'], 10, true],
    ['half of them fail', ['x', 'y'], ['a', 'b'], 10, true],
    ['fewer than half fail', ['x', 'y', 'z'], ['a', 'b'], 10, false],
    ['one of two enabled ones fails, and the other was not tried', [], ['a'], 2, false],
    ['the only enabled one fails', [], ['a'], 1, true],
  ] as const)('or not where %s', (_, good, bad, enabled, begins) => {
    const outage = new VendorOutage();
    succeed(outage, good);
    expect(fail(outage, bad, { enabled })).toBe(begins ? 'began' : undefined);
    expect(outage.active).toBe(begins);
  });

  it('not at a single failure each: timeouts are routine', () => {
    const outage = new VendorOutage();
    for (const id of ['a', 'b', 'c']) outage.failed(id, true, 10, 0);
    expect(outage.active).toBe(false);
  });

  it('not by failures that are a connection’s own', () => {
    const outage = new VendorOutage();
    for (const id of ['a', 'b', 'a', 'b']) outage.failed(id, false, 10, 0);
    expect(outage.active).toBe(false);
  });

  it('not while any connection succeeds in between', () => {
    const outage = new VendorOutage();
    for (let round = 0; round < 10; round++) {
      for (const id of ['a', 'b', 'c']) outage.failed(id, true, 10, 0);
      outage.succeeded('d', 0);
    }
    expect(outage.active).toBe(false);
  });

  it('though connections that were not tried for ten minutes were well', () => {
    const outage = new VendorOutage();
    succeed(outage, ['v', 'w', 'x', 'y', 'z']);
    expect(fail(outage, ['a', 'b'], { at: 10 * MINUTE })).toBeUndefined();
    expect(outage.failed('a', true, 10, 10 * MINUTE + 1)).toBe('began');
  });

  it('once', () => {
    const outage = new VendorOutage();
    fail(outage, ['a', 'b']);
    expect(fail(outage, ['a', 'b', 'c'], { at: 5 })).toBeUndefined();
  });
});

describe('an outage of the vendor', () => {
  it('ends with the first success of any connection, and what failed before it counts no more', () => {
    const outage = new VendorOutage();
    fail(outage, ['a', 'b', 'c']);
    expect(outage.succeeded('d', 7)).toBe('ended');
    expect(outage.active).toBe(false);
    expect(outage.failed('a', true, 10, 8)).toBeNull();
    expect(outage.succeeded('a', 9)).toBeNull();
  });

  it('ends when nobody has failed for a quarter of an hour: then nobody is left who could succeed', () => {
    const outage = new VendorOutage();
    fail(outage, ['a', 'b']);
    outage.failed('a', true, 10, MINUTE);
    outage.failed('b', false, 10, 15 * MINUTE);
    expect([outage.watch(16 * MINUTE), outage.active]).toEqual([null, true]);
    expect([outage.watch(16 * MINUTE + 1), outage.active]).toEqual(['ended', false]);
    expect(outage.watch(17 * MINUTE)).toBeNull();
  });

  it('stops the working time, outage after outage', () => {
    const outage = new VendorOutage();
    expect(outage.workingTime(100)).toBe(100);
    fail(outage, ['a', 'b'], { at: 100 });
    expect([outage.workingTime(100), outage.workingTime(900), outage.lastedMs(900)]).toEqual([100, 100, 800]);
    outage.succeeded('a', 1_000);
    expect([outage.workingTime(1_000), outage.workingTime(1_050), outage.lastedMs(1_050)]).toEqual([100, 150, 0]);
    fail(outage, ['a', 'b'], { at: 2_000 });
    outage.succeeded('a', 2_500);
    expect(outage.workingTime(2_600)).toBe(1_200);
  });
});

it('an outage is possible since a time after the last success, and is known of others that tried in ten minutes', () => {
  const outage = new VendorOutage();
  expect([outage.isPossibleSince(0), outage.hasOthers('a', 0)]).toEqual([true, false]);
  outage.succeeded('b', 1_000);
  outage.failed('a', true, 2, 2_000);
  expect([outage.isPossibleSince(1_000), outage.isPossibleSince(1_001)]).toEqual([false, true]);
  expect([outage.hasOthers('a', 601_000), outage.hasOthers('a', 601_001), outage.hasOthers('b', 2_000)]).toEqual([
    true,
    false,
    true,
  ]);
});

it('how long ago it ended is known from its end on', () => {
  const outage = new VendorOutage();
  expect(outage.overForMs(5_000)).toBe(Number.POSITIVE_INFINITY);
  fail(outage, ['a', 'b'], { at: 100 });
  outage.succeeded('a', 900);
  outage.succeeded('b', 1_500);
  expect(outage.overForMs(2_000)).toBe(1_100);
});
