import { describe, expect, it } from 'vitest';
import { createProcessRateLimits } from '../../src/adapters/redis-rate-limits.ts';
import { ConnectionStates } from '../../src/connection-states.ts';
import type { Connection } from '../../src/core/config-entry.ts';
import { ConfigTable } from '../../src/core/config-table.ts';
import { type ConnectionState, type Release, stillUndecided, unanswered } from '../../src/core/connection-state.ts';
import { createDestinations } from '../../src/core/destination.ts';
import type { EventsApiAnswer } from '../../src/core/events-api-answer.ts';
import type { RateOptions } from '../../src/core/rate-limit.ts';
import type { CredentialsLookup } from '../../src/ports.ts';
import { TokenChecks } from '../../src/token-checks.ts';
import { connectionChange } from '../core/config-records.ts';
import { recordingTelemetry } from '../fakes/recording-telemetry.ts';
import { coded, ScriptedEventsApi, unreached } from '../fakes/scripted-events-api.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { FAST } from './delivery-options.ts';
import { C, HEARD_MS, NO_EVENTS, OLD, shareTopic } from './replicas.ts';

const WINDOW_MS = 120_000;
const SPREAD_MS = 15_000;
const EMPTY_REFUSED = coded(40002, 'data: empty');

interface SetUp {
  readonly check?: boolean;
  readonly random?: () => number;
  readonly rates?: Partial<RateOptions>;
}

function setUp({ check = true, random = () => 0.5, rates = {} }: SetUp = {}) {
  const clock = new VirtualClock();
  const api = new ScriptedEventsApi();
  api.answer = () => EMPTY_REFUSED;
  const telemetry = recordingTelemetry();
  const table = new ConfigTable();
  const tokens = new Map<string, string>();
  const credentialsNow = (connectionId: string): CredentialsLookup => {
    const token = tokens.get(table.connection(connectionId)?.access_token ?? '');
    if (token === undefined) return { kind: 'missing', problem: 'there is no file' };
    return { kind: 'token', token, tokenDigest: token, configOffset: table.connectionOffset(connectionId) ?? -1 };
  };
  const states = new ConnectionStates({ credentialsNow, telemetry, probeIntervalMs: WINDOW_MS });
  const limits = createProcessRateLimits({ ...FAST, ...rates }, clock);
  const announced: [string, ConnectionState['state'] | undefined][] = [];
  const told = new Set<string>();
  const overruled: string[] = [];
  const config = { isRead: true, asked: 0 };
  const isConfigRead = async () => {
    config.asked += 1;
    return config.isRead;
  };
  const sharing = {
    isTold: (connectionId: string) => told.has(connectionId),
    announce: (connectionId: string) => void announced.push([connectionId, states.of(connectionId)?.state]),
    overrule: (connectionId: string) => {
      overruled.push(connectionId);
      states.outdated(connectionId);
    },
  };
  const destinations = createDestinations(null);
  const checks = new TokenChecks({
    ...{ table, states, sharing, isConfigRead, credentialsNow, api, clock, limits, random, telemetry },
    destinationOf: connection => destinations(connection, null),
    options: { check, intervalMs: WINDOW_MS },
  });
  let offset = 0;
  const write = (id: string, fields: Partial<Connection> = {}) => {
    const name = `file:${id}`;
    if (!tokens.has(name)) tokens.set(name, `token of ${id}`);
    table.apply(offset, `connection:${id}`, connectionChange({ connection_id: id, access_token: name, ...fields }));
    return offset++;
  };
  const remove = (id: string) => table.apply(offset++, `connection:${id}`, { kind: 'tombstone' });
  const stateOf = (id: string) => states.of(id)?.state ?? null;
  return {
    ...{ clock, api, telemetry, table, tokens, states, limits, announced, told, overruled, config },
    ...{ checks, write, remove, stateOf },
  };
}

describe('credentials that no request has had an answer about', () => {
  it.each([
    ['takes', coded(0), 'active'],
    ['says nothing of', EMPTY_REFUSED, 'undecided'],
  ])('are asked about once, and TikTok %s them', async (_, answer, state) => {
    const { api, checks, clock, stateOf, telemetry, write } = setUp();
    api.answer = () => answer;
    write('c-1');
    checks.start();
    expect(stateOf('c-1')).toBe('undecided');
    await clock.advance(SPREAD_MS);
    expect([stateOf('c-1'), api.requests.length]).toEqual([state, 1]);
    await clock.advance(20 * WINDOW_MS);
    expect(api.requests).toHaveLength(1);
    expect(telemetry.told('tokenChecked')).toHaveLength(1);
    checks.stop();
  });

  it('are not asked about when a request was answered meanwhile', async () => {
    const { api, checks, clock, states, write } = setUp();
    const configOffset = write('c-1');
    checks.start();
    states.accepted('c-1', { tokenDigest: 'token of c-1', configOffset }, clock.now());
    await clock.advance(2 * WINDOW_MS);
    expect(api.requests).toEqual([]);
  });

  it('are left to the replica that was quicker, and asked about a window later if nothing came of it', async () => {
    const { api, checks, clock, told, write } = setUp();
    write('c-1');
    told.add('c-1');
    checks.start();
    await clock.advance(WINDOW_MS - 1);
    expect(api.requests).toEqual([]);
    await clock.advance(2 * SPREAD_MS);
    expect(api.requests).toHaveLength(1);
  });

  it('are asked about again while TikTok cannot be reached, ever more rarely', async () => {
    const { api, checks, clock, stateOf, write } = setUp();
    api.answer = unreached;
    write('c-1');
    checks.start();
    const requestsAfter = async (ms: number) => {
      await clock.advance(ms);
      return api.requests.length;
    };
    expect(await requestsAfter(WINDOW_MS - 1)).toBe(1);
    expect(await requestsAfter(2 * WINDOW_MS)).toBe(2);
    expect(await requestsAfter(4 * WINDOW_MS)).toBe(3);
    api.answer = () => coded(0);
    await requestsAfter(8 * WINDOW_MS);
    expect([stateOf('c-1'), api.requests.length]).toEqual(['active', 4]);
  });

  it('are asked about two at a time, each by itself', async () => {
    const { api, checks, clock, write } = setUp({ random: () => 0 });
    const open: (() => void)[] = [];
    api.answer = () => new Promise(resolve => open.push(() => resolve(coded(0))));
    for (const id of ['c-1', 'c-2', 'c-3']) write(id);
    checks.start();
    await clock.advance(1);
    expect(api.requests).toHaveLength(2);
    open.shift()?.();
    await clock.idle();
    expect(api.requests).toHaveLength(3);
  });

  it('are asked about at the rate that all requests together may have', async () => {
    const { api, checks, clock, write } = setUp({ random: () => 0, rates: { maxRequestsPerSecond: 3 } });
    for (let n = 0; n < 30; n++) write(`c-${n}`);
    checks.start();
    await clock.advance(1);
    expect(api.requests).toHaveLength(1);
    for (let second = 1; second <= 9; second++) {
      await clock.advance(1_000);
      expect(api.requests.length).toBeLessThanOrEqual(1 + 3 * second);
    }
    expect(api.requests.length).toBeGreaterThan(25);
  });

  it('are undecided where the rate leaves no room to ask in time, and asked about in a later round', async () => {
    const { api, checks, clock, limits, states, stateOf, write } = setUp({ random: () => 0 });
    api.answer = () => coded(0);
    write('c-1');
    write('c-2');
    await limits.throttled('c-1', { retryAfterMs: WINDOW_MS / 2, sinceMs: 0 });
    checks.start();
    await clock.advance(10_000);
    expect([stateOf('c-1'), stateOf('c-2'), api.requests.length]).toEqual(['undecided', 'active', 1]);
    expect(states.of('c-1')?.reason).toContain('the request rate left no room');
    await clock.advance(WINDOW_MS);
    expect([stateOf('c-1'), api.requests.length]).toEqual(['active', 2]);
  });

  it('are not asked about when a request was answered while the question waited for its turn', async () => {
    const { api, checks, clock, limits, states, write } = setUp({ random: () => 0 });
    const configOffset = write('c-1');
    await limits.throttled('c-1', { retryAfterMs: 5_000, sinceMs: 0 });
    checks.start();
    await clock.advance(1_000);
    states.accepted('c-1', { tokenDigest: 'token of c-1', configOffset }, clock.now());
    await clock.advance(WINDOW_MS);
    expect(api.requests).toEqual([]);
  });

  it('whose question is throttled keep the wait that TikTok asked for', async () => {
    const { api, checks, clock, limits, write } = setUp({ random: () => 0 });
    api.answer = () => ({ ...coded(40100), headers: { 'retry-after': '30' } });
    write('c-1');
    checks.start();
    await clock.advance(1);
    expect(api.requests).toHaveLength(1);
    expect((await limits.acquire('c-1', null)).waitMs).toBeGreaterThan(29_000);
  });

  it('are never asked about where that is switched off, and are told of all the same', async () => {
    const { announced, api, checks, clock, write } = setUp({ check: false });
    write('c-1');
    checks.start();
    await clock.advance(10 * WINDOW_MS);
    expect(api.requests).toEqual([]);
    expect(announced[0]).toEqual(['c-1', 'undecided']);
  });

  it('are not asked about after the stop', async () => {
    const { api, checks, clock, write } = setUp();
    write('c-1');
    checks.start();
    checks.stop();
    await clock.advance(2 * WINDOW_MS);
    expect(api.requests).toEqual([]);
  });
});

describe('new credentials', () => {
  it('are noticed within a second when the entry changes', async () => {
    const { api, checks, clock, stateOf, write } = setUp();
    api.answer = () => coded(0);
    write('c-1');
    checks.start();
    await clock.advance(SPREAD_MS);
    expect(stateOf('c-1')).toBe('active');
    write('c-1', { pixel_id: 'PIXEL2' });
    await clock.advance(1_000);
    expect(stateOf('c-1')).toBe('undecided');
    await clock.advance(SPREAD_MS);
    expect([stateOf('c-1'), api.requests.length]).toEqual(['active', 2]);
  });

  it('are noticed within a window when the file changes', async () => {
    const { api, checks, clock, stateOf, tokens, write } = setUp();
    api.answer = ({ accessToken }) => (accessToken === 'renewed' ? coded(0) : coded(40105));
    write('c-1');
    checks.start();
    await clock.advance(SPREAD_MS);
    expect(stateOf('c-1')).toBe('token_invalid');
    tokens.set('file:c-1', 'renewed');
    await clock.advance(WINDOW_MS + SPREAD_MS);
    expect([stateOf('c-1'), api.requests.length]).toEqual(['active', 2]);
  });

  it('that cannot be found are undecided, with the reason and without a request', async () => {
    const { api, checks, clock, states, tokens, write } = setUp();
    write('c-1');
    tokens.clear();
    checks.start();
    await clock.advance(2 * WINDOW_MS);
    expect(states.of('c-1')).toMatchObject({ state: 'undecided', reason: 'there is no file', tokenDigest: null });
    expect(api.requests).toEqual([]);
    tokens.set('file:c-1', 'found');
    await clock.advance(WINDOW_MS + SPREAD_MS);
    expect(api.requests).toHaveLength(1);
  });
});

describe('a connection', () => {
  it('that is disabled is told of as that, and not asked about', async () => {
    const { announced, api, checks, clock, stateOf, write } = setUp();
    write('c-1', { enabled: false });
    checks.start();
    await clock.advance(SPREAD_MS);
    expect([stateOf('c-1'), announced, api.requests]).toEqual(['disabled', [['c-1', 'disabled']], []]);
  });

  it('that is removed is forgotten, one that is not read of yet is not', async () => {
    const { checks, clock, config, overruled, remove, states, telemetry, write } = setUp();
    config.isRead = false;
    const news = { ...states.inForce('x', { configOffset: 1, tokenDigest: 'd' }, 0), configOffset: 99 };
    write('c-1');
    write('c-2');
    states.forget('x');
    states.learned('newcomer', news, 0);
    states.learned('leftover', { ...news, configOffset: 0 }, 0);
    checks.start();
    remove('c-1');
    await clock.advance(1_000);
    expect([...states.ids()].sort()).toEqual(['c-2', 'newcomer']);
    const removed = telemetry.told('connectionState').filter(([, state]) => state === 'removed');
    expect(removed.map(([id]) => id)).toEqual(['x', 'leftover', 'c-1']);
    expect([config.asked > 0, overruled]).toEqual([true, []]);
  });

  it('whose state is about an entry that is nowhere on the config topic is judged anew: that was made anew', async () => {
    const { checks, clock, overruled, states, stateOf, write } = setUp();
    const before = { ...states.inForce('x', { configOffset: 57, tokenDigest: 'd' }, 0), state: 'parked' as const };
    states.forget('x');
    states.learned('c-1', before, 0);
    states.learned('not-there-any-more', before, 0);
    write('c-1');
    checks.start();
    await clock.advance(WINDOW_MS);
    expect([stateOf('c-1'), overruled]).toEqual(['undecided', ['c-1']]);
    expect([[...states.ids()], states.latest('c-1')?.configOffset]).toEqual([['c-1'], 0]);
  });

  it('of which another replica knows an entry that comes while Kafka is asked keeps that state', async () => {
    const { checks, clock, config, overruled, states, write } = setUp();
    const news = { ...states.inForce('c-1', { configOffset: 1, tokenDigest: 'token of c-1' }, 0), revision: 7 };
    write('c-1');
    states.learned('c-1', news, 0);
    checks.start();
    write('c-1');
    await clock.advance(WINDOW_MS);
    expect([config.asked, overruled, states.latest('c-1')?.configOffset]).toEqual([1, [], 1]);
  });

  it('costs no question where all is as it should be', async () => {
    const { checks, clock, config, write } = setUp();
    write('c-1');
    checks.start();
    await clock.advance(5 * WINDOW_MS);
    expect(config.asked).toBe(0);
  });
});

const REFUSAL = { apiCode: 40001, httpStatus: 200, requestId: 'request-1', message: 'no permission' };

/** A connection that TikTok refused a live event of, a moment ago. */
function setUpRefused(fields: Partial<Connection> = {}, options: SetUp = {}) {
  const world = setUp(options);
  const { checks, clock, states, write } = world;
  const credentials = { tokenDigest: 'token of c-1', configOffset: write('c-1', fields) };
  const isRefused = (answer = REFUSAL, subject = credentials) => states.refused('c-1', subject, answer, clock.now());
  const releases: Release[] = [];
  states.onReleased(release => releases.push(release));
  isRefused();
  checks.start();
  const causes = () => releases.map(({ cause }) => cause);
  return { ...world, credentials, isRefused, releases, causes };
}

describe('a connection that TikTok refuses, and no events ask about,', () => {
  it.each([
    ['a token code', coded(40105)],
    ['the code that parked it', coded(40001)],
    ['a limit', coded(40100)],
    ['a code that nobody knows', coded(49999)],
    ['nothing', unreached()],
    ['no JSON', { ...coded(0), body: '<html>', status: 413 }],
  ])('is asked about after a window, then ever more rarely, and %s never releases it', async (_, answer) => {
    const { api, causes, checks, clock, stateOf } = setUpRefused();
    api.answer = () => answer;
    const askedAfter: number[] = [];
    for (let windows = 1; windows <= 150; windows++) {
      const before = api.requests.length;
      await clock.advance(WINDOW_MS);
      if (api.requests.length > before) askedAfter.push(windows);
    }
    const waits = askedAfter.map((at, n) => at - (askedAfter[n - 1] ?? 0));
    expect(waits[0]).toBeLessThanOrEqual(2);
    expect(waits.toSorted((a, b) => a - b)).toEqual(waits);
    expect(waits.at(-1)).toBeGreaterThanOrEqual(30);
    expect(waits.at(-1)).toBeLessThanOrEqual(32);
    expect(waits.length).toBeLessThan(11);
    expect(causes()).toEqual([]);
    expect(['parked', 'token_invalid']).toContain(stateOf('c-1'));
    checks.stop();
  });

  it('is released once TikTok takes the test event', async () => {
    const { api, causes, clock, stateOf } = setUpRefused({ test_event_code: 'TEST1' });
    api.answer = () => coded(0);
    await clock.advance(3 * WINDOW_MS);
    expect([stateOf('c-1'), causes(), api.requests.length]).toEqual(['active', ['probe'], 1]);
    expect(api.requests[0]?.testEventCode).toBe('TEST1');
  });

  it('is released, undecided still, where TikTok finds fault with the batch without events alone, and once', async () => {
    const { api, causes, clock, credentials, states, stateOf } = setUpRefused();
    await clock.advance(3 * WINDOW_MS);
    expect([stateOf('c-1'), causes(), api.requests.length]).toEqual(['undecided', ['probe'], 1]);
    await clock.advance(100 * WINDOW_MS);
    states.accepted('c-1', credentials, clock.now());
    expect([stateOf('c-1'), causes(), api.requests.length]).toEqual(['active', ['probe'], 1]);
  });

  it('stays parked when the batch without events hears the code that parked it', async () => {
    const { causes, clock, isRefused, stateOf } = setUpRefused();
    isRefused({ ...REFUSAL, apiCode: 40002 });
    await clock.advance(100 * WINDOW_MS);
    expect([stateOf('c-1'), causes()]).toEqual(['parked', []]);
  });

  it('is parked anew where the letters of the round are refused, and tried again ever more rarely', async () => {
    const { api, checks, clock, isRefused, releases, states, stateOf } = setUpRefused();
    const rounds: number[] = [];
    for (let windows = 1; windows <= 300; windows++) {
      await clock.advance(WINDOW_MS);
      // A round begins two windows after the release.
      const since = releases.at(-1)?.since ?? Number.POSITIVE_INFINITY;
      if (stateOf('c-1') !== 'undecided' || clock.now() - since < 2 * WINDOW_MS) continue;
      isRefused();
      rounds.push(windows);
      expect(states.of('c-1')).toMatchObject({ state: 'parked', troubledSince: clock.now(), releaseCause: null });
    }
    expect(new Set(releases.map(({ releaseId }) => releaseId)).size).toBe(rounds.length);
    expect(api.requests).toHaveLength(rounds.length);
    const waits = rounds.map((at, n) => at - (rounds[n - 1] ?? 0));
    expect(waits.toSorted((a, b) => a - b)).toEqual(waits);
    expect(waits.at(-1)).toBeGreaterThanOrEqual(30);
    expect(rounds.length).toBeLessThan(16);
    checks.stop();
  });

  it('is not asked about while its events do so, and is once they cease', async () => {
    const { api, clock, credentials, isRefused, states } = setUpRefused();
    for (let windows = 1; windows <= 10; windows++) {
      await clock.advance(WINDOW_MS);
      expect(states.refusal('c-1', credentials, clock.now())).toBeNull();
      isRefused();
    }
    expect(api.requests).toEqual([]);
    await clock.advance(13 * WINDOW_MS);
    expect(api.requests).toHaveLength(1);
  });

  it('counts the question as the probe of its window', async () => {
    const { api, clock, credentials, states } = setUpRefused();
    api.answer = () => coded(40001);
    while (api.requests.length === 0) await clock.advance(1_000);
    expect(states.refusal('c-1', credentials, clock.now())).toContain('40001');
    await clock.advance(WINDOW_MS);
    expect(states.refusal('c-1', credentials, clock.now())).toBeNull();
  });

  it('is not released over a refusal that was heard while it was asked', async () => {
    const { api, causes, clock, isRefused, stateOf } = setUpRefused();
    api.answer = () => {
      isRefused({ ...REFUSAL, apiCode: 40105 });
      return EMPTY_REFUSED;
    };
    while (api.requests.length === 0) await clock.advance(1_000);
    expect([stateOf('c-1'), causes()]).toEqual(['token_invalid', []]);
  });

  it('is not asked about where that is switched off', async () => {
    const { api, clock } = setUpRefused({}, { check: false });
    await clock.advance(100 * WINDOW_MS);
    expect(api.requests).toEqual([]);
  });
});

describe('a new token or entry after a refusal', () => {
  it.each([
    ['token', ({ tokens }: ReturnType<typeof setUpRefused>) => void tokens.set('file:c-1', 'renewed')],
    ['entry', ({ write }: ReturnType<typeof setUpRefused>) => void write('c-1', { pixel_id: 'PIXEL2' })],
  ])('(%s) is a release where TikTok does not refuse it, and its first success is none', async (_, renew) => {
    const world = setUpRefused();
    const { api, causes, checks, clock, states, stateOf, table, tokens } = world;
    renew(world);
    await clock.advance(2 * WINDOW_MS);
    expect([stateOf('c-1'), causes(), api.requests.length]).toEqual(['undecided', ['new_token'], 1]);
    await clock.advance(50 * WINDOW_MS);
    const configOffset = table.connectionOffset('c-1') ?? -1;
    states.accepted('c-1', { configOffset, tokenDigest: tokens.get('file:c-1') ?? '' }, clock.now());
    expect([stateOf('c-1'), causes(), api.requests.length]).toEqual(['active', ['new_token'], 1]);
    checks.stop();
  });

  it.each([
    ['refuses it', () => coded(40105), 'token_invalid'],
    ['throttles', () => coded(40100), 'undecided'],
    ['answers with a code that nobody knows', () => coded(49999), 'undecided'],
    ['is not reached', unreached, 'undecided'],
  ] as const)('is none where TikTok %s', async (_, answer, state) => {
    const { api, causes, clock, stateOf, tokens } = setUpRefused();
    api.answer = answer;
    tokens.set('file:c-1', 'renewed');
    await clock.advance(10 * WINDOW_MS);
    expect([stateOf('c-1'), causes()]).toEqual([state, []]);
  });
});

describe('credentials that were left undecided with letters waiting', () => {
  it('though TikTok had found fault with the batch without events, are asked about after all', async () => {
    const { causes, states, write, checks, clock, stateOf } = setUpRefused();
    const subject = { configOffset: write('c-1', { pixel_id: 'PIXEL2' }), tokenDigest: 'token of c-1' };
    const left = stillUndecided(unanswered('undecided', subject, states.of('c-1'), clock.now()), NO_EVENTS);
    states.learned('c-1', left, clock.now());
    await clock.advance(2 * WINDOW_MS);
    expect([stateOf('c-1'), causes()]).toEqual(['undecided', ['new_token']]);
    checks.stop();
  });
});

describe('of three replicas', () => {
  async function replicas(answer: EventsApiAnswer) {
    const { clock, start, topic } = shareTopic();
    const api = new ScriptedEventsApi();
    api.answer = () => answer;
    const table = new ConfigTable();
    table.apply(OLD.configOffset, `connection:${C}`, connectionChange({ connection_id: C }));
    const destinations = createDestinations(null);
    const run = async (name: string, share: number) => {
      const replica = await start(name);
      await clock.advance(share * WINDOW_MS);
      const checks = new TokenChecks({
        ...{ table, api, clock, states: replica.states, sharing: replica.sharing, telemetry: replica.telemetry },
        isConfigRead: async () => true,
        ...{ random: () => share, limits: createProcessRateLimits(FAST, clock) },
        credentialsNow: () => ({ kind: 'token', token: 'secret', ...OLD }),
        destinationOf: connection => destinations(connection, null),
        options: { check: true, intervalMs: WINDOW_MS },
      });
      checks.start();
      return { ...replica, checks };
    };
    const all = [await run('a', 0.1), await run('b', 0.5), await run('c', 0.9)];
    return { all, api, clock, topic };
  }

  it('one asks about a connection that is refused, each time, and all know', async () => {
    const { all, api, clock } = await replicas(coded(40105));
    all[0]?.refused();
    await clock.advance(HEARD_MS);
    api.requests.length = 0;
    const asked: number[] = [];
    for (let windows = 1; windows <= 64; windows++) {
      await clock.advance(WINDOW_MS);
      asked.push(api.requests.length);
    }
    expect(asked[1]).toBe(1);
    expect(asked.at(-1)).toBeLessThanOrEqual(7);
    for (const { state } of all) expect(state()).toBe('token_invalid');
  });
});
