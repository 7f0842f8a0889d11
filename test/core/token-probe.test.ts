import { describe, expect, it } from 'vitest';
import { checkBatchBody } from '../../sandbox/tiktok-batch-rules.ts';
import { checkTrackBody } from '../../sandbox/tiktok-rules.ts';
import { STRICT_RULES } from '../../sandbox/tiktok-strictness.ts';
import type { Connection } from '../../src/core/config-entry.ts';
import { createDestinations } from '../../src/core/destination.ts';
import type { EventsApiAnswer } from '../../src/core/events-api-answer.ts';
import { judgeResponse } from '../../src/core/judge-response.ts';
import { mayAskAgain, PROBE_EVENT, probeOf, readProbe } from '../../src/core/token-probe.ts';
import { coded, timeout, unreached } from '../fakes/scripted-events-api.ts';
import { connectionOf } from './business-events.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const destinationOf = createDestinations(null);

function probe(changes: Partial<Connection> = {}) {
  const { way, path, body } = probeOf(destinationOf(connectionOf(changes), null), NOW);
  return { way, path, body: JSON.parse(body) as Record<string, unknown> };
}

describe('the probe', () => {
  it('of a connection with a test event code is one custom event under that code', () => {
    const { way, path, body } = probe({ test_event_code: 'TEST1' });
    expect([way, path]).toEqual(['test_event', 'event/track/']);
    expect(body).toMatchObject({ event_source: 'web', test_event_code: 'TEST1', data: [{ event: PROBE_EVENT }] });
    expect(checkTrackBody(body, { nowMs: NOW, ...STRICT_RULES })).toMatchObject({ ok: true });
  });

  it('has the 1.0 shape where the connection speaks it', () => {
    const { way, path, body } = probe({ test_event_code: 'TEST1', wire: 'V1' });
    expect([way, path]).toEqual(['test_event', 'pixel/batch/']);
    expect(checkBatchBody(body, { nowMs: NOW, ...STRICT_RULES })).toMatchObject({ ok: true });
    expect(probe({ wire: 'V1' }).body).toEqual({ pixel_code: 'PIXEL1', batch: [] });
  });

  it.each([
    ['without a test event code', {}],
    ['of offline events, which know no custom names', { test_event_code: 'TEST1', event_source: 'OFFLINE' }],
  ] as const)('%s is a batch without events', (_, changes) => {
    const { way, body } = probe(changes);
    expect([way, body['data']]).toEqual(['empty_batch', []]);
  });

  it('is never a Purchase', () => {
    for (const test_event_code of [null, 'TEST1']) {
      for (const wire of ['V1', 'V2'] as const) {
        expect(JSON.stringify(probe({ test_event_code, wire }))).not.toMatch(/Purchase|CompletePayment|PlaceAnOrder/);
      }
    }
  });
});

/** Without TikTok's JSON. */
function plain(status: number): EventsApiAnswer {
  return { kind: 'response', status, headers: {}, body: '<html>', durationMs: 5 };
}

describe('its answer', () => {
  it.each([
    ['code 0', 'active', coded(0)],
    ['a bad token in HTTP 200', 'refused', coded(40105)],
    ['an expired token', 'refused', coded(40102)],
    ['a pixel that is not the token’s', 'refused', coded(40001)],
    ['a pixel id that is none', 'refused', coded(40002, 'Invalid value for event_source_id: not a valid string.')],
    ['HTTP 401 without TikTok’s JSON', 'refused', plain(401)],
    ['a parameter code', 'undecided', coded(40002, 'data: Shorter than minimum length 1.')],
    ['a limit', 'undecided', coded(40100, 'Too frequent', 401)],
    ['an error of TikTok’s', 'undecided', coded(50000)],
    ['HTML', 'undecided', plain(502)],
    ['a timeout', 'undecided', timeout()],
    ['no way there', 'undecided', unreached()],
  ] as const)('%s says: %s', (_, kind, answer) => {
    expect(readProbe(judgeResponse(answer, NOW)).kind).toBe(kind);
  });

  it('that accepts has TikTok’s code and request_id, too', () => {
    expect(readProbe(judgeResponse(coded(0), NOW))).toMatchObject({
      kind: 'active',
      answer: { apiCode: 0, httpStatus: 200, requestId: 'req-0' },
    });
  });

  it('that refuses has TikTok’s code and request_id, and advice', () => {
    expect(readProbe(judgeResponse(coded(40105, 'Access token is incorrect'), NOW))).toEqual({
      kind: 'refused',
      answer: { apiCode: 40105, httpStatus: 200, requestId: 'req-40105', message: 'Access token is incorrect' },
      advice: expect.stringContaining('Events Manager'),
    });
    expect(readProbe(judgeResponse(plain(403), NOW))).toMatchObject({
      advice: expect.stringContaining('tiktok.baseUrl'),
    });
  });

  it('that decides nothing says why, and whether asking again may tell more', () => {
    const undecided = (answer: Parameters<typeof judgeResponse>[0]) => readProbe(judgeResponse(answer, NOW));
    expect(undecided(coded(40002, 'data: empty'))).toMatchObject({
      mayPass: false,
      answer: {
        message: expect.stringContaining('may not have looked at the token: code 40002, HTTP 200, data: empty'),
      },
    });
    expect(undecided(unreached())).toMatchObject({
      mayPass: true,
      answer: { message: 'no answer about the credentials: ECONNREFUSED' },
    });
    for (const answer of [plain(413), plain(404), timeout()])
      expect(undecided(answer)).toMatchObject({ mayPass: true });
    expect([40002, 40000, 40061, 20001].map(mayAskAgain)).toEqual([false, false, false, false]);
    expect([null, 40100, 50000, 40016].map(mayAskAgain)).toEqual([true, true, true, true]);
  });
});
