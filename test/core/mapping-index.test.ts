import { expect, test } from 'vitest';
import type { Connection, Mapping } from '../../src/core/config-entry.ts';
import { buildWorkspaceIndex, type Match } from '../../src/core/mapping-index.ts';

const connection = (id: string) => ({ connection_id: id, enabled: true }) as Connection;
const mapping = (id: string, filter: string) =>
  ({ mapping_id: id, trigger: 'CONVERSION_CREATED', event_name_filter: filter, enabled: true }) as Mapping;
const idsOf = (matches: readonly Match[] | undefined) =>
  matches?.map(match => ('mapping' in match ? match.mapping.mapping_id : match.mappingId));

test('the order of matches is that of the mapping ids, whatever the order of connections and mappings', () => {
  const one = { connection: connection('c-1'), mappings: [mapping('d', ''), mapping('a', 'Call')] };
  const two = { connection: connection('c-2'), mappings: [mapping('c', 'Call'), mapping('b', '')] };
  for (const states of [
    [one, two],
    [two, one],
  ]) {
    const { byEventName, anyEventName } = buildWorkspaceIndex(states).CONVERSION_CREATED;
    expect(idsOf(byEventName.get('Call'))).toEqual(['a', 'b', 'c', 'd']);
    expect(idsOf(anyEventName)).toEqual(['b', 'd']);
    expect(byEventName.size).toBe(1);
  }
});

test('a refusal names the connection first: it has to be repaired before its mappings matter', () => {
  const broken = { connection_id: 'c-1', workspace_id: 'w', enabled: true, problem: 'pixel_id is required' };
  const index = buildWorkspaceIndex([
    { connection: broken, mappings: [{ ...mapping('a', ''), problem: 'x', connection_id: 'c-1' }] },
  ]);
  expect(index.CONVERSION_CREATED.anyEventName).toMatchObject([
    { connectionId: 'c-1', mappingId: 'a', refusal: { detail: 'connection c-1: pixel_id is required' } },
  ]);
});
