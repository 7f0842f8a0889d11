import { describe, expect, it } from 'vitest';
import { ConfigFollowing } from '../../src/config-following.ts';
import { ConfigTable } from '../../src/core/config-table.ts';
import { createConfigDecoder } from '../../src/core/decode-config.ts';
import { SchemaLearning } from '../../src/schema-learning.ts';
import { connection, encodeConnection, encodeMapping, mapping } from '../core/config-records.ts';
import { schemas } from '../core/event-records.ts';
import { recordingTelemetry } from '../fakes/recording-telemetry.ts';
import { ScriptedRegistry } from '../fakes/scripted-registry.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

const BROKEN = Buffer.from([0, 0, 0, 0, 1, 255]);

function setUp(ignored: readonly string[] = []) {
  const registry = new ScriptedRegistry();
  registry.answers.set(1, { kind: 'schema', schema: schemas.connection, references: [] });
  registry.answers.set(2, { kind: 'schema', schema: schemas.mapping, references: [] });
  const telemetry = recordingTelemetry();
  const table = new ConfigTable(ignored);
  const clock = new VirtualClock();
  const learning = new SchemaLearning(registry, clock, telemetry, 60_000);
  const following = new ConfigFollowing(table, createConfigDecoder(schemas), learning, telemetry, clock);
  let offset = 0;
  const apply = (key: string | null, value: Buffer | null) =>
    following.apply({ partition: 0, offset: offset++, key, value });
  /** The topic is read once more: what it holds now, from its first offset on. */
  const reread = async (...records: readonly (readonly [string, Buffer | null])[]) => {
    offset = 0;
    following.rereading(0, offset);
    for (const record of records) await apply(...record);
    following.reread(0);
  };
  return { registry, telemetry, table, following, apply, reread, clock };
}

const CONNECTION = ['connection:c-1', encodeConnection(connection())] as const;
const MAPPING = ['mapping:m-1', encodeMapping(mapping())] as const;

describe('following the config topic', () => {
  it('is complete once the topic was read to its end, and not before', async () => {
    const { apply, following, table, telemetry } = setUp();
    expect(await apply(...CONNECTION)).toBe('applied');
    expect(await apply(...MAPPING)).toBe('applied');
    expect(following.complete).toBe(false);
    following.caughtUp();
    expect(following.complete).toBe(true);
    expect(table.candidates('ws-1', 'CONVERSION_CREATED')).not.toBeNull();
    expect(telemetry.told('configApplied')).toEqual([
      [{ entries: 1, invalid: 0, generation: 1, offset: 0, complete: false }],
      [{ entries: 2, invalid: 0, generation: 2, offset: 1, complete: false }],
      [{ entries: 2, invalid: 0, generation: 2, offset: 1, complete: true }],
    ]);
  });

  it('of an empty topic is complete at its end', () => {
    const { following, telemetry } = setUp();
    following.caughtUp();
    expect(following.complete).toBe(true);
    expect(telemetry.told('configApplied')).toEqual([
      [{ entries: 0, invalid: 0, generation: 0, offset: -1, complete: true }],
    ]);
  });

  it.each([
    ['repaired', encodeConnection(connection())],
    ['deleted', null],
  ])('is not complete while a key has no readable version, until it is %s', async (_, value) => {
    const { apply, following, telemetry } = setUp();
    expect(await apply('connection:c-1', BROKEN)).toBe('applied');
    following.caughtUp();
    expect(following.complete).toBe(false);
    expect(telemetry.told('configRejected')).toEqual([['connection:c-1', 'undecodable']]);
    expect(telemetry.told('configApplied').at(-1)).toMatchObject([{ invalid: 1, complete: false }]);
    await apply('connection:c-1', value);
    expect(following.complete).toBe(true);
    expect(telemetry.told('configApplied').at(-1)).toMatchObject([{ invalid: 0, complete: true }]);
    expect(telemetry.told('configRejected')).toHaveLength(1);
  });

  it('stays complete when a later version is unreadable: the earlier one is in force', async () => {
    const { apply, following, table } = setUp();
    await apply(...CONNECTION);
    following.caughtUp();
    await apply('connection:c-1', BROKEN);
    expect([following.complete, table.connection('c-1')?.pixel_id]).toEqual([true, 'PIXEL']);
  });

  it('does not wait for a key that is to be left out', async () => {
    const { apply, following } = setUp(['connection:c-1']);
    await apply('connection:c-1', BROKEN);
    following.caughtUp();
    expect(following.complete).toBe(true);
  });

  it('tells of an entry that can be read and not be used, and does not wait for it', async () => {
    const { apply, following, telemetry } = setUp();
    await apply('connection:c-1', encodeConnection(connection({ wire: 'UNSPECIFIED' })));
    following.caughtUp();
    expect(following.complete).toBe(true);
    expect(telemetry.told('configRejected')).toEqual([['connection:c-1', 'config_invalid']]);
  });

  it('tells once of an entry that is used and should be looked at', async () => {
    const { apply, table, telemetry } = setUp();
    await apply('mapping:m-1', encodeMapping(mapping({ tiktok_event_name: 'Demo booked' })));
    await apply('connection:c-1', encodeConnection(connection({ pixel_id: 'C4A2B3D4E5F6G7H8I9J0' })));
    expect(telemetry.told('configRejected')).toEqual([]);
    expect(telemetry.told('notice')).toEqual([
      [
        'warn',
        'CONFIG_ENTRY_DOUBTFUL',
        expect.any(String),
        { key: 'mapping:m-1', problem: expect.stringContaining('tiktok_event_name: may hold letters') },
      ],
    ]);
    expect(table.candidates('ws-1', 'CONVERSION_CREATED')?.anyEventName).toHaveLength(1);
  });

  it('tells of a record without a key, whose version nobody can ask for', async () => {
    const { apply, telemetry } = setUp();
    await apply(null, encodeConnection(connection()));
    expect(telemetry.told('configRejected')).toEqual([['(no key)', 'undecodable']]);
  });
});

describe('a record whose schema cannot be had', () => {
  it('is read again later: nothing of it is applied or told as applied', async () => {
    const { apply, following, registry, table, telemetry } = setUp();
    registry.away = true;
    expect(await apply(...CONNECTION)).toBe('retry');
    expect([table.size, table.generation, telemetry.told('configApplied')]).toEqual([0, 0, []]);
    expect(telemetry.told('schemaFetchFailed')).toHaveLength(1);
    registry.away = false;
    expect(await apply(...CONNECTION)).toBe('applied');
    following.caughtUp();
    expect(following.complete).toBe(true);
  });

  it('does not hold up a deletion, which needs none', async () => {
    const { apply, registry, table } = setUp();
    await apply(...CONNECTION);
    registry.away = true;
    expect(await apply('connection:c-1', null)).toBe('applied');
    expect(table.size).toBe(0);
  });
});

describe('a config topic that is read once more', () => {
  const MINUTES = 60_000;
  const OTHER = [
    'connection:c-2',
    encodeConnection(connection({ connection_id: 'c-2', workspace_id: 'ws-2' })),
  ] as const;
  const MOVED = ['connection:c-1', encodeConnection(connection({ pixel_id: 'ANOTHER' }))] as const;

  async function filled() {
    const made = setUp();
    for (const [key, value] of [CONNECTION, MAPPING, OTHER]) await made.apply(key, value);
    made.following.caughtUp();
    const said = () => made.telemetry.told('notice').map(([, code]) => code);
    const codes = () => said().filter(code => code !== 'CONFIG_ENTRY_DOUBTFUL');
    const candidates = () => made.table.candidates('ws-1', 'CONVERSION_CREATED');
    return { ...made, codes, candidates };
  }

  it('is the same one as before: nothing changes, and nothing is said', async () => {
    const { codes, reread, table, telemetry } = await filled();
    const { generation } = table;
    const told = telemetry.told('configApplied').length;
    await reread(CONNECTION, MAPPING, OTHER);
    expect([table.generation, telemetry.told('configApplied').length, codes()]).toEqual([generation, told, []]);
  });

  it('has grown meanwhile: what is new takes effect, and nothing is said', async () => {
    const { codes, reread, table } = await filled();
    await reread(CONNECTION, MAPPING, OTHER, MOVED, ['connection:c-2', null]);
    expect([table.connection('c-1')?.pixel_id, table.connection('c-2'), codes()]).toEqual(['ANOTHER', null, []]);
  });

  it('was made anew: what it holds takes effect all at once, at its end', async () => {
    const { apply, candidates, codes, following, table } = await filled();
    following.rereading(0, 0);
    await following.apply({ partition: 0, offset: 0, key: MAPPING[0], value: MAPPING[1] });
    await following.apply({ partition: 0, offset: 1, key: MOVED[0], value: MOVED[1] });
    expect([following.complete, table.connection('c-1')?.pixel_id, table.size]).toEqual([true, 'PIXEL', 3]);
    expect(candidates()).not.toBeNull();
    following.reread(0);
    expect([table.connection('c-1')?.pixel_id, table.connectionOffset('c-1')]).toEqual(['ANOTHER', 1]);
    expect([following.complete, table.lastOffset]).toEqual([true, 1]);
    expect(codes()).toEqual(['CONFIG_TOPIC_REPLACED']);
    await apply(...OTHER);
    expect(table.problems()).toEqual([]);
  });

  it('was made anew: what is not on it stays in force until nothing was written for 15 minutes', async () => {
    const { apply, clock, codes, following, reread, table, telemetry } = await filled();
    await reread(CONNECTION);
    expect(table.problems().map(({ key, kind }) => [key, kind])).toEqual([
      ['mapping:m-1', 'missing'],
      ['connection:c-2', 'missing'],
    ]);
    expect(telemetry.told('configApplied').at(-1)).toMatchObject([{ entries: 3, invalid: 2, complete: true }]);
    await clock.advance(14 * MINUTES);
    await apply(...MAPPING);
    await clock.advance(14 * MINUTES);
    expect([table.connection('c-2')?.workspace_id, table.problems().length]).toEqual(['ws-2', 1]);
    await clock.advance(1 * MINUTES);
    expect([table.connection('c-2'), table.size, table.problems(), following.complete]).toEqual([null, 2, [], true]);
    expect(codes()).toEqual(['CONFIG_TOPIC_REPLACED', 'CONFIG_ENTRIES_GONE']);
    expect(telemetry.told('configApplied').at(-1)).toMatchObject([{ entries: 2, invalid: 0 }]);
  });

  it('was made anew: what is not on it stays in force while a record waits for its schema', async () => {
    const { apply, clock, registry, reread, table } = await filled();
    await reread(CONNECTION);
    registry.away = true;
    registry.answers.set(9, { kind: 'schema', schema: schemas.mapping, references: [] });
    const waiting = Buffer.from(MAPPING[1]);
    waiting.writeInt32BE(9, 1);
    for (let minute = 0; minute < 20; minute += 1) {
      expect(await apply(MAPPING[0], waiting)).toBe('retry');
      await clock.advance(MINUTES);
    }
    expect(table.problems().map(({ kind }) => kind)).toEqual(['missing', 'missing']);
    registry.away = false;
    expect(await apply(MAPPING[0], waiting)).toBe('applied');
    await clock.advance(15 * MINUTES);
    expect([table.size, table.problems()]).toEqual([2, []]);
  });

  it('was emptied: everything stays in force for as long as it is empty', async () => {
    const { candidates, clock, codes, following, reread, table, telemetry } = await filled();
    await reread();
    await clock.advance(1_000 * MINUTES);
    expect([candidates() === null, following.complete, table.lastOffset]).toEqual([false, true, -1]);
    expect(telemetry.told('configApplied').at(-1)).toMatchObject([{ entries: 3, invalid: 3 }]);
    await reread(CONNECTION, MAPPING, OTHER);
    await clock.advance(1_000 * MINUTES);
    expect([table.size, table.problems()]).toEqual([3, []]);
    expect(codes()).toEqual(['CONFIG_TOPIC_REPLACED']);
  });

  it('was beheaded: what is gone stays in force until it is written again', async () => {
    const { clock, codes, following, table } = await filled();
    following.rereading(0, 2);
    await following.apply({ partition: 0, offset: 2, key: OTHER[0], value: OTHER[1] });
    following.reread(0);
    following.rereading(1, 0);
    following.reread(1);
    await clock.advance(1_000 * MINUTES);
    expect([table.problemCount, table.size, following.complete]).toEqual([2, 3, true]);
    for (const [key, value] of [CONNECTION, MAPPING]) await following.apply({ partition: 0, offset: 9, key, value });
    expect([table.problems(), codes()]).toEqual([[], ['CONFIG_TOPIC_REPLACED']]);
  });

  it('was emptied, and deletes an entry that it did not hold', async () => {
    const { reread, table } = await filled();
    await reread();
    await reread(['connection:c-2', null]);
    expect([table.connection('c-2'), table.size]).toEqual([null, 2]);
  });

  it('was made anew with an unreadable version: the readable one before it is in force', async () => {
    const { following, reread, table } = await filled();
    await reread(MOVED, MAPPING, OTHER, ['connection:c-1', BROKEN]);
    expect([table.connection('c-1')?.pixel_id, following.complete]).toEqual(['ANOTHER', true]);
    expect(table.problems()).toMatchObject([
      { key: 'connection:c-1', kind: 'undecodable', earlierVersionInForce: true },
    ]);
  });

  it('no longer waits for an unreadable entry that is gone with the old topic', async () => {
    const { apply, following, reread, table } = await filled();
    await apply('connection:c-3', BROKEN);
    expect(following.complete).toBe(false);
    await reread(CONNECTION, MAPPING, OTHER);
    expect([following.complete, table.size, table.problems()]).toEqual([true, 3, []]);
  });
});
