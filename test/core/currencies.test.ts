import { expect, it } from 'vitest';
import { isSupportedCurrency, TIKTOK_CURRENCIES } from '../../src/core/currencies.ts';

it("TikTok's list has 62 distinct ISO 4217 codes in order", () => {
  expect(new Set(TIKTOK_CURRENCIES).size).toBe(62);
  expect(TIKTOK_CURRENCIES).toHaveLength(62);
  expect([...TIKTOK_CURRENCIES].sort()).toEqual(TIKTOK_CURRENCIES);
  const known = new Set(Intl.supportedValuesOf('currency'));
  expect(TIKTOK_CURRENCIES.filter(code => !known.has(code))).toEqual([]);
});

it('knows the codes TikTok takes from the common ones it does not', () => {
  expect(['USD', 'EUR', 'JPY', 'PHP', 'VES'].map(isSupportedCurrency)).not.toContain(false);
  expect(['BGN', 'UYU', 'GEL', 'TZS', 'GHS', 'LKR', 'JOD', 'usd', ''].map(isSupportedCurrency)).not.toContain(true);
});
