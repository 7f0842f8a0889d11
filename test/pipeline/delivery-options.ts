/** Options of delivery for tests: those of the documentation, and request rates that never stand in the way. */

import type { RateOptions } from '../../src/core/rate-limit.ts';
import type { DeliveryOptions } from '../../src/delivery-parts.ts';

export const DELIVERY_OPTIONS: DeliveryOptions = {
  batchMaxEventsCount: 1_000,
  batchMaxBytes: 1_000_000,
  retryBaseMs: 1_000,
  retryMaxMs: 60_000,
  ambiguousHorizonMs: 47 * 3_600_000,
  backpressure: 'dead_letter',
  maxHoldMs: 15 * 60_000,
  maxBufferShareRatio: 0.1,
  circuitFailuresCount: 5,
};

export const FAST: RateOptions = {
  rateStartPerSecond: 1_000_000,
  rateCeilingPerSecond: 1_000_000,
  rateFloorPerSecond: 1_000,
  rateIncreasePerSecond: 0,
  rateDecreaseRatio: 0.5,
  maxRequestsPerSecond: 1_000_000,
};
