import { beforeEach, describe, expect, test } from 'vitest';
import type { ApplyFile } from '../../src/cli-apply.ts';
import { runApply } from '../../src/control/apply.ts';
import type { Fields } from '../../src/core/entry-fields.ts';
import type { ConfigTopic } from '../../src/ports.ts';
import { command, MINIMAL } from '../cli/fake-host.ts';
import { connection, mapping } from '../core/config-records.ts';
import { schemas } from '../core/event-records.ts';
import { MemoryConfigTopic } from '../fakes/memory-config-topic.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

const PIXEL = 'C4A2B3D4E5F6G7H8I9J0';
const C1 = connection({ pixel_id: PIXEL });
const M1 = mapping({ tiktok_event_name: 'Lead' });

let topic: MemoryConfigTopic;
let clock: VirtualClock;
let connects: number;

beforeEach(() => {
  topic = new MemoryConfigTopic();
  clock = new VirtualClock();
  connects = 0;
});

function apply(content: unknown, flags = '', input?: string) {
  const file = typeof content === 'string' ? content : JSON.stringify(content);
  return command(`apply ${input === undefined ? '-f f.yaml' : '-f -'} ${flags}`, {
    env: MINIMAL,
    files: { 'f.yaml': file },
    ...(input === undefined ? {} : { input }),
    heavy: { apply: onTopic },
  });
}

const onTopic: ApplyFile = (request, _config, host) => {
  const withTopic = <T>(use: (topic: ConfigTopic) => Promise<T>) => {
    connects += 1;
    return use(topic);
  };
  return runApply(request, { schemas, clock, withTopic }, host);
};

describe('apply', () => {
  test('writes what the topic does not have, connections first, and says what it did', async () => {
    const { exitCode, out, err } = await apply({ mappings: [M1], connections: [C1] });
    expect([exitCode, err]).toEqual([0, '']);
    expect(topic.writes).toEqual(['connection:c-1', 'mapping:m-1']);
    expect(out).toBe(`+ connection c-1
    connection_id: "c-1"
    workspace_id: "ws-1"
    pixel_id: "${PIXEL}"
    access_token: (file: reference)
+ mapping m-1
    mapping_id: "m-1"
    connection_id: "c-1"
    trigger: "CONVERSION_CREATED"
    tiktok_event_name: "Lead"
2 added, 0 changed, 0 unchanged.
`);
  });

  test('writes only what differs, and shows it field by field', async () => {
    await apply({ connections: [C1], mappings: [M1] });
    topic.writes.length = 0;
    const changed = { ...M1, tiktok_event_name: 'Contact', event_name_filter: 'Demo' };
    const { exitCode, out } = await apply({ connections: [C1], mappings: [changed] });
    expect(exitCode).toBe(0);
    expect(topic.writes).toEqual(['mapping:m-1']);
    expect(out).toBe(`= connection c-1
~ mapping m-1
    event_name_filter: (not set) -> "Demo"
    tiktok_event_name: "Lead" -> "Contact"
0 added, 1 changed, 1 unchanged.
`);
  });

  test('done twice changes nothing the second time', async () => {
    await apply({ connections: [C1], mappings: [M1] });
    const again = await apply({ connections: [C1], mappings: [M1] }, '--json');
    expect(topic.writes).toHaveLength(2);
    expect(JSON.parse(again.out)).toMatchObject({ written: false, added: 0, changed: 0, unchanged: 2 });
  });

  test('--json has the names of the fields in snake_case, as every command', async () => {
    const { out } = await apply({ connections: [C1] }, '--json --dry-run');
    const report = JSON.parse(out);
    expect(report).toMatchObject({ dry_run: true, written: false });
    const names = ['file', 'dry_run', 'written', 'added', 'changed', 'unchanged', 'entries', 'problems', 'warnings'];
    expect(Object.keys(report)).toEqual(names);
  });

  test('a field that the file leaves out is unset', async () => {
    await apply({ connections: [{ ...C1, default_country: 'GB' }] });
    const { out } = await apply({ connections: [C1] });
    expect(out).toContain('default_country: "GB" -> (not set)');
    expect(topic.entries.get('connection:c-1')?.fields['default_country']).toBeNull();
  });

  test('--dry-run shows the same and writes nothing', async () => {
    const { exitCode, out } = await apply({ connections: [C1] }, '--dry-run');
    expect([exitCode, topic.writes]).toEqual([0, []]);
    expect(out).toContain('+ connection c-1');
    expect(out).toMatch(/1 added, 0 changed, 0 unchanged \(dry run: nothing was written\)\.\n$/);
  });

  test('- reads standard input', async () => {
    const { exitCode } = await apply('', '', JSON.stringify({ connections: [C1] }));
    expect([exitCode, topic.writes]).toEqual([0, ['connection:c-1']]);
  });

  test('one problem keeps everything from being written, and is told without asking Kafka', async () => {
    const wrong = { ...M1, trigger: 'NEVER', access_token: 'canary-7f3a' };
    const { exitCode, out, err } = await apply({
      connections: [{ ...C1, access_token: 'canary-7f3a' }],
      mappings: [wrong],
    });
    expect([exitCode, out, connects]).toEqual([3, '', 0]);
    const lines = err.trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^f\.yaml:1:\d+: connection c-1: access_token: a token is never stored in clear/);
    expect(lines.at(-1)).toBe('INPUT_INVALID  3 problems in f.yaml. Nothing was written.');
    expect(err).not.toContain('canary');
  });

  test('--json tells problems as data, with exit code 3', async () => {
    const { exitCode, out, err } = await apply({ mappings: [{ ...M1, trigger: 'NEVER' }] }, '--json');
    expect([exitCode, err]).toEqual([3, '']);
    expect(JSON.parse(out)).toMatchObject({
      written: false,
      problems: [{ line: 1, entry: 'mapping m-1', field: 'trigger', message: expect.stringContaining('known symbol') }],
    });
  });

  test('problems come in the order of the file', async () => {
    const text =
      'connections:\n  - connection_id: c-1\n    workspace_id: w\n    wire: V3\n    pixelid: P\n    access_token: env:HOME\n';
    const { err } = await apply(text);
    expect(err.match(/^f\.yaml:\d+/gm)).toEqual(['f.yaml:2', 'f.yaml:4', 'f.yaml:5', 'f.yaml:6']);
  });

  test('a name that TikTok would refuse is refused', async () => {
    const { exitCode, err } = await apply({ mappings: [{ ...M1, tiktok_event_name: 'Registration' }] });
    expect(exitCode).toBe(3);
    expect(err).toContain('tiktok_event_name: is reserved by TikTok');
  });
});

describe('apply to an offline event set', () => {
  const OFFLINE = { ...C1, event_source: 'OFFLINE', pixel_id: '7123456789012345678' };
  const custom = { ...M1, tiktok_event_name: 'DealWon' };

  test('refuses a custom name, by the connection in the file or the one on the topic', async () => {
    const together = await apply({ connections: [OFFLINE], mappings: [custom] });
    expect([together.exitCode, connects]).toEqual([3, 1]);
    expect(together.err).toContain('mapping m-1: tiktok_event_name: is not a standard event');
    expect((await apply({ connections: [OFFLINE] })).exitCode).toBe(0);
    const alone = await apply({ mappings: [custom] });
    expect([alone.exitCode, topic.writes]).toEqual([3, ['connection:c-1']]);
    expect(alone.err).toContain('mapping m-1: tiktok_event_name: is not a standard event');
  });

  test('tells it beside what else is wrong with the file', async () => {
    const { err } = await apply({
      connections: [OFFLINE, { ...C1, connection_id: 'c-2', wire: 'V3' }],
      mappings: [custom],
    });
    expect(err).toContain('connection c-2: wire: is not a known symbol');
    expect(err).toContain('mapping m-1: tiktok_event_name: is not a standard event');
  });
});

describe('apply warns, and writes all the same', () => {
  const revenue = { ...M1, trigger: 'REALIZED_REVENUE_UPDATED', include_value: true, value_source: 'SALES_VALUE' };
  test.each<readonly [string, object, RegExp]>([
    [
      'of a mapping whose connection is nowhere',
      { mappings: [{ ...M1, connection_id: 'c-11' }], connections: [C1] },
      /warning: f\.yaml:1:\d+: mapping m-1: connection_id: there is no connection of this id.* Did you mean c-1\?/,
    ],
    [
      'of an odd pixel id',
      { connections: [{ ...C1, pixel_id: 'PIXEL' }] },
      /warning: f\.yaml:1:\d+: connection c-1: pixel_id: /,
    ],
    [
      'of what the choice of the event id means',
      { connections: [C1], mappings: [{ ...revenue, tiktok_event_name: 'Purchase' }] },
      /mapping m-1: event_id_source: with CONVERSION only the first update/,
    ],
    [
      'of two triggers with one TikTok event name on one pixel',
      { connections: [C1], mappings: [M1, { ...revenue, mapping_id: 'm-2' }] },
      /mapping m-2: tiktok_event_name: mapping m-1 sends Lead on the same pixel/,
    ],
    [
      'of a former name',
      { connections: [C1], mappings: [{ ...M1, tiktok_event_name: 'CompletePayment' }] },
      /mapping m-1: tiktok_event_name: since May 2025 TikTok counts CompletePayment as Purchase/,
    ],
  ])('%s; --strict writes nothing', async (_, content, warning) => {
    const strict = await apply(content, '--strict');
    expect([strict.exitCode, topic.writes]).toEqual([3, []]);
    expect(strict.err).toMatch(warning);
    expect(strict.err).toMatch(/INPUT_INVALID {2}\d warnings? in f\.yaml \(--strict\)\. Nothing was written\.\n$/);
    const lenient = await apply(content);
    expect(lenient.exitCode).toBe(0);
    expect(lenient.err).toMatch(warning);
    expect(topic.writes).not.toEqual([]);
  });

  test('by what is on the topic as well as by what is in the file', async () => {
    await apply({ connections: [C1], mappings: [M1] });
    const rival = { ...revenue, mapping_id: 'm-2' };
    expect((await apply({ mappings: [rival] })).err).toContain('mapping m-1 sends Lead on the same pixel');
    expect((await apply({ mappings: [{ ...M1, enabled: false }] })).err).toBe('');
  });

  test('and counts a connection that cannot be read as there', async () => {
    topic.unreadable.set('connection:c-1', { offset: 0, problem: 'truncated' });
    expect((await apply({ mappings: [M1] })).err).toBe('');
    const { out } = await apply({ connections: [C1] });
    expect(out).toContain('~ connection c-1 (what is there cannot be read)');
    expect(out).toContain('0 added, 1 changed, 0 unchanged.');
  });
});

describe('apply waits until everything can be read back', () => {
  test('and says what it waits for when that takes long', async () => {
    topic.onWritten = () => 'hide';
    const ended = apply({ connections: [C1] });
    await clock.advance(9_000);
    topic.put({ kind: 'connection', id: 'c-1' }, topicFields());
    await clock.advance(1_000);
    const { exitCode, err } = await ended;
    expect(exitCode).toBe(0);
    expect(err).toBe(
      'waiting for connection:c-1 to be read back (2 s)\nwaiting for connection:c-1 to be read back (7 s)\n',
    );
  });

  test('for --timeout and no longer where Kafka does not answer at all, before and after it was asked to write', async () => {
    const hang = () => new Promise<never>(() => {});
    for (const [asked, consequence] of [
      ['read', 'Nothing was written.'],
      ['write', 'Some entries may have been written: run the command again, which writes only what is still missing.'],
    ] as const) {
      topic = Object.assign(new MemoryConfigTopic(), { [asked]: hang });
      const ended = apply({ connections: [C1] }, '--timeout 3s');
      await clock.advance(3_000);
      const { exitCode, err } = await ended;
      expect(exitCode).toBe(4);
      expect(err).toBe(
        `DEPENDENCY_UNREACHABLE  Kafka or the registry did not answer within 3 s (--timeout). ${consequence}\n`,
      );
    }
  });

  test('for --timeout and no longer', async () => {
    topic.onWritten = () => 'hide';
    const ended = apply({ connections: [C1] }, '--timeout 1s');
    await clock.advance(1_000);
    const { exitCode, err } = await ended;
    expect(exitCode).toBe(7);
    expect(err).toBe('NOT_READ_BACK  Written, and not read back within 1 s: connection:c-1. Run the command again.\n');
  });

  test('while Kafka does not answer, too', async () => {
    topic.onWritten = () => {
      topic.onRead = () => {
        throw new Error('away');
      };
      return 'show';
    };
    const ended = apply({ connections: [C1] });
    await clock.advance(5_000);
    topic.onRead = () => {};
    await clock.advance(200);
    expect((await ended).exitCode).toBe(0);
  });

  test('and says when somebody else has written the entry since', async () => {
    topic.onWritten = () => {
      topic.put({ kind: 'connection', id: 'c-1' }, { ...topicFields(), enabled: false });
      return 'hide';
    };
    const { exitCode, err } = await apply({ connections: [C1] });
    expect(exitCode).toBe(7);
    expect(err).toContain('NOT_READ_BACK  Written, and overwritten by somebody else since: connection:c-1.');
  });
});

describe('apply cannot start', () => {
  test('with a registry that knows nothing of what is on the topic', async () => {
    topic.unreadable.set('connection:c-9', { offset: 0, problem: 'schema_unknown: the registry has no schema 7' });
    const { exitCode, err } = await apply({ connections: [C1] });
    expect([exitCode, topic.writes]).toEqual([4, []]);
    expect(err).toContain('Is registry.url the right one?');
  });

  test('without a file, or with a time that is none', async () => {
    expect((await command('apply', { env: MINIMAL })).exitCode).toBe(2);
    expect((await command('apply -f nowhere.yaml', { env: MINIMAL, heavy: { apply: onTopic } })).exitCode).toBe(2);
    const { exitCode, err } = await apply({}, '--timeout soon');
    expect([exitCode, err]).toEqual([2, 'USAGE  --timeout "soon" is not a time above 0, such as 30s or 2m\n']);
  });

  test('without Kafka and registry in the configuration, but without Redis', async () => {
    const env = { TIKTOK_SYNC_KAFKA_BROKERS: 'k:1', TIKTOK_SYNC_REGISTRY_URL: 'http://r' };
    const heavy = { apply: async () => 0 };
    expect((await command('apply -f f', { env, heavy })).exitCode).toBe(0);
    const { exitCode, err } = await command('apply -f f', { env: {}, heavy });
    expect(exitCode).toBe(3);
    expect(err).toContain('kafka.brokers');
  });
});

function topicFields(): Fields {
  const empty = { advertiser_name: null, test_event_code: null, event_source: null, wire: null, default_country: null };
  return { ...(C1 as Fields), ...empty, fallback_page_url: null, max_requests_per_second: null, enabled: null };
}
