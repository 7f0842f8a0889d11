import { describe, expect, test } from 'vitest';
import { readSchemas } from '../../src/adapters/schema-files.ts';
import { runPreview } from '../../src/control/preview.ts';
import { command } from './fake-host.ts';

const EVENT = {
  conversion_id: 'conv-1',
  workspace_id: 'w1',
  occurred_at: '2026-11-22T11:59:00Z',
  event_name: 'Demo booked',
  email: 'ada@example.com',
  quote_value: '1250.50',
  currency: 'EUR',
  last_touch: { ttclid: 'E.C.P.click', page_url: 'https://shop.example/demo' },
};
const CONNECTION = { connection_id: 'c1', workspace_id: 'w1', pixel_id: 'C4A2B3D4E5F6G7H8I9J0' };
const MAPPING = {
  mapping_id: 'm1',
  connection_id: 'c1',
  tiktok_event_name: 'Lead',
  include_value: true,
  value_source: 'QUOTE_VALUE',
};

interface Changes {
  readonly event?: Readonly<Record<string, unknown>>;
  readonly connection?: Readonly<Record<string, unknown>>;
  readonly mapping?: Readonly<Record<string, unknown>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

function preview(flags: string, { event, connection, mapping, files, env = {} }: Changes = {}) {
  return command(`preview --event e.json --connection c.json --mapping m.json ${flags}`, {
    env,
    files: {
      'e.json': JSON.stringify({ ...EVENT, ...event }),
      'c.json': JSON.stringify({ ...CONNECTION, ...connection }),
      'm.json': JSON.stringify({ ...MAPPING, ...mapping }),
      ...files,
    },
    heavy: { preview: async (request, options, host) => runPreview(request, options, readSchemas(), host) },
  });
}

describe('preview of what would be sent', () => {
  test('prints the exact body, alone, on standard output', async () => {
    const { exitCode, out, err } = await preview('');
    expect(exitCode).toBe(0);
    const body = JSON.parse(out);
    expect(out).toBe(`${JSON.stringify(body)}\n`);
    expect(body).toMatchObject({ event_source: 'web', event_source_id: 'C4A2B3D4E5F6G7H8I9J0' });
    expect(body.data).toHaveLength(1);
    expect(body.data[0]).toMatchObject({
      event: 'Lead',
      event_id: 'conv-1',
      event_time: Date.UTC(2026, 10, 22, 11, 59) / 1000,
      properties: { value: 1250.5, currency: 'EUR' },
      page: { url: 'https://shop.example/demo' },
    });
    expect(body.data[0].user.ttclid).toBe('E.C.P.click');
    expect(out).not.toContain('ada@example.com');
    expect(err).toMatch(/^POST \/open_api\/v1\.3\/event\/track\//);
  });

  test('--json wraps the same bytes', async () => {
    const [plain, json] = [await preview(''), await preview('--json')];
    expect(json).toEqual({ exitCode: 0, out: `{"request":${plain.out.trimEnd()}}\n`, err: '' });
  });

  test('a byte order mark at the beginning of a file is nothing', async () => {
    const marked = await preview('', { files: { 'e.json': `\uFEFF${JSON.stringify(EVENT)}` } });
    expect(marked).toEqual(await preview(''));
    expect(marked.exitCode).toBe(0);
  });

  test('a currency policy FIXED without a fixed value is told where it leaves out the value', async () => {
    const { err } = await preview('', { event: { currency: 'BGN' }, mapping: { currency_policy: 'FIXED' } });
    expect(err).toContain('Left out or corrected: currency_omitted');
  });

  test('advice on the event name is told beside the request, never in it', async () => {
    const old = { mapping: { tiktok_event_name: 'CompletePayment' } };
    const { exitCode, out, err } = await preview('', old);
    expect([exitCode, JSON.parse(out).data[0].event]).toEqual([0, 'CompletePayment']);
    expect(err).toMatch(/\nAbout the event name CompletePayment: since May 2025 TikTok counts .+ as Purchase.+\.\n$/);
    const json = await preview('--json', old);
    expect(json.exitCode).toBe(0);
    expect(json.out.startsWith(`{"request":${out.trimEnd()},`)).toBe(true);
    const about = 'the event name CompletePayment';
    expect(JSON.parse(json.out).warnings).toEqual([{ about, message: expect.stringContaining('as Purchase') }]);
    expect(json.err).toMatch(/^About the event name CompletePayment: /);
  });

  test('--json is as little silent about what was left out', async () => {
    const { out, err } = await preview('--json', { event: { currency: 'BGN' } });
    expect(err).toBe('Left out or corrected: currency_omitted.\n');
    expect(JSON.parse(out)).toEqual({ request: expect.anything(), notes: ['currency_omitted'] });
  });

  test.each<readonly [string, string, Changes]>([
    ['an odd pixel id', 'pixel_id of connection c1: is not the 20', { connection: { pixel_id: 'P' } }],
    ['a country without phones', 'default_country of connection c1: is no', { connection: { default_country: 'XX' } }],
    ['a currency off the list', "currency of mapping m1: is not on TikTok's", { mapping: { currency: 'BGN' } }],
    [
      'an event id without effect',
      'event_id_source of mapping m1: UPDATE has no effect',
      { mapping: { event_id_source: 'UPDATE' } },
    ],
  ])('%s is warned about, beside the request', async (_, warning, changes) => {
    const plain = await preview('', changes);
    expect([plain.exitCode, plain.err]).toEqual([0, expect.stringContaining(`\nAbout ${warning}`)]);
    const json = await preview('--json', changes);
    const { request, warnings } = JSON.parse(json.out);
    expect(request).toEqual(JSON.parse(plain.out));
    const told = warnings.map(({ about, message }: Record<string, string>) => `${about}: ${message}`);
    expect(told).toEqual([expect.stringContaining(warning)]);
    expect(json.err).toBe(`About ${told[0]}.\n`);
  });

  test('the old wire and offline events go to their own place', async () => {
    expect((await preview('', { connection: { wire: 'V1' } })).err).toMatch(/^POST \/open_api\/v1\.3\/pixel\/batch\//);
    const offline = await preview('', { connection: { event_source: 'OFFLINE' } });
    expect(offline.err).toBe('POST /open_api/v1.3/event/track/\n');
    expect(JSON.parse(offline.out)).toMatchObject({ event_source: 'offline' });
  });

  test('the token is not looked up', async () => {
    const { exitCode } = await preview('', { connection: { access_token: 'file:not-there' } });
    expect(exitCode).toBe(0);
  });

  test('no option of a server has to be set, and options of events count', async () => {
    expect((await preview('', { event: { occurred_at: '2026-11-20T12:00:00Z' } })).exitCode).toBe(0);
    const strict = { event: { occurred_at: '2026-11-20T12:00:00Z' }, env: { TIKTOK_SYNC_EVENTS_MAX_AGE_MS: '1d' } };
    expect((await preview('--json', strict)).out).toContain('"code":"too_old"');
  });

  test('--now moves the clock', async () => {
    expect((await preview('--now 2027-01-22T12:00:00Z --json')).out).toContain('"code":"too_old"');
    expect((await preview(`--now ${Date.UTC(2026, 10, 22, 12)}`)).exitCode).toBe(0);
    expect((await preview('--now yesterday')).exitCode).toBe(2);
  });
});

describe('preview of what would not be sent', () => {
  test.each<readonly [string, string, Changes]>([
    ['of another workspace', 'no_connection', { event: { workspace_id: 'w2' } }],
    ['of another connection', 'no_mapping', { mapping: { connection_id: 'c2' } }],
    ['for another trigger', 'no_mapping', { mapping: { trigger: 'REALIZED_REVENUE_UPDATED' } }],
    ['for another event name', 'no_mapping', { mapping: { event_name_filter: 'demo booked' } }],
    ['by a disabled mapping', 'no_mapping', { mapping: { enabled: false } }],
    ['by a disabled connection', 'connection_disabled', { connection: { enabled: false } }],
    ['without consent', 'consent_denied', { event: { consent: 'DENIED' } }],
    ['with a negative value', 'negative_value', { event: { quote_value: -1 } }],
    ['with a token in clear', 'config_invalid', { connection: { access_token: 'canary-7f3a' } }],
    ['older than attribution reaches', 'too_old', { event: { occurred_at: '2026-10-01T00:00:00Z' } }],
    ['from the future', 'in_future', { event: { occurred_at: '2026-11-23T00:00:00Z' } }],
    ['with a field of another kind', 'INPUT_INVALID', { event: { occurred_at: 'yesterday' } }],
    ['on a day that does not exist', 'INPUT_INVALID', { event: { occurred_at: '2026-02-30T00:00:00Z' } }],
    ['with half a character', 'INPUT_INVALID', { event: { event_name: 'Demo \ud83d' } }],
    ['with a slip in its consent', 'INPUT_INVALID', { event: { consent: 'denied' } }],
    ['with a field nobody knows', 'INPUT_INVALID', { mapping: { tiktok_event: 'Lead' } }],
  ])('an event %s is refused with %s', async (_, code, changes) => {
    const plain = await preview('', changes);
    expect([plain.exitCode, plain.out]).toEqual([3, '']);
    expect(plain.err).toMatch(new RegExp(`^${code}  \\S.+\\nNothing would be sent\\.\\n(What to do: \\S.+\\n)?$`));
    const { exitCode, out, err } = await preview('--json', changes);
    expect([exitCode, err]).toEqual([3, '']);
    expect(JSON.parse(out)).toEqual({ refused: { code, reason: expect.stringMatching(/\S/) } });
    expect(out + plain.err).not.toContain('canary-7f3a');
  });

  test('all that keeps event, connection and mapping apart is told at once', async () => {
    const { err } = await preview('', { mapping: { connection_id: 'c2', enabled: false, event_name_filter: 'X' } });
    expect(err).toContain(
      'of connection c2, not of c1; the mapping is disabled; the mapping waits for events named "X", ' +
        'the event is named "Demo booked".',
    );
    const nameless = await preview('', { mapping: { event_name_filter: 'X' }, event: { event_name: null } });
    expect(nameless.err).toContain('waits for events named "X", the event has no name.');
  });

  test.each<readonly [string, Changes]>([
    ['Send a key. Where only a phone', { event: { email: null, last_touch: null, phone: '0151 23456789' } }],
    ['Correct what the message names.', { event: { conversion_id: ' ' } }],
    ['Correct the clock, the unit or the time zone', { event: { occurred_at: '2026-11-23T00:00:00Z' } }],
    ['Convert upstream', { event: { currency: 'BGN' }, mapping: { currency_policy: 'DEAD_LETTER' } }],
  ])('what to do is told, in plain words: %s', async (remedy, changes) => {
    const { err } = await preview('', changes);
    expect(err).toContain(`\nWhat to do: ${remedy}`);
    expect(err).not.toContain('`');
  });

  test('what apply would refuse and the service would not is not called a dead letter', async () => {
    const custom = await preview('', { mapping: { tiktok_event_name: 'Demo booked' } });
    expect(custom.err).toBe(
      'config_invalid  tiktok-sync apply would refuse it (the config topic takes it with a warning): mapping: ' +
        'tiktok_event_name: may hold letters a to z, digits, _ and - only.\nNothing would be sent.\n',
    );
    const page = await preview('', { connection: { fallback_page_url: 'https:///x' } });
    expect(page.err).toContain('apply would refuse it');
    const both = await preview('', { mapping: { tiktok_event_name: 'Demo booked', value_source: null } });
    expect(both.err).toMatch(/would be a dead letter: mapping: value_source: .+; tiktok_event_name: /);
  });

  test('a file that cannot be read, or is no JSON, is a mistake on the command line', async () => {
    const missing = await preview('--event nowhere.json');
    expect([missing.exitCode, missing.out]).toEqual([2, '']);
    expect(missing.err).toMatch(/^INPUT_UNREADABLE {2}.*nowhere\.json/);
    const broken = await preview('', { files: { 'm.json': '{"email": "ada@example.com", oops}' } });
    expect(broken).toEqual({ exitCode: 2, out: '', err: 'INPUT_UNREADABLE  m.json is not JSON\n' });
  });
});

describe('preview of a file that is meant for apply', () => {
  const TOKEN = { access_token: 'file:c1' };
  const UPDATE = { ...MAPPING, mapping_id: 'm2', trigger: 'REALIZED_REVENUE_UPDATED', include_value: false };
  const FILE = {
    connections: [{ ...CONNECTION, ...TOKEN }],
    mappings: [{ ...MAPPING, trigger: 'CONVERSION_CREATED' }, UPDATE],
  };

  function fromFile(flags: string, file: object = FILE) {
    return command(`preview --event e.json -f acme.yaml ${flags}`, {
      files: { 'e.json': JSON.stringify(EVENT), 'acme.yaml': JSON.stringify(file) },
      heavy: { preview: async (request, options, host) => runPreview(request, options, readSchemas(), host) },
    });
  }

  test('prints what its two entries would print from files of their own', async () => {
    const ended = await fromFile('--mapping m1');
    expect(ended).toEqual(await preview(''));
    expect(ended.exitCode).toBe(0);
    expect(await fromFile('', { ...FILE, mappings: FILE.mappings.slice(0, 1) })).toEqual(ended);
  });

  test('another mapping of the file says what it waits for', async () => {
    const { exitCode, err } = await fromFile('--mapping m2');
    expect(exitCode).toBe(3);
    expect(err).toContain('the mapping waits for REALIZED_REVENUE_UPDATED');
  });

  test.each([
    ['', FILE, 'say with --mapping ID which mapping of acme.yaml is meant; its mappings are m1, m2'],
    ['--mapping m3', FILE, 'acme.yaml has no mapping m3; did you mean m1?'],
    ['--mapping m1', { mappings: FILE.mappings }, 'acme.yaml has no connection c1, which its mapping m1 belongs to'],
    ['', { connections: FILE.connections }, 'acme.yaml has no mapping'],
    ['--connection c.json --mapping m1', FILE, 'name a file for apply (-f FILE, with --mapping ID), or --connection'],
  ])('%s is refused where that does not say which', async (flags, file, message) => {
    const { exitCode, err, out } = await fromFile(flags, file);
    expect([exitCode, out]).toEqual([2, '']);
    expect(err).toContain(message);
  });

  test('what apply would refuse is told as apply tells it', async () => {
    const [mapping] = FILE.mappings;
    const { exitCode, err } = await fromFile('--mapping m1', { ...FILE, mappings: [{ ...mapping, triger: 'x' }] });
    expect(exitCode).toBe(3);
    expect(err).toMatch(/^INPUT_INVALID {2}acme\.yaml:1:\d+: mapping m1: triger: /);
  });
});
