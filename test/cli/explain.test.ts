import { describe, expect, test } from 'vitest';
import type { VerdictClass } from '../../src/core/verdict-rule.ts';
import { command, type Surroundings } from './fake-host.ts';

const PERMISSION = 'No permission to operate pixel code C4LE5V1U9KT2JLQDJ3D0. You must be the admin or operator of it';
const HTML = '<html>Bad Gateway</html>';

async function explain(flags: string, surroundings: Surroundings = {}) {
  const { exitCode, out, err } = await command(`explain ${flags} --json`, surroundings);
  expect([exitCode, err]).toEqual([0, '']);
  return JSON.parse(out);
}

function answered(status: number, body: unknown, flags = '') {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return explain(`--http-status ${status} --body answer.json ${flags}`, { files: { 'answer.json': text } });
}

describe('explain of a code', () => {
  // One of each class: which code has which is test/core/tiktok-codes.test.ts.
  test.each<[number, VerdictClass, boolean]>([
    [0, 'delivered', false],
    [20001, 'partial', true],
    [40001, 'connection-refused', false],
    [40002, 'poison', false],
    [40016, 'ambiguous', true],
    [40061, 'split', false],
    [40100, 'throttled', true],
    [50000, 'retry', true],
    [45678, 'ambiguous', true],
    [55555, 'retry', true],
  ])('%i says %s, sent again: %s', async (code, verdict, retried) => {
    const explained = await explain(`--code ${code}`);
    expect(explained).toMatchObject({ class: verdict, code, http_status: null, retried });
    expect(explained.events).toEqual([{ row: 0, class: verdict }]);
    for (const text of [explained.when, explained.advice, explained.source]) expect(text).toMatch(/\S/);
  });

  test('counts more than an HTTP status beside it', async () => {
    expect(await explain('--code 40100 --http-status 401')).toMatchObject({ class: 'throttled', http_status: 401 });
  });
});

describe('explain of a whole answer', () => {
  // What is made of which answer is test/core/judge-response.test.ts.
  test.each<[number, unknown, VerdictClass]>([
    [500, { code: 0 }, 'delivered'],
    [200, '', 'ambiguous'],
    [401, { code: 40100 }, 'throttled'],
    [200, { code: 40002, message: PERMISSION }, 'connection-refused'],
    [400, { code: 40002, message: 'data.0.event_id: Not a valid string.' }, 'poison'],
    [413, HTML, 'split'],
    [504, { error: 'timeout' }, 'ambiguous'],
  ])('HTTP %i with %j is %s', async (status, body, verdict) => {
    expect(await answered(status, body)).toMatchObject({ class: verdict, http_status: status });
  });

  test('names the refused row, and what becomes of the others', async () => {
    const body = { code: 40002, message: 'data.1.event_id: Not a valid string.', request_id: 'req-1' };
    expect(await answered(200, body, '--event-count 3')).toMatchObject({
      class: 'poison',
      name: 'PARAM_ERROR',
      request_id: 'req-1',
      row: 1,
      events: [
        { row: 0, class: 'retry' },
        { row: 1, class: 'poison' },
        { row: 2, class: 'retry' },
      ],
      event_counts: { retry: 2, poison: 1 },
      retried: true,
      when: expect.stringContaining('without row 1'),
    });
  });

  test('isolates where no row is named, and gives up on one event', async () => {
    const body = { code: 40002, message: 'Invalid params' };
    expect(await answered(200, body, '--event-count 3')).toMatchObject({
      retried: true,
      when: expect.stringContaining('in halves'),
      event_counts: { poison: 3 },
    });
    expect(await answered(200, body)).toMatchObject({
      retried: false,
      when: expect.stringContaining('refused_by_tiktok'),
    });
    expect(await answered(413, '', '--event-count 2')).toMatchObject({ retried: true });
    const alone = await answered(413, '');
    expect(alone).toMatchObject({ retried: false, advice: expect.stringContaining('events.maxEventBytes') });
  });

  test('tells which rows failed where an answer taken in part lists them', async () => {
    const body = { code: 20001, data: { failed_events: [{ index: 2 }] } };
    expect(await answered(200, body, '--event-count 3')).toMatchObject({
      class: 'partial',
      failed_rows: [2],
      event_counts: { partial: 3 },
      when: expect.stringContaining('the rows listed as failed, and the others'),
    });
    expect(await answered(200, { code: 20001 }, '--event-count 3')).toMatchObject({
      failed_rows: null,
      event_counts: { partial: 3 },
      when: expect.stringContaining('at once in slices'),
    });
    const alone = await answered(200, { code: 20001 });
    expect(alone.when).toContain('after three attempts in all it becomes one of the dead letters ambiguous_answer');
    const files = { 'a.json': JSON.stringify(body) };
    const { out } = await command('explain --http-status 200 --body a.json --event-count 3', { files });
    expect(out).toContain('  events      3 partial (failed: row 2)\n');
  });

  test('counts events by class where there are too many to list', async () => {
    const body = { code: 40002, message: 'data.700.event_id' };
    expect(await answered(200, body, '--event-count 1000')).toMatchObject({
      events: [],
      event_counts: { retry: 999, poison: 1 },
    });
    const hundred = await answered(200, body, '--event-count 100');
    expect(hundred.events).toHaveLength(100);
  });

  test.each([
    ['Retry-After:30', 30_000],
    ['Retry-After:soon', null],
    ['X-Other:30', null],
    ['Retry-After:9 --header Retry-After:30', 30_000],
  ])('with the header %s asks to wait %j ms', async (header, wait) => {
    const explained = await explain(`--http-status 429 --header ${header}`);
    expect(explained.retry_after_ms).toBe(wait);
    expect(explained.when.includes('30 seconds asked for')).toBe(wait !== null);
  });

  test('tells whom it is about', async () => {
    expect(await answered(503, HTML)).toMatchObject({ vendor_wide: true, limited_attempts: false });
    expect(await answered(401, HTML)).toMatchObject({ vendor_wide: false });
    expect(await explain('--code 40016')).toMatchObject({
      limited_attempts: true,
      when: expect.stringContaining('three attempts'),
    });
    const { when } = await explain('--code 40016 --event-count 2');
    expect(when).toContain(
      'in slices. What gets such an answer again is sent event by event; one that gets it three times',
    );
  });

  test('reads the body from standard input, and overlooks a byte order mark', async () => {
    const input = '\uFEFF{"code":0}';
    expect(await explain('--http-status 200 --body -', { input })).toMatchObject({ class: 'delivered' });
  });

  test('reads no more of a body than the service does', async () => {
    const padded = (size: number) => answered(200, { code: 0, padding: 'x'.repeat(size) });
    expect((await padded(1_000_000)).class).toBe('delivered');
    expect((await padded(1_100_000)).class).toBe('ambiguous');
  });

  test('repeats no personal data', async () => {
    const body = {
      code: 40002,
      message: 'user.email alice@shop.example is not hashed',
      request_id: 'bob@shop.example',
    };
    const text = JSON.stringify(await answered(200, body));
    expect(text).toContain('[e-mail]');
    expect(text).not.toMatch(/alice|bob/);
  });
});

describe('explain of an error', () => {
  // Which error says what is test/core/transport-errors.test.ts.
  test.each<[string, VerdictClass]>([
    ['ECONNREFUSED', 'retry'],
    ['ECONNRESET', 'ambiguous'],
    ['econnreset', 'ambiguous'],
    ['SomethingNew', 'ambiguous'],
  ])('%s is %s', async (error, verdict) => {
    expect(await explain(`--error ${error} --event-count 2`)).toMatchObject({
      class: verdict,
      http_status: null,
      code: null,
      retried: true,
      vendor_wide: true,
      event_counts: { [verdict]: 2 },
    });
  });
});

describe('explain in words', () => {
  test('says what it means, what happens and what to do', async () => {
    const body = JSON.stringify({ code: 40002, message: 'data[0].event', request_id: 'req-9' });
    const flags = '--http-status 400 --body a.json --event-count 2';
    const { exitCode, out, err } = await command(`explain ${flags}`, { files: { 'a.json': body } });
    expect([exitCode, err]).toEqual([0, '']);
    expect(out).toBe(`poison: at least one event is refused, and the request with it
  answer      code 40002 (PARAM_ERROR) in HTTP 400
  message     data[0].event
  request id  req-9
  events      1 poison (row 0), 1 retry
  sent again  yes: the others at once without row 0, which becomes one of the dead letters refused_by_tiktok if they pass; if not, halves show which are refused.
  do          Read the message: correct the event at its producer, or the mapping, then redrive the dead letter.
  source      SDK, RS, FL (docs/tiktok-answers.md)
`);
  });

  test('leaves out what there is not', async () => {
    const { out } = await command('explain --error ECONNRESET');
    expect(out).toContain('  answer      ECONNRESET\n  events');
    expect(out).toContain('  concerns    everybody');
    expect((await command('explain --code 49999')).out).toContain('code 49999 (unknown)\n  events');
    expect((await command('explain --http-status 502')).out).toContain(
      "  answer      HTTP 502 without TikTok's JSON\n",
    );
    const gateway = await command('explain --http-status 403 --body -', { input: '{"code":403,"message":"blocked"}' });
    expect(gateway.out).toContain("  answer      HTTP 403 without TikTok's JSON: code 403, blocked\n");
  });

  test('knows the waits that are configured', async () => {
    const env = {
      TIKTOK_SYNC_DELIVERY_RETRY_BASE_MS: '2s',
      TIKTOK_SYNC_DELIVERY_AMBIGUOUS_HORIZON_MS: '3h',
      TIKTOK_SYNC_DELIVERY_MAX_HOLD_MS: '7m',
    };
    const { when } = await explain('--error ECONNRESET', { env });
    expect(when).toContain('up to 2 seconds');
    expect(when).toContain('3 hours');
    expect(when).toContain('connection_backpressure once the connection has failed for 7 minutes');
    expect((await explain('--code 40100', { env })).when).toContain('for 7 minutes');
  });
});

describe('explain refuses', () => {
  test.each([
    ['nothing to explain', '', 'there is nothing to explain'],
    ['a body without a status', '--body a.json', 'there is nothing to explain'],
    ['two answers', '--code 0 --body a.json', 'give one of them'],
    ['an error that was answered', '--error ECONNRESET --http-status 200', 'give it alone'],
    ['an error with a code', '--error ECONNRESET --code 0', 'give it alone'],
    ['a status that is none', '--http-status 99', '--http-status "99" is not a whole number from 100 to 999'],
    ['a status in words', '--http-status OK', '--http-status "OK"'],
    ['a code in words', '--code INVALID', '--code "INVALID" is not a whole number'],
    ['a code with a fraction', '--code 0.5', '--code "0.5"'],
    ['a code that is a status', '--code 503', '--code 503 is none of TikTok’s'],
    ['no events', '--code 0 --event-count 0', '--event-count "0" is not a whole number from 1 to 1000'],
    ['more events than a request takes', '--code 0 --event-count 1001', '--event-count "1001"'],
    ['a header without a value', '--http-status 429 --header Retry-After', '--header takes a name and a value'],
    ['an error that is no name', '--error a@b.example', '--error takes the name of an error'],
    ['an option nobody knows', '--status 200', 'unknown option'],
  ])('%s', async (_, flags, problem) => {
    const { exitCode, out, err } = await command(`explain ${flags}`, { files: { 'a.json': '{"code":0}' } });
    expect([exitCode, out]).toEqual([2, '']);
    expect(err).toMatch(/^USAGE {2}/);
    expect(err).toContain(problem);
  });

  test('a body that cannot be read', async () => {
    const { exitCode, out, err } = await command('explain --http-status 200 --body nowhere.json');
    expect([exitCode, out]).toEqual([2, '']);
    expect(err).toMatch(/^INPUT_UNREADABLE {2}.*nowhere\.json/);
  });

  test('an invalid configuration', async () => {
    const env = { TIKTOK_SYNC_DELIVERY_RETRY_BASE_MS: 'soon' };
    const { exitCode, err } = await command('explain --code 0', { env });
    expect(exitCode).toBe(3);
    expect(err).toContain('delivery.retryBaseMs');
  });
});

test('explain --help has examples and exit codes', async () => {
  const { exitCode, out } = await command('explain --help');
  expect(exitCode).toBe(0);
  expect(out).toContain('Examples:\n  $ tiktok-sync explain --http-status 200 --body answer.json --event-count 50');
  expect(out).toContain('Exit codes: 0 the verdict was printed');
});
