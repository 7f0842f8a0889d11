import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Mapping } from '../../src/core/config-entry.ts';
import { isSupportedCurrency } from '../../src/core/currencies.ts';
import type { BusinessEvent } from '../../src/core/record.ts';
import * as value from '../../src/core/value.ts';
import { anyEvent, anyMapping, conversion, mappingOf } from './business-events.ts';

const decideValue = (event: BusinessEvent, mapping: Mapping, negative: value.NegativeValue = 'skip') =>
  value.decideValue(event, mapping, negative);
const sales = (sales_value: string | null, currency: string | null) => conversion({ sales_value, currency });
const sent = (amount: string, currency: string) => ({ amount, currency, withPrices: true, note: null });
const omitted = { amount: null, currency: null, withPrices: false, note: 'currency_omitted' };
const missing = { amount: null, currency: null, withPrices: false, note: 'value_missing' };

describe('the value', () => {
  it('is left out where the mapping wants none', () => {
    const event = conversion({ sales_value: '-5', currency: 'XXX' });
    const decision = decideValue(event, mappingOf({ include_value: false, currency_policy: 'DEAD_LETTER' }));
    expect(decision).toEqual({ amount: null, currency: null, withPrices: false, note: null });
  });

  it('comes from the source the mapping names', () => {
    const event = conversion({ quote_value: '1.5', sales_value: '2.5' });
    expect(decideValue(event, mappingOf({ value_source: 'QUOTE_VALUE' }))).toEqual(sent('1.5', 'USD'));
    expect(decideValue(event, mappingOf({ value_source: 'SALES_VALUE' }))).toEqual(sent('2.5', 'USD'));
    const fixed = mappingOf({ value_source: 'FIXED', fixed_value: '3.5', currency: 'USD' });
    expect(decideValue(event, fixed)).toEqual(sent('3.5', 'USD'));
  });

  // Amounts are in major units whatever the currency's exponent: never multiplied or divided by 100 or 1000.
  it.each([
    ['1500', 'JPY'],
    ['19.99', 'USD'],
    ['1.234', 'KWD'],
    ['0.0001', 'EUR'],
    ['12345678901234.5678', 'VND'],
    ['0', 'USD'],
  ])('of %s %s is sent as it is', (amount, currency) => {
    expect(decideValue(sales(amount, currency), mappingOf())).toEqual(sent(amount, currency));
  });

  it('that is missing is left out together with the currency, whatever the policy', () => {
    for (const currency_policy of ['OMIT', 'FIXED', 'DEAD_LETTER'] as const) {
      expect(decideValue(sales(null, null), mappingOf({ currency_policy }))).toEqual(missing);
    }
    expect(decideValue(sales(null, 'USD'), mappingOf({ quote_value: '5' } as object))).toEqual(missing);
    expect(decideValue(conversion(), mappingOf({ value_source: null }))).toEqual(missing);
  });

  it('below zero is skipped, minus zero is zero', () => {
    expect(decideValue(sales('-0.01', 'USD'), mappingOf())).toEqual({ skip: 'negative_value' });
    expect(decideValue(sales('-1', null), mappingOf({ currency_policy: 'DEAD_LETTER' }))).toEqual({
      skip: 'negative_value',
    });
    expect(decideValue(sales('-0.00', 'USD'), mappingOf())).toEqual(sent('0.00', 'USD'));
  });

  it('below zero is, where the option says so, left out or kept for a person, and never sent', () => {
    const refund = sales('-9.5', 'USD');
    const left = { amount: null, currency: null, withPrices: false, note: 'negative_value_omitted' };
    expect(decideValue(refund, mappingOf(), 'omit')).toEqual(left);
    expect(decideValue(refund, mappingOf(), 'dead_letter')).toMatchObject({ deadLetter: 'negative_value' });
    const fixed = mappingOf({ currency_policy: 'FIXED', fixed_value: '-9', currency: 'USD' });
    expect(decideValue(sales('500', 'BGN'), fixed, 'omit')).toEqual(left);
    expect(decideValue(sales('500', 'BGN'), fixed, 'dead_letter')).toMatchObject({ deadLetter: 'negative_value' });
    expect(decideValue(sales('0', 'USD'), mappingOf(), 'omit')).toEqual(sent('0', 'USD'));
  });

  it.each(['abc', '1e3', '0x10', '.5', '5.', '1,5', '007', 'NaN'])('%j is no amount', amount => {
    expect(decideValue(sales(amount, 'USD'), mappingOf())).toMatchObject({ deadLetter: 'invalid_event' });
  });
});

describe('the currency', () => {
  it('of the event wins over the mapping, which is the fallback', () => {
    expect(decideValue(sales('5', ' eur '), mappingOf({ currency: 'USD' }))).toEqual(sent('5', 'EUR'));
    expect(decideValue(sales('5', null), mappingOf({ currency: 'USD' }))).toEqual(sent('5', 'USD'));
    expect(decideValue(sales('5', ' '), mappingOf({ currency: 'USD' }))).toEqual(sent('5', 'USD'));
  });

  it('of a fixed value is the mapping’s, and prices in another one stay behind', () => {
    const mapping = mappingOf({ value_source: 'FIXED', fixed_value: '9', currency: 'USD' });
    expect(decideValue(sales('5', 'EUR'), mapping)).toEqual({ ...sent('9', 'USD'), withPrices: false });
    expect(decideValue(sales('5', 'USD'), mapping)).toEqual(sent('9', 'USD'));
    expect(decideValue(sales('5', 'EUR'), { ...mapping, currency: null })).toEqual(omitted);
  });

  it.each(['BGN', null])('%s under OMIT leaves both out', currency => {
    expect(decideValue(sales('5', currency), mappingOf({ currency_policy: 'OMIT' }))).toEqual(omitted);
  });

  it('that is unsupported or missing makes a dead letter under DEAD_LETTER', () => {
    const mapping = mappingOf({ currency_policy: 'DEAD_LETTER' });
    expect(decideValue(sales('5', null), mapping)).toMatchObject({ deadLetter: 'currency_missing' });
    expect(decideValue(sales('5', 'BGN'), mapping)).toMatchObject({
      deadLetter: 'currency_unsupported',
      detail: expect.stringMatching(/^BGN is not on TikTok's list\..*mapping-1/),
    });
    expect(decideValue(sales('5', 'jane@doe.example'), mapping)).toMatchObject({
      deadLetter: 'currency_unsupported',
      detail: expect.not.stringMatching(/jane/i),
    });
  });

  it('that is unsupported sends the fixed value in the mapping’s currency under FIXED', () => {
    const mapping = mappingOf({ currency_policy: 'FIXED', fixed_value: '9', currency: 'usd' });
    expect(decideValue(sales('500', 'BGN'), mapping)).toEqual({
      amount: '9',
      currency: 'USD',
      withPrices: false,
      note: 'fixed_value_sent',
    });
    expect(decideValue(sales('500', 'BGN'), { ...mapping, fixed_value: '-9' })).toEqual({ skip: 'negative_value' });
  });

  it('under FIXED without both a fixed value and a usable currency is omitted', () => {
    const mapping = mappingOf({ currency_policy: 'FIXED', fixed_value: '9', currency: 'USD' });
    expect(decideValue(sales('500', 'BGN'), { ...mapping, fixed_value: null })).toEqual(omitted);
    expect(decideValue(sales('500', 'BGN'), { ...mapping, fixed_value: 'x' })).toEqual(omitted);
    expect(decideValue(sales('500', 'BGN'), { ...mapping, currency: null })).toEqual(omitted);
    expect(decideValue(sales('500', 'BGN'), { ...mapping, currency: 'BGN' })).toEqual(omitted);
  });

  it('and the amount go together, and no amount ever leaves under another currency than its own', () => {
    fc.assert(
      fc.property(anyEvent, anyMapping, (event, mapping) => {
        const decision = decideValue(event, mapping);
        if (!('withPrices' in decision)) return;
        expect(decision.amount === null).toBe(decision.currency === null);
        const own = event.currency?.trim().toUpperCase() || mapping.currency;
        const isEvents = [event.quote_value, event.sales_value].includes(decision.amount);
        if (decision.amount !== null && isEvents && decision.amount !== mapping.fixed_value) {
          expect(decision.currency).toBe(own);
        }
        if (decision.withPrices) expect([isSupportedCurrency(own ?? ''), decision.currency]).toEqual([true, own]);
      }),
      { numRuns: 2_000 },
    );
  });
});
