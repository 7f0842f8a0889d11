import avro from 'avsc';
import { describe, expect, test } from 'vitest';
import { RecordEncoder, SyncLogEncoder } from '../../src/core/encode.ts';
import { schemas } from './event-records.ts';
import { entry as entryAt } from './sync-log-entries.ts';

const entry = entryAt(5);

/** What somebody else's Avro reads. */
const plain = avro.Type.forSchema(JSON.parse(JSON.stringify(schemas.syncLogEntry)) as avro.Schema);
const read = (framed: Buffer) => plain.fromBuffer(framed.subarray(5)) as Record<string, unknown>;

describe('a sync log entry', () => {
  const encoder = new SyncLogEncoder(schemas.syncLogEntry, 1234);

  test('is framed Avro that anybody can read', () => {
    const framed = encoder.encode(entry);
    expect([framed[0], framed.readInt32BE(1)]).toEqual([0, 1234]);
    expect(read(framed)).toEqual({ ...entry, value: Buffer.from('030958', 'hex') });
  });

  test('has as many fields as the type says', () => {
    expect(Object.keys(read(encoder.encode(entry)))).toEqual(Object.keys(entry));
  });

  test('leaves out a code that is no integer instead of failing', () => {
    const odd = { ...entry, api_code: 1.5, http_status: Number.NaN, event_time: Number.POSITIVE_INFINITY };
    expect(read(encoder.encode(odd))).toMatchObject({
      api_code: null,
      http_status: null,
      event_time: null,
      outcome: 'delivered',
    });
    expect(read(encoder.encode({ ...entry, api_code: 99_999_999_999 }))).toMatchObject({ api_code: 99_999_999_999 });
  });

  test('may be longer than the buffer it is built in, and the next one is none the worse', () => {
    const detail = 'ü'.repeat(10_000);
    expect(read(encoder.encode({ ...entry, detail }))).toMatchObject({ detail, outcome: 'delivered' });
    expect(read(encoder.encode(entry))).toMatchObject({ detail: null, settled_at: entry.settled_at });
  });

  test('is a buffer of its own, untouched by the next', () => {
    const first = encoder.encode(entry);
    const before = Buffer.from(first);
    encoder.encode({ ...entry, event_id: 'another' });
    expect(first).toEqual(before);
  });
});

test('a record that does not fit its schema is refused', () => {
  const encoder = new RecordEncoder(schemas.connection);
  expect(() => encoder.framed(1, { connection_id: 'c' })).toThrow();
  expect(() => encoder.bare({ connection_id: 'c', workspace_id: 'w', pixel_id: 5 })).toThrow();
});
