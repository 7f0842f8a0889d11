import { describe, expect, it } from 'vitest';
import { createProcessRateLimits } from '../../src/adapters/redis-rate-limits.ts';
import type { Assignment } from '../../src/assignment.ts';
import { ConnectionStates } from '../../src/connection-states.ts';
import type { Connection } from '../../src/core/config-entry.ts';
import type { PendingEvent } from '../../src/core/pending-event.ts';
import type { Settled } from '../../src/core/settled.ts';
import { VendorOutage } from '../../src/core/vendor-outage.ts';
import { Delivery } from '../../src/delivery.ts';
import type { CredentialsLookup, EventsApiAnswer, TokenLookup } from '../../src/ports.ts';
import { connectionOf } from '../core/business-events.ts';
import { recordingTelemetry } from '../fakes/recording-telemetry.ts';
import { accepted, coded, refusing, ScriptedEventsApi, timeout, unreached } from '../fakes/scripted-events-api.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { assignmentWith } from './assignments.ts';
import { DELIVERY_OPTIONS, FAST } from './delivery-options.ts';

const HOUR = 3_600_000;
const WINDOW_MS = 120_000;

/** What a test may change while events wait. */
interface State {
  connection: Connection | 'unusable' | null;
  /** Whether another connection has the same pixel. */
  shared: boolean;
  token: TokenLookup;
  lease: boolean;
}

interface Deferred {
  readonly promise: Promise<EventsApiAnswer>;
  readonly resolve: (answer: EventsApiAnswer) => void;
}

function setUp() {
  const clock = new VirtualClock();
  const api = new ScriptedEventsApi();
  const telemetry = recordingTelemetry();
  const settled: Settled[] = [];
  const state: State = {
    connection: connectionOf(),
    shared: false,
    token: { kind: 'token', token: 'secret-1', tokenDigest: 'digest-1' },
    lease: true,
  };
  const credentialsNow = (): CredentialsLookup =>
    state.token.kind === 'missing' ? state.token : { ...state.token, configOffset: 0 };
  const states = new ConnectionStates({ credentialsNow, telemetry, probeIntervalMs: WINDOW_MS });
  const delivery = new Delivery({
    api,
    credentialsNow,
    states,
    clock,
    random: () => 0.5,
    telemetry,
    options: DELIVERY_OPTIONS,
    limits: createProcessRateLimits(FAST, clock),
    outage: new VendorOutage(),
    enabledConnections: () => 1,
    connectionNow: () => state.connection,
    isPixelShared: () => state.shared,
    holdsLease: () => state.lease,
    settle: (assignment, items) => {
      settled.push(...items);
      // Throws where an event is settled a second time.
      assignment.finish(items);
    },
  });
  const waiting = (count: number, changes: Partial<PendingEvent> = {}) =>
    assignmentWith(count, changes.claimedAt ?? clock.now(), changes);
  return { clock, api, telemetry, settled, state, states, delivery, waiting };
}

/** Every settled event by its id, as "outcome reason". */
function endings(settled: readonly Settled[]): Record<string, string> {
  return Object.fromEntries(settled.map(({ entry, outcome, reason }) => [entry?.event_id, `${outcome} ${reason}`]));
}

/** How many events of the assignment are neither settled nor handed over. */
function open(assignment: Assignment): number {
  return assignment.inFlightTotal;
}

function deferred(): Deferred {
  return Promise.withResolvers<EventsApiAnswer>();
}

describe('a batch that TikTok takes', () => {
  it('is delivered in one request, with the mark of each of its events', async () => {
    const { api, clock, delivery, settled, waiting } = setUp();
    const { assignment, events } = waiting(3);
    delivery.deliver(assignment, events);
    await clock.idle();
    expect(api.requests).toMatchObject([
      { path: 'event/track/', accessToken: 'secret-1', eventIds: ['conversion-0', 'conversion-1', 'conversion-2'] },
    ]);
    expect(settled.map(({ outcome, mark }) => [outcome, mark?.key, mark?.value])).toEqual(
      events.map(({ claim, source }) => {
        return ['delivered', claim.key, `s|${source.topic}|0|${source.offset}|${clock.now()}`];
      }),
    );
    expect(open(assignment)).toBe(0);
  });

  it('is told of by the topic of each event, with the time of its record', async () => {
    const { clock, delivery, telemetry, waiting } = setUp();
    const { assignment, events } = waiting(3);
    const [first, second, third] = events as [PendingEvent, PendingEvent, PendingEvent];
    const updates = { ...second, source: { ...second.source, topic: 'updates', timestamp: 5 } };
    delivery.deliver(assignment, [first, updates, third]);
    await clock.idle();
    const [eventTime, recordTime] = [first.event.eventTime * 1000, first.source.timestamp];
    expect(telemetry.told('eventsAccepted')).toEqual([
      [first.source.topic, [eventTime, eventTime], [recordTime, recordTime]],
      ['updates', [eventTime], [5]],
    ]);
  });

  it('follows the one before it on its connection, and waits for none of another', async () => {
    const { api, clock, delivery, waiting } = setUp();
    const slow = deferred();
    api.next.push(() => slow.promise);
    const { assignment, events } = waiting(3);
    const elsewhere = { ...events[2]!, connectionId: 'connection-2' };
    delivery.deliver(assignment, [events[0]!]);
    delivery.deliver(assignment, [events[1]!]);
    delivery.deliver(assignment, [elsewhere]);
    await clock.idle();
    expect(api.sent).toEqual([['conversion-0'], ['conversion-2']]);
    slow.resolve(accepted());
    await clock.idle();
    expect(api.sent.at(-1)).toEqual(['conversion-1']);
  });
});

describe('a request without a final answer', () => {
  it.each([
    ['timed out', timeout(), true],
    ['was refused before it was sent', unreached(), false],
    ['met a retryable code', coded(40202), false],
    ['met a failure of TikTok’s own', coded(50000), true],
    ['was throttled', coded(40100, '', 401), false],
    ['got HTML', { ...coded(0), body: '<html>', status: 502 } as EventsApiAnswer, true],
  ])('that %s is sent again with the same ids until it passes', async (_, answer, mayBeTaken) => {
    const { api, clock, delivery, settled, telemetry, waiting } = setUp();
    api.next.push(
      () => answer,
      () => answer,
    );
    const { assignment, events } = waiting(2);
    const startedAt = clock.now();
    delivery.deliver(assignment, events);
    await clock.advance(500);
    expect(api.requests).toHaveLength(2);
    await clock.advance(1_000);
    expect(api.sent).toEqual(new Array(3).fill(['conversion-0', 'conversion-1']));
    expect(settled.map(({ outcome }) => outcome)).toEqual(['delivered', 'delivered']);
    expect(telemetry.told('requestRetried').map(([, , attempt, delay]) => [attempt, delay])).toEqual([
      [1, 500],
      [2, 1_000],
    ]);
    expect(events[0]).toMatchObject({ attempts: 3, firstAttemptAt: mayBeTaken ? startedAt : startedAt + 1_500 });
  });

  it('waits at most the longest delay, however often it fails', async () => {
    const { api, clock, delivery, telemetry, waiting } = setUp();
    api.answer = timeout;
    const { assignment, events } = waiting(1);
    delivery.deliver(assignment, events);
    await clock.advance(HOUR);
    const delays = telemetry.told('requestRetried').map(([, , , delay]) => delay);
    expect(Math.max(...delays)).toBe(30_000);
    expect(delays.length).toBeGreaterThan(100);
  });

  it('is dead-lettered once the claim is 47 h old, and never sent after', async () => {
    const { api, clock, delivery, settled, waiting } = setUp();
    api.answer = timeout;
    const claimedAt = clock.now();
    const { assignment, events } = waiting(1);
    delivery.deliver(assignment, events);
    await clock.advance(48 * HOUR);
    expect(endings(settled)).toEqual({ 'conversion-0': 'dead_lettered ambiguous_past_dedup' });
    expect(settled[0]).toMatchObject({ release: null, letter: { firstAttemptAt: claimedAt } });
    expect(settled[0]!.letter!.failedAt - claimedAt).toBeGreaterThanOrEqual(47 * HOUR);
    const requests = api.requests.length;
    await clock.advance(HOUR);
    expect(api.requests).toHaveLength(requests);
  });
});

describe('an event whose first possible attempt is 47 h old', () => {
  it('is not sent even once, while the others of its batch are', async () => {
    const { api, clock, delivery, settled, waiting } = setUp();
    const { assignment, events } = waiting(3);
    const old = { ...events[1]!, claimedAt: clock.now() - 47 * HOUR, firstAttemptAt: clock.now() - 47 * HOUR };
    delivery.deliver(assignment, [events[0]!, old, events[2]!]);
    await clock.idle();
    expect(api.sent).toEqual([['conversion-0', 'conversion-2']]);
    expect(endings(settled)).toEqual({
      'conversion-0': 'delivered accepted',
      'conversion-1': 'dead_lettered ambiguous_past_dedup',
      'conversion-2': 'delivered accepted',
    });
  });
});

describe('a refused token', () => {
  it('parks the connection: its events become dead letters at once, and one batch a window tries', async () => {
    const { api, clock, delivery, settled, states, telemetry, waiting } = setUp();
    api.answer = () => coded(40105, 'Access token is incorrect or has been revoked.');
    const { assignment, events } = waiting(6);
    delivery.deliver(assignment, events.slice(0, 2));
    delivery.deliver(assignment, events.slice(2, 4));
    await clock.idle();
    expect(api.sent).toEqual([['conversion-0', 'conversion-1']]);
    expect(Object.values(endings(settled))).toEqual(new Array(4).fill('dead_lettered connection_parked'));
    expect(settled.map(({ release }) => release === null)).toEqual(new Array(4).fill(false));
    expect([...states.parked().keys()]).toEqual(['connection-1']);

    await clock.advance(WINDOW_MS - 1);
    delivery.deliver(assignment, [events[4]!]);
    await clock.advance(1);
    expect(api.requests).toHaveLength(1);
    delivery.deliver(assignment, [events[5]!]);
    await clock.idle();
    expect(api.sent.at(-1)).toEqual(['conversion-5']);
    expect(settled).toHaveLength(6);
    expect(telemetry.told('connectionState').map(([, state]) => state)).toEqual(['token_invalid']);
  });

  it('counts a probe that fails for another reason as the one of its window', async () => {
    const { api, clock, delivery, settled, waiting } = setUp();
    api.next.push(() => coded(40001), timeout);
    const { assignment, events } = waiting(2);
    delivery.deliver(assignment, [events[0]!]);
    await clock.advance(WINDOW_MS);
    delivery.deliver(assignment, [events[1]!]);
    await clock.advance(WINDOW_MS - 1);
    expect(api.requests).toHaveLength(2);
    expect(endings(settled)['conversion-1']).toBe('dead_lettered connection_parked');
  });

  it('is left alone as soon as there is another one', async () => {
    const { api, clock, delivery, settled, states, state, telemetry, waiting } = setUp();
    api.answer = ({ accessToken }) => (accessToken === 'secret-1' ? coded(40105) : accepted());
    const { assignment, events } = waiting(3);
    delivery.deliver(assignment, [events[0]!]);
    await clock.idle();
    state.token = { kind: 'token', token: 'secret-2', tokenDigest: 'digest-2' };
    delivery.deliver(assignment, [events[1]!]);
    delivery.deliver(assignment, [events[2]!]);
    await clock.idle();
    expect(endings(settled)).toEqual({
      'conversion-0': 'dead_lettered connection_parked',
      'conversion-1': 'delivered accepted',
      'conversion-2': 'delivered accepted',
    });
    expect(states.parked().size).toBe(0);
    expect(telemetry.told('connectionState').map(([, change]) => change)).toEqual([
      'token_invalid',
      'undecided',
      'active',
    ]);
  });

  it('says nothing of a token in letter, log entry or telemetry', async () => {
    const { api, clock, delivery, settled, telemetry, waiting } = setUp();
    const token = 'f'.repeat(40);
    api.answer = () => coded(40105, `Access token ${token} is incorrect`);
    const { assignment, events } = waiting(1);
    delivery.deliver(assignment, events);
    await clock.idle();
    const told = JSON.stringify([
      settled.map(({ letter, entry }) => [letter, entry]),
      telemetry.told('connectionState'),
    ]);
    expect(told).toContain('40105');
    expect(told).not.toContain(token);
  });

  it('that cannot be looked up makes dead letters with the reason, without a request', async () => {
    const { api, clock, delivery, settled, state, waiting } = setUp();
    state.token = { kind: 'missing', problem: 'TIKTOK_TOKEN_ACME is not set' };
    const { assignment, events } = waiting(1);
    delivery.deliver(assignment, events);
    await clock.idle();
    expect(api.requests).toHaveLength(0);
    expect(settled).toMatchObject([{ reason: 'token_missing', letter: { detail: 'TIKTOK_TOKEN_ACME is not set' } }]);
  });
});

describe('a refused batch', () => {
  it('loses only the event that TikTok refuses, which takes its answer along', async () => {
    const { api, clock, delivery, settled, waiting } = setUp();
    api.answer = refusing('conversion-5');
    const { assignment, events } = waiting(8);
    delivery.deliver(assignment, events);
    await clock.idle();
    const expected = Object.fromEntries(events.map(({ event }) => [event.eventId, 'delivered accepted']));
    expect(endings(settled)).toEqual({ ...expected, 'conversion-5': 'dead_lettered refused_by_tiktok' });
    expect(api.requests.length).toBeLessThanOrEqual(2 * 3 + 1);
    const letter = settled.find(({ letter }) => letter !== null);
    expect(letter).toMatchObject({ letter: { apiCode: 40002, requestId: 'req-40002' }, release: events[5]!.claim });
    expect(open(assignment)).toBe(0);
  });

  it('is sent without the row that the refusal names', async () => {
    const { api, clock, delivery, settled, waiting } = setUp();
    api.next.push(() => coded(40002, 'data.1.event_id: Not a valid string.'));
    const { assignment, events } = waiting(3);
    delivery.deliver(assignment, events);
    await clock.idle();
    expect(api.sent.slice(1)).toEqual([['conversion-0', 'conversion-2']]);
    expect(endings(settled)['conversion-1']).toBe('dead_lettered refused_by_tiktok');
  });

  it.each([
    ['too large is halved', coded(40061)],
    ['partly taken is sent in smaller parts', coded(20001)],
  ])('that was %s until it passes', async (_, refusal) => {
    const { api, clock, delivery, settled, waiting } = setUp();
    api.answer = ({ eventIds }) => (eventIds.length > 2 ? refusal : accepted());
    const { assignment, events } = waiting(8);
    delivery.deliver(assignment, events);
    await clock.advance(1_000);
    expect(settled.map(({ outcome }) => outcome)).toEqual(new Array(8).fill('delivered'));
    expect(new Set(settled.map(({ entry }) => entry?.event_id)).size).toBe(8);
  });

  it('of nothing but bad events makes a letter of each', async () => {
    const { api, clock, delivery, settled, waiting } = setUp();
    api.answer = () => coded(40002);
    const { assignment, events } = waiting(4);
    delivery.deliver(assignment, events);
    await clock.idle();
    expect(Object.values(endings(settled))).toEqual(new Array(4).fill('dead_lettered refused_by_tiktok'));
    expect(open(assignment)).toBe(0);
  });
});

describe('in the midst of isolating', () => {
  it('a refused connection ends it: what is not settled becomes letters, and nothing is settled twice', async () => {
    const { api, clock, delivery, settled, waiting } = setUp();
    const refuseOne = refusing('conversion-6');
    api.next.push(refuseOne, refuseOne, () => coded(40105));
    api.answer = () => coded(40105);
    const { assignment, events } = waiting(8);
    delivery.deliver(assignment, events);
    await clock.idle();
    const endingsOf = Object.values(endings(settled));
    expect(endingsOf.filter(ending => ending === 'delivered accepted')).toHaveLength(4);
    expect(endingsOf.filter(ending => ending === 'dead_lettered connection_parked')).toHaveLength(4);
    expect(api.requests).toHaveLength(3);
    expect(open(assignment)).toBe(0);
  });

  it('a failing server is waited for, and the search goes on where it was', async () => {
    const { api, clock, delivery, settled, waiting } = setUp();
    const refuseOne = refusing('conversion-0');
    api.next.push(refuseOne, timeout, timeout);
    api.answer = refuseOne;
    const { assignment, events } = waiting(4);
    delivery.deliver(assignment, events);
    await clock.advance(10_000);
    expect(api.sent.slice(1, 4)).toEqual(new Array(3).fill(['conversion-0', 'conversion-1']));
    expect(settled.filter(({ outcome }) => outcome === 'delivered')).toHaveLength(3);
    expect(endings(settled)['conversion-0']).toBe('dead_lettered refused_by_tiktok');
  });

  it('events that become too old on the way are settled once, and the others are judged without them', async () => {
    const { api, clock, delivery, settled, waiting } = setUp();
    const refuseOne = refusing('conversion-1');
    api.next.push(refuseOne, timeout);
    api.answer = refuseOne;
    const { assignment, events } = waiting(4);
    const old = { ...events[0]!, claimedAt: clock.now() - 47 * HOUR + 100 };
    delivery.deliver(assignment, [old, ...events.slice(1)]);
    await clock.advance(60_000);
    expect(endings(settled)).toEqual({
      'conversion-0': 'dead_lettered ambiguous_past_dedup',
      'conversion-1': 'dead_lettered refused_by_tiktok',
      'conversion-2': 'delivered accepted',
      'conversion-3': 'delivered accepted',
    });
    expect(settled).toHaveLength(4);
  });

  it('the end of the assignment ends it: nothing more is sent or settled', async () => {
    const { api, clock, delivery, settled, waiting } = setUp();
    const { assignment, events } = waiting(4);
    const slow = deferred();
    api.next.push(refusing('conversion-3'), () => slow.promise);
    delivery.deliver(assignment, events);
    await clock.idle();
    assignment.revoke();
    slow.resolve(coded(40002));
    await clock.advance(HOUR);
    expect([api.requests.length, settled.length]).toEqual([2, 0]);
  });
});

describe('the end of an assignment', () => {
  it('lets a request under way end and starts no other', async () => {
    const { api, clock, delivery, settled, waiting } = setUp();
    const slow = deferred();
    api.next.push(() => slow.promise);
    const { assignment, events } = waiting(2);
    delivery.deliver(assignment, [events[0]!]);
    delivery.deliver(assignment, [events[1]!]);
    await clock.idle();
    assignment.revoke();
    slow.resolve(accepted());
    await clock.advance(HOUR);
    expect(api.sent).toEqual([['conversion-0']]);
    // The mark is worth writing: the next owner then finds that it was delivered.
    expect(settled.map(({ mark }) => mark?.key)).toEqual([events[0]!.claim.key]);
    await delivery.quiet();
  });

  it('ends a wait for a retry at once', async () => {
    const { api, clock, delivery, waiting } = setUp();
    api.answer = timeout;
    const { assignment, events } = waiting(1);
    delivery.deliver(assignment, events);
    await clock.advance(10);
    assignment.revoke();
    await clock.idle();
    expect([clock.pendingTimers, api.requests.length]).toEqual([0, 1]);
  });
});

describe('a process that is not sure of its partitions', () => {
  it('starts no request before it is sure again', async () => {
    const { api, clock, delivery, state, waiting } = setUp();
    state.lease = false;
    const { assignment, events } = waiting(1);
    delivery.deliver(assignment, events);
    await clock.advance(HOUR);
    expect(api.requests).toHaveLength(0);
    state.lease = true;
    await clock.advance(200);
    expect(api.requests).toHaveLength(1);
  });

  it('starts none while a rebalance is coming, nor a retry', async () => {
    const { api, clock, delivery, waiting } = setUp();
    api.next.push(timeout);
    const { assignment, events } = waiting(1);
    delivery.deliver(assignment, events);
    await clock.idle();
    assignment.suspend();
    await clock.advance(HOUR);
    expect(api.requests).toHaveLength(1);
    assignment.resume();
    await clock.advance(200);
    expect(api.requests).toHaveLength(2);
  });
});

describe('a connection that changes while its events wait', () => {
  it.each([
    ['is removed', null, 'skipped connection_removed'],
    ['is disabled', connectionOf({ enabled: false }), 'skipped connection_disabled'],
    ['becomes unusable', 'unusable', 'dead_lettered config_invalid'],
  ] as const)('and %s ends them that way, without another request', async (_, connection, ending) => {
    const { api, clock, delivery, settled, state, waiting } = setUp();
    api.next.push(unreached);
    const { assignment, events } = waiting(2);
    delivery.deliver(assignment, events);
    await clock.idle();
    state.connection = connection;
    await clock.advance(HOUR);
    expect(Object.values(endings(settled))).toEqual([ending, ending]);
    expect(settled.map(({ release }) => release)).toEqual(events.map(({ claim }) => claim));
    expect(api.requests).toHaveLength(1);
  });
});

it('an event of a removed connection is looked at by somebody where another connection has the same pixel', async () => {
  const { api, clock, delivery, settled, state, waiting } = setUp();
  state.connection = null;
  state.shared = true;
  const { assignment, events } = waiting(1);
  delivery.deliver(assignment, events);
  await clock.idle();
  expect(endings(settled)).toEqual({ 'conversion-0': 'dead_lettered config_invalid' });
  expect(api.requests).toHaveLength(0);
});

it('a token refused for a pixel that the connection no longer has does not park it', async () => {
  const { api, clock, delivery, settled, states, state, waiting } = setUp();
  api.next.push(() => coded(40001));
  state.connection = connectionOf({ pixel_id: 'PIXEL2' });
  const { assignment, events } = waiting(2);
  delivery.deliver(assignment, [events[0]!]);
  delivery.deliver(assignment, [events[1]!]);
  await clock.idle();
  expect(states.parked().size).toBe(0);
  expect(endings(settled)).toEqual({
    'conversion-0': 'dead_lettered connection_parked',
    'conversion-1': 'delivered accepted',
  });
});

describe('quiet', () => {
  it('is while nothing is under way, and a lane that waits for a retry does not disturb it', async () => {
    const { api, clock, delivery, waiting } = setUp();
    await delivery.quiet();
    const slow = deferred();
    api.next.push(() => slow.promise, timeout);
    const { assignment, events } = waiting(2);
    delivery.deliver(assignment, [events[0]!]);
    let quiet = false;
    void delivery.quiet().then(() => {
      quiet = true;
    });
    await clock.idle();
    expect(quiet).toBe(false);
    delivery.deliver(assignment, [events[1]!]);
    slow.resolve(accepted());
    await clock.idle();
    expect(quiet).toBe(true);
  });
});
