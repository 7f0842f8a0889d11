import { describe, expect, it } from 'vitest';
import type { EventsApi, EventsApiAnswer } from '../../src/ports.ts';
import { accepted, coded, type ScriptedEventsApi, unreached } from '../fakes/scripted-events-api.ts';
import { setUpLanes } from './lanes.ts';

const NOT_STARTED: EventsApiAnswer = { kind: 'failure', code: 'NOT_STARTED', mayHaveBeenTaken: false, durationMs: 5 };

/** Requests wait for a connection before they are written, as long as `free` says. */
function setUpCrowded() {
  const free: { promise: Promise<void>; resolve: () => void } = Promise.withResolvers();
  const crowded = (api: ScriptedEventsApi): EventsApi => ({
    async send(request) {
      await free.promise;
      return request.mayStart() ? api.send(request) : NOT_STARTED;
    },
  });
  return { free, ...setUpLanes({ around: crowded }) };
}

describe('a request that waited for a connection', () => {
  it.each([
    [
      'the lease was lost',
      ({ state }: ReturnType<typeof setUpCrowded>) => {
        state.lease = false;
      },
    ],
    ['a rebalance may be coming', ({ assignment }: ReturnType<typeof setUpCrowded>) => assignment.suspend()],
  ])('is not written when meanwhile %s, and is tried again when that has passed', async (_, lose) => {
    const lanes = setUpCrowded();
    const { api, assignment, clock, deliver, endings, free, state } = lanes;
    const [event] = deliver(1);
    await clock.idle();
    lose(lanes);
    free.resolve();
    await clock.advance(60_000);
    expect([api.requests.length, endings()]).toEqual([0, []]);
    expect(event).toMatchObject({ firstAttemptAt: null });
    state.lease = true;
    assignment.resume();
    await clock.advance(60_000);
    expect([api.sent, endings()]).toEqual([[['conversion-0']], ['0 accepted']]);
  });

  it('is not written when meanwhile the assignment ended', async () => {
    const { api, assignment, clock, deliver, endings, free } = setUpCrowded();
    deliver(1);
    await clock.idle();
    assignment.revoke();
    free.resolve();
    await clock.advance(60_000);
    expect([api.requests.length, endings()]).toEqual([0, []]);
  });
});

describe('the first attempt that TikTok may have taken', () => {
  it.each([
    ['a 5xxxx code', coded(50002), true],
    ['a 5xxxx code in an HTTP 4xx', coded(51305, '', 400), true],
    ['an HTTP 5xx with a code of 4xxxx', coded(40100, '', 503), true],
    ['a throttling code', coded(40100), false],
    ['a refused connection', unreached(), false],
  ])('is remembered after %s, or not: %#', async (_, answer, remembered) => {
    const { api, clock, deliver } = setUpLanes();
    const startedAt = clock.now();
    api.next.push(() => answer);
    const [event] = deliver(1);
    await clock.idle();
    expect(event?.firstAttemptAt).toBe(remembered ? startedAt : null);
    expect(event?.attempts).toBe(1);
  });

  it('stays the first one', async () => {
    const { api, clock, deliver, endings } = setUpLanes();
    const startedAt = clock.now();
    api.next.push(
      () => coded(50000),
      () => coded(50000),
      accepted,
    );
    const [event] = deliver(1);
    await clock.advance(60_000);
    expect([event?.firstAttemptAt, event?.attempts, endings()]).toEqual([startedAt, 3, ['0 accepted']]);
  });
});
