import avro from 'avsc';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodingType } from '../../src/core/avro-types.ts';
import { FlatRecordWriter } from '../../src/core/flat-record.ts';
import { schemas } from './event-records.ts';
import { entry } from './sync-log-entries.ts';

const byAvsc = encodingType(schemas.syncLogEntry);
const writer = new FlatRecordWriter(schemas.syncLogEntry);

function written(record: object): Buffer {
  const target = Buffer.alloc(64 * 1024);
  return target.subarray(0, writer.write(target, record, 0));
}

describe('a record of plain fields', () => {
  test('is written as avsc writes it, whatever stands in it', () => {
    // Half an escape is no character: avsc writes bytes for it that are no UTF-8.
    const text = fc.option(fc.string({ unit: 'grapheme', maxLength: 200 }));
    // avsc refuses the two numbers at the ends.
    const long = fc.option(fc.integer({ min: 2 - 2 ** 53, max: 2 ** 53 - 2 }));
    const decimal = fc.option(fc.integer().map(String));
    const texts = fc.array(fc.string({ unit: 'grapheme' }));
    const int = fc.option(fc.integer());
    const fields = { event_id: text, detail: text, event_time: long, api_code: long, http_status: int };
    const record = fc.record({ ...fields, value: decimal, match_keys: texts, settled_at: fc.integer({ min: 0 }) });
    fc.assert(
      fc.property(record, changes => {
        const whole = { ...entry(1), ...changes };
        expect(written(whole)).toEqual(byAvsc.toBuffer(whole));
      }),
    );
  });

  test('has null where a field is absent', () => {
    const { detail: _, ...without } = entry(1);
    expect(written(without)).toEqual(byAvsc.toBuffer(entry(1, { detail: null })));
  });

  test('says how long it would have been where the buffer is too short, and writes nothing beyond it', () => {
    const long = entry(1, { detail: 'ü'.repeat(300) });
    const due = byAvsc.toBuffer(long).length;
    for (const room of [0, 1, 20, 200, due - 1]) expect(writer.write(Buffer.alloc(room), long, 0)).toBe(due);
  });

  test.each([
    ['settled_at', null],
    ['settled_at', 1.5],
    ['attempts', 2 ** 31],
    ['offset', '7'],
    ['topic', 7],
    ['match_keys', [1]],
    ['value', 19.9],
  ])('is refused where %s is %j', (name, value) => {
    expect(() => written({ ...entry(1), [name]: value })).toThrow(name);
    expect(() => byAvsc.toBuffer({ ...entry(1), [name]: value })).toThrow();
  });

  test.each([
    ['a map', { type: 'map', values: 'string' }],
    ['a record', schemas.connection],
    ['a number with a fraction', 'double'],
    ['bytes', 'bytes'],
    ['a union of more', ['null', 'string', 'int']],
    ['an optional field whose null stands last', ['string', 'null']],
  ])('cannot have %s', (_, type) => {
    const schema = { type: 'record', name: 'R', fields: [{ name: 'odd', type }] };
    expect(() => new FlatRecordWriter(schema)).toThrow('odd');
    expect(() => avro.Type.forSchema(schema as avro.Schema)).not.toThrow();
  });
});
