import { describe, expect, it } from 'vitest';
import type { EventsApiAnswer } from '../../src/ports.ts';
import { connectionOf } from '../core/business-events.ts';
import { accepted, coded } from '../fakes/scripted-events-api.ts';
import { setUpLanes } from './lanes.ts';

const throttled = (retryAfter?: string, status = 429): EventsApiAnswer => {
  const headers: Record<string, string> = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
  return { kind: 'response', status, headers, body: '{"code":40100,"message":"too frequent"}', durationMs: 5 };
};

/** Batches that wait for a permit do not join into one request. */
const APART = { batchMaxEventsCount: 1 };
/** Every connection may make one request a second. */
const ONE_A_SECOND = { rateStartPerSecond: 1, rateCeilingPerSecond: 1, rateFloorPerSecond: 0.1 };

describe('the request rate of a connection', () => {
  it('makes its requests wait for their permit, and those of no other', async () => {
    const { api, clock, deliver, telemetry } = setUpLanes({
      options: APART,
      rates: ONE_A_SECOND,
      others: ['connection-2'],
    });
    for (let batch = 0; batch < 3; batch++) deliver(1);
    deliver(1, { connectionId: 'connection-2' });
    await clock.idle();
    expect(api.sent).toEqual([['conversion-0'], ['conversion-3']]);
    await clock.advance(999);
    expect(api.requests).toHaveLength(2);
    await clock.advance(1_001);
    expect(api.sent.slice(2)).toEqual([['conversion-1'], ['conversion-2']]);
    expect(telemetry.told('rateLimitWaited')).toEqual([
      ['connection-1', 1_000],
      ['connection-1', 1_000],
    ]);
  });

  it('tells how long requests waited for it, a wait that is looked at again and again once', async () => {
    const { api, clock, deliver, telemetry } = setUpLanes();
    api.next.push(() => throttled('20'));
    deliver(1);
    await clock.advance(30_000);
    expect(api.requests).toHaveLength(2);
    const told = telemetry.told('rateLimitWaited').map(([, waitMs]) => Number(waitMs));
    expect(told.length).toBeGreaterThan(1);
    const sum = told.reduce((total, waitMs) => total + waitMs, 0);
    expect(sum).toBeGreaterThan(15_000);
    expect(sum).toBeLessThanOrEqual(20_000);
  });

  it('is no higher than the connection’s entry says, as it stands now', async () => {
    const { api, clock, connections, deliver } = setUpLanes({ options: APART, rates: { rateIncreasePerSecond: 1 } });
    connections.set('connection-1', connectionOf({ max_requests_per_second: 0.1 }));
    for (let batch = 0; batch < 3; batch++) deliver(1);
    await clock.advance(9_999);
    expect(api.requests).toHaveLength(1);
    await clock.advance(1);
    expect(api.requests).toHaveLength(2);
    connections.set('connection-1', connectionOf({ max_requests_per_second: null }));
    await clock.advance(5_000);
    expect(api.requests).toHaveLength(3);
  });

  it('is halved by a throttled answer', async () => {
    const { api, clock, deliver, delivery } = setUpLanes({ rates: { rateStartPerSecond: 8, rateFloorPerSecond: 1 } });
    api.next.push(() => throttled());
    deliver(1);
    await clock.advance(60_000);
    expect(delivery.rates().get('connection-1')).toBe(4);
    expect(api.requests).toHaveLength(2);
  });

  it('lets a drain wait for a permit that comes soon, and not for one that does not', async () => {
    const soon = setUpLanes({ rates: { ...ONE_A_SECOND, rateStartPerSecond: 1 } });
    const late = setUpLanes({ rates: { ...ONE_A_SECOND, rateStartPerSecond: 0.1, rateCeilingPerSecond: 0.1 } });
    for (const { clock, deliver } of [soon, late]) {
      deliver(1);
      deliver(1);
      await clock.idle();
    }
    expect([soon.delivery.isBusy, late.delivery.isBusy]).toEqual([true, false]);
  });
});

describe('Retry-After', () => {
  it.each([
    ['of a throttled answer', throttled('20')],
    ['of an outage’s answer', { ...throttled('20', 503), body: '<html>' } as EventsApiAnswer],
  ])('%s is waited for, and delays no other connection', async (_, answer) => {
    const { api, clock, deliver, endings } = setUpLanes({ others: ['connection-2'] });
    api.next.push(() => answer);
    deliver(1);
    await clock.idle();
    deliver(1, { connectionId: 'connection-2' });
    await clock.advance(19_999);
    expect(api.sent).toEqual([['conversion-0'], ['conversion-1']]);
    await clock.advance(1);
    expect(endings()).toEqual(['1 accepted', '0 accepted']);
  });
});

it('a throttled event waits as often as it must: throttling alone makes no letter and opens no circuit', async () => {
  const { api, clock, deliver, delivery, endings } = setUpLanes({ rates: { rateStartPerSecond: 10 } });
  api.next.push(...new Array(12).fill(() => coded(40100, '', 401)));
  api.answer = accepted;
  deliver(1);
  await clock.advance(60_000);
  expect(delivery.circuits().get('connection-1')).toBe('closed');
  await clock.advance(13 * 60_000);
  expect(endings()).toEqual(['0 accepted']);
  expect(delivery.circuits().size).toBe(0);
});
