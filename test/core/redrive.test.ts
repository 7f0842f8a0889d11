import { describe, expect, test } from 'vitest';
import { createBuilder } from '../../src/core/build-event.ts';
import { ConfigTable } from '../../src/core/config-table.ts';
import { createEventDecoder } from '../../src/core/decode.ts';
import { EVERY_LETTER } from '../../src/core/letter-filter.ts';
import type { SourceRecord } from '../../src/core/record.ts';
import { draftLetter, letterFate, markTtlMs, type PASS_REASONS } from '../../src/core/redrive.ts';
import { DEFAULT_BUILD_OPTIONS } from './business-events.ts';
import { connectionChange, mappingChange } from './config-records.ts';
import { conversion, framed, schemas } from './event-records.ts';
import { type LetterChanges, letterRecord } from './letters.ts';

const HOUR = 3_600_000;
const NOW = 1_790_000_060_000;
const RULES = { ambiguousHorizonMs: 47 * HOUR, acceptDoubleCount: false };
const nobody = () => false;

const decoder = createEventDecoder(schemas);
decoder.learn(7, { kind: 'schema', schema: schemas.conversionCreated, references: [] });
const table = new ConfigTable();
table.apply(0, 'connection:c-1', connectionChange());
for (const id of ['m-1', 'm-2']) {
  const mapping = mappingChange({ mapping_id: id, tiktok_event_name: id === 'm-1' ? 'SubmitForm' : 'Lead' });
  table.apply(1, `mapping:${id}`, mapping);
}
const tools = { decoder, table, build: createBuilder(DEFAULT_BUILD_OPTIONS) };

function letter(changes: LetterChanges = {}): SourceRecord {
  const value = framed(7, schemas.conversionCreated, conversion({ contact_id: 'contact-1' }));
  return letterRecord({ ...changes, source: { value, ...changes.source } }, 99);
}

function sentBy(record: SourceRecord, rules = RULES): string[] {
  return draftLetter(record, tools, NOW, rules).parts.map(part => {
    if (part.kind === 'send') return `send ${part.event.mappingId}`;
    return part.kind === 'refuse' ? `refuse ${part.refusal.deadLetter} ${part.mappingId}` : part.kind;
  });
}

describe('the fate of a record of the dead-letter topic', () => {
  test('is to be sent when the filter matches', () => {
    const filter = { ...EVERY_LETTER, connectionId: 'c-1' };
    expect(letterFate(letter(), filter, nobody)).toMatchObject({ kind: 'send', letter: { eventId: 'conv-1' } });
  });

  const passed: [string, SourceRecord, (typeof PASS_REASONS)[number]][] = [
    ['another letter than those asked for', letter({ connectionId: 'c-2' }), 'not_selected'],
    ['somebody else’s record', { ...letter(), headers: {} }, 'no_letter'],
    ['a letter without its value', letter({ source: { value: Buffer.alloc(0) } }), 'no_source'],
    ['a letter of a tombstone', letter({ source: { value: null } }), 'no_source'],
  ];
  test.each(passed)('is to be passed over for %s', (_, record, reason) => {
    const fate = letterFate(record, { ...EVERY_LETTER, connectionId: 'c-1' }, nobody);
    expect(fate).toMatchObject({ kind: 'pass', reason });
  });

  test('is to be passed over without coordinates, for it could not be claimed', () => {
    const record = letterRecord({}, 0, {
      'tiktok-sync.source.topic': Buffer.alloc(0),
      'tiktok-sync.source.offset': Buffer.from('x'),
    });
    expect(letterFate(record, EVERY_LETTER, nobody)).toMatchObject({ kind: 'pass', reason: 'no_source' });
  });

  test('is to be passed over while its connection is parked, and only then', () => {
    const parked = (connectionId: string) => connectionId === 'c-1';
    expect(letterFate(letter(), EVERY_LETTER, parked)).toMatchObject({ kind: 'pass', reason: 'connection_parked' });
    for (const connectionId of ['c-2', null]) {
      expect(letterFate(letter({ connectionId }), EVERY_LETTER, parked).kind).toBe('send');
    }
  });
});

describe('a letter', () => {
  test('makes the event of its mapping, at the coordinates of its source record', () => {
    const made = draftLetter(letter(), tools, NOW, RULES);
    expect(made).toMatchObject({
      offset: 99,
      attemptedAt: null,
      record: { topic: 'sourceloop.conversions', partition: 3, offset: 42 },
    });
    expect(sentBy(letter())).toEqual(['send m-1']);
  });

  test('without a mapping makes the events of all, for its record could not be read at all', () => {
    expect(sentBy(letter({ mappingId: null, reason: 'schema_unknown' }))).toEqual(['send m-1', 'send m-2']);
  });

  test('tells of the attempt that TikTok may have taken', () => {
    const firstAttemptAt = NOW - 46 * HOUR;
    expect(draftLetter(letter({ firstAttemptAt }), tools, NOW, RULES).attemptedAt).toBe(firstAttemptAt);
  });

  test('is refused when that was longer ago than TikTok remembers', () => {
    expect(sentBy(letter({ firstAttemptAt: NOW - 47 * HOUR }))).toEqual(['refuse ambiguous_past_dedup m-1']);
  });

  test('is sent all the same, as if it had never been tried, where double counts are accepted', () => {
    const record = letter({ firstAttemptAt: NOW - 90 * HOUR });
    const rules = { ...RULES, acceptDoubleCount: true };
    expect(sentBy(record, rules)).toEqual(['send m-1']);
    expect(draftLetter(record, tools, NOW, rules).attemptedAt).toBe(NOW);
  });

  test('that still cannot be read, or is too old by now, is refused with that reason', () => {
    expect(sentBy(letter({ source: { value: Buffer.from('{}') } }))).toEqual(['refuse not_framed null']);
    const value = framed(7, schemas.conversionCreated, conversion({ occurred_at: NOW - 29 * 24 * HOUR }));
    expect(sentBy(letter({ source: { value } }))).toEqual(['refuse too_old m-1']);
  });
});

test('a mark lives as long as an event can still be sent: Kafka keeps letters for longer than a short retention says', () => {
  expect(markTtlMs(3 * 24 * HOUR)).toBe(30 * 24 * HOUR);
  expect(markTtlMs(90 * 24 * HOUR)).toBe(90 * 24 * HOUR);
  expect(markTtlMs(null)).toBe(30 * 24 * HOUR);
});
