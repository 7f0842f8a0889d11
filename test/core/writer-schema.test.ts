import { describe, expect, test } from 'vitest';
import { shortRecordName, typeOfWriter } from '../../src/core/writer-schema.ts';

const nothingHidden: ReadonlySet<string> = new Set();
const typeOf = (schema: unknown, references: readonly unknown[] = []) =>
  typeOfWriter({ schema, references }, nothingHidden);

describe('shortRecordName', () => {
  test.each([
    [{ type: 'record', name: 'A', fields: [] }, 'A'],
    [{ type: 'record', name: 'x.y.A', fields: [] }, 'A'],
    [{ type: 'record', name: 'A', namespace: 'x.y', fields: [] }, 'A'],
    [{ type: 'enum', name: 'A', symbols: ['S'] }, null],
    [['null', { type: 'record', name: 'A', fields: [] }], null],
    ['string', null],
  ])('of %j is %j', (schema, name) => {
    expect(shortRecordName({ schema, references: [] })).toBe(name);
  });
});

describe('typeOfWriter', () => {
  test('keeps what decides about the bytes and forgets what avsc might find fault with', () => {
    const type = typeOf({
      type: 'record',
      name: 'A',
      namespace: 'x',
      aliases: ['B'],
      fields: [
        { name: 'odd default', type: ['null', 'string'], default: 'not null', order: 'sideways' },
        { name: 'e', type: { type: 'enum', name: 'E', symbols: ['S'], default: 'nowhere' } },
        { name: 'again', type: 'E' },
        { name: 'qualified', type: 'x.E' },
        { name: 'wrapped', type: { type: { type: 'array', items: { type: 'map', values: 'long' } } } },
      ],
    });
    expect(type.fields.map(field => field.name)).toEqual(['_hidden_0', 'e', 'again', 'qualified', 'wrapped']);
    expect(type.fields.map(field => field.type.typeName)).toEqual(['union:unwrapped', 'enum', 'enum', 'enum', 'array']);
  });

  test('understands namespaces as Avro does', () => {
    const inner = { type: 'record', name: 'other.Inner', fields: [{ name: 'self', type: ['null', 'Inner'] }] };
    const type = typeOf({
      type: 'record',
      name: 'A',
      namespace: 'x',
      fields: [
        { name: 'inner', type: inner },
        { name: 'more', type: 'other.Inner' },
      ],
    });
    expect(type.fields.map(field => field.type.typeName)).toEqual(['record', 'record']);
  });

  test('takes two types of the same short name for two types', () => {
    const one = { type: 'record', name: 'a.T', fields: [{ name: 'x', type: 'int' }] };
    const two = { type: 'record', name: 'b.T', fields: [{ name: 'y', type: 'string' }] };
    const fields = [
      { name: 'one', type: one },
      { name: 'two', type: two },
      { name: 'three', type: 'a.T' },
    ];
    const type = typeOf({ type: 'record', name: 'A', fields });
    expect(type.toBuffer({ one: { x: 1 }, two: { y: 'z' }, three: { x: 2 } })).toEqual(Buffer.from([2, 2, 0x7a, 4]));
  });

  test('inlines referenced schemas, each once, those of references included', () => {
    const leaf = { type: 'fixed', name: 'r.Leaf', size: 1 };
    const branch = { type: 'record', name: 'Branch', namespace: 'r', fields: [{ name: 'leaf', type: 'Leaf' }] };
    const fields = [
      { name: 'a', type: 'r.Branch' },
      { name: 'b', type: 'r.Branch' },
    ];
    const type = typeOf({ type: 'record', name: 'A', fields }, [branch, leaf]);
    const value = { leaf: Buffer.from([7]) };
    expect(type.toBuffer({ a: value, b: value })).toEqual(Buffer.from([7, 7]));
  });

  test.each([
    [{ type: 'record', name: 'A', fields: [{ name: 'x', type: 5 }] }],
    [{ type: 'record', name: 'A' }],
    ['string'],
  ])('throws for %j', schema => {
    expect(() => typeOf(schema)).toThrow();
  });

  test('throws, rather than looping, for a schema that cannot end', () => {
    const endless: Record<string, unknown> = { type: 'array' };
    endless['items'] = endless;
    expect(() => typeOf({ type: 'record', name: 'A', fields: [{ name: 'x', type: endless }] })).toThrow();
  });
});
