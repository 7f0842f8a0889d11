import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkBatchBody } from '../../sandbox/tiktok-batch-rules.ts';
import { checkTrackBody } from '../../sandbox/tiktok-rules.ts';
import { STRICT_RULES } from '../../sandbox/tiktok-strictness.ts';
import { readSchemas } from '../../src/adapters/schema-files.ts';
import type { Host } from '../../src/control/host.ts';
import { runPreview } from '../../src/control/preview.ts';
import { sha256 } from '../../src/core/normalise.ts';
import { DEAD_LETTER_REASONS, SKIP_REASONS } from '../../src/core/outcome.ts';
import { testConfig } from '../config/test-config.ts';
import { nastyText, PRIVATE_IPS } from '../core/business-events.ts';
import { TYPED_PHONE_NUMBERS } from '../core/phone-numbers.ts';
import {
  CASES,
  CONNECTION,
  EVENT,
  EXACT_VALUES,
  MAPPING,
  NOW,
  type PreviewCase,
  VECTOR_CASES,
  VECTOR_HEADS,
} from './preview-cases.ts';

const schemas = readSchemas();
const CODES: ReadonlySet<string> = new Set([...SKIP_REASONS, ...DEAD_LETTER_REASONS, 'INPUT_INVALID']);

type Answer = { readonly request: unknown } | { readonly refused: { readonly code: string; readonly reason: string } };

interface Previewed {
  readonly text: string;
  readonly answer: Answer;
}

/** What the command prints with `--json`, told from the files' texts. */
function previewFiles(files: Readonly<Record<string, string>>, options: PreviewCase['options'] = {}): Previewed {
  let text = '';
  const terminal = { color: false, isTerminal: false, write: () => {} };
  const host: Host = {
    env: {},
    out: {
      ...terminal,
      write: more => {
        text += more;
      },
    },
    err: terminal,
    readFile: path => files[path] ?? '',
    readInput: async () => '',
    now: () => NOW,
    nodeVersion: 'v24.0.0',
    stopSignal: () => new AbortController().signal,
  };
  const request = { event: 'e', entries: { connection: 'c', mapping: 'm' }, now: NOW, json: true };
  const exitCode = runPreview(request, testConfig(options), schemas, host);
  const answer = JSON.parse(text) as Answer;
  expect(exitCode).toBe('request' in answer ? 0 : 3);
  return { text, answer };
}

function preview({ event, connection, mapping, options }: PreviewCase): Previewed {
  const files = {
    e: JSON.stringify({ ...EVENT, ...event }),
    c: JSON.stringify({ ...CONNECTION, ...connection }),
    m: JSON.stringify({ ...MAPPING, ...mapping }),
  };
  return previewFiles(files, options);
}

/** What the simulator says of a whole body, at its strictest. */
function verdictOn(body: unknown) {
  const check = typeof body === 'object' && body !== null && 'batch' in body ? checkBatchBody : checkTrackBody;
  return check(body, { nowMs: NOW, ...STRICT_RULES });
}

function at(path: string, value: unknown): unknown {
  if (path === '') return value;
  return path
    .split('.')
    .reduce<unknown>((node, key) => (node as Readonly<Record<string, unknown>> | undefined)?.[key], value);
}

describe('the preview of an event', () => {
  it.each(CASES.filter(({ sends }) => sends !== undefined))('is right: $says', each => {
    const { answer } = preview(each);
    if (!('request' in answer))
      throw new Error(`nothing would be sent: ${answer.refused.code} ${answer.refused.reason}`);
    for (const [path, value] of Object.entries(each.sends ?? {})) expect(at(path, answer.request), path).toEqual(value);
    expect(verdictOn(answer.request)).toEqual({ ok: true });
  });

  it.each(CASES.filter(({ refuses }) => refuses !== undefined))('is refused: $says', each => {
    const { text, answer } = preview(each);
    expect(answer).toEqual({ refused: { code: each.refuses, reason: expect.stringMatching(/\S/) } });
    expect(text).not.toContain('canary-7f3a');
  });

  it.each(TYPED_PHONE_NUMBERS)('typed a phone number in %s as %j', (country, phone, e164) => {
    const typed = preview({ says: '', event: { phone, country } }).answer;
    const plain = preview({ says: '', event: { phone: e164, country } }).answer;
    expect('request' in typed && at('data.0.user.phone', typed.request)).toMatch(/^[0-9a-f]{64}$/);
    expect(typed).toEqual(plain);
  });

  it('hashes TikTok’s own vectors to the digits that its text prints', () => {
    const heads = VECTOR_CASES.map(each => {
      const [[path = ''] = []] = Object.entries(each.sends ?? {});
      const { answer } = preview(each);
      return 'request' in answer ? String(at(path, answer.request)).slice(0, 8) : null;
    });
    expect(heads).toEqual(VECTOR_HEADS);
  });

  it.each(EXACT_VALUES)('spells the value %s %s as %s', (quote_value, currency, spelt) => {
    const { text } = preview({ says: '', event: { quote_value, currency } });
    expect(text).toContain(`"properties":{"value":${spelt},"currency":"${currency}"}`);
  });

  it('reads amounts with more digits than a double has as they stand in the file', () => {
    const { quote_value: _, ...rest } = EVENT;
    const e = `{"quote_value": 99999999999999.9999, ${JSON.stringify(rest).slice(1)}`;
    const { text } = previewFiles({ e, c: JSON.stringify(CONNECTION), m: JSON.stringify(MAPPING) });
    expect(text).toContain('"value":99999999999999.9999,');
  });

  it('is tried often enough, and often enough where nothing may be sent', () => {
    expect(CASES.length).toBeGreaterThanOrEqual(150);
    expect(CASES.filter(({ refuses }) => refuses !== undefined).length).toBeGreaterThanOrEqual(30);
    for (const { sends, refuses } of CASES) expect([sends, refuses].filter(Boolean)).toHaveLength(1);
    expect(new Set(CASES.map(({ says }) => says)).size).toBe(CASES.length);
  });
});

describe('whatever the files say', () => {
  const NOTHING = sha256('');
  const ordinary = fc.oneof(
    fc.constantFrom(
      'E.C.P',
      'a@b.example',
      '+12133734253',
      '0151 23456789',
      'https://s.example/?ttclid=x',
      '81.2.69.1',
    ),
    fc.constantFrom('EUR', 'bgn', 'DE', 'Lead', 'DemoBooked', '', ' ', 'a'.repeat(64), NOTHING, '4915123456789'),
    fc.constantFrom(' - ', 'https://[::1', 'https:///x', `https://s.example/?ttclid=${'x'.repeat(1001)}`),
    fc.string({ unit: 'binary', maxLength: 20 }),
  );
  const text = fc.oneof({ weight: 12, arbitrary: ordinary }, { weight: 1, arbitrary: nastyText });
  const odd = fc.oneof(text, fc.constantFrom(null, true, false, 0, -1, 1.5, '19.90', '-3', NOW, 1e300), fc.jsonValue());
  const touch = fc.record(
    {
      ...{ ttclid: fc.oneof(text, fc.constant('x'.repeat(1001))), ttp: text, page_url: text, referrer: text },
      ...{ ip: fc.oneof(text, fc.constantFrom(...PRIVATE_IPS), fc.ipV4(), fc.ipV6()), user_agent: text },
    },
    { requiredKeys: [] },
  );
  const some = <T>(fields: Record<string, fc.Arbitrary<T>>) => fc.record(fields, { requiredKeys: [] });
  const texts = (names: string) => Object.fromEntries(names.split(' ').map(name => [name, fc.option(text)]));
  const likelyEvent = some<unknown>({
    ...texts('contact_id email phone country first_name last_name city state zip_code currency test_event_code'),
    occurred_at: fc.integer({ min: NOW - 40 * 86_400_000, max: NOW + 1_000_000 }),
    quote_value: fc.constantFrom('19.90', '0', '-1', '99999999999999.9999', null),
    consent: fc.constantFrom('GRANTED', 'DENIED', 'UNSPECIFIED', null),
    limited_data_use: fc.option(fc.boolean()),
    first_touch: fc.option(touch),
    last_touch: fc.option(touch),
    contents: fc.option(
      fc.array(
        some<unknown>({
          ...texts('content_id content_name content_type'),
          quantity: fc.integer(),
          price: fc.constantFrom('1.5', '-1'),
        }),
        { maxLength: 3 },
      ),
    ),
  });
  const likelyConnection = some<unknown>({
    ...texts('test_event_code'),
    wire: fc.constantFrom('V1', 'V2', null),
    event_source: fc.constantFrom('WEB', 'OFFLINE', null),
    default_country: fc.constantFrom('US', 'de', ' id ', 'UK', '', null),
    fallback_page_url: fc.constantFrom(' https://shop.example/ ', 'https:///x', 'https://u:p@shop.example/', '', null),
    advertiser_name: fc.option(text),
    max_requests_per_second: fc.constantFrom(0.1, 1e9, null),
    enabled: fc.constantFrom(true, null),
  });
  const likelyMapping = some<unknown>({
    tiktok_event_name: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom('Lead', 'SubmitForm', 'DemoBooked') },
      { weight: 1, arbitrary: text },
    ),
    attribution: fc.constantFrom('FIRST_TOUCH', 'LAST_TOUCH', null),
    include_value: fc.boolean(),
    currency: fc.constantFrom('EUR', 'USD', 'BGN', null),
    currency_policy: fc.constantFrom('OMIT', 'FIXED', 'DEAD_LETTER', null),
    fixed_value: fc.constantFrom('5', '-5', null),
  });
  const anything = (base: object) =>
    fc.dictionary(fc.constantFrom(...Object.keys(base), 'email', 'last_touch', 'nonsense'), odd);

  function holds(event: object, connection: object, mapping: object): boolean {
    const { answer } = preview({
      says: '',
      event: { ...event },
      connection: { ...connection },
      mapping: { ...mapping },
    });
    if ('request' in answer) {
      expect(verdictOn(answer.request)).toEqual({ ok: true });
      return true;
    }
    expect(CODES).toContain(answer.refused.code);
    expect(answer.refused.code).not.toBe('build_failed');
    expect(answer.refused.reason).toMatch(/\S/);
    return false;
  }

  it('it never throws; what it shows passes the strict check of the simulator, the rest has a reason', () => {
    let sent = 0;
    fc.assert(
      fc.property(likelyEvent, likelyConnection, likelyMapping, (event, connection, mapping) => {
        if (holds(event, connection, mapping)) sent += 1;
      }),
      { numRuns: 2_000 },
    );
    expect(sent).toBeGreaterThan(200);
  });

  it('nor does it throw for files that make no sense', () => {
    fc.assert(
      fc.property(anything(EVENT), anything(CONNECTION), anything(MAPPING), (event, connection, mapping) => {
        holds(event, connection, mapping);
      }),
      { numRuns: 1_000 },
    );
  });
});
