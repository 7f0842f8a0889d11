import { beforeEach, describe, expect, test } from 'vitest';
import { type DeleteParts, runDelete } from '../../src/control/delete-entry.ts';
import { type EntryKind, entryFromJson } from '../../src/core/entry-fields.ts';
import { command, MINIMAL } from '../cli/fake-host.ts';
import { connection, mapping } from '../core/config-records.ts';
import { schemas } from '../core/event-records.ts';
import { MemoryConfigTopic } from '../fakes/memory-config-topic.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

let topic: MemoryConfigTopic;
let clock: VirtualClock;

beforeEach(() => {
  topic = new MemoryConfigTopic();
  clock = new VirtualClock();
  put('connection', 'c-1', connection());
  put('mapping', 'm-1', mapping());
  put('mapping', 'm-2', mapping({ mapping_id: 'm-2' }));
  put('mapping', 'm-3', mapping({ mapping_id: 'm-3', connection_id: 'c-3' }));
});

function put(kind: EntryKind, id: string, json: Readonly<Record<string, unknown>>): void {
  topic.put({ kind, id }, entryFromJson(kind, json, schemas).fields);
}

const connected = <T>(use: (to: MemoryConfigTopic) => Promise<T>) => use(topic);

function del(args: string, withTopic: DeleteParts['withTopic'] = connected) {
  return command(`delete ${args}`, {
    env: MINIMAL,
    heavy: { delete: (request, _config, host) => runDelete(request, { clock, withTopic }, host) },
  });
}

describe('delete', () => {
  test('takes an entry off the topic', async () => {
    expect(await del('mapping m-1')).toEqual({ exitCode: 0, out: '- mapping m-1 deleted.\n', err: '' });
    expect(topic.writes).toEqual(['-mapping:m-1']);
    expect(topic.entries.has('mapping:m-1')).toBe(false);
  });

  test('names the mappings that a connection leaves behind', async () => {
    const { exitCode, err } = await del('connection c-1');
    expect([exitCode, err]).toEqual([0, 'warning: without it nothing is sent for mappings m-1, m-2\n']);
    const json = await del('connection c-1');
    expect(json.exitCode).toBe(5);
  });

  test('--json says the same as data', async () => {
    const { out, err } = await del('connection c-1 --json');
    expect(err).toBe('');
    expect(JSON.parse(out)).toEqual({
      kind: 'connection',
      id: 'c-1',
      dry_run: false,
      deleted: true,
      mappings_left: ['m-1', 'm-2'],
    });
  });

  test('--dry-run writes nothing', async () => {
    const { exitCode, out } = await del('mapping m-1 --dry-run');
    expect([exitCode, out]).toEqual([0, '- mapping m-1 would be deleted (dry run: nothing was written).\n']);
    expect(topic.writes).toEqual([]);
  });

  test('an id that is not there is an error, with the one that was meant', async () => {
    const { exitCode, out, err } = await del('mapping m1');
    expect([exitCode, out, topic.writes]).toEqual([5, '', []]);
    expect(err).toMatch(/^ENTRY_UNKNOWN {2}There is no mapping m1 on the config topic\. Did you mean m-\d\?\n$/);
  });

  test('an entry that cannot be read can be deleted', async () => {
    topic.unreadable.set('mapping:m-9', { offset: 7, problem: 'truncated' });
    expect((await del('mapping m-9')).exitCode).toBe(0);
    expect(topic.writes).toEqual(['-mapping:m-9']);
  });

  test('a record under a key that is no entry of ours can be deleted by that key', async () => {
    topic.unreadable.set('conection:c-1', { offset: 7, problem: 'the key is neither …' });
    expect((await del('key conection:c')).err).toContain('Did you mean conection:c-1?');
    expect(await del('key conection:c-1')).toMatchObject({
      exitCode: 0,
      out: '- key conection:c-1 deleted.\n',
      err: '',
    });
    expect((await del('key connection:c-1')).err).toContain('nothing is sent for mappings m-1, m-2');
    expect(topic.writes).toEqual(['-conection:c-1', '-connection:c-1']);
  });

  test('keeps to --timeout while it connects, too', async () => {
    const ended = del('mapping m-1 --timeout 1s', () => new Promise<never>(() => {}));
    await clock.advance(1_000);
    const { exitCode, err } = await ended;
    expect(exitCode).toBe(4);
    expect(err).toContain('did not answer within 1 s (--timeout). Nothing was deleted.');
  });

  test('waits until it is gone, for --timeout and no longer', async () => {
    topic.onWritten = () => 'hide';
    const ended = del('mapping m-1 --timeout 1s');
    await clock.advance(1_000);
    const { exitCode, out, err } = await ended;
    expect([exitCode, out]).toEqual([7, '']);
    expect(err).toContain('NOT_READ_BACK  Written, and not read back within 1 s: mapping:m-1.');
  });
});
