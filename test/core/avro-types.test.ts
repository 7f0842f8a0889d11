import { describe, expect, test } from 'vitest';
import { encodingType, readerType, writerType } from '../../src/core/avro-types.ts';

const schema = {
  type: 'record',
  name: 'R',
  fields: [
    {
      name: 'amount',
      type: ['null', { type: 'bytes', logicalType: 'decimal', precision: 18, scale: 4 }],
      default: null,
    },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'mood', type: ['null', { type: 'enum', name: 'Mood', symbols: ['UNSPECIFIED', 'GOOD'] }], default: null },
  ],
};

describe('encodingType', () => {
  test('writes decimals from strings and times from numbers, as the schema says', () => {
    const bytes = encodingType(schema).toBuffer({ amount: '-0.0001', at: 1, mood: 'GOOD' });
    expect(bytes).toEqual(Buffer.from([2, 2, 0xff, 2, 2, 2]));
  });

  test('takes absent fields for their defaults', () => {
    expect(encodingType(schema).toBuffer({ at: 1 })).toEqual(Buffer.from([0, 2, 0]));
  });

  test.each([[{ at: 1.5 }], [{ at: 1, amount: 3 }], [{ at: 1, mood: 'BAD' }], [{}]])('throws for %j', record => {
    expect(() => encodingType(schema).toBuffer(record)).toThrow();
  });
});

describe('readerType', () => {
  const bytes = encodingType(schema).toBuffer({ amount: '12.5', at: 9, mood: 'GOOD' });

  test('reads what the encoding type wrote, and adds its own fields', () => {
    const extra = { name: 'trigger', type: 'string', default: 'NONE' };
    const reader = readerType(schema, [extra]);
    const resolver = reader.createResolver(writerType(schema), { ignoreNamespaces: true });
    expect(reader.fromBuffer(bytes, resolver)).toEqual({ amount: '12.5', at: 9, mood: 'GOOD', trigger: 'NONE' });
  });

  test('reads a symbol it does not know as UNSPECIFIED', () => {
    const mood = { type: 'enum', name: 'Mood', symbols: ['UNSPECIFIED', 'SOUR'] };
    const newer = { ...schema, fields: [...schema.fields.slice(0, 2), { name: 'mood', type: ['null', mood] }] };
    const reader = readerType(schema);
    const resolver = reader.createResolver(writerType(newer), { ignoreNamespaces: true });
    expect(reader.fromBuffer(bytes, resolver)).toEqual({ amount: '12.5', at: 9, mood: 'UNSPECIFIED' });
  });

  test('is only for records', () => {
    expect(() => readerType({ type: 'enum', name: 'E', symbols: ['S'] })).toThrow();
  });
});
