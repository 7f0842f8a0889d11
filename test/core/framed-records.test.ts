import { describe, expect, test } from 'vitest';
import { FramedRecords, schemaIdOf } from '../../src/core/framed-records.ts';
import type { Refusal } from '../../src/core/outcome.ts';
import { frame, framed } from './event-records.ts';

const point = { type: 'record', name: 'Point', namespace: 'a.b', fields: [{ name: 'x', type: 'long' }] };
const other = { type: 'record', name: 'Other', fields: [{ name: 'y', type: 'string', default: '' }] };

function records(): FramedRecords<{ x: number } | { y: string }> {
  const finish = (decoded: unknown) => decoded as { x: number } | Refusal;
  return new FramedRecords([
    { schema: point, extraFields: [], finish },
    { schema: other, extraFields: [], finish },
  ]);
}

const known = (schema: unknown) => ({ kind: 'schema', schema, references: [] }) as const;

describe('the frame', () => {
  test.each([
    ['empty', Buffer.alloc(0)],
    ['shorter than a header', Buffer.from([0, 0, 0, 1])],
    ['of another magic byte', Buffer.from([1, 0, 0, 0, 1, 2])],
    ['JSON', Buffer.from('{"conversion_id":"1"}')],
  ])('a value %s is not framed', (_what, value) => {
    expect(schemaIdOf(value)).toBeNull();
    expect(records().decode(value)).toMatchObject({ deadLetter: 'not_framed' });
  });

  test('a tombstone is skipped', () => {
    expect(records().decode(null)).toEqual({ skip: 'tombstone' });
  });

  test('the id is a big-endian int32', () => {
    expect(schemaIdOf(Buffer.from([0, 0, 1, 0, 2, 9]))).toBe(65538);
  });
});

describe('a schema id', () => {
  test('must be learned once, then records decode', () => {
    const reader = records();
    const value = framed(5, point, { x: 3 });
    expect(reader.decode(value)).toEqual({ needsSchema: 5 });
    expect(reader.unlearned([{ value }, { value }, { value: null }, { value: framed(6, point, { x: 3 }) }])).toEqual([
      5, 6,
    ]);
    reader.learn(5, known(point));
    expect(reader.knows(5)).toBe(true);
    expect(reader.decode(value)).toEqual({ x: 3 });
    expect(reader.unlearned([{ value }])).toEqual([]);
  });

  test('chooses the reader by the short name of the record', () => {
    const reader = records();
    reader.learn(1, known({ ...other, namespace: 'x.y.z' }));
    reader.learn(2, known({ ...other, name: 'deep.down.Other' }));
    expect(reader.decode(framed(1, other, { y: 'b' }))).toEqual({ y: 'b' });
    expect(reader.decode(framed(2, other, { y: 'c' }))).toEqual({ y: 'c' });
  });

  test.each([
    [{ ...point, name: 'Circle' }, 'a record Circle'],
    ['string', 'no record'],
    [{ type: 'array', items: 'int' }, 'no record'],
    [null, 'no record'],
  ])('of %j is of an unknown record type', (schema, found) => {
    const reader = records();
    reader.learn(1, known(schema));
    expect(reader.decode(frame(1, Buffer.alloc(1)))).toMatchObject({
      deadLetter: 'record_type_unknown',
      detail: expect.stringMatching(new RegExp(`${found}.*expected Point or Other`)),
    });
  });

  test.each([
    [{ ...point, fields: [{ name: 'z', type: 'long' }] }, 'the field x is missing'],
    [{ ...point, fields: [{ name: 'x', type: 'string' }] }, 'the field x cannot be read from "string"'],
    [{ ...point, fields: [{ name: 'x', type: 'Nowhere' }] }, 'Nowhere is not defined'],
    [{ ...point, fields: 'none' }, 'no fields'],
  ])('of %j is incompatible, and says why', (schema, why) => {
    const reader = records();
    reader.learn(1, known(schema));
    const verdict = reader.decode(frame(1, Buffer.alloc(1)));
    expect(verdict).toMatchObject({ deadLetter: 'schema_incompatible', detail: expect.stringContaining(why) });
  });

  test('that the registry does not have, or that is not Avro, is a verdict too, until a later word', () => {
    const reader = records();
    const value = framed(9, point, { x: 1 });
    reader.learn(9, { kind: 'unknown' });
    expect(reader.decode(value)).toMatchObject({ deadLetter: 'schema_unknown' });
    reader.learn(9, { kind: 'foreign', schemaType: 'PROTOBUF' });
    expect(reader.decode(value)).toMatchObject({
      deadLetter: 'schema_incompatible',
      detail: expect.stringContaining('PROTOBUF'),
    });
    reader.forget(9);
    expect(reader.decode(value)).toEqual({ needsSchema: 9 });
    reader.learn(9, known(point));
    expect(reader.decode(value)).toEqual({ x: 1 });
  });

  test('two readers of their own do not mix up their schemas', () => {
    const [first, second] = [records(), records()];
    first.learn(1, known(point));
    second.learn(1, known(point));
    expect(first.decode(framed(1, point, { x: 1 }))).toEqual({ x: 1 });
    expect(second.decode(framed(1, point, { x: 2 }))).toEqual({ x: 2 });
  });
});

describe('a body', () => {
  const reader = records();
  reader.learn(1, known(point));
  reader.learn(2, known(other));

  test.each([
    ['cut off', frame(2, Buffer.from([20, 65]))],
    ['with bytes left over', frame(1, Buffer.from([2, 0]))],
    ['with a number no integer can hold', frame(1, Buffer.alloc(10, 0xff))],
    ['with a negative length', frame(2, Buffer.from([1, 65]))],
  ])('%s is undecodable', (_what, value) => {
    expect(reader.decode(value)).toMatchObject({ deadLetter: 'undecodable' });
  });
});
