import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readConfigFile } from '../../src/control/apply-file.ts';
import { runGet } from '../../src/control/get.ts';
import { type EntryKind, entryFromJson } from '../../src/core/entry-fields.ts';
import { command, MINIMAL } from '../cli/fake-host.ts';
import { connection, mapping } from '../core/config-records.ts';
import { schemas } from '../core/event-records.ts';
import { MemoryConfigTopic } from '../fakes/memory-config-topic.ts';

let topic: MemoryConfigTopic;

beforeEach(() => {
  topic = new MemoryConfigTopic();
  put('mapping', 'm-2', mapping({ mapping_id: 'm-2', connection_id: 'c-2' }));
  put('mapping', 'm-1', mapping({ fixed_value: '25', include_value: false }));
  put('connection', 'c-1', connection({ default_country: 'NO', max_requests_per_second: 0.5 }));
  put('connection', 'c-2', connection({ connection_id: 'c-2', workspace_id: 'ws-2' }));
});

function put(kind: EntryKind, id: string, json: Readonly<Record<string, unknown>>): void {
  topic.put({ kind, id }, entryFromJson(kind, json, schemas).fields);
}

function get(args = '') {
  return command(`get ${args}`, {
    env: MINIMAL,
    heavy: { get: (request, _config, host) => runGet(request, topic, host) },
  });
}

async function idsOf(args: string): Promise<string[]> {
  const { out } = await get(args);
  const { connections, mappings } = parse(out) as Record<string, { connection_id: string; mapping_id?: string }[]>;
  return [...(connections ?? []), ...(mappings ?? [])].map(
    ({ connection_id, mapping_id }) => mapping_id ?? connection_id,
  );
}

describe('get', () => {
  test('prints what apply takes, set fields only, in the order of ids', async () => {
    const { exitCode, out, err } = await get();
    expect([exitCode, err]).toEqual([0, '']);
    expect(out).toMatch(/^connections:\n {2}- connection_id: c-1\n/);
    const { entries, problems } = readConfigFile(out, schemas);
    expect(problems).toEqual([]);
    expect(entries.map(({ id }) => id)).toEqual(['c-1', 'c-2', 'm-1', 'm-2']);
    for (const { kind, id, fields } of entries) expect(fields).toEqual(topic.entries.get(`${kind}:${id}`)?.fields);
    expect(out).not.toContain('null');
  });

  test('prints any text so that apply reads the same text again', async () => {
    const odd = fc.constantFrom(...'\u0085\u2028\u2029\ufeff\u00a0\0\b\x1b\x7f\r\n\t"\'#:-*&!|>%@`{}[], \\');
    const text = fc
      .string({ unit: fc.oneof(odd, fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })) })
      .filter(each => each.trim() !== '');
    const entry = fc.record({
      id: text,
      name: fc.oneof(text, fc.constantFrom('', 'yes', '1e3', '0x1F', '~', '<<', '2026-01-01')),
    });
    await fc.assert(
      fc.asyncProperty(entry, fc.constantFrom('yaml', 'json'), async ({ id, name }, output) => {
        topic.entries.clear();
        put('connection', id, connection({ connection_id: id, advertiser_name: name, test_event_code: name }));
        put('mapping', id, mapping({ mapping_id: id, connection_id: id, event_name_filter: name }));
        const { out } = await get(`-o ${output}`);
        const { entries, problems } = readConfigFile(out, schemas);
        expect(problems).toEqual([]);
        expect(entries.map(({ fields }) => fields)).toEqual([...topic.entries.values()].map(({ fields }) => fields));
      }),
      { numRuns: 500 },
    );
  });

  test('prints JSON that apply takes as well', async () => {
    const [yaml, json] = [await get(), await get('-o json')];
    expect(JSON.parse(json.out)).toEqual(parse(yaml.out));
    expect(readConfigFile(json.out, schemas).problems).toEqual([]);
  });

  test.each([
    ['connections', ['c-1', 'c-2']],
    ['mappings', ['m-1', 'm-2']],
    ['connection c-2', ['c-2']],
    ['mapping m-1', ['m-1']],
    ['--workspace ws-2', ['c-2', 'm-2']],
    ['mappings --workspace ws-1', ['m-1']],
    ['--workspace nobody', []],
  ])('%s prints %j', async (args, ids) => {
    expect(await idsOf(args)).toEqual(ids);
  });

  test('an empty topic is two empty lists, which apply takes', async () => {
    topic.entries.clear();
    const { exitCode, out } = await get();
    expect([exitCode, out]).toEqual([0, 'connections: []\nmappings: []\n']);
    expect(readConfigFile(out, schemas).problems).toEqual([]);
  });

  test('names what cannot be read, prints the rest, and answers 6', async () => {
    topic.unreadable.set('mapping:m-9', { offset: 7, problem: 'undecodable: truncated' });
    const { exitCode, out, err } = await get();
    expect([exitCode, err]).toEqual([6, 'mapping:m-9 (offset 7) cannot be read: undecodable: truncated\n']);
    expect(out).toContain('c-1');
    expect((await get('connections')).exitCode).toBe(0);
    expect((await get('mapping m-9')).exitCode).toBe(6);
  });

  test('sends a terminal nothing but text', async () => {
    topic.unreadable.set('mapping:\x1b[2J', { offset: 7, problem: 'undecodable' });
    put('connection', '\x1b]0;x', connection({ connection_id: '\x1b]0;x', access_token: '' }));
    const { out, err } = await get();
    expect(err).toContain('"mapping:\\u001b[2J" (offset 7)');
    expect(err).toContain('connection "\\u001b]0;x" cannot be used');
    expect(out + err).not.toContain('\x1b');
  });

  test('names what cannot be used as it is, and masks a token in clear', async () => {
    const { fields } = entryFromJson('connection', connection({ access_token: 'canary-7f3a' }), schemas);
    topic.put({ kind: 'connection', id: 'c-1' }, fields);
    const { exitCode, out, err } = await get('connection c-1');
    expect(exitCode).toBe(0);
    expect(out).toContain('access_token: "***"');
    expect(err).toContain('connection c-1 cannot be used: access_token: a token is never stored in clear');
    expect(out + err + (await get('-o json')).out).not.toContain('canary-7f3a');
  });

  test('says which id was meant, and wants one for a single entry', async () => {
    const { exitCode, err } = await get('connection c-11');
    expect([exitCode, err]).toEqual([
      5,
      'ENTRY_UNKNOWN  There is no connection c-11 on the config topic. Did you mean c-1?\n',
    ]);
    expect((await get('mapping c-1x')).err).not.toContain('Did you mean c-1?');
    expect((await get('connection')).err).toBe(
      'USAGE  get connection wants an id; get connections prints all of them\n',
    );
    expect((await get('pixels')).exitCode).toBe(2);
  });
});
