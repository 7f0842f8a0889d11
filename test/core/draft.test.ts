import { describe, expect, it } from 'vitest';
import { createBuilder } from '../../src/core/build-event.ts';
import { ConfigTable } from '../../src/core/config-table.ts';
import { createEventDecoder } from '../../src/core/decode.ts';
import type { ConfigChange } from '../../src/core/decode-config.ts';
import { type Draft, draft, type Part } from '../../src/core/draft.ts';
import type { SourceRecord } from '../../src/core/record.ts';
import { DEFAULT_BUILD_OPTIONS } from './business-events.ts';
import { connectionChange, mappingChange } from './config-records.ts';
import { conversion, framed, schemas } from './event-records.ts';

const NOW = 1_790_000_060_000;

const decoder = createEventDecoder(schemas);
decoder.learn(7, { kind: 'schema', schema: schemas.conversionCreated, references: [] });
decoder.learn(8, { kind: 'unknown' });

function tableOf(...changes: readonly (readonly [string, ConfigChange])[]): ConfigTable {
  const table = new ConfigTable();
  for (const [offset, [key, change]] of changes.entries()) table.apply(offset, key, change);
  return table;
}

const CONNECTION = ['connection:c-1', connectionChange()] as const;

function mapped(id: string, overrides: Readonly<Record<string, unknown>> = {}) {
  return [`mapping:${id}`, mappingChange({ mapping_id: id, ...overrides })] as const;
}

function drafted(value: Buffer | null, table: ConfigTable, only: string | null = null): Draft {
  const record: SourceRecord = {
    ...{ topic: 'sourceloop.conversions', partition: 1, offset: 5, timestamp: NOW, key: null, value, headers: {} },
  };
  return draft(record, { decoder, table, build: createBuilder(DEFAULT_BUILD_OPTIONS) }, NOW, only);
}

function value(overrides: Readonly<Record<string, unknown>> = {}): Buffer {
  return framed(7, schemas.conversionCreated, conversion({ contact_id: 'contact-1', ...overrides }));
}

/** A part in short: its kind, and whose it is or why. */
function short(part: Part): string {
  switch (part.kind) {
    case 'send':
    case 'same_record':
      return `${part.kind} ${part.event.mappingId} ${part.event.eventName}`;
    case 'skip':
      return `skip ${part.reason} ${part.mappingId} ${part.logged ? 'logged' : 'not logged'}`;
    case 'refuse':
      return `refuse ${part.refusal.deadLetter} ${part.mappingId}`;
  }
}

const parts = (draftOf: Draft) => draftOf.parts.map(short);

describe('a draft', () => {
  it('of a record that one mapping wants is one event to be sent', () => {
    const made = drafted(value(), tableOf(CONNECTION, mapped('m-1')));
    expect(parts(made)).toEqual(['send m-1 SubmitForm']);
    expect(made).toMatchObject({ schemaId: 7, event: { conversion_id: 'conv-1' } });
  });

  it('has one event for each mapping, and what TikTok would take for the same one only once', () => {
    const table = tableOf(CONNECTION, mapped('m-2'), mapped('m-1'), mapped('m-3', { tiktok_event_name: 'Lead' }));
    expect(parts(drafted(value(), table))).toEqual([
      'send m-1 SubmitForm',
      'send m-3 Lead',
      'same_record m-2 SubmitForm',
    ]);
  });

  it('is of the record as it was read, and tells of no attempt', () => {
    expect(drafted(value(), tableOf())).toMatchObject({ offset: 5, attemptedAt: null });
  });

  it('of one mapping alone leaves out the others, also one that would have stood for it', () => {
    const table = tableOf(CONNECTION, mapped('m-2'), mapped('m-1'), mapped('m-3', { tiktok_event_name: 'Lead' }));
    expect(parts(drafted(value(), table, 'm-2'))).toEqual(['send m-2 SubmitForm']);
  });

  it('of one mapping alone says when that mapping does not want the event any more', () => {
    const table = tableOf(CONNECTION, mapped('m-1'), mapped('m-2', { event_name_filter: 'Another form' }));
    for (const only of ['m-2', 'm-9'])
      expect(parts(drafted(value(), table, only))).toEqual([`skip no_mapping ${only} logged`]);
  });

  it('is the same for the same record, so that a replay claims what its first life claimed', () => {
    const table = tableOf(CONNECTION, mapped('m-2'), mapped('m-1'), mapped('m-3', { tiktok_event_name: 'Lead' }));
    expect(drafted(value(), table)).toEqual(drafted(value(), table));
  });

  it.each<[string, Buffer | null, ConfigTable, string]>([
    ['a tombstone', null, tableOf(CONNECTION, mapped('m-1')), 'skip tombstone null logged'],
    ['a value that is not framed', Buffer.from('{}'), tableOf(), 'refuse not_framed null'],
    ['a schema nobody knows', Buffer.from([0, 0, 0, 0, 8, 1]), tableOf(), 'refuse schema_unknown null'],
    ['bytes that do not fit their schema', Buffer.from([0, 0, 0, 0, 7, 1]), tableOf(), 'refuse undecodable null'],
    ['a workspace without a connection', value(), tableOf(), 'skip no_connection null not logged'],
    ['a workspace without a mapping for it', value(), tableOf(CONNECTION), 'skip no_mapping null logged'],
    [
      'an event that is too old',
      value({ occurred_at: 1_700_000_000_000 }),
      tableOf(CONNECTION, mapped('m-1')),
      'refuse too_old m-1',
    ],
    [
      'a contact who said no',
      value({ consent: 'DENIED' }),
      tableOf(CONNECTION, mapped('m-1')),
      'skip consent_denied m-1 logged',
    ],
  ])('of %s has one part that says so', (_, bytes, table, part) => {
    expect(parts(drafted(bytes, table))).toEqual([part]);
  });

  it('refuses an event under an unusable connection, and sends it for the usable one', () => {
    const table = tableOf(
      CONNECTION,
      mapped('m-1'),
      ['connection:c-2', connectionChange({ connection_id: 'c-2', wire: 'UNSPECIFIED' })],
      mapped('m-2', { connection_id: 'c-2' }),
    );
    expect(parts(drafted(value(), table))).toEqual(['refuse config_invalid m-2', 'send m-1 SubmitForm']);
  });

  it('is not made of a record whose schema was not learned: that would be a guess', () => {
    expect(() => drafted(Buffer.from([0, 0, 0, 0, 99, 1]), tableOf())).toThrow('schema 99');
  });
});
