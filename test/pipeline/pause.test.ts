import { expect, test } from 'vitest';
import { pause } from '../../src/pause.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

test('a pause ends once its time has passed on the clock it was given, and not before', async () => {
  const clock = new VirtualClock();
  let isOver = false;
  const paused = pause(clock, 1_000).then(() => {
    isOver = true;
  });

  await clock.advance(999);
  expect(isOver).toBe(false);

  await clock.advance(1);
  await paused;
  expect(isOver).toBe(true);
});

test('a pause of nothing still waits for the clock', async () => {
  const clock = new VirtualClock();
  let isOver = false;
  void pause(clock, 0).then(() => {
    isOver = true;
  });

  await clock.idle();
  expect(isOver).toBe(false);

  await clock.advance(0);
  expect(isOver).toBe(true);
});
