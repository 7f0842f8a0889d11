import avro from 'avsc';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { guardedType } from '../../src/core/avro-guard.ts';

const items = { type: 'record', name: 'Item', fields: [{ name: 'a', type: ['null', 'string'] }] };
const full = {
  type: 'record',
  name: 'Full',
  fields: [
    { name: 'list', type: { type: 'array', items } },
    { name: 'map', type: { type: 'map', values: { type: 'array', items: 'long' } } },
    { name: 'id', type: 'string' },
  ],
};
const short = { type: 'record', name: 'Full', fields: [{ name: 'id', type: 'string' }] };

const parse = (schema: object) => avro.Type.forSchema(schema as avro.Schema, { typeHook: guardedType });
const guarded = parse(full);
const skipping = parse(short);
const skipResolver = skipping.createResolver(guarded);
const value = { list: [{ a: 'x' }, { a: null }], map: { k: [1, 2], l: [] }, id: 'id-1' };

/** Zigzag varint, as Avro writes a long. */
function long(value: number): Buffer {
  const bytes: number[] = [];
  for (let n = value >= 0 ? value * 2 : -value * 2 - 1; ; n = Math.floor(n / 128)) {
    if (n < 128) return Buffer.from([...bytes, n]);
    bytes.push((n % 128) | 128);
  }
}

describe('a guarded array or map', () => {
  test('reads and skips what an ordinary writer wrote', () => {
    const bytes = avro.Type.forSchema(full as avro.Schema).toBuffer(value);
    expect(JSON.parse(JSON.stringify(guarded.fromBuffer(bytes)))).toEqual(value);
    expect(skipping.fromBuffer(bytes, skipResolver)).toEqual({ id: 'id-1' });
  });

  test('reads and skips blocks that carry their size, as Java writes them', () => {
    const sized = Buffer.concat([
      long(-2),
      long(4),
      Buffer.from([2, 2, 0x78, 0]),
      long(0),
      long(0),
      Buffer.from([2, 0x69]),
    ]);
    expect(guarded.fromBuffer(sized)).toMatchObject({ list: [{ a: 'x' }, { a: null }], id: 'i' });
    expect(skipping.fromBuffer(sized, skipResolver)).toEqual({ id: 'i' });
  });

  test.each([
    ['a count of 100 million in seven bytes', Buffer.concat([long(100_000_000), Buffer.alloc(3)])],
    [
      'a second block of more items than bytes are left',
      Buffer.concat([long(1), Buffer.from([0]), long(99), Buffer.alloc(9)]),
    ],
  ])('refuses %s before it reads or skips an item', (_what, bytes) => {
    expect(() => guarded.fromBuffer(bytes)).toThrow('corrupt block');
    expect(() => skipping.fromBuffer(bytes, skipResolver)).toThrow('corrupt block');
  });

  test('refuses a negative count of 100 million, whose size hint is in order', () => {
    const bytes = Buffer.concat([long(-100_000_000), long(1), Buffer.alloc(3)]);
    expect(() => guarded.fromBuffer(bytes)).toThrow('corrupt block');
  });

  test('refuses a block size that leads backwards, where plain avsc skips in circles', () => {
    const bytes = Buffer.concat([long(-1), long(-2), Buffer.alloc(8)]);
    expect(() => skipping.fromBuffer(bytes, skipResolver)).toThrow('corrupt block');
  });

  test('refuses a block size beyond the end', () => {
    const bytes = Buffer.concat([long(-1), long(1000), Buffer.alloc(8)]);
    expect(() => skipping.fromBuffer(bytes, skipResolver)).toThrow('corrupt block');
  });

  test.each([['null'], [{ type: 'record', name: 'Empty', fields: [] }], [{ type: 'fixed', name: 'Zero', size: 0 }]])(
    'does not accept items that take no byte: %j',
    item => {
      expect(() => parse({ type: 'array', items: item })).toThrow('no byte');
    },
  );

  test('accepts a type that contains a list of itself', () => {
    const tree = {
      type: 'record',
      name: 'Tree',
      fields: [{ name: 'children', type: { type: 'array', items: 'Tree' } }],
    };
    const bytes = Buffer.from([2, 2, 0, 0, 0]);
    expect(parse(tree).fromBuffer(bytes)).toEqual({ children: [{ children: [{ children: [] }] }] });
  });

  test('survives any mutation of a record: an answer or an error, never more steps than bytes allow', () => {
    const bytes = guarded.toBuffer(value);
    const mutation = fc.record({ at: fc.nat({ max: bytes.length - 1 }), byte: fc.nat({ max: 255 }) });
    fc.assert(
      fc.property(
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        fc.uint8Array({ maxLength: 12 }),
        (changes, tail) => {
          const mutated = Buffer.concat([bytes, tail]);
          for (const { at, byte } of changes) mutated[at] = byte;
          for (const read of [() => guarded.fromBuffer(mutated), () => skipping.fromBuffer(mutated, skipResolver)]) {
            try {
              read();
            } catch (error) {
              expect(error).toBeInstanceOf(Error);
            }
          }
        },
      ),
      { numRuns: 20_000 },
    );
  });
});
