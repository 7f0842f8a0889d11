import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigTable } from '../../src/core/config-table.ts';
import type { ConfigChange } from '../../src/core/decode-config.ts';
import type { BusinessEvent, Trigger } from '../../src/core/record.ts';
import { resolve } from '../../src/core/resolve.ts';
import { connectionChange, mappingChange } from './config-records.ts';

const event = (overrides: Partial<Record<keyof BusinessEvent, unknown>> = {}): BusinessEvent =>
  ({ workspace_id: 'ws-1', trigger: 'CONVERSION_CREATED', event_name: null, ...overrides }) as BusinessEvent;

function tableOf(...changes: readonly (readonly [string, ConfigChange])[]): ConfigTable {
  const table = new ConfigTable();
  changes.forEach(([key, change], offset) => {
    table.apply(offset, key, change);
  });
  return table;
}

const c1 = ['connection:c-1', connectionChange()] as const;
const m1 = ['mapping:m-1', mappingChange()] as const;

/** Mapping ids of what an event resolves to; refused ones with an exclamation mark. */
function idsOf(table: ConfigTable, given: BusinessEvent = event()): string[] | string {
  const resolution = resolve(given, table);
  if ('skip' in resolution) return resolution.skip;
  return resolution.map(match => ('refusal' in match ? `${match.mappingId}!` : match.mapping.mapping_id));
}

describe('an event', () => {
  test('meets the enabled mappings of its workspace, in the order of their ids, each with its connection', () => {
    const table = tableOf(
      ['mapping:m-9', mappingChange({ mapping_id: 'm-9', connection_id: 'c-2' })],
      c1,
      m1,
      ['connection:c-2', connectionChange({ connection_id: 'c-2' })],
      ['connection:other', connectionChange({ connection_id: 'other', workspace_id: 'ws-2' })],
      ['mapping:m-0', mappingChange({ mapping_id: 'm-0', connection_id: 'other' })],
    );
    const resolution = resolve(event(), table);
    expect(resolution).toMatchObject([
      { connection: { connection_id: 'c-1' }, mapping: { mapping_id: 'm-1' } },
      { connection: { connection_id: 'c-2' }, mapping: { mapping_id: 'm-9' } },
    ]);
  });

  test('of a workspace without a connection is skipped as no_connection', () => {
    expect(idsOf(tableOf(m1))).toBe('no_connection');
    expect(idsOf(tableOf(c1, m1), event({ workspace_id: 'ws-2' }))).toBe('no_connection');
  });

  test('that no mapping wants is skipped as no_mapping', () => {
    expect(idsOf(tableOf(c1))).toBe('no_mapping');
    expect(idsOf(tableOf(c1, m1), event({ trigger: 'EXPECTED_REVENUE_UPDATED' }))).toBe('no_mapping');
    expect(idsOf(tableOf(c1, ['mapping:m-1', mappingChange({ enabled: false })]))).toBe('no_mapping');
    expect(idsOf(tableOf(['connection:c-1', connectionChange({ enabled: false })], m1))).toBe('no_mapping');
  });

  test('is compared with the name filter exactly; an empty filter takes every name', () => {
    const table = tableOf(
      c1,
      ['mapping:all', mappingChange({ mapping_id: 'all', event_name_filter: '' })],
      ['mapping:demo', mappingChange({ mapping_id: 'demo', event_name_filter: 'Demo' })],
      ['mapping:call', mappingChange({ mapping_id: 'call', event_name_filter: 'Call' })],
    );
    expect(idsOf(table, event({ event_name: 'Demo' }))).toEqual(['all', 'demo']);
    expect(idsOf(table, event({ event_name: 'demo' }))).toEqual(['all']);
    expect(idsOf(table, event({ event_name: 'Demo ' }))).toEqual(['all']);
    expect(idsOf(table, event({ event_name: null }))).toEqual(['all']);
    expect(idsOf(table, event({ event_name: '' }))).toEqual(['all']);
  });

  test('makes no garbage: the same matches again until something changes', () => {
    const table = tableOf(c1, m1);
    expect(resolve(event(), table)).toBe(resolve(event(), table));
  });
});

describe('a change takes effect at the next event', () => {
  test('whatever the order in which entries come and go', () => {
    const table = tableOf(m1);
    expect(idsOf(table)).toBe('no_connection');
    table.apply(1, ...c1);
    expect(idsOf(table)).toEqual(['m-1']);
    table.apply(2, 'mapping:m-1', mappingChange({ connection_id: 'c-2' }));
    expect(idsOf(table)).toBe('no_mapping');
    table.apply(3, 'connection:c-2', connectionChange({ connection_id: 'c-2', workspace_id: 'ws-2' }));
    expect(idsOf(table, event({ workspace_id: 'ws-2' }))).toEqual(['m-1']);
    table.apply(4, 'connection:c-2', connectionChange({ connection_id: 'c-2' }));
    expect(idsOf(table, event({ workspace_id: 'ws-2' }))).toBe('no_connection');
    expect(idsOf(table)).toEqual(['m-1']);
    table.apply(5, 'connection:c-2', { kind: 'tombstone' });
    expect(idsOf(table)).toBe('no_mapping');
    table.apply(6, 'connection:c-1', { kind: 'tombstone' });
    expect(idsOf(table)).toBe('no_connection');
  });
});

describe('an unusable entry refuses what may be meant for it', () => {
  test('a connection: each of its matching mappings', () => {
    const bad = ['connection:c-1', connectionChange({ wire: 'UNSPECIFIED' })] as const;
    const filtered = ['mapping:m-2', mappingChange({ mapping_id: 'm-2', event_name_filter: 'Call' })] as const;
    const table = tableOf(bad, m1, filtered);
    expect(idsOf(table)).toEqual(['m-1!']);
    expect(idsOf(table, event({ event_name: 'Call' }))).toEqual(['m-1!', 'm-2!']);
    expect(resolve(event(), table)).toMatchObject([
      {
        connectionId: 'c-1',
        mappingId: 'm-1',
        refusal: { deadLetter: 'config_invalid', detail: expect.stringContaining('wire: is unspecified') },
      },
    ]);
  });

  test('a mapping beside a good one', () => {
    const bad = ['mapping:m-2', mappingChange({ mapping_id: 'm-2', include_value: true })] as const;
    expect(idsOf(tableOf(c1, m1, bad))).toEqual(['m-1', 'm-2!']);
  });

  test('a mapping whose trigger cannot be read: every trigger', () => {
    const table = tableOf(c1, ['mapping:m-1', mappingChange({ trigger: 'UNSPECIFIED' })]);
    const triggers: Trigger[] = ['CONVERSION_CREATED', 'EXPECTED_REVENUE_UPDATED', 'REALIZED_REVENUE_UPDATED'];
    for (const trigger of triggers) expect(idsOf(table, event({ trigger }))).toEqual(['m-1!']);
  });

  test('but not when it is disabled, or belongs elsewhere', () => {
    expect(idsOf(tableOf(c1, ['mapping:m-1', mappingChange({ trigger: null, enabled: false })]))).toBe('no_mapping');
    expect(idsOf(tableOf(['connection:c-1', connectionChange({ wire: 'UNSPECIFIED', enabled: false })], m1))).toBe(
      'no_mapping',
    );
    expect(idsOf(tableOf(c1, ['mapping:m-1', mappingChange({ trigger: null, connection_id: '' })]))).toBe('no_mapping');
    expect(idsOf(tableOf(['connection:c-1', connectionChange({ workspace_id: '' })], m1))).toBe('no_connection');
  });
});

test('after any history the table answers like one that only saw the last version of each entry', () => {
  const connectionStep = fc.record({
    id: fc.constantFrom('a', 'b'),
    workspace: fc.constantFrom('ws-1', 'ws-2'),
    state: fc.constantFrom('good', 'unusable', 'gone', 'undecodable'),
  });
  const mappingStep = fc.record({
    id: fc.constantFrom('x', 'y', 'z'),
    connection: fc.constantFrom('a', 'b'),
    filter: fc.constantFrom('', 'Call'),
    state: fc.constantFrom('good', 'unusable', 'gone', 'undecodable'),
  });
  const apply = (table: ConfigTable, offset: number, key: string, change: ConfigChange) =>
    table.apply(offset, key, change);
  fc.assert(
    fc.property(fc.array(fc.oneof(connectionStep, mappingStep), { maxLength: 25 }), steps => {
      const followed = new ConfigTable();
      const last = new Map<string, ConfigChange>();
      steps.forEach((step, offset) => {
        const key = 'workspace' in step ? `connection:${step.id}` : `mapping:${step.id}`;
        const change = changeOf(step);
        apply(followed, offset, key, change);
        // What a decodable record says stands until the next decodable one.
        if (change.kind !== 'undecodable') last.set(key, change);
        for (const workspace_id of ['ws-1', 'ws-2']) resolve(event({ workspace_id }), followed);
      });
      const fresh = new ConfigTable();
      for (const [key, change] of last) apply(fresh, 0, key, change);
      for (const workspace_id of ['ws-1', 'ws-2']) {
        for (const event_name of ['', 'Call']) {
          const given = event({ workspace_id, event_name });
          expect(idsOf(followed, given)).toEqual(idsOf(fresh, given));
        }
      }
    }),
    { numRuns: 500 },
  );
});

type Step =
  | { readonly id: string; readonly workspace: string; readonly state: string }
  | { readonly id: string; readonly connection: string; readonly filter: string; readonly state: string };

function changeOf(step: Step): ConfigChange {
  if (step.state === 'gone') return { kind: 'tombstone' };
  if (step.state === 'undecodable') return { kind: 'undecodable', problem: 'broken' };
  const bad = step.state === 'unusable';
  if ('workspace' in step) {
    return connectionChange({ connection_id: step.id, workspace_id: step.workspace, wire: bad ? 'UNSPECIFIED' : null });
  }
  const { id, connection, filter } = step;
  return mappingChange({ mapping_id: id, connection_id: connection, event_name_filter: filter, include_value: bad });
}
