import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventsApiAnswer } from '../../src/core/events-api-answer.ts';
import { judgeResponse as judge, ruleBehind, type Verdict } from '../../src/core/judge-response.ts';
import { ruleOfCode } from '../../src/core/tiktok-codes.ts';
import type { VerdictClass } from '../../src/core/verdict-rule.ts';

const NOW = Date.UTC(2026, 10, 22, 12);

function judgeResponse(answer: EventsApiAnswer): Verdict {
  return judge(answer, NOW);
}

function response(status: number, body: unknown, headers = {}): EventsApiAnswer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { kind: 'response', status, headers, body: text, durationMs: 5 };
}

function coded(code: number, message = '', status = 200): Verdict {
  return judgeResponse(response(status, { code, message, request_id: 'req-1', data: {} }));
}

const PERMISSION_TEXT =
  'No permission to operate pixel code C4LE5V1U9KT2JLQDJ3D0. You must be the admin or operator of it';
const HTML = '<html><head><title>502 Bad Gateway</title></head></html>';

/** Recorded answers (facts 3.1, 3.2, 3.4): HTTP status, code, message, and what they mean. */
const ANSWERS: readonly (readonly [number, number, string, VerdictClass])[] = [
  [200, 0, 'OK', 'delivered'],
  [200, 20001, 'partial success', 'partial'],
  [200, 40000, 'Invalid Price Field', 'poison'],
  [200, 40001, PERMISSION_TEXT, 'connection-refused'],
  [200, 40002, 'data.3.event_id: Not a valid string.', 'poison'],
  [400, 40002, 'data[1].user.email is not hashed', 'poison'],
  [400, 40002, 'Invalid value for event_source: must be web, app or offline.', 'connection-refused'],
  [200, 40002, 'Invalid value for event_source_id: not a valid string.', 'connection-refused'],
  [200, 40002, PERMISSION_TEXT, 'connection-refused'],
  [200, 40002, 'pixel_code: not a valid string', 'connection-refused'],
  [200, 40002, 'Event source ID is unknown', 'connection-refused'],
  [200, 40002, 'data.0.lead.lead_event_source: not a valid string', 'poison'],
  [403, 40003, 'Forbidden', 'connection-refused'],
  [200, 40007, 'The pixel does not exist', 'connection-refused'],
  [200, 40016, 'BIZ_FC_ERROR', 'ambiguous'],
  [200, 40050, 'Duplicated request', 'ambiguous'],
  [200, 40061, 'Batch size exceeds the limit', 'split'],
  [200, 40062, 'PII is not hashed', 'poison'],
  [401, 40100, 'Request too frequent', 'throttled'],
  [200, 40100, 'Request too frequent', 'throttled'],
  [200, 40102, 'Access token is expired', 'connection-refused'],
  [200, 40105, 'Access token is incorrect or has been revoked.', 'connection-refused'],
  [401, 40105, 'Access token is incorrect or has been revoked.', 'connection-refused'],
  [200, 40132, 'Request frequency limited', 'throttled'],
  [200, 40202, 'Write conflict', 'retry'],
  [200, 40700, 'RPC validation error', 'poison'],
  [200, 41001, 'Interface offline', 'retry'],
  [500, 50000, 'System error', 'retry'],
  [200, 51010, 'inner service timeout', 'retry'],
  [200, 60001, 'maintenance', 'retry'],
  [200, 61000, 'too many requests', 'throttled'],
  [200, 49999, 'something new', 'ambiguous'],
  [500, 0, 'OK', 'delivered'],
  [503, 0, 'OK', 'delivered'],
  // A message that names a row is about that row, whatever it quotes.
  [200, 40002, 'data.1.page.url: https://a.b/permissions is not a valid URL', 'poison'],
  [200, 40002, 'data.1.event_source: unknown field', 'poison'],
  [200, 40002, `data[1].properties.description: "${PERMISSION_TEXT}" is too long`, 'poison'],
  [200, 40002, 'page.url: https://a.b/permissions is not a valid URL', 'poison'],
];

describe('an answer with a code', () => {
  it.each(ANSWERS)('HTTP %i with %i "%s" is %s', (status, code, message, verdict) => {
    const judged = coded(code, message, status);
    expect(judged).toMatchObject({ class: verdict, apiCode: code, httpStatus: status, requestId: 'req-1' });
  });

  it('is judged by the code alone, whatever the status', () => {
    const anyCode = fc.oneof(fc.constant(0), fc.integer({ min: 10_000, max: 99_999 }));
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), anyCode, (status, code) => {
        expect(coded(code, 'x', status).class).toBe(ruleOfCode(code).class);
      }),
    );
  });
});

describe('a named row', () => {
  it('is read where an event is to blame', () => {
    expect(coded(40002, 'data.17.event_id: Not a valid string.').row).toBe(17);
    expect(coded(40002, 'Invalid params').row).toBeNull();
  });

  it('is none where the events are not to blame', () => {
    expect(coded(40001, 'data.3.event_id').row).toBeNull();
    expect(coded(0, 'data.3.event_id').row).toBeNull();
    expect(coded(40002, 'event_source_id is wrong').row).toBeNull();
  });
});

describe('an answer without TikTok’s JSON', () => {
  it.each<[number, string, VerdictClass]>([
    [200, 'OK', 'ambiguous'],
    [200, '', 'ambiguous'],
    [200, '{}', 'ambiguous'],
    [200, 'null', 'ambiguous'],
    [200, '{"code":"0"}', 'ambiguous'],
    [200, '{"code":null}', 'ambiguous'],
    [200, '{"code":0.5}', 'ambiguous'],
    [200, '[{"code":0}]', 'ambiguous'],
    [204, '', 'ambiguous'],
    [302, '', 'ambiguous'],
    [400, HTML, 'retry'],
    [401, HTML, 'connection-refused'],
    [403, HTML, 'connection-refused'],
    [404, HTML, 'retry'],
    [413, HTML, 'split'],
    [429, HTML, 'throttled'],
    [500, HTML, 'ambiguous'],
    [502, HTML, 'ambiguous'],
    [503, HTML, 'ambiguous'],
    [504, '{"error":"gateway timeout"}', 'ambiguous'],
    // Codes of a gateway's own.
    [503, '{"code":503,"message":"upstream connect error"}', 'ambiguous'],
    [404, '{"code":404,"message":"not found"}', 'retry'],
    [429, '{"code":429}', 'throttled'],
    [403, '{"code":403}', 'connection-refused'],
    [413, '{"code":9999}', 'split'],
    [500, '{"code":100000}', 'ambiguous'],
    [200, '{"code":-1}', 'ambiguous'],
    [200, '{"code":200}', 'ambiguous'],
  ])('HTTP %i with %j is %s', (status, body, verdict) => {
    const judged = judgeResponse(response(status, body));
    expect(judged).toEqual({
      class: verdict,
      httpStatus: status,
      apiCode: null,
      requestId: null,
      message: expect.stringContaining(`HTTP ${status} without TikTok's JSON`),
      row: null,
      failedRows: null,
      retryAfterMs: null,
      vendorWide: [400, 404].includes(status) || status >= 500,
      limitedAttempts: false,
    });
  });
});

it.each([
  ['{"code":503,"message":"upstream connect error","request_id":"gw-1"}', ': code 503, upstream connect error', 'gw-1'],
  ['{"message":"no such route"}', ': no such route', null],
  ['{"code":"40105","message":"","request_id":"req-7"}', ': code "40105"', 'req-7'],
  ['{"code":123456,"message":"alice@shop.example is new"}', ': code 123456, [e-mail] is new', null],
  ['{"code":{"a":1},"message":["x"]}', '', null],
  [HTML, '', null],
])('tells what an answer without a code of TikTok’s says all the same: %s', (body, said, requestId) => {
  const judged = judgeResponse(response(503, body));
  const message = `HTTP 503 without TikTok's JSON${said}`;
  expect(judged).toMatchObject({ class: 'ambiguous', apiCode: null, message, requestId });
});

it('keeps the name of an error whole, however long', () => {
  const code = 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH';
  expect(judgeResponse({ kind: 'failure', code, mayHaveBeenTaken: true, durationMs: 1 }).message).toBe(code);
});

describe('a failed request', () => {
  it.each([
    [true, 'ambiguous'],
    [false, 'retry'],
  ] as const)('that may have been taken: %s is %s', (mayHaveBeenTaken, verdict) => {
    const judged = judgeResponse({ kind: 'failure', code: 'ETIMEDOUT', mayHaveBeenTaken, durationMs: 1 });
    expect(judged).toMatchObject({ class: verdict, message: 'ETIMEDOUT', httpStatus: null, apiCode: null });
  });
});

describe('a verdict tells', () => {
  it.each([
    [response(200, { code: 40100 }, { 'retry-after': '7' }), 7_000],
    [response(429, HTML, { 'retry-after': 'Sun, 22 Nov 2026 12:01:00 GMT' }), 60_000],
    [response(503, HTML, { 'retry-after': '999999' }), 3_600_000],
    [response(200, { code: 0 }, { 'retry-after': '7' }), 7_000],
    [response(503, HTML), null],
  ])('how long an answer asks us to wait: %#', (answer, wait) => {
    expect(judgeResponse(answer).retryAfterMs).toBe(wait);
  });

  it.each<[number | null, number, boolean]>([
    [null, 500, true],
    [null, 503, true],
    [null, 400, true],
    [null, 404, true],
    [null, 407, true],
    [null, 401, false],
    [null, 403, false],
    [null, 413, false],
    [null, 429, false],
    [null, 200, false],
    [null, 302, false],
    [50000, 200, true],
    [51010, 500, true],
    [59999, 200, true],
    [60001, 200, true],
    [40400, 404, true],
    [41001, 200, true],
    [61000, 200, false],
    [40100, 429, false],
    [40105, 200, false],
    [40002, 400, false],
    [40002, 500, false],
    [40016, 200, false],
    [0, 500, false],
  ])('whether it is about everybody: code %j in HTTP %i', (code, status, vendorWide) => {
    const answer = response(status, code === null ? HTML : { code });
    expect(judgeResponse(answer).vendorWide).toBe(vendorWide);
  });

  it.each([
    ['ECONNREFUSED', true],
    ['REQUEST_TIMEOUT', true],
    ['NOT_STARTED', false],
  ])('whether it is about everybody: %s', (code, vendorWide) => {
    const failure = { kind: 'failure', code, mayHaveBeenTaken: false, durationMs: 1 } as const;
    expect(judgeResponse(failure)).toMatchObject({ vendorWide, limitedAttempts: false, retryAfterMs: null });
  });

  it.each([
    [40016, true],
    [40050, true],
    [49999, true],
    [40002, false],
    [50000, false],
    [20001, true],
    [0, false],
  ])('whether three attempts are enough: code %i', (code, limitedAttempts) => {
    expect(coded(code).limitedAttempts).toBe(limitedAttempts);
  });
});

it('reads which rows failed of an answer taken in part, and of no other', () => {
  const data = { failed_events: [{ index: 2 }, { index: 0 }] };
  expect(judgeResponse(response(200, { code: 20001, data })).failedRows).toEqual([0, 2]);
  expect(judgeResponse(response(200, { code: 20001, data: {} })).failedRows).toBeNull();
  expect(judgeResponse(response(200, { code: 40002, data })).failedRows).toBeNull();
});

it('takes only an id for a request id', () => {
  const withId = (id: unknown) => judgeResponse(response(200, { code: 0, request_id: id })).requestId;
  expect(withId('202411220930-1A:b.c_d')).toBe('202411220930-1A:b.c_d');
  expect(withId(7)).toBe('7');
  for (const id of ['', 'alice@shop.example', 'two words', 'line\nline', -7, {}, null]) expect(withId(id)).toBeNull();
  const long = '{"code":0,"request_id": 2026112209301234567890123456789}';
  expect(judgeResponse(response(200, long)).requestId).toBe('2026112209301234567890123456789');
});

it('judges by the rule that it names', () => {
  const body = { code: 40002, message: 'event_source_id is wrong' };
  for (const answer of [response(200, body), response(200, { code: 49999 }), response(404, HTML)]) {
    const { class: verdict, vendorWide, limitedAttempts } = judgeResponse(answer);
    expect(ruleBehind(answer)).toMatchObject({ class: verdict, vendorWide, limitedAttempts });
  }
});

it('overlooks a byte order mark', () => {
  expect(judgeResponse(response(200, '\uFEFF{"code":0}')).class).toBe('delivered');
});

function isCodeZero(body: string): boolean {
  try {
    return JSON.parse(body)?.code === 0;
  } catch {
    return false;
  }
}

it('only an explicit code 0 is delivered, and no answer makes it throw', () => {
  const anyBytes = fc.uint8Array({ maxLength: 200 }).map(bytes => new TextDecoder().decode(bytes));
  const anyBody = fc.oneof(
    anyBytes,
    fc.string(),
    fc.json(),
    fc.json().map(inner => `{"code":0,"data":${inner}}`),
  );
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 599 }), anyBody, (status, body) => {
      const verdict = judgeResponse(response(status, body));
      expect(verdict.class === 'delivered').toBe(isCodeZero(body));
      expect(verdict.class === 'delivered').toBe(verdict.apiCode === 0);
    }),
    { numRuns: 500 },
  );
});

it('bounds and cleans what TikTok says', () => {
  const judged = judgeResponse(
    response(200, { code: 40002, message: `bad alice@shop.example ${'x '.repeat(500)}`, request_id: 'r'.repeat(500) }),
  );
  expect(judged.message).not.toContain('alice');
  expect(judged.message.length).toBeLessThanOrEqual(300);
  expect(judged.requestId).toHaveLength(100);
});

it('does without message and request id, or with ones of another type', () => {
  expect(judgeResponse(response(200, { code: 0 }))).toMatchObject({ class: 'delivered', message: '', requestId: null });
  const odd = { code: 40002, message: { text: 'x' }, request_id: [5] };
  expect(judgeResponse(response(200, odd))).toMatchObject({ class: 'poison', message: '', requestId: null });
});
