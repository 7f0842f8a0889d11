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
  const learning = new SchemaLearning(registry, new VirtualClock(), telemetry, 60_000);
  const following = new ConfigFollowing(table, createConfigDecoder(schemas), learning, telemetry);
  let offset = 0;
  const apply = (key: string | null, value: Buffer | null) => following.apply({ offset: offset++, key, value });
  return { registry, telemetry, table, following, apply };
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
