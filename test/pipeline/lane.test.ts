import { describe, expect, it } from 'vitest';
import { Assignment } from '../../src/assignment.ts';
import type { PendingEvent } from '../../src/core/pending-event.ts';
import { Lane, type RequestBounds } from '../../src/lane.ts';
import { accountOf, destinationOf, pendingOf, TOPIC, tiktokEvent } from '../core/pending-events.ts';
import { accepted } from '../fakes/scripted-events-api.ts';
import { BUDGET, WINDOW } from './assignments.ts';
import { setUpLanes } from './lanes.ts';

const ROOMY: RequestBounds = { batchMaxEventsCount: 1_000, batchMaxBytes: 1_000_000 };
const assignment = new Assignment(1, [{ topic: TOPIC, partition: 0, offset: 0 }], WINDOW, BUDGET);

function pendingEvent(changes: Partial<PendingEvent> = {}, event = tiktokEvent()): PendingEvent {
  return pendingOf(accountOf().track(0, 1, 0, 0), 0, changes, event);
}

/** A lane with batches of so many events. */
function laneOf(sizes: readonly number[], changes: Partial<PendingEvent> = {}): Lane {
  const lane = new Lane('connection-1');
  for (const size of sizes) {
    lane.queue.push({ assignment, events: Array.from({ length: size }, () => pendingEvent(changes)) });
  }
  return lane;
}

const sizesOf = (lane: Lane, bounds: Partial<RequestBounds> = {}): number[] => {
  const sizes: number[] = [];
  for (
    let batch = lane.take({ ...ROOMY, ...bounds });
    batch !== undefined;
    batch = lane.take({ ...ROOMY, ...bounds })
  ) {
    sizes.push(batch.events.length);
  }
  return sizes;
};

describe('batches that wait in a lane', () => {
  it('leave as one request when that has room for them, in their order', () => {
    const lane = laneOf([2, 1]);
    const events = lane.queue.flatMap(batch => batch.events);
    expect(lane.take(ROOMY)?.events).toEqual(events);
    expect(lane.take(ROOMY)).toBeUndefined();
  });

  it('fill a request to the most events it may hold, the option’s or the wire’s, and no further', () => {
    expect(sizesOf(laneOf([10, 10, 10, 10]), { batchMaxEventsCount: 25 })).toEqual([20, 20]);
    expect(sizesOf(laneOf([30, 20, 1], { maxPerRequest: 50 }))).toEqual([50, 1]);
  });

  it('stay within the bytes of a request', () => {
    expect(sizesOf(laneOf([1, 1, 1], { jsonBytes: 99 }), { batchMaxBytes: 200 })).toEqual([2, 1]);
  });

  it('of another destination or another assignment stay apart', () => {
    const lane = laneOf([1, 1]);
    const test = tiktokEvent({ destination: destinationOf({ testEventCode: 'TEST1' }) });
    lane.queue.push({ assignment, events: [pendingEvent({}, test)] });
    lane.queue.push({ assignment: new Assignment(2, [], WINDOW, BUDGET), events: [pendingEvent({}, test)] });
    expect(sizesOf(lane)).toEqual([2, 1, 1]);
  });
});

it('a connection whose answers take longer than its windows keeps up: what gathers meanwhile is one request', async () => {
  const { api, clock, deliver, endings } = setUpLanes();
  api.answer = () => new Promise(resolve => void clock.after(8_000, () => resolve(accepted())));
  for (let second = 0; second < 60; second++) {
    deliver(10);
    await clock.advance(1_000);
  }
  await clock.advance(16_000);
  expect(endings()).toHaveLength(600);
  expect(api.sent.map(({ length }) => length)).toEqual([10, 70, 80, 80, 80, 80, 80, 80, 40]);
});
