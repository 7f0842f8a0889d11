import { expect, test } from 'vitest';
import type { ConfigEntry, Connection, Mapping } from '../../src/core/config-entry.ts';
import { MappingDirectory } from '../../src/core/mapping-directory.ts';

const connection = (id: string, workspace_id: string): ConfigEntry => ({
  kind: 'connection',
  connection: { connection_id: id, workspace_id, enabled: true } as Connection,
});
const mapping = (id: string, connection_id: string): ConfigEntry => ({
  kind: 'mapping',
  mapping: {
    mapping_id: id,
    connection_id,
    trigger: 'CONVERSION_CREATED',
    event_name_filter: '',
    enabled: true,
  } as Mapping,
});

test('only the workspace that a change concerns is worked out anew', () => {
  const directory = new MappingDirectory();
  for (const entry of [connection('a', 'ws-1'), connection('b', 'ws-2'), mapping('m', 'a'), mapping('n', 'b')])
    directory.add(entry);
  const before = [
    directory.candidates('ws-1', 'CONVERSION_CREATED'),
    directory.candidates('ws-2', 'CONVERSION_CREATED'),
  ];
  directory.add(mapping('o', 'b'));
  expect(directory.candidates('ws-1', 'CONVERSION_CREATED')).toBe(before[0]);
  expect(directory.candidates('ws-2', 'CONVERSION_CREATED')).not.toBe(before[1]);
  expect(directory.candidates('ws-2', 'CONVERSION_CREATED')?.anyEventName).toHaveLength(2);
});

test('nothing is left of entries that were removed', () => {
  const directory = new MappingDirectory();
  const entries = [mapping('m', 'a'), connection('a', 'ws-1')];
  for (const entry of entries) directory.add(entry);
  for (const entry of entries) directory.remove(entry);
  expect(directory.candidates('ws-1', 'CONVERSION_CREATED')).toBeNull();
  expect([...directory.connections()]).toEqual([]);
  directory.add(connection('a', 'ws-1'));
  expect(directory.candidates('ws-1', 'CONVERSION_CREATED')?.anyEventName).toEqual([]);
});
