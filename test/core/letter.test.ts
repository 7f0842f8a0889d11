import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readLetter, sourceHeadersOf, sourceRecordOf } from '../../src/core/letter.ts';
import type { SourceRecord } from '../../src/core/record.ts';
import { FAILED_AT, letterRecord } from './letters.ts';

const BARE: SourceRecord = {
  topic: 'dead-letter',
  partition: 0,
  offset: 0,
  timestamp: 5,
  key: null,
  value: null,
  headers: {},
};

describe('a letter', () => {
  test('is read back as it was written', () => {
    const record = letterRecord({ firstAttemptAt: FAILED_AT - 1_000 }, 9);
    expect(readLetter(record)).toEqual({
      at: { topic: 'dead-letter', partition: 0, offset: 9 },
      reason: 'refused_by_tiktok',
      stage: 'deliver',
      detail: 'TikTok refuses the event',
      source: { topic: 'sourceloop.conversions', partition: 3, offset: 42 },
      sourceTimestamp: FAILED_AT - 60_000,
      eventId: 'conv-1',
      connectionId: 'c-1',
      mappingId: 'm-1',
      schemaId: 7,
      httpStatus: 200,
      apiCode: 40_002,
      requestId: 'req-1',
      attempts: 2,
      firstAttemptAt: FAILED_AT - 1_000,
      failedAt: FAILED_AT,
      retryable: false,
      appVersion: '1.2.3',
      instance: 'pod-1',
    });
  });

  test('gives the source record back byte for byte, at its own coordinates and without our headers', () => {
    const own = { ce_id: Buffer.from('1'), __proto__x: [Buffer.from('a'), Buffer.from('b')] };
    const record = letterRecord({ source: { headers: own } });
    const source = sourceRecordOf(record, readLetter(record)!);
    expect(source).toMatchObject({
      topic: 'sourceloop.conversions',
      partition: 3,
      offset: 42,
      timestamp: FAILED_AT - 60_000,
    });
    expect([source?.key, source?.value]).toEqual([Buffer.from('key'), Buffer.from('value')]);
    expect({ ...source?.headers }).toEqual(own);
  });

  test.each([
    ['offset', 'a few'],
    ['offset', '-7'],
    ['partition', '-1'],
    ['topic', 'a|b'],
    ['topic', ''],
  ])('without a place that Kafka can have stands for no source record: %s "%s"', (name, value) => {
    const record = letterRecord({}, 0, { [`tiktok-sync.source.${name}`]: Buffer.from(value) });
    expect(sourceRecordOf(record, readLetter(record)!)).toBeNull();
  });

  test('without a reason is none of ours', () => {
    expect(readLetter({ ...BARE, headers: { 'dlq.reason': Buffer.from('x') } })).toBeNull();
  });

  test('that lacks everything but a reason has null for the rest, and the time it was written', () => {
    const letter = readLetter({ ...BARE, headers: { 'tiktok-sync.reason': Buffer.from('new_reason') } });
    expect(letter).toMatchObject({ reason: 'new_reason', source: null, apiCode: null, failedAt: 5, retryable: false });
  });

  test('holds no control character, which could steer a terminal', () => {
    const evil = Buffer.from('\u001b[2Jgone\r\nagain');
    expect(readLetter(letterRecord({}, 0, { 'tiktok-sync.event.id': evil }))?.eventId).toBe(' [2Jgone again');
  });

  test('is read or not, whatever its headers hold, and never throws', () => {
    const bytes = fc.uint8Array({ maxLength: 20 }).map(array => Buffer.from(array));
    const names = fc.constantFrom('reason', 'source.topic', 'source.offset', 'api.code', 'failed-at', 'retryable');
    const headers = fc.dictionary(
      names.map(name => `tiktok-sync.${name}`),
      fc.oneof(bytes, fc.array(bytes, { maxLength: 3 })),
    );
    fc.assert(
      fc.property(headers, given => {
        const letter = readLetter({ ...BARE, headers: given });
        const read = letter === null ? null : sourceRecordOf({ ...BARE, headers: given }, letter);
        expect(read === null || Number.isSafeInteger(read.offset)).toBe(true);
      }),
    );
  });
});

test('the headers of the source record are all but ours', () => {
  const { headers } = letterRecord({}, 0, { traceparent: Buffer.from('00-1') });
  expect(Object.keys(sourceHeadersOf(headers))).toEqual(['traceparent']);
});
