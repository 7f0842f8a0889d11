import { describe, expect, it } from 'vitest';
import { connectionOf } from '../core/business-events.ts';
import { accepted, coded, timeout, unreached } from '../fakes/scripted-events-api.ts';
import { assignmentWith } from './assignments.ts';
import { setUpLanes } from './lanes.ts';

/** A failure that is the connection's own: TikTok answers, and it is not vendor-wide. */
const own = () => coded(40202, 'write conflict');

const changes = ({ telemetry }: ReturnType<typeof setUpLanes>) =>
  telemetry.told('circuitChanged').map(([connectionId, state]) => `${connectionId} ${state}`);

describe('the circuit of a connection', () => {
  it('opens at the fifth failure in a row, then tries after growing waits, and the first success closes it', async () => {
    const lanes = setUpLanes({ others: ['connection-2'] });
    const { api, clock, deliver, delivery, endings } = lanes;
    api.next.push(...new Array(6).fill(own));
    deliver(1);
    await clock.advance(500 + 1_000 + 2_000 + 4_000 - 1);
    expect(delivery.circuits().get('connection-1')).toBe('closed');
    await clock.advance(1);
    expect([api.requests.length, delivery.circuits().get('connection-1')]).toEqual([5, 'open']);
    await clock.advance(8_000 + 16_000);
    expect(endings()).toEqual(['0 accepted']);
    expect(changes(lanes)).toEqual(
      ['open', 'half_open', 'open', 'half_open', 'closed'].map(state => `connection-1 ${state}`),
    );
    expect(delivery.circuits().size).toBe(0);
  });

  it('is half open while the trial is under way', async () => {
    const { api, clock, deliver, delivery } = setUpLanes();
    const answer = Promise.withResolvers<ReturnType<typeof accepted>>();
    api.next.push(...new Array(5).fill(own), () => answer.promise);
    deliver(1);
    await clock.advance(60_000);
    expect(delivery.circuits().get('connection-1')).toBe('half_open');
    answer.resolve(accepted());
    await clock.idle();
    expect(delivery.circuits().size).toBe(0);
  });

  it('opens on failures that come at once as well, and no other connection notices', async () => {
    const lanes = setUpLanes({ others: ['connection-2', 'connection-3', 'connection-4'] });
    const { api, clock, deliver, endings } = lanes;
    api.answer = ({ eventIds }) => (eventIds.includes('conversion-0') ? unreached() : accepted());
    deliver(1);
    for (const connectionId of ['connection-2', 'connection-3', 'connection-4']) deliver(1, { connectionId });
    await clock.advance(20_000);
    expect(endings()).toEqual(['1 accepted', '2 accepted', '3 accepted']);
    expect(changes(lanes).slice(0, 1)).toEqual(['connection-1 open']);
  });

  it('closes when TikTok refuses the connection: then it is parked, and waits for nothing', async () => {
    const lanes = setUpLanes();
    const { api, clock, deliver, endings } = lanes;
    api.next.push(...new Array(5).fill(own), () => coded(40105));
    deliver(1);
    await clock.advance(60_000);
    deliver(1);
    await clock.idle();
    expect(endings()).toEqual(['0 connection_parked', '1 connection_parked']);
    expect(changes(lanes).at(-1)).toBe('connection-1 closed');
  });
});

describe('the backoff', () => {
  it('is the connection’s: a new batch of a failing connection waits like the one before it', async () => {
    const { api, assignment, clock, deliver, settled } = setUpLanes({ options: { maxHoldMs: 5_000 } });
    api.answer = own;
    deliver(1);
    await clock.advance(30_000);
    expect(settled.map(({ reason }) => reason)).toEqual(['connection_backpressure']);
    const before = api.requests.length;
    for (let batch = 0; batch < 20; batch++) deliver(1);
    await clock.idle();
    expect(api.requests.length - before).toBeLessThanOrEqual(1);
    expect(assignment.inFlightTotal).toBe(0);
  });

  it('ends early when another token comes, which the next attempt uses', async () => {
    const { api, clock, connections, deliver, endings } = setUpLanes({ others: ['connection-2'] });
    api.answer = ({ accessToken }) => (accessToken === 'file:new' ? accepted() : timeout());
    deliver(1);
    await clock.advance(100_000);
    const before = api.requests.length;
    connections.set('connection-1', connectionOf({ access_token: 'file:new' }));
    await clock.advance(5_000);
    expect(endings()).toEqual(['0 accepted']);
    expect(api.requests.slice(before).map(({ accessToken }) => accessToken)).toEqual(['file:new']);
  });

  it('of long ago is forgotten: another replica may have had the connection meanwhile', async () => {
    const { api, assignment, clock, deliver, delivery, telemetry } = setUpLanes({ others: ['connection-2'] });
    const attempts = () => telemetry.told('requestRetried').map(([, , attempt]) => attempt);
    api.answer = own;
    deliver(1);
    await clock.advance(60_000);
    assignment.revoke();
    const before = attempts().length;
    expect(before).toBeGreaterThan(5);
    await clock.advance(71 * 60_000);
    const next = assignmentWith(1, clock.now());
    delivery.deliver(next.assignment, next.events);
    await clock.idle();
    expect(attempts().slice(before)).toEqual([1]);
    expect(delivery.circuits().get('connection-1')).toBe('closed');
  });

  it('closes when nothing was tried for long, for its events are another replica’s now and nobody could close it', async () => {
    const { api, assignment, clock, deliver, delivery } = setUpLanes();
    api.answer = own;
    deliver(1);
    await clock.advance(60_000);
    assignment.revoke();
    const { assignment: next } = assignmentWith(0, clock.now());
    await clock.advance(60 * 60_000);
    delivery.relieve(next);
    expect(delivery.circuits().get('connection-1')).toBe('open');
    await clock.advance(11 * 60_000);
    delivery.relieve(next);
    expect(delivery.circuits().size).toBe(0);
  });
});
