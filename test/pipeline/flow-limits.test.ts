import { describe, expect, it } from 'vitest';
import { flowLimits } from '../../src/assembly.ts';
import { testConfig } from '../config/test-config.ts';

const CONFIG = testConfig({ 'window.sizeMs': '60s', 'window.maxBufferedEventsCount': 4_000 });

describe('the limits of the flow', () => {
  it('are those of the configuration', () => {
    const { budget, trickle, window } = flowLimits(CONFIG);
    expect([window.sizeMs, budget.maxEvents, budget.maxBytes]).toEqual([60_000, 4_000, CONFIG.window.maxBufferedBytes]);
    expect(trickle).toEqual({ recordsPerWindow: CONFIG.delivery.outageRecordsCount, windowMs: 60_000 });
  });

  it('are tighter for a job where its ceiling is lower, but what an outage lets through stays', () => {
    const { budget, trickle, window } = flowLimits(CONFIG, { windowMs: 2_000, events: 5_000, bytes: 1_024 });
    expect([window.sizeMs, budget.maxEvents, budget.maxBytes]).toEqual([2_000, 4_000, 1_024]);
    expect(trickle).toEqual(flowLimits(CONFIG).trickle);
  });
});
