import { describe, expect, it } from 'vitest';
import { BufferBudget } from '../../src/core/buffer-budget.ts';

const OPTIONS = { maxEvents: 100, maxBytes: 1_000, pressureRatio: 0.8, resumeRatio: 0.5 };

function filled(events: number, bytes: number): BufferBudget {
  const budget = new BufferBudget(OPTIONS);
  budget.take(events, bytes);
  return budget;
}

describe('the buffer budget', () => {
  it.each([
    [0, 0, { underPressure: false, full: false, drained: true }],
    [50, 0, { underPressure: false, full: false, drained: true }],
    [51, 0, { underPressure: false, full: false, drained: false }],
    [80, 0, { underPressure: true, full: false, drained: false }],
    [1, 800, { underPressure: true, full: false, drained: false }],
    [100, 0, { underPressure: true, full: true, drained: false }],
    [1, 1_000, { underPressure: true, full: true, drained: false }],
    [180, 10, { underPressure: true, full: true, drained: false }],
  ])('with %i of 100 events and %i of 1000 bytes', (events, bytes, state) => {
    expect(filled(events, bytes)).toMatchObject(state);
  });

  it('is as full as the fuller of events and bytes', () => {
    expect(filled(10, 900).ratio).toBe(0.9);
    expect(filled(90, 100).ratio).toBe(0.9);
  });

  it('gets back what it gave', () => {
    const budget = filled(100, 1_000);
    budget.give(99, 400);
    expect([budget.events, budget.bytes, budget.drained]).toEqual([1, 600, false]);
    budget.give(1, 600);
    expect([budget.ratio, budget.drained]).toEqual([0, true]);
  });
});
