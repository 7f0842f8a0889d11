import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { tokenDigest } from '../../sandbox/tiktok-access.ts';
import { apiCode, hang } from '../../sandbox/tiktok-faults.ts';
import { BATCH_PATH } from '../../sandbox/tiktok-judge.ts';
import type { Simulator } from '../../sandbox/tiktok-simulator.ts';
import { startSimulator } from '../../sandbox/tiktok-simulator.ts';
import {
  batchBody,
  batchItem,
  batchItems,
  failureOf,
  NOW_MS,
  type send,
  track,
  trackBody,
  webEvent,
  webEvents,
} from './tiktok-track-request.ts';

let simulator: Simulator;

beforeEach(async () => {
  simulator = await startSimulator({ now: () => NOW_MS, pixels: { 'PIXEL-1': 'token-1', 'PIXEL-2': 'token-2' } });
});
afterEach(() => simulator.stop());

const ONE = trackBody([webEvent()]);
const HOUR_MS = 3_600_000;

describe('the door', () => {
  test.each<[title: string, token: string | null, code: number]>([
    ['no token', null, 40104],
    ['an empty token', '', 40104],
    ['an unknown token', 'nobody', 40105],
    ['a Bearer prefix', 'Bearer token-1', 40105],
    ['the token of another pixel', 'token-2', 40001],
  ])('answers HTTP 200 and a code to %s', async (_title, token, code) => {
    expect(await track(simulator.url, ONE, { token })).toMatchObject({ status: 200, code });
    expect(simulator.ledger().events()).toEqual([]);
  });

  test('answers a refused token with HTTP 401 where that is set, but not a foreign pixel', async () => {
    simulator.set({ authStatus: 401 });
    expect(await track(simulator.url, ONE, { token: 'nobody' })).toMatchObject({ status: 401, code: 40105 });
    expect(await track(simulator.url, ONE, { token: null })).toMatchObject({ status: 401, code: 40104 });
    expect(await track(simulator.url, ONE, { token: 'token-2' })).toMatchObject({ status: 200, code: 40001 });
  });

  test('treats a pixel nobody has like somebody else’s', async () => {
    const body = trackBody([webEvent()], { event_source_id: 'NOBODY' });
    expect(await track(simulator.url, body)).toMatchObject({
      code: 40001,
      message: expect.stringContaining('permission'),
    });
  });

  test('looks at the token before the body, and at the pixel before the events', async () => {
    expect(await track(simulator.url, '{', { token: 'nobody' })).toMatchObject({ code: 40105 });
    expect(await track(simulator.url, trackBody([]), { token: 'token-2' })).toMatchObject({ code: 40001 });
    expect(await track(simulator.url, trackBody([]))).toMatchObject({ code: 40002 });
  });

  test('knows a new token at once, and the old one no more', async () => {
    simulator.addPixel('PIXEL-1', 'token-3');
    expect(await track(simulator.url, ONE)).toMatchObject({ code: 40105 });
    expect(await track(simulator.url, ONE, { token: 'token-3' })).toMatchObject({ code: 0 });
    simulator.removePixel('PIXEL-1');
    expect(await track(simulator.url, ONE, { token: 'token-3' })).toMatchObject({ code: 40105 });
  });

  test('forgets a revoked token at once, for all its pixels, and keeps them for another', async () => {
    simulator.addPixel('PIXEL-3', 'token-1');
    expect([simulator.revokeToken('token-1'), simulator.revokeToken('token-1')]).toEqual([true, false]);
    expect(await track(simulator.url, ONE)).toMatchObject({ code: 40105 });
    expect(await track(simulator.url, ONE, { token: 'token-2' })).toMatchObject({ code: 40001 });
    simulator.addPixel('PIXEL-1', 'token-4');
    expect(await track(simulator.url, ONE, { token: 'token-4' })).toMatchObject({ code: 0 });
    const third = trackBody([webEvent()], { event_source_id: 'PIXEL-3' });
    expect(await track(simulator.url, third, { token: 'token-4' })).toMatchObject({ code: 40001 });
    const second = trackBody([webEvent()], { event_source_id: 'PIXEL-2' });
    expect(await track(simulator.url, second, { token: 'token-2' })).toMatchObject({ code: 0 });
  });

  test('does not give a revoked token its old pixels back with a new one', async () => {
    simulator.revokeToken('token-1');
    simulator.addPixel('PIXEL-3', 'token-1');
    expect(await track(simulator.url, ONE)).toMatchObject({ code: 40001 });
  });

  test('lets one token serve several pixels, until the last of them has another', async () => {
    simulator.addPixel('PIXEL-3', 'token-1');
    const third = trackBody([webEvent()], { event_source_id: 'PIXEL-3' });
    simulator.addPixel('PIXEL-1', 'token-4');
    expect(await track(simulator.url, third)).toMatchObject({ code: 0 });
    expect(await track(simulator.url, ONE)).toMatchObject({ code: 40001 });
    simulator.addPixel('PIXEL-3', 'token-4');
    expect(await track(simulator.url, third)).toMatchObject({ code: 40105 });
  });

  test.each<[title: string, token: string | null, pixel: string, code: number]>([
    ['no token', null, 'PIXEL-1', 40104],
    ['a token with Bearer before it', 'Bearer token-1', 'PIXEL-1', 40105],
    ['an unknown token', 'nobody', 'PIXEL-1', 40105],
    ['a good token for another pixel', 'token-1', 'PIXEL-2', 40001],
    ['a good token', 'token-1', 'PIXEL-1', 40002],
  ])('tells %s by a probe without events, which leaves nothing behind', async (_title, token, pixel, code) => {
    const probe = trackBody([], { event_source_id: pixel });
    expect(await track(simulator.url, probe, { token })).toMatchObject({ code });
    expect(simulator.ledger().summary()).toMatchObject({ counted: 0, repeats: 0, test: 0 });
  });

  test('takes a probe of one custom test event, which does not count', async () => {
    const probe = webEvent({
      event: 'ConnectionCheck',
      page: { url: 'https://example.com/' },
      user: { ip: '203.0.113.7', user_agent: 'probe' },
    });
    const body = trackBody([probe], { test_event_code: 'TEST1' });
    expect(await track(simulator.url, body)).toMatchObject({ code: 0 });
    expect(simulator.ledger().summary()).toMatchObject({ counted: 0, test: 1 });
  });

  test.each<[title: string, sending: Parameters<typeof send>[2], status: number, code: number]>([
    ['a path without its trailing slash', { path: '/open_api/v1.3/event/track' }, 404, 40400],
    ['another version', { path: '/open_api/v1.2/event/track/' }, 404, 40400],
    ['a query', { path: '/open_api/v1.3/event/track/?a=b' }, 404, 40400],
    ['the 1.0 endpoint for single events', { path: '/open_api/v1.3/pixel/track/' }, 404, 40400],
    ['GET', { method: 'GET' }, 404, 40400],
    ['PUT', { method: 'PUT' }, 404, 40400],
    ['another content type', { headers: { 'content-type': 'text/plain' } }, 200, 40002],
  ])('refuses %s', async (_title, sending, status, code) => {
    expect(await track(simulator.url, ONE, sending)).toMatchObject({ status, code });
  });

  test('takes a content type with a character set', async () => {
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    expect(await track(simulator.url, ONE, { headers })).toMatchObject({ code: 0 });
  });

  test.each(['', '{', '{"event_source":"web"', 'null', '"text"'])('refuses the body %j with 40002', async body => {
    expect(await track(simulator.url, body)).toMatchObject({ code: 40002 });
  });

  test('lets only so many requests per second and token pass', async () => {
    simulator.set({ maxRequestsPerSecond: 2 });
    const codes = [];
    for (let sent = 0; sent < 3; sent++) codes.push((await track(simulator.url, ONE)).code);
    const other = await track(simulator.url, trackBody([webEvent()], { event_source_id: 'PIXEL-2' }), {
      token: 'token-2',
    });
    simulator.advance(1000);
    codes.push((await track(simulator.url, ONE)).code, other.code);
    expect(codes).toEqual([0, 0, 40100, 0, 0]);
  });
});

describe('the answer', () => {
  test('is an envelope with a request id of its own', async () => {
    const first = await track(simulator.url, ONE);
    const second = await track(simulator.url, ONE);
    expect(first).toEqual({
      status: 200,
      code: 0,
      message: 'OK',
      request_id: expect.stringMatching(/^[0-9A-F]{20}$/),
      data: {},
    });
    expect(second.request_id).not.toBe(first.request_id);
  });

  test('to a bad body comes with the HTTP status that is set', async () => {
    expect(await track(simulator.url, trackBody([]))).toMatchObject({ status: 200, code: 40002 });
    simulator.set({ refusalStatus: 400 });
    expect(await track(simulator.url, trackBody([]))).toMatchObject({ status: 400, code: 40002 });
  });

  test('refuses a whole batch for one bad row, and takes the rest when it is gone', async () => {
    const rows = webEvents(3);
    const bad = [...rows, webEvent({ event_id: 7 })];
    expect(await track(simulator.url, trackBody(bad))).toMatchObject({
      code: 40002,
      message: 'data.3.event_id: Not a valid string.',
    });
    expect(simulator.ledger().events()).toEqual([]);
    expect(await track(simulator.url, trackBody(rows))).toMatchObject({ code: 0 });
    expect(
      simulator
        .ledger()
        .counted()
        .map(event => event.event_id),
    ).toEqual(['e-1', 'e-2', 'e-3']);
  });

  test('names the row of a poison event as it is set to', async () => {
    const rows = [webEvent(), webEvent({ event_id: 'poison-1' })];
    simulator.set({ rowNaming: 'none', poisonPrefix: 'poison-' });
    expect(await track(simulator.url, trackBody(rows))).toMatchObject({
      message: 'Invalid parameter: Event is not acceptable.',
    });
    simulator.set({ rowNaming: 'wrong' });
    expect(await track(simulator.url, trackBody(rows))).toMatchObject({ message: 'data.0: Event is not acceptable.' });
  });
});

describe('the memory for repeats', () => {
  const eventOf = (changes = {}) => trackBody([webEvent(changes)]);
  const counts = () => {
    const { counted, repeats, test: tests } = simulator.ledger().summary();
    return { counted, repeats, tests };
  };

  test('accepts a repeat within 48 h without counting it', async () => {
    await track(simulator.url, ONE);
    simulator.advance(48 * HOUR_MS - 1);
    expect(await track(simulator.url, ONE)).toMatchObject({ code: 0 });
    expect(
      simulator
        .ledger()
        .events()
        .map(event => event.deduplicated),
    ).toEqual([false, true]);
    expect(counts()).toEqual({ counted: 1, repeats: 1, tests: 0 });
  });

  test('reckons from the first, and counts again after 48 h', async () => {
    await track(simulator.url, ONE);
    simulator.advance(30 * HOUR_MS);
    await track(simulator.url, ONE);
    simulator.advance(18 * HOUR_MS);
    await track(simulator.url, ONE);
    expect(counts()).toEqual({ counted: 2, repeats: 1, tests: 0 });
  });

  test('sees repeats inside one request', async () => {
    await track(simulator.url, trackBody([webEvent(), webEvent()]));
    expect(counts()).toEqual({ counted: 1, repeats: 1, tests: 0 });
  });

  test('tells apart names, ids and pixels, and never drops an event without an id', async () => {
    await track(simulator.url, eventOf());
    await track(simulator.url, eventOf({ event: 'purchase' }));
    await track(simulator.url, eventOf({ event_id: 'E-1' }));
    await track(simulator.url, trackBody([webEvent()], { event_source_id: 'PIXEL-2' }), { token: 'token-2' });
    await track(simulator.url, eventOf({ event_id: undefined }));
    await track(simulator.url, eventOf({ event_id: undefined }));
    expect(counts()).toEqual({ counted: 6, repeats: 0, tests: 0 });
  });

  test('keeps test events apart', async () => {
    await track(simulator.url, trackBody([webEvent()], { test_event_code: 'TEST1' }));
    await track(simulator.url, ONE);
    expect(counts()).toEqual({ counted: 1, repeats: 0, tests: 1 });
    expect(simulator.ledger().counted()).toHaveLength(1);
    expect(
      simulator
        .ledger()
        .events()
        .map(event => event.test_event_code),
    ).toEqual(['TEST1', null]);
  });

  test('has room for so many ids, forgets the first ones beyond, and says so', async () => {
    const ledgerLimits = { maxEvents: 100, maxRequests: 100, rawEvents: 0, maxRemembered: 2 };
    const small = await startSimulator({ now: () => NOW_MS, pixels: { 'PIXEL-1': 'token-1' }, ledgerLimits });
    const sent = async (...ids: string[]) => {
      await track(small.url, trackBody(ids.map(id => webEvent({ event_id: id, event: `Event-${id}` }))));
      small.advance(1);
      return small.ledger().summary();
    };
    expect(await sent('a', 'b', 'a')).toMatchObject({ counted: 2, repeats: 1, truncated: false });
    expect(await sent('c', 'b')).toMatchObject({ counted: 3, repeats: 2, truncated: true });
    expect(await sent('a')).toMatchObject({ counted: 4, repeats: 2 });
    await small.stop();
  });

  test('is not short of what is over 48 h old', async () => {
    const ledgerLimits = { maxEvents: 100, maxRequests: 100, rawEvents: 0, maxRemembered: 1 };
    const small = await startSimulator({ now: () => NOW_MS, pixels: { 'PIXEL-1': 'token-1' }, ledgerLimits });
    await track(small.url, eventOf({ event_id: 'a' }));
    small.advance(48 * HOUR_MS);
    await track(small.url, eventOf({ event_id: 'b', event_time: small.now() / 1000 }));
    expect(small.ledger().summary()).toMatchObject({ counted: 2, truncated: false });
    await small.stop();
  });

  test('is forgotten with the ledger, unless it is to be kept', async () => {
    await track(simulator.url, ONE);
    simulator.ledger().clear({ keepDedupMemory: true });
    await track(simulator.url, ONE);
    expect(counts()).toEqual({ counted: 0, repeats: 1, tests: 0 });
    simulator.ledger().clear();
    await track(simulator.url, ONE);
    expect(counts()).toEqual({ counted: 1, repeats: 0, tests: 0 });
  });
});

describe('the 1.0 endpoint', () => {
  const BATCH = { path: BATCH_PATH };
  const ITEM = batchBody([batchItem()]);

  test('asks for the token first, then the pixel, then the events, like the 2.0 endpoint', async () => {
    expect(await track(simulator.url, '{', { ...BATCH, token: 'nobody' })).toMatchObject({ code: 40105 });
    expect(await track(simulator.url, batchBody([]), { ...BATCH, token: 'token-2' })).toMatchObject({ code: 40001 });
    expect(await track(simulator.url, batchBody([]), BATCH)).toMatchObject({ code: 40002 });
    expect(await track(simulator.url, trackBody([webEvent()]), BATCH)).toMatchObject({
      code: 40002,
      message: 'Invalid value for pixel_code: not a valid string.',
    });
  });

  test('writes its events into the same ledger, in seconds and as they came', async () => {
    const item = batchItem({ properties: { value: 12.5, currency: 'EUR' }, timestamp: '2026-01-15T11:59:59.900Z' });
    await track(simulator.url, batchBody([item], { test_event_code: 'TEST1' }), BATCH);
    await track(simulator.url, batchBody([batchItem({ event_id: undefined, timestamp: undefined })]), BATCH);
    expect(simulator.ledger().events()).toMatchObject([
      {
        event_source: 'web',
        event_source_id: 'PIXEL-1',
        test_event_code: 'TEST1',
        event: 'Purchase',
        event_id: 'e-1',
        event_time: NOW_MS / 1000 - 1,
        value: 12.5,
        currency: 'EUR',
        raw: item,
      },
      { event_id: null, event_time: NOW_MS / 1000, value: null },
    ]);
    expect(simulator.ledger().requests()).toMatchObject([{ path: BATCH_PATH, events: 1 }, { path: BATCH_PATH }]);
  });

  test('refuses a whole batch for one bad row, in the 1.0 form', async () => {
    const answer = await track(simulator.url, batchBody([...batchItems(2), batchItem({ event_id: 7 })]), BATCH);
    expect(answer).toMatchObject({ code: 40002, message: 'Batch.2.event_id: Not a valid string.' });
    expect(simulator.ledger().events()).toEqual([]);
  });

  test('shares the memory for repeats, the limit and the faults with the 2.0 endpoint', async () => {
    await track(simulator.url, ONE);
    expect(await track(simulator.url, ITEM, BATCH)).toMatchObject({ code: 0 });
    expect(simulator.ledger().summary()).toMatchObject({ counted: 1, repeats: 1 });
    simulator.set({ maxRequestsPerSecond: 2 });
    expect(await track(simulator.url, ITEM, BATCH)).toMatchObject({ code: 40100 });
    simulator.advance(1000);
    simulator.faults.add({ ...apiCode(50000), pixel: 'PIXEL-1' });
    expect(await track(simulator.url, ITEM, BATCH)).toMatchObject({ code: 50000 });
  });
});

describe('the ledger', () => {
  test('holds every accepted event and every request', async () => {
    const event = webEvent({ properties: { value: 12.5, currency: 'EUR' } });
    const { request_id } = await track(simulator.url, trackBody([event]));
    expect(simulator.ledger().events()).toEqual([
      {
        seq: 1,
        request_id,
        received_at: NOW_MS,
        event_source: 'web',
        event_source_id: 'PIXEL-1',
        test_event_code: null,
        event: 'Purchase',
        event_id: 'e-1',
        event_time: NOW_MS / 1000,
        value: 12.5,
        currency: 'EUR',
        deduplicated: false,
        raw: event,
      },
    ]);
    expect(simulator.ledger().requests()).toEqual([
      {
        seq: 1,
        request_id,
        at: NOW_MS,
        path: '/open_api/v1.3/event/track/',
        token: expect.stringMatching(/^[0-9a-f]{16}$/),
        event_source_id: 'PIXEL-1',
        test_event_code: null,
        events: 1,
        taken: true,
        code: 0,
        message: 'OK',
        http_status: 200,
        fault: null,
        answered: true,
        duration_ms: expect.any(Number),
      },
    ]);
  });

  test('writes refused requests down too, and never a token', async () => {
    await track(simulator.url, ONE, { token: 'secret-token' });
    await track(simulator.url, trackBody(webEvents(1001)));
    expect(simulator.ledger().requests()).toMatchObject([
      { code: 40105, taken: false, events: 0, event_source_id: null },
      { code: 40061, taken: false, events: 1001, event_source_id: 'PIXEL-1' },
    ]);
    expect(simulator.ledger().summary().requests_by_code).toEqual({ 40105: 1, 40061: 1 });
    expect(JSON.stringify(simulator.ledger().page())).not.toContain('token-1');
    expect(JSON.stringify(simulator.ledger().page())).not.toContain('secret-token');
  });

  test('tells of each token when it was first and last used, last taken, and with which codes', async () => {
    await track(simulator.url, trackBody(webEvents(3)));
    simulator.advance(5_000);
    simulator.addPixel('PIXEL-1', 'token-3');
    await track(simulator.url, ONE);
    await track(simulator.url, ONE, { token: 'token-3' });
    simulator.advance(2_000);
    simulator.faults.add({ ...hang({ taken: true }), count: 1 });
    const client = new AbortController();
    const hanging = failureOf(track(simulator.url, ONE, { token: 'token-3', signal: client.signal }));
    await vi.waitFor(() => expect(simulator.ledger().requests()).toHaveLength(4));
    client.abort();
    await hanging;
    await track(simulator.url, ONE, { token: null });
    const seen = { first_at: NOW_MS, last_at: NOW_MS + 5_000, last_taken_at: NOW_MS };
    expect(simulator.ledger().tokens()).toEqual({
      [tokenDigest('token-1')]: { ...seen, requests: 2, events: 3, taken_requests: 1, by_code: { 0: 1, 40105: 1 } },
      [tokenDigest('token-3')]: {
        requests: 2,
        events: 2,
        taken_requests: 2,
        first_at: NOW_MS + 5_000,
        last_at: NOW_MS + 7_000,
        last_taken_at: NOW_MS + 7_000,
        by_code: { 0: 1, none: 1 },
      },
      none: {
        requests: 1,
        events: 0,
        taken_requests: 0,
        first_at: NOW_MS + 7_000,
        last_at: NOW_MS + 7_000,
        last_taken_at: null,
        by_code: { 40104: 1 },
      },
    });
    simulator.ledger().clear();
    expect(simulator.ledger().tokens()).toEqual({});
  });

  test('tells so many tokens apart and no more, however many are tried', async () => {
    const ledgerLimits = { maxEvents: 1, maxRequests: 1, rawEvents: 0, maxTokens: 2 };
    const small = await startSimulator({ now: () => NOW_MS, pixels: { 'PIXEL-1': 'token-1' }, ledgerLimits });
    for (const token of ['a', 'b', 'c', 'd', 'a']) await track(small.url, ONE, { token });
    await small.stop();
    const uses = small.ledger().tokens();
    expect([uses[tokenDigest('a')]?.requests, uses[tokenDigest('b')]?.requests, uses.other?.requests]).toEqual([
      2, 1, 2,
    ]);
    expect(Object.keys(uses)).toHaveLength(3);
  });

  test('is read page by page, in whole requests', async () => {
    for (const count of [2, 3, 1]) await track(simulator.url, trackBody(webEvents(count)));
    const first = simulator.ledger().page(0, 4);
    expect([first.events.length, first.requests.length, first.last_seq, first.more]).toEqual([5, 2, 2, true]);
    const second = simulator.ledger().page(first.last_seq, 4);
    expect([second.events.length, second.requests.length, second.last_seq, second.more]).toEqual([1, 1, 3, false]);
    expect(simulator.ledger().page(3)).toEqual({ events: [], requests: [], last_seq: 3, more: false });
  });

  test('goes on counting when it is full, keeps few raw events, and says so', async () => {
    const ledgerLimits = { maxEvents: 3, maxRequests: 10, rawEvents: 1 };
    const small = await startSimulator({ now: () => NOW_MS, pixels: { 'PIXEL-1': 'token-1' }, ledgerLimits });
    await track(small.url, trackBody(webEvents(2)));
    await track(small.url, trackBody(webEvents(4)));
    await small.stop();
    expect(small.ledger().summary()).toMatchObject({ counted: 4, repeats: 2, requests: 2, truncated: true });
    expect(
      small
        .ledger()
        .events()
        .map(event => 'raw' in event),
    ).toEqual([true, false]);
  });
});
