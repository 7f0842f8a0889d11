import { createConnection } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Fault } from '../../sandbox/tiktok-faults.ts';
import {
  apiCode,
  hang,
  htmlError,
  latency,
  limited,
  notJson,
  resetAfterTaking,
  resetBeforeReading,
  tooManyRequests,
} from '../../sandbox/tiktok-faults.ts';
import type { Simulator } from '../../sandbox/tiktok-simulator.ts';
import { startSimulator } from '../../sandbox/tiktok-simulator.ts';
import { failureOf, NOW_MS, send, track, trackBody, webEvent } from './tiktok-track-request.ts';

let simulator: Simulator;

beforeEach(async () => {
  simulator = await startSimulator({ now: () => NOW_MS, pixels: { 'PIXEL-1': 'token-1', 'PIXEL-2': 'token-2' } });
});
afterEach(() => simulator.stop());

const ONE = trackBody([webEvent()]);
const OTHER = trackBody([webEvent()], { event_source_id: 'PIXEL-2' });
const asOther = { token: 'token-2' };

const requests = () => simulator.ledger().requests();
const counted = () => simulator.ledger().summary().counted;

/** Until the simulator has judged so many requests. */
const judged = (count: number) => vi.waitFor(() => expect(requests()).toHaveLength(count));

describe('a reset', () => {
  test('before reading takes nothing', async () => {
    simulator.faults.add(resetBeforeReading());
    expect(await failureOf(track(simulator.url, ONE))).toMatch(/ECONNRESET|UND_ERR_SOCKET/);
    expect(requests()).toMatchObject([
      { fault: 'reset', taken: false, code: null, http_status: null, answered: false, events: 0 },
    ]);
    expect(counted()).toBe(0);
  });

  test('after taking leaves the events counted', async () => {
    simulator.faults.add(resetAfterTaking());
    expect(await failureOf(track(simulator.url, ONE))).toMatch(/ECONNRESET|UND_ERR_SOCKET/);
    expect(requests()).toMatchObject([{ fault: 'reset', taken: true, code: null, answered: false, events: 1 }]);
    expect(counted()).toBe(1);
  });

  test('after taking does not take what would have been refused', async () => {
    simulator.faults.add(resetAfterTaking());
    await failureOf(track(simulator.url, trackBody([webEvent({ event_id: 7 })])));
    expect(requests()).toMatchObject([{ fault: 'reset', taken: false }]);
    expect(counted()).toBe(0);
  });

  test('of one pixel comes after reading, without taking', async () => {
    simulator.faults.add({ ...resetBeforeReading(), pixel: 'PIXEL-1' });
    expect(await failureOf(track(simulator.url, ONE))).toMatch(/ECONNRESET|UND_ERR_SOCKET/);
    expect(await track(simulator.url, OTHER, asOther)).toMatchObject({ code: 0 });
    expect(requests()).toMatchObject([{ fault: 'reset', taken: false, events: 1 }, { fault: null }]);
  });
});

describe('a hang', () => {
  test.each([false, true])('never answers (taken: %s) and holds no one else up', async taken => {
    simulator.faults.add({ ...hang({ taken }), token: 'token-1' });
    const client = new AbortController();
    const hanging = failureOf(track(simulator.url, ONE, { signal: client.signal }));
    await judged(1);
    expect(await track(simulator.url, OTHER, asOther)).toMatchObject({ code: 0 });
    expect(requests()[0]).toMatchObject({ fault: 'hang', taken, answered: false, duration_ms: null });
    client.abort();
    await hanging;
    await vi.waitFor(() => expect(requests()[0]).toMatchObject({ answered: false, duration_ms: expect.any(Number) }));
    expect(counted()).toBe(taken ? 2 : 1);
  });
});

describe('latency', () => {
  test('delays the answer but not the taking', async () => {
    simulator.faults.add({ ...latency(300), token: 'token-1' });
    const finished: string[] = [];
    const slow = track(simulator.url, ONE).then(() => finished.push('slow'));
    await judged(1);
    expect(counted()).toBe(1);
    await track(simulator.url, OTHER, asOther).then(() => finished.push('quick'));
    await slow;
    expect(finished).toEqual(['quick', 'slow']);
  });

  test('adds up, and comes before another fault', () => {
    simulator.faults.add(latency(20));
    simulator.faults.add({ ...latency(30), count: 1 });
    simulator.faults.add(apiCode(50000));
    expect(simulator.faults.next('token-1', 'PIXEL-1', NOW_MS)).toEqual({ latencyMs: 50, fault: apiCode(50000) });
    expect(simulator.faults.next('token-1', 'PIXEL-1', NOW_MS)).toEqual({ latencyMs: 20, fault: apiCode(50000) });
  });

  test('of a client that gives up is noted, and its answer dropped', async () => {
    simulator.faults.add(latency(600_000));
    const client = new AbortController();
    const waiting = failureOf(track(simulator.url, ONE, { signal: client.signal }));
    await judged(1);
    client.abort();
    await waiting;
    await vi.waitFor(() =>
      expect(requests()[0]).toMatchObject({ code: 0, taken: true, answered: false, duration_ms: expect.any(Number) }),
    );
  });
});

describe('another answer', () => {
  test.each<[title: string, fault: Fault, status: number, type: string, body: RegExp, taken: boolean]>([
    ['a 502 with HTML', htmlError(), 502, 'text/html', /^<html>/, false],
    ['a 503 with HTML whose events count', htmlError(503, { taken: true }), 503, 'text/html', /^<html>/, true],
    ['a 200 without JSON', notJson(), 200, 'text/plain', /^OK$/, false],
    ['a 204 without a body, taken', { effect: 'answer', status: 204, taken: true }, 204, 'text/plain', /^$/, true],
    ['a code in HTTP 200', apiCode(40100), 200, 'application/json', /"code":40100/, false],
    ['a code in HTTP 401', apiCode(40100, 401), 401, 'application/json', /"code":40100/, false],
    ['a server code in HTTP 500', apiCode(50000, 500, 'System error'), 500, 'application/json', /System error/, false],
  ])('%s', async (_title, fault, status, type, body, taken) => {
    simulator.faults.add(fault);
    const response = await send(simulator.url, ONE);
    expect([response.status, response.headers.get('content-type')]).toEqual([status, type]);
    expect(await response.text()).toMatch(body);
    expect(requests()).toMatchObject([{ fault: 'answer', taken, http_status: status, answered: true }]);
    expect(counted()).toBe(taken ? 1 : 0);
  });

  test('a 429 says when to come again', async () => {
    simulator.faults.add(tooManyRequests(7));
    const response = await send(simulator.url, ONE);
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7']);
  });

  test('a code carries the request id of the ledger, which also holds the code', async () => {
    simulator.faults.add(apiCode(51010));
    const { request_id } = await track(simulator.url, ONE);
    expect(requests()).toMatchObject([{ request_id, code: 51010 }]);
    expect(simulator.ledger().summary().requests_by_code).toEqual({ 51010: 1 });
  });
});

describe('a fault', () => {
  const codes = async (...sendings: (() => Promise<{ code: number }>)[]) => {
    const seen: number[] = [];
    for (const sending of sendings) seen.push((await sending()).code);
    return seen;
  };
  const one = () => track(simulator.url, ONE);
  const other = () => track(simulator.url, OTHER, asOther);

  test('of one token strikes nobody else', async () => {
    simulator.faults.add({ ...apiCode(40100), token: 'token-1' });
    expect(await codes(one, other)).toEqual([40100, 0]);
  });

  test('of one pixel strikes nobody else', async () => {
    simulator.faults.add({ ...apiCode(40100), pixel: 'PIXEL-2' });
    expect(await codes(one, other)).toEqual([0, 40100]);
  });

  test('with a count wears off', async () => {
    simulator.faults.add({ ...apiCode(40100), count: 2 });
    expect(await codes(one, one, one)).toEqual([40100, 40100, 0]);
    expect(simulator.faults.list()).toEqual([]);
  });

  test('strikes every so many-th request', async () => {
    simulator.faults.add({ ...apiCode(40100), every: 3 });
    expect(await codes(one, one, one, one, one, one)).toEqual([0, 0, 40100, 0, 0, 40100]);
  });

  test('is the oldest of those that match, until it is removed', async () => {
    const first = simulator.faults.add(apiCode(50000));
    simulator.faults.add(apiCode(40100));
    expect(await codes(one)).toEqual([50000]);
    simulator.faults.remove(first);
    expect(await codes(one)).toEqual([40100]);
    simulator.faults.clear();
    expect(await codes(one)).toEqual([0]);
  });
});

describe('the server', () => {
  test('refuses connections while it is down, and is back on the same port', async () => {
    const { url } = simulator;
    await track(url, ONE);
    await simulator.down();
    expect(await failureOf(track(url, ONE))).toBe('ECONNREFUSED');
    await simulator.up();
    expect(simulator.url).toBe(url);
    expect(await track(url, ONE)).toMatchObject({ code: 0 });
    expect(simulator.ledger().summary()).toMatchObject({ counted: 1, repeats: 1 });
  });

  test('going down breaks a request that is on its way', async () => {
    simulator.faults.add(hang());
    const hanging = failureOf(track(simulator.url, ONE));
    await judged(1);
    await simulator.down();
    expect(await hanging).toMatch(/ECONNRESET|UND_ERR_SOCKET/);
  });

  test('notes a client that went away in the middle of its body', async () => {
    const socket = createConnection({ port: Number(new URL(simulator.url).port), host: '127.0.0.1' });
    const head = 'POST /open_api/v1.3/event/track/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{';
    await new Promise<void>(resolve => socket.write(head, () => resolve()));
    socket.end();
    await judged(1);
    expect(requests()).toMatchObject([{ fault: 'client_gone', taken: false, code: null, answered: false }]);
  });
});

describe('a limit of requests per second', () => {
  const codes = async (count: number, body = ONE, sending = {}) => {
    const seen: number[] = [];
    for (let sent = 0; sent < count; sent++) seen.push((await track(simulator.url, body, sending)).code);
    return seen;
  };

  test('holds for one token, second by second of TikTok’s clock, and takes nothing beyond', async () => {
    simulator.faults.add({ ...limited(2), token: 'token-1' });
    expect(await codes(4)).toEqual([0, 0, 40100, 40100]);
    expect(await codes(3, OTHER, asOther)).toEqual([0, 0, 0]);
    simulator.advance(1000);
    expect(await codes(3)).toEqual([0, 0, 40100]);
    expect(requests().filter(({ fault }) => fault === 'limit')).toMatchObject(
      Array(3).fill({ code: 40100, taken: false, events: 1 }),
    );
    expect(simulator.ledger().events('PIXEL-1')).toHaveLength(4);
  });

  test('of none at all throttles every request, for as many as are ordered', async () => {
    simulator.faults.add({ ...limited(0), pixel: 'PIXEL-1', count: 2 });
    expect(await codes(3)).toEqual([40100, 40100, 0]);
  });

  test.each([
    [200, null],
    [401, null],
    [429, '7'],
  ] as const)('is answered with HTTP %i and Retry-After %s where so ordered', async (status, retryAfter) => {
    simulator.faults.add(limited(0, { status, ...(retryAfter === null ? {} : { retry_after: Number(retryAfter) }) }));
    const response = await send(simulator.url, ONE);
    expect([response.status, response.headers.get('retry-after')]).toEqual([status, retryAfter]);
    expect(await response.json()).toMatchObject({ code: 40100 });
  });
});

describe('an answer in part', () => {
  const PART: Fault = { effect: 'partial', id_prefix: 'bad-' };
  const MIXED = trackBody([webEvent(), webEvent({ event_id: 'bad-1' }), webEvent({ event_id: 'e-2' })]);

  test('takes the other events and says 20001, with the rows only where they are to be listed', async () => {
    simulator.faults.add({ ...PART, count: 1 });
    simulator.faults.add({ ...PART, listed: true });
    expect(await track(simulator.url, MIXED)).toMatchObject({ status: 200, code: 20001, data: {} });
    expect(
      simulator
        .ledger()
        .counted()
        .map(event => event.event_id),
    ).toEqual(['e-1', 'e-2']);
    expect(await track(simulator.url, MIXED)).toMatchObject({
      code: 20001,
      data: { failed_events: [{ index: 1, code: 40002 }] },
    });
    expect(requests()).toMatchObject(Array(2).fill({ code: 20001, taken: true, fault: 'partial', events: 3 }));
  });

  test('is a plain acceptance without such an event, and a plain refusal with nothing else', async () => {
    simulator.faults.add(PART);
    expect(await track(simulator.url, ONE)).toMatchObject({ code: 0 });
    expect(await track(simulator.url, trackBody([webEvent({ event_id: 'bad-1' })]))).toMatchObject({ code: 40002 });
    expect(await track(simulator.url, trackBody([webEvent({ event_id: 7 })]))).toMatchObject({
      code: 40002,
      message: 'data.0.event_id: Not a valid string.',
    });
    expect(counted()).toBe(1);
  });
});

describe('the naming of bad rows', () => {
  test('can be ordered for one pixel', async () => {
    simulator.set({ poisonPrefix: 'poison-' });
    simulator.faults.add({ effect: 'row_naming', naming: 'wrong', pixel: 'PIXEL-1' });
    const rows = [webEvent(), webEvent({ event_id: 'poison-1' })];
    expect(await track(simulator.url, trackBody(rows))).toMatchObject({ message: 'data.0: Event is not acceptable.' });
    const other = trackBody(rows, { event_source_id: 'PIXEL-2' });
    expect(await track(simulator.url, other, asOther)).toMatchObject({ message: 'data.1: Event is not acceptable.' });
  });
});

test('sixteen identical refusals of one pixel can be ordered, and the seventeenth request is taken', async () => {
  simulator.faults.add({ ...apiCode(40002), pixel: 'PIXEL-1', count: 16 });
  const codes: number[] = [];
  for (let sent = 0; sent < 17; sent++) codes.push((await track(simulator.url, ONE)).code);
  expect(codes).toEqual([...Array(16).fill(40002), 0]);
});

test('the data of an ordered envelope can be anything TikTok was seen to send', async () => {
  simulator.faults.add({ effect: 'answer', status: 200, code: 0, data: null, taken: true });
  expect(await track(simulator.url, ONE)).toMatchObject({ code: 0, data: null });
  expect(counted()).toBe(1);
});
