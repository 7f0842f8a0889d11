import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../../scripts/documents.ts';
import {
  claimsHeld,
  eventsPerRequest,
  eventsWaiting,
  type Load,
  perSecond,
  requestsPerWindow,
} from '../../scripts/scaling-figures.ts';
import { fillTable, SERIES_PER_CONNECTION, throughput } from '../../scripts/scaling-tables.ts';
import { createTelemetry } from '../../src/adapters/telemetry.ts';
import { type Windowed, Windows } from '../../src/core/window.ts';
import { seededRandom } from '../chaos/seeded-random.ts';

const SIZE_MS = 120_000;
const TICK_MS = 250;

/** Poisson arrivals for connections whose windows are the service's own, for so many windows. */
function simulate({ cap, perWindow }: Load, connections: number, windows: number) {
  const random = seededRandom(7);
  const own = new Windows<Windowed>({ sizeMs: SIZE_MS, batchMaxEvents: cap, batchMaxBytes: Number.MAX_SAFE_INTEGER });
  const [meanGapMs, end] = [SIZE_MS / perWindow / connections, SIZE_MS * (windows + 1)];
  let [events, requests, waiting, looks, nextTick] = [0, 0, 0, 0, 0];
  const left = (batches: readonly Windowed[][], now: number): void => {
    // The first windows are not whole ones.
    if (now < SIZE_MS) return;
    requests += batches.length;
    for (const batch of batches) events += batch.length;
  };
  for (let now = 0; now < end; now += Math.log(1 / (1 - random())) * meanGapMs) {
    for (; nextTick <= now; nextTick += TICK_MS) {
      left(own.takeDue(nextTick), nextTick);
      if (nextTick < SIZE_MS) continue;
      waiting += own.events;
      looks += 1;
    }
    const connectionId = `connection-${Math.floor(random() * connections)}`;
    const full = own.add({ connectionId, destinationKey: connectionId, jsonBytes: 0, maxPerRequest: cap }, now);
    if (full !== null) left([full], now);
  }
  return { eventsPerRequest: events / requests, eventsWaiting: waiting / looks / connections };
}

describe('the formulas of the scaling guide', () => {
  test.each([
    [0.1, 3_000, 10],
    [1, 1_000, 10],
    [3, 1_000, 5],
    [100, 40, 10],
    [1_000, 20, 10],
    [2_500, 8, 8],
  ])('say what the service’s own windows do with %d events in a window', (perWindow, connections, windows) => {
    const load = { perWindow, cap: 1_000 };
    const simulated = simulate(load, connections, windows);
    expect(simulated.eventsPerRequest / eventsPerRequest(load)).toBeGreaterThan(0.95);
    expect(simulated.eventsPerRequest / eventsPerRequest(load)).toBeLessThan(1.05);
    expect(simulated.eventsWaiting / eventsWaiting(load)).toBeGreaterThan(0.9);
    expect(simulated.eventsWaiting / eventsWaiting(load)).toBeLessThan(1.1);
  });

  test('send one request for few events, and full ones for many', () => {
    expect(requestsPerWindow({ perWindow: 0.001, cap: 1_000 })).toBeCloseTo(0.001, 5);
    expect(requestsPerWindow({ perWindow: 500, cap: 1_000 })).toBeCloseTo(1, 6);
    expect(eventsPerRequest({ perWindow: 100_000, cap: 1_000 })).toBeGreaterThan(990);
    expect(eventsWaiting({ perWindow: 10, cap: 1_000 })).toBe(5);
  });

  test('count a day and its claims', () => {
    expect(perSecond(86_400)).toBe(1);
    expect(claimsHeld(1_000_000, 3, 300)).toEqual({ claims: 3_000_000, bytes: 900_000_000 });
  });
});

describe('the figures of the scaling guide', () => {
  test('are in its tables', () => {
    expect(fillTable()).toContain('| 10 | 10 | 100 | 5 |');
  });

  test('are those of the README, where it has them', () => {
    const readme = readFileSync(new URL('README.md', ROOT), 'utf8');
    const { lowest, shown } = throughput(readme);
    expect(shown).toBeGreaterThan(lowest);
    expect(() => throughput('nothing measured')).toThrow(/README/);
  });

  test('know how many series a connection has', async () => {
    const telemetry = createTelemetry({
      ...{
        version: '1',
        commit: 'c',
        nodeVersion: 'v24',
        perConnection: true,
        maxLabelledConnectionsCount: 5,
        topics: [],
      },
      ...{ level: 'silent', format: 'json', write: () => {}, now: () => 0 },
    });
    const counts = {
      topic: 't',
      partition: 0,
      records: 1,
      bytes: 1,
      position: 1,
      highWatermark: 1,
      newestEventTime: 0,
    };
    telemetry.batchConsumed({ ...counts, eventsByConnection: new Map([['c1', 1]]) });
    const answer = { events: 1, httpStatus: 200, apiCode: 0, verdict: 'delivered', durationMs: 1 };
    telemetry.requestSent({ connectionId: 'c1', ...answer, requestId: null, failure: null });
    telemetry.observe({
      source: () => ({
        ...{ joined: true, epoch: 1, suspended: false, assignment: [], paused: [], partitions: [] },
        ...{ sinceHeartbeatMs: null, sinceCommitMs: null, acceptingForMs: null },
      }),
      buffer: () => ({ events: 0, limitEvents: 1, bytes: 0, limitBytes: 1 }),
      windows: () => ({ open: 0, events: 0, sizeMs: SIZE_MS }),
      inFlight: () => new Map(),
      oldestUnsent: () => [],
      oldestUnsettled: () => [],
      configContactAt: () => null,
      connections: () => [{ connectionId: 'c1', state: 'active' }],
      requests: () => ({ inFlight: 0, limit: 1 }),
      circuits: () => new Map(),
      rates: () => new Map([['c1', 1]]),
      vendorIsOut: () => false,
      redisUp: () => true,
    });
    const text = await telemetry.metricsText();
    expect(text.match(/connection="c1"/g)).toHaveLength(SERIES_PER_CONNECTION);
  });
});
