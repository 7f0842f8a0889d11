import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('runs a callback once, after the delay', () => {
  const callback = vi.fn();
  systemClock.after(100, callback);
  vi.advanceTimersByTime(99);
  expect(callback).not.toHaveBeenCalled();
  vi.advanceTimersByTime(10_000);
  expect(callback).toHaveBeenCalledTimes(1);
});

it('does not run a cancelled callback', () => {
  const callback = vi.fn();
  systemClock.after(100, callback)();
  vi.advanceTimersByTime(1_000);
  expect(callback).not.toHaveBeenCalled();
});

it('waits longer than a timer can, and can be cancelled on the way', () => {
  const callback = vi.fn();
  const cancelled = vi.fn();
  const days = 24 * 3_600_000;
  systemClock.after(60 * days, callback);
  const cancel = systemClock.after(60 * days, cancelled);
  vi.advanceTimersByTime(59 * days);
  expect(callback).not.toHaveBeenCalled();
  cancel();
  vi.advanceTimersByTime(days);
  expect(callback).toHaveBeenCalledTimes(1);
  expect(cancelled).not.toHaveBeenCalled();
});

it('tells the time of day, and a time that only grows', () => {
  vi.setSystemTime(1_764_000_000_000);
  expect(systemClock.now()).toBe(1_764_000_000_000);
  vi.useRealTimers();
  const before = systemClock.monotonic();
  expect(systemClock.monotonic()).toBeGreaterThanOrEqual(before);
});
