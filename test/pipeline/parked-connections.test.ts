import { describe, expect, it } from 'vitest';
import type { Connection } from '../../src/core/config-entry.ts';
import { connectionOf } from '../core/business-events.ts';
import { accepted, coded, timeout } from '../fakes/scripted-events-api.ts';
import { PROBE_INTERVAL_MS, setUpLanes } from './lanes.ts';

async function parked() {
  const lanes = setUpLanes();
  lanes.api.next.push(() => coded(40105, 'Access token is incorrect'));
  lanes.deliver(1);
  await lanes.clock.idle();
  expect([...lanes.states.parked().keys()]).toEqual(['connection-1']);
  return lanes;
}

const told = ({ telemetry }: ReturnType<typeof setUpLanes>) =>
  telemetry.told('connectionState').map(([connectionId, state]) => `${connectionId} ${state}`);

describe('a parked connection', () => {
  it.each([
    ['takes the probe', accepted(), 'accepted'],
    ['refuses the probe’s event for itself', coded(40002, 'Invalid params'), 'refused_by_tiktok'],
  ])('is unparked when TikTok %s: so it takes the credentials', async (_, answer, reason) => {
    const lanes = await parked();
    const { api, clock, deliver, endings, states } = lanes;
    api.next.push(() => answer);
    await clock.advance(PROBE_INTERVAL_MS);
    deliver(1);
    await clock.idle();
    deliver(1);
    await clock.idle();
    expect(endings()).toEqual(['0 connection_parked', `1 ${reason}`, '2 accepted']);
    expect(states.parked().size).toBe(0);
    expect(told(lanes)).toEqual(['connection-1 token_invalid', 'connection-1 active']);
  });

  it.each([
    ['was partly taken', coded(20001)],
    ['is too large', coded(40061)],
  ])('is unparked when TikTok says that a batch %s', async (_, answer) => {
    const { api, clock, deliver, endings, states } = await parked();
    api.next.push(() => answer);
    await clock.advance(PROBE_INTERVAL_MS);
    deliver(2);
    await clock.idle();
    expect(endings().slice(1)).toEqual(['1 accepted', '2 accepted']);
    expect(states.parked().size).toBe(0);
  });

  it('stays parked while the probe has no answer', async () => {
    const lanes = await parked();
    const { api, clock, deliver, states } = lanes;
    api.answer = timeout;
    await clock.advance(PROBE_INTERVAL_MS);
    deliver(1);
    await clock.advance(10_000);
    expect(states.parked().size).toBe(1);
    expect(told(lanes)).toEqual(['connection-1 token_invalid']);
  });

  it('is forgotten when it is gone, though no event of it comes any more', async () => {
    const { assignment, clock, connections, delivery } = await parked();
    expect([...delivery.rates().keys()]).toEqual(['connection-1']);
    await clock.advance(60_000);
    delivery.relieve(assignment);
    expect(delivery.rates().size).toBe(1);
    connections.clear();
    await clock.advance(60_000);
    delivery.relieve(assignment);
    expect(delivery.rates().size).toBe(0);
  });

  it('whose last events are skipped tells nobody that it is gone: who follows the entries knows better', async () => {
    const { clock, connections, deliver, endings, states } = await parked();
    const told: string[] = [];
    states.onChanged(connectionId => told.push(connectionId));
    connections.clear();
    deliver(1);
    await clock.idle();
    expect([endings(), told]).toEqual([['0 connection_parked', '1 connection_removed'], []]);
  });

  it('is remembered while it exists, though its lane is idle', async () => {
    const { api, clock, deliver, endings, states } = await parked();
    deliver(1);
    await clock.idle();
    expect(endings()).toEqual(['0 connection_parked', '1 connection_parked']);
    expect([states.parked().size, api.requests.length]).toEqual([1, 1]);
  });
});

describe('a refusal of events that were built for a former pixel', () => {
  it('says nothing of the new pair of pixel and token, which is tried at once', async () => {
    const lanes = setUpLanes();
    const { api, clock, connections, deliver, endings, states } = lanes;
    connections.set('connection-1', connectionOf({ pixel_id: 'PIXEL2', access_token: 'file:new' }));
    api.next.push(() => coded(40001, 'No permission'));
    deliver(1, { pixel: 'PIXEL1' });
    deliver(1, { pixel: 'PIXEL2' });
    await clock.idle();
    expect(endings()).toEqual(['0 connection_parked', '1 accepted']);
    expect([states.parked().size, told(lanes)]).toEqual([0, ['connection-1 active']]);
  });

  it('does not unpark the pair that TikTok refused either', async () => {
    const { api, clock, deliver, states } = await parked();
    api.next.push(() => coded(40001, 'No permission'));
    await clock.advance(PROBE_INTERVAL_MS);
    deliver(1, { pixel: 'PIXEL0' });
    await clock.idle();
    expect(states.parked().size).toBe(1);
  });
});

describe('an acceptance of events that were built for a former pixel', () => {
  it('says nothing of the new pair of pixel and token either', async () => {
    const lanes = setUpLanes();
    const { clock, connections, deliver, endings, states } = lanes;
    connections.set('connection-1', connectionOf({ pixel_id: 'PIXEL2', access_token: 'file:new' }));
    deliver(1, { pixel: 'PIXEL1' });
    await clock.idle();
    expect([endings(), states.of('connection-1')?.state]).toEqual([['0 accepted'], 'undecided']);
    deliver(1, { pixel: 'PIXEL2' });
    await clock.idle();
    expect(states.of('connection-1')?.state).toBe('active');
  });

  it('does not unpark a connection whose new pixel TikTok refuses', async () => {
    const lanes = await parked();
    const { clock, deliver, endings, states } = lanes;
    await clock.advance(PROBE_INTERVAL_MS);
    deliver(1, { pixel: 'PIXEL0' });
    await clock.idle();
    expect(endings().at(-1)).toBe('1 accepted');
    expect([states.parked().size, told(lanes)]).toEqual([1, ['connection-1 token_invalid']]);
  });
});

describe('events of a connection that went away', () => {
  it.each([
    ['removed', (): Connection | null => null, 'connection_removed'],
    ['disabled', () => connectionOf({ enabled: false }), 'connection_disabled'],
  ] as const)('(%s) are skipped, or are dead letters where an enabled one shares the pixel', async (_, now, reason) => {
    for (const [other, expected] of [
      [null, reason],
      [connectionOf({ connection_id: 'connection-2', enabled: false }), reason],
      [connectionOf({ connection_id: 'connection-2', pixel_id: 'PIXEL2' }), reason],
      [connectionOf({ connection_id: 'connection-2' }), 'config_invalid'],
    ] as const) {
      const { api, clock, connections, deliver, endings, settled } = setUpLanes();
      const connection = now();
      connections.clear();
      if (connection !== null) connections.set('connection-1', connection);
      if (other !== null) connections.set('connection-2', other);
      const events = deliver(2);
      await clock.idle();
      expect(endings()).toEqual([`0 ${expected}`, `1 ${expected}`]);
      expect(settled.map(({ release }) => release)).toEqual(events.map(({ claim }) => claim));
      if (expected === 'config_invalid') expect(settled[0]?.letter?.detail).toContain(reason);
      expect(api.requests).toHaveLength(0);
    }
  });
});
