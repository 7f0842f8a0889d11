import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BuildNote } from '../../src/core/build-notes.ts';
import type { Content } from '../../src/core/record.ts';
import { propertiesJson } from '../../src/core/tiktok-properties.ts';
import type { ValueDecision } from '../../src/core/value.ts';
import { anyDecimal, anyEvent } from './business-events.ts';

const NO_VALUE: ValueDecision = { amount: null, currency: null, withPrices: true, note: null };
const VALUE: ValueDecision = { amount: '129.95', currency: 'USD', withPrices: true, note: null };
const NOTHING: Content = { content_id: null, content_name: null, content_type: null, quantity: null, price: null };

function properties(value: ValueDecision, contents: readonly Partial<Content>[] | null) {
  const notes: BuildNote[] = [];
  const lines = contents?.map(content => ({ ...NOTHING, ...content })) ?? null;
  return { json: propertiesJson(value, lines, true, notes), notes };
}

function item(content: Partial<Content>, value = VALUE) {
  const { json, notes } = properties(value, [content]);
  return { item: JSON.parse(json).contents?.[0], notes };
}

describe('the properties', () => {
  it.each([
    ['nothing', NO_VALUE, null],
    ['no line', NO_VALUE, []],
    ['a line that says nothing', NO_VALUE, [{}, { content_id: ' ', content_name: '' }]],
  ] as const)('of %s are nothing', (_, value, contents) => {
    expect(properties(value, contents)).toEqual({ json: '', notes: [] });
  });

  it('hold value and currency as they were decided', () => {
    expect(properties(VALUE, null)).toEqual({ json: '{"value":129.95,"currency":"USD"}', notes: [] });
  });

  it('list what was bought, in order, without lines that say nothing', () => {
    const full = { content_id: '1', content_name: 'Plan "Pro"', content_type: 'product', quantity: 2, price: '9.5' };
    expect(properties(NO_VALUE, [full, {}, { content_id: '2' }])).toEqual({
      json: '{"contents":[{"content_id":"1","price":9.5,"quantity":2,"content_name":"Plan \\"Pro\\""},{"content_id":"2"}],"content_type":"product"}',
      notes: [],
    });
  });

  it('keep every digit of an amount: none goes through a double', () => {
    const amount = '12345678901234567.8901';
    expect(properties({ ...VALUE, amount }, [{ price: amount }]).json).toBe(
      `{"value":${amount},"currency":"USD","contents":[{"price":${amount}}]}`,
    );
  });
});

describe('a price', () => {
  it.each([
    ['0', 0],
    ['19.9', 19.9],
    [' 5 ', 5],
  ])('of %j goes out', (price, sent) => {
    expect(item({ price })).toEqual({ item: { price: sent }, notes: [] });
  });

  it.each(['-1', 'free', '1,50', '1e3', '.5', '+1', '01', 'NaN', '1}'])('of %j stays out, and is counted', price => {
    expect(item({ content_id: 'a', price })).toEqual({ item: { content_id: 'a' }, notes: ['price_omitted'] });
  });

  it('stays out where it would be in another currency than the value', () => {
    const found = item({ content_id: 'a', price: '5' }, { ...VALUE, withPrices: false });
    expect(found).toEqual({ item: { content_id: 'a' }, notes: ['price_omitted'] });
  });

  it.each([null, '', '  '])('of %j is none, and nothing to count', price => {
    expect(item({ content_id: 'a', price })).toEqual({ item: { content_id: 'a' }, notes: [] });
  });
});

describe('a quantity', () => {
  it.each([0, 1, Number.MAX_SAFE_INTEGER])('of %d goes out', quantity => {
    expect(item({ quantity })).toEqual({ item: { quantity }, notes: [] });
  });

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('of %d stays out, and is counted', quantity => {
    expect(item({ content_id: 'a', quantity })).toEqual({ item: { content_id: 'a' }, notes: ['quantity_omitted'] });
  });
});

describe('the content type', () => {
  it.each<[readonly (string | null)[], string | undefined, readonly BuildNote[]]>([
    [['product'], 'product', []],
    [[' Product_Group ', null, 'product_group'], 'product_group', []],
    [['product', 'product_group'], undefined, ['content_type_omitted']],
    [['service'], undefined, ['content_type_omitted']],
    [['product', 'service'], undefined, ['content_type_omitted']],
    [[null, ' '], undefined, []],
  ])('of %j is %j for all of them, as TikTok has one field', (types, expected, notes) => {
    const contents = types.map((content_type, n) => ({ content_id: String(n), content_type }));
    const found = properties(VALUE, contents);
    expect(JSON.parse(found.json).content_type).toBe(expected);
    expect(found.notes).toEqual(notes);
  });

  it('stands alone where the lines say nothing else', () => {
    expect(properties(NO_VALUE, [{ content_type: 'product' }]).json).toBe('{"content_type":"product"}');
  });
});

it('say nothing of what was bought where the shape has no place for it, and this is noted', () => {
  const notes: BuildNote[] = [];
  expect(propertiesJson(VALUE, [NOTHING], false, notes)).toBe('{"value":129.95,"currency":"USD"}');
  expect(propertiesJson(NO_VALUE, [], false, notes)).toBe('');
  expect(propertiesJson(NO_VALUE, null, false, notes)).toBe('');
  expect(notes).toEqual(['contents_omitted']);
});

it('is valid JSON of strings and plain numbers, whatever the contents say', () => {
  fc.assert(
    fc.property(anyEvent, fc.option(anyDecimal), fc.boolean(), ({ contents }, amount, withPrices) => {
      const currency = amount === null ? null : 'USD';
      const json = propertiesJson({ amount, currency, withPrices, note: null }, contents, true, []);
      if (json === '') return;
      const { contents: items = [] } = JSON.parse(json) as { contents?: Record<string, unknown>[] };
      for (const { content_id = '', content_name = '', price = 0, quantity = 0, ...rest } of items) {
        expect([typeof content_id, typeof content_name, rest]).toEqual(['string', 'string', {}]);
        expect(Number(price)).toBeGreaterThanOrEqual(0);
        expect(Number.isSafeInteger(quantity)).toBe(true);
      }
    }),
  );
});
