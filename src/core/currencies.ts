/**
 * The currencies TikTok takes with a value.
 *
 * Guarantee: data only. Source: the enum of TikTok's own SDK (tiktok/tiktok-business-api-sdk@f809c39, 2026-02,
 * `python_sdk/docs/Pixel*.md`), which prints PHP twice; 62 distinct ISO 4217 codes.
 */

export const TIKTOK_CURRENCIES = [
  ...['AED', 'ARS', 'AUD', 'BDT', 'BHD', 'BIF', 'BOB', 'BRL', 'CAD', 'CHF', 'CLP', 'CNY', 'COP', 'CRC', 'CZK', 'DKK'],
  ...['DZD', 'EGP', 'EUR', 'GBP', 'GTQ', 'HKD', 'HNL', 'HUF', 'IDR', 'ILS', 'INR', 'ISK', 'JPY', 'KES', 'KHR', 'KRW'],
  ...['KWD', 'KZT', 'MAD', 'MOP', 'MXN', 'MYR', 'NGN', 'NIO', 'NOK', 'NZD', 'OMR', 'PEN', 'PHP', 'PKR', 'PLN', 'PYG'],
  ...['QAR', 'RON', 'RUB', 'SAR', 'SEK', 'SGD', 'THB', 'TRY', 'TWD', 'UAH', 'USD', 'VES', 'VND', 'ZAR'],
] as readonly string[];

const SUPPORTED: ReadonlySet<string> = new Set(TIKTOK_CURRENCIES);

/** Whether TikTok takes this code; upper case is asked for. */
export function isSupportedCurrency(code: string): boolean {
  return SUPPORTED.has(code);
}
