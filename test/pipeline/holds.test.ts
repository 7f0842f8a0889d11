import { describe, expect, it } from 'vitest';
import { coded, timeout, unreached } from '../fakes/scripted-events-api.ts';
import { type LaneChanges, setUpLanes } from './lanes.ts';

const MINUTE = 60_000;
const own = () => coded(40202, 'write conflict');

/** The first connection fails for itself; two others are enabled, and nothing is known of them. */
function setUpFailing(changes: LaneChanges = {}) {
  const lanes = setUpLanes({ others: ['connection-2', 'connection-3'], ...changes });
  lanes.api.answer = own;
  return lanes;
}

describe('events of a connection that fails for itself', () => {
  it('wait for fifteen minutes from its first failure, then become letters with the last answer', async () => {
    const { clock, deliver, endings, settled } = setUpFailing();
    const events = deliver(2);
    await clock.advance(10 * MINUTE);
    deliver(1);
    await clock.advance(5 * MINUTE - 1);
    expect(endings()).toEqual([]);
    await clock.advance(1);
    expect(endings()).toEqual(['0', '1', '2'].map(id => `${id} connection_backpressure`));
    const detail = 'the connection has failed for 15 minutes or longer: code 40202, HTTP 200, write conflict';
    expect(settled.map(({ letter }) => letter)).toMatchObject(
      new Array(3).fill({ apiCode: 40202, requestId: 'req-40202', detail }),
    );
    expect(settled.map(({ release }) => release?.key)).toEqual(['k:conversion-0', 'k:conversion-1', 'k:conversion-2']);
    expect(events[0]?.claim.key).toBe('k:conversion-0');
  });

  it('keep their claim where TikTok may have taken them', async () => {
    const { api, clock, deliver, settled } = setUpFailing();
    api.answer = timeout;
    deliver(1);
    deliver(1);
    await clock.advance(20 * MINUTE);
    expect(settled.map(({ reason, release }) => [reason, release?.key])).toEqual([
      ['connection_backpressure', undefined],
      ['connection_backpressure', 'k:conversion-1'],
    ]);
  });

  it('that come later become letters at once, but for the trials, until one of these passes', async () => {
    const { api, clock, deliver, endings } = setUpFailing();
    deliver(1);
    await clock.advance(20 * MINUTE);
    const before = api.requests.length;
    for (let minute = 0; minute < 10; minute++) {
      deliver(1);
      deliver(1);
      await clock.advance(MINUTE);
    }
    expect(endings()).toHaveLength(21);
    expect(api.requests.length - before).toBeGreaterThan(5);
    expect(api.requests.length - before).toBeLessThanOrEqual(20);
    api.answer = () => coded(0);
    await clock.advance(MINUTE);
    deliver(1);
    await clock.idle();
    expect(endings().at(-1)).toBe('21 accepted');
  });

  it('wait anew after a success', async () => {
    const { api, clock, deliver, endings } = setUpFailing();
    deliver(1);
    await clock.advance(14 * MINUTE);
    api.next.push(() => coded(0));
    await clock.advance(MINUTE);
    deliver(1);
    await clock.advance(14 * MINUTE);
    expect(endings()).toEqual(['0 accepted']);
  });

  it('wait on where a hold bound makes them wait', async () => {
    const { clock, deliver, endings, api } = setUpFailing({ options: { backpressure: 'wait' } });
    deliver(1);
    await clock.advance(60 * MINUTE);
    expect(endings()).toEqual([]);
    api.answer = () => coded(0);
    await clock.advance(MINUTE);
    expect(endings()).toEqual(['0 accepted']);
  });

  it('wait on while the vendor is out, for as long as that lasts', async () => {
    const { api, clock, deliver, endings, delivery } = setUpFailing();
    api.answer = unreached;
    for (const connectionId of ['connection-1', 'connection-2', 'connection-3']) deliver(1, { connectionId });
    await clock.advance(3 * 60 * MINUTE);
    expect([endings(), delivery.vendorIsOut]).toEqual([[], true]);
    api.answer = () => coded(0);
    await clock.advance(2 * MINUTE);
    expect(endings().toSorted()).toEqual(['0 accepted', '1 accepted', '2 accepted']);
  });
});

describe('an outage of the vendor', () => {
  const everybody = ['connection-1', 'connection-2', 'connection-3'];

  it('is no time for which a connection fails by itself: it has its fifteen minutes when the others go on', async () => {
    const { api, clock, deliver, delivery, endings } = setUpFailing();
    api.answer = unreached;
    for (const connectionId of everybody) deliver(1, { connectionId });
    await clock.advance(60 * MINUTE);
    api.answer = ({ eventIds }) => (eventIds.includes('conversion-0') ? own() : coded(0));
    await clock.advance(2 * MINUTE);
    expect([delivery.vendorIsOut, endings().toSorted()]).toEqual([false, ['1 accepted', '2 accepted']]);
    await clock.advance(11 * MINUTE);
    expect(endings()).toHaveLength(2);
    await clock.advance(4 * MINUTE);
    expect(endings().at(-1)).toBe('0 connection_backpressure');
  });

  it('takes nothing from anybody, not even from one whose time was over or whose share is too large', async () => {
    const { api, assignment, clock, deliver, delivery, endings } = setUpFailing({ budget: { maxEvents: 100 } });
    deliver(1);
    await clock.advance(16 * MINUTE);
    expect(endings()).toEqual(['0 connection_backpressure']);
    api.answer = unreached;
    for (const connectionId of everybody.slice(1)) deliver(1, { connectionId });
    await clock.advance(MINUTE);
    expect(delivery.vendorIsOut).toBe(true);
    for (let batch = 0; batch < 9; batch++) deliver(10);
    delivery.relieve(assignment);
    await clock.advance(30 * MINUTE);
    delivery.relieve(assignment);
    expect(endings()).toHaveLength(1);
  });
});

describe('a failing connection under pressure', () => {
  const SMALL = { maxEvents: 100, pressureRatio: 0.8 };

  /** Eight batches of ten of the failing connection, and `more` of another one whose request hangs. */
  async function crowded(more: number, changes: LaneChanges = {}) {
    const lanes = setUpFailing({ budget: SMALL, ...changes });
    lanes.api.answer = ({ eventIds }) => (eventIds.includes('conversion-80') ? new Promise(() => {}) : own());
    for (let batch = 0; batch < 8; batch++) lanes.deliver(10);
    if (more > 0) lanes.deliver(more, { connectionId: 'connection-2' });
    await lanes.clock.advance(9_000);
    lanes.delivery.relieve(lanes.assignment);
    expect(lanes.endings()).toEqual([]);
    await lanes.clock.advance(2_000);
    return lanes;
  }

  it('lets go of the oldest of its queue, down to a tenth of the buffer, and tries on with the first batch', async () => {
    const { assignment, delivery, endings, settled } = await crowded(5);
    delivery.relieve(assignment);
    expect(endings()).toEqual(Array.from({ length: 70 }, (_, index) => `${index + 10} connection_backpressure`));
    expect(settled[0]?.letter?.detail).toContain('10 % of the buffer');
    expect(settled[0]?.letter).toMatchObject({ apiCode: 40202, attempts: 0 });
    expect(assignment.inFlight.get('connection-1')).toBe(10);
  });

  it('keeps the newest of its queue where there is room for them', async () => {
    const { assignment, delivery, endings } = await crowded(5, { options: { maxBufferShareRatio: 0.35 } });
    delivery.relieve(assignment);
    expect(endings()).toHaveLength(50);
    expect(endings().at(-1)).toBe('59 connection_backpressure');
  });

  it('is judged by the bytes it holds as well', async () => {
    const { assignment, delivery, endings } = await crowded(5, { budget: { maxEvents: 10_000, maxBytes: 100_000 } });
    delivery.relieve(assignment);
    expect(endings()).toHaveLength(70);
  });

  it.each([
    ['there is no pressure', { budget: { ...SMALL, maxEvents: 200 } }],
    ['its events may wait', { options: { backpressure: 'wait' } }],
    ['nobody else is enabled', { others: [] }],
  ] as const)('keeps all of it where %s', async (_, changes) => {
    const { assignment, delivery, endings } = await crowded(0, changes);
    if (!('budget' in changes)) assignment.budget.take(10, 0);
    delivery.relieve(assignment);
    expect(endings()).toEqual([]);
  });
});

describe('a connection that has let go of events', () => {
  it('is told to have recovered when it has worked for fifteen minutes', async () => {
    const { api, assignment, clock, connections, deliver, delivery, states } = setUpFailing();
    const released: unknown[] = [];
    states.onReleased(release => released.push(release));
    const startedAt = clock.now();
    deliver(1);
    await clock.advance(20 * MINUTE);
    api.answer = () => coded(0);
    await clock.advance(MINUTE);
    deliver(1);
    await clock.idle();
    for (let minute = 0; minute < 14; minute++) {
      delivery.relieve(assignment);
      await clock.advance(MINUTE);
    }
    delivery.relieve(assignment);
    expect(released).toEqual([]);
    await clock.advance(MINUTE);
    delivery.relieve(assignment);
    expect(released).toMatchObject([{ connectionId: 'connection-1', cause: 'recovered' }]);
    expect(states.of('connection-1')).toMatchObject({ troubledSince: startedAt });
    expect(connections.size).toBe(3);
  });

  it('has a trouble that began at a whole millisecond, as the status topic needs it', async () => {
    const { api, clock, deliver, states } = setUpFailing({ options: { maxHoldMs: 15 * MINUTE + 0.25 } });
    api.next.push(() => coded(0));
    deliver(1);
    deliver(1);
    await clock.advance(20 * MINUTE);
    expect(Number.isInteger(states.of('connection-1')?.troubledSince)).toBe(true);
  });

  it('before this process was started is told to have recovered, once it was seen to work here for that long', async () => {
    const { assignment, clock, deliver, delivery, states } = setUpLanes();
    const released: unknown[] = [];
    states.onReleased(release => released.push(release));
    deliver(1);
    await clock.idle();
    states.troubled('connection-1', clock.now());
    const lookFor = async (minutes: number) => {
      for (let minute = 0; minute < minutes; minute++) {
        await clock.advance(MINUTE);
        delivery.relieve(assignment);
      }
    };
    await lookFor(60);
    expect(released).toEqual([]);
    deliver(1);
    await clock.idle();
    await lookFor(14);
    expect(released).toEqual([]);
    await lookFor(1);
    expect(released).toMatchObject([{ cause: 'recovered' }]);
  });

  it('is not told to have recovered by a redrive, which sees only what it sends itself', async () => {
    const { assignment, clock, deliver, delivery, states } = setUpLanes({ options: { backpressure: 'wait' } });
    deliver(1);
    await clock.idle();
    states.troubled('connection-1', clock.now());
    deliver(1);
    await clock.advance(60 * MINUTE);
    delivery.relieve(assignment);
    expect(states.toRecover().size).toBe(1);
  });
});
