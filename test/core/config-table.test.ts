import { describe, expect, test } from 'vitest';
import { ConfigTable } from '../../src/core/config-table.ts';
import type { ConfigChange } from '../../src/core/decode-config.ts';
import { connectionChange, mappingChange } from './config-records.ts';

const undecodable: ConfigChange = { kind: 'undecodable', problem: 'truncated' };
const tombstone: ConfigChange = { kind: 'tombstone' };

describe('the table', () => {
  test('is ready and empty at first', () => {
    const table = new ConfigTable();
    expect(table.blockingKeys()).toEqual([]);
    expect(table.problems()).toEqual([]);
    expect([table.size, table.generation]).toEqual([0, 0]);
    expect(table.connection('c-1')).toBeNull();
  });

  test('holds the newest version of a connection and the offset it came at', () => {
    const table = new ConfigTable();
    table.apply(3, 'connection:c-1', connectionChange({ pixel_id: 'OLD' }));
    table.apply(8, 'connection:c-1', connectionChange({ pixel_id: 'NEW' }));
    expect(table.connection('c-1')).toMatchObject({ pixel_id: 'NEW' });
    expect(table.connectionOffset('c-1')).toBe(8);
    expect([...table.connections()]).toHaveLength(1);
    expect([table.size, table.generation]).toEqual([1, 2]);
  });

  test('forgets a deleted entry, its problems included', () => {
    const table = new ConfigTable();
    table.apply(1, 'connection:c-1', connectionChange());
    table.apply(2, 'connection:c-2', undecodable);
    table.apply(3, 'connection:c-1', tombstone);
    table.apply(4, 'connection:c-2', tombstone);
    expect(table.connection('c-1')).toBeNull();
    expect(table.connectionOffset('c-1')).toBeNull();
    expect(table.size).toBe(0);
    expect(table.blockingKeys()).toEqual([]);
  });

  test('counts a deletion of what it never knew as a change, and nothing else', () => {
    const table = new ConfigTable();
    table.apply(1, 'mapping:gone', tombstone);
    expect([table.size, table.generation]).toEqual([0, 1]);
  });
});

describe('an entry that cannot be decoded', () => {
  test('leaves the last good version in force and is reported', () => {
    const table = new ConfigTable();
    table.apply(1, 'connection:c-1', connectionChange());
    table.apply(2, 'connection:c-1', undecodable);
    expect(table.connection('c-1')).toMatchObject({ pixel_id: 'PIXEL' });
    expect(table.blockingKeys()).toEqual([]);
    expect(table.problems()).toEqual([
      { key: 'connection:c-1', offset: 2, kind: 'undecodable', problem: 'truncated', earlierVersionInForce: true },
    ]);
  });

  test('keeps that version over any number of bad ones, until a good one comes', () => {
    const table = new ConfigTable();
    table.apply(1, 'connection:c-1', connectionChange());
    table.apply(2, 'connection:c-1', undecodable);
    table.apply(3, 'connection:c-1', undecodable);
    expect(table.connection('c-1')).not.toBeNull();
    table.apply(4, 'connection:c-1', connectionChange({ pixel_id: 'REPAIRED' }));
    expect(table.connection('c-1')).toMatchObject({ pixel_id: 'REPAIRED' });
    expect(table.problems()).toEqual([]);
  });

  test('without a good version keeps the table from being ready, and names its key', () => {
    const table = new ConfigTable();
    table.apply(1, 'mapping:m-1', undecodable);
    table.apply(2, 'connection:c-1', connectionChange());
    expect(table.blockingKeys()).toEqual(['mapping:m-1']);
    table.apply(3, 'mapping:m-1', mappingChange());
    expect(table.blockingKeys()).toEqual([]);
  });

  test('blocks nothing when its key is ignored, but is still reported', () => {
    const table = new ConfigTable(['mapping:m-1']);
    table.apply(1, 'mapping:m-1', undecodable);
    expect(table.blockingKeys()).toEqual([]);
    expect(table.problems()).toMatchObject([{ key: 'mapping:m-1', earlierVersionInForce: false }]);
  });
});

describe('an entry that is known but unusable', () => {
  test('does not block, is reported, and replaces the version before it', () => {
    const table = new ConfigTable();
    table.apply(1, 'connection:c-1', connectionChange());
    table.apply(2, 'connection:c-1', connectionChange({ wire: 'UNSPECIFIED' }));
    expect(table.blockingKeys()).toEqual([]);
    expect(table.connection('c-1')).toBeNull();
    expect(table.problems()).toMatchObject([{ key: 'connection:c-1', kind: 'config_invalid', offset: 2 }]);
  });
});

describe('a topic that was replaced', () => {
  test('leaves in force what it does not hold, as a problem, until that is written or deleted', () => {
    const table = new ConfigTable();
    table.apply(7, 'connection:c-1', connectionChange());
    table.apply(8, 'mapping:m-1', mappingChange());
    table.apply(9, 'connection:c-2', undecodable);
    table.topicReplaced(['connection:c-1', 'mapping:m-1', 'connection:c-2'], 2);
    expect([table.lastOffset, table.size, table.blockingKeys()]).toEqual([2, 2, []]);
    expect([table.connection('c-1')?.pixel_id, table.connectionOffset('c-1')]).toEqual(['PIXEL', 7]);
    expect(table.problem('connection:c-1')).toMatchObject({ kind: 'missing', offset: 7, earlierVersionInForce: true });
    table.apply(3, 'connection:c-1', connectionChange());
    table.apply(4, 'mapping:m-1', tombstone);
    expect([table.problemCount, table.connectionOffset('c-1'), table.size, table.lastOffset]).toEqual([0, 3, 1, 4]);
  });
});
