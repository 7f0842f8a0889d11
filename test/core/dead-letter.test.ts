import { describe, expect, test } from 'vitest';
import { type DeadLetter, deadLetterHeaders } from '../../src/core/dead-letter.ts';
import type { RecordHeaders } from '../../src/core/record.ts';

const writer = { appVersion: '1.2.3', instance: 'pod-1' };

function letter(overrides: Partial<DeadLetter> = {}, headers: RecordHeaders = {}): DeadLetter {
  return {
    source: {
      topic: 't',
      partition: 3,
      offset: 42,
      timestamp: 1_790_000_000_000,
      key: null,
      value: null,
      headers,
      bytes: 0,
    },
    reason: 'refused_by_tiktok',
    detail: 'the event was refused',
    eventId: 'conv-1',
    connectionId: 'c-1',
    mappingId: 'm-1',
    schemaId: 7,
    attempts: 2,
    firstAttemptAt: 1_790_000_001_000,
    failedAt: 1_790_000_002_000,
    httpStatus: 200,
    apiCode: 40_002,
    requestId: 'req-1',
    ...overrides,
  };
}

const textOf = (headers: RecordHeaders) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));

describe('the headers of a dead letter', () => {
  test('tell where it came from, why, and what TikTok said', () => {
    expect(textOf(deadLetterHeaders(letter(), writer))).toEqual({
      'tiktok-sync.version': '1',
      'tiktok-sync.stage': 'deliver',
      'tiktok-sync.reason': 'refused_by_tiktok',
      'tiktok-sync.error.message': 'the event was refused',
      'tiktok-sync.source.topic': 't',
      'tiktok-sync.source.partition': '3',
      'tiktok-sync.source.offset': '42',
      'tiktok-sync.source.timestamp': '1790000000000',
      'tiktok-sync.event.id': 'conv-1',
      'tiktok-sync.schema.id': '7',
      'tiktok-sync.connection': 'c-1',
      'tiktok-sync.mapping': 'm-1',
      'tiktok-sync.http.status': '200',
      'tiktok-sync.api.code': '40002',
      'tiktok-sync.api.request_id': 'req-1',
      'tiktok-sync.attempts': '2',
      'tiktok-sync.first-attempt-at': '2026-09-21T14:13:21.000Z',
      'tiktok-sync.failed-at': '2026-09-21T14:13:22.000Z',
      'tiktok-sync.retryable': 'false',
      'tiktok-sync.redrive.count': '0',
      'tiktok-sync.app.version': '1.2.3',
      'tiktok-sync.instance': 'pod-1',
    });
  });

  test('leave out what is not known', () => {
    const bare = { eventId: null, connectionId: null, mappingId: null, schemaId: null, firstAttemptAt: null };
    const names = Object.keys(
      deadLetterHeaders(
        letter({ ...bare, reason: 'not_framed', httpStatus: null, apiCode: null, requestId: null }),
        writer,
      ),
    );
    for (const absent of [
      'event.id',
      'connection',
      'mapping',
      'schema.id',
      'first-attempt-at',
      'http.status',
      'api.code',
    ]) {
      expect(names).not.toContain(`tiktok-sync.${absent}`);
    }
    expect(names).toContain('tiktok-sync.stage');
  });

  test('keep the source headers with all their values', () => {
    const values = [Buffer.from('1'), Buffer.from([0xff])];
    const headers = deadLetterHeaders(letter({}, { traceparent: Buffer.from('00-ab'), many: values }), writer);
    expect(headers['traceparent']).toEqual(Buffer.from('00-ab'));
    expect(headers['many']).toEqual(values);
  });

  test('cannot be forged: a source header under our prefix is not copied', () => {
    const forged = {
      'tiktok-sync.reason': Buffer.from('connection_parked'),
      'tiktok-sync.first-attempt-at': Buffer.from('x'),
    };
    const headers = deadLetterHeaders(letter({ firstAttemptAt: null }, forged), writer);
    expect(String(headers['tiktok-sync.reason'])).toBe('refused_by_tiktok');
    expect(headers).not.toHaveProperty(['tiktok-sync.first-attempt-at']);
  });

  test('stay below 4 KiB together, cut between characters', () => {
    const long = '€'.repeat(5000);
    const all = { eventId: long, connectionId: long, mappingId: long, requestId: long, detail: long };
    const headers = deadLetterHeaders(letter(all), { appVersion: long, instance: long });
    const bytes = Object.entries(headers).reduce(
      (sum, [name, value]) => sum + name.length + (value as Buffer).length,
      0,
    );
    expect(bytes).toBeLessThan(4096);
    const message = headers['tiktok-sync.error.message'] as Buffer;
    expect(message.length).toBe(1023);
    expect(message.toString()).toBe('€'.repeat(341));
  });

  test.each([
    ['connection_parked', 'true', 'deliver'],
    ['schema_unknown', 'true', 'decode'],
    ['config_invalid', 'true', 'config'],
    ['undecodable', 'false', 'decode'],
    ['too_old', 'false', 'build'],
  ] as const)('of %s say retryable %s and stage %s', (reason, retryable, stage) => {
    expect(textOf(deadLetterHeaders(letter({ reason }), writer))).toMatchObject({
      'tiktok-sync.retryable': retryable,
      'tiktok-sync.stage': stage,
    });
  });
});
