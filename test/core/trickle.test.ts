import { expect, it } from 'vitest';
import { Trickle } from '../../src/core/trickle.ts';

const WINDOW_MS = 100;
const setUp = () => new Trickle({ recordsPerWindow: 10, windowMs: WINDOW_MS });

it('lets everything pass while there is no outage', () => {
  const trickle = setUp();
  for (let batch = 0; batch < 5; batch++) {
    expect(trickle.allows(false, 0)).toBe(true);
    trickle.took(1_000);
  }
});

it('lets so many records pass in a window of an outage, and what was taken too much is paid for by the next windows', () => {
  const trickle = setUp();
  expect(trickle.allows(true, 0)).toBe(true);
  trickle.took(25);
  expect([99, 100, 199].map(now => trickle.allows(true, now))).toEqual([false, false, false]);
  expect(trickle.allows(true, 200)).toBe(true);
  trickle.took(5);
  expect(trickle.allows(true, 201)).toBe(false);
});

it('saves nothing up: after quiet windows it is one window’s worth', () => {
  const trickle = setUp();
  trickle.allows(true, 0);
  expect(trickle.allows(true, 50 * WINDOW_MS)).toBe(true);
  trickle.took(10);
  expect(trickle.allows(true, 50 * WINDOW_MS + 1)).toBe(false);
});

it('begins anew with every outage', () => {
  const trickle = setUp();
  trickle.allows(true, 0);
  trickle.took(500);
  expect([trickle.allows(true, 1), trickle.allows(false, 2), trickle.allows(true, 3)]).toEqual([false, true, true]);
});
