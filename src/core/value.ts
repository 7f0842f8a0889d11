/**
 * Value and currency: which amount goes out, and under which currency.
 *
 * Guarantee: value and currency go together or not at all, and an amount is never relabelled: the event's amount only
 * goes out under the event's currency (or, where the event names none, the mapping's, which is its declared fallback),
 * the mapping's fixed value only under the mapping's.
 */

import type { BuildNote } from './build-notes.ts';
import type { Mapping } from './config-entry.ts';
import { isSupportedCurrency } from './currencies.ts';
import { present } from './normalise.ts';
import type { Refusal, Skip } from './outcome.ts';
import type { BusinessEvent } from './record.ts';

/**
 * What becomes of an event whose amount is below zero; what TikTok does with one is undocumented. `skip`: it is not
 * sent. `omit`: it is sent without value and currency. `dead_letter`: it is kept for a person to look at.
 */
export type NegativeValue = 'skip' | 'omit' | 'dead_letter';

/** What to send. Amounts are canonical decimal strings, which are exact JSON numbers as they stand. */
export interface ValueDecision {
  readonly amount: string | null;
  /** Set exactly when `amount` is. */
  readonly currency: string | null;
  /** Whether prices of the contents may go out: only where their own currency is sent, which needs a value beside it. */
  readonly withPrices: boolean;
  readonly note: BuildNote | null;
}

const NOT_WANTED: ValueDecision = { amount: null, currency: null, withPrices: false, note: null };
const MISSING: ValueDecision = { amount: null, currency: null, withPrices: false, note: 'value_missing' };
const OMITTED: ValueDecision = { amount: null, currency: null, withPrices: false, note: 'currency_omitted' };
const NEGATIVE_OMITTED: ValueDecision = {
  amount: null,
  currency: null,
  withPrices: false,
  note: 'negative_value_omitted',
};
const NEGATIVE: Skip = { skip: 'negative_value' };
const DECIMAL = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;

/** Whether a text is a decimal that JSON can hold as a number as it stands. */
export function isDecimal(amount: string): boolean {
  return DECIMAL.test(amount);
}

/** Below zero; `-0` and `-0.00` are zero. */
export function isNegative(decimal: string): boolean {
  return decimal.startsWith('-') && /[1-9]/.test(decimal);
}

/** The value of a mapping's source, judged by its currency policy. Zero is a value. */
export function decideValue(
  event: BusinessEvent,
  mapping: Mapping,
  negativeValue: NegativeValue,
): ValueDecision | Skip | Refusal {
  if (!mapping.include_value) return NOT_WANTED;
  const source = mapping.value_source;
  const amount = present(amountOf(event, mapping));
  if (amount === null) return MISSING;
  if (!isDecimal(amount)) {
    return { deadLetter: 'invalid_event', detail: `The amount of ${source} is not a decimal number.` };
  }
  if (isNegative(amount)) return negative(negativeValue, mapping);
  const priceCurrency = code(event.currency) ?? code(mapping.currency);
  const currency = source === 'FIXED' ? code(mapping.currency) : priceCurrency;
  if (currency !== null && isSupportedCurrency(currency)) {
    return { amount: unsigned(amount), currency, withPrices: currency === priceCurrency, note: null };
  }
  return withoutCurrency(currency, mapping, negativeValue);
}

function negative(policy: NegativeValue, mapping: Mapping): ValueDecision | Skip | Refusal {
  switch (policy) {
    case 'skip':
      return NEGATIVE;
    case 'omit':
      return NEGATIVE_OMITTED;
    case 'dead_letter': {
      const detail = `The amount for mapping ${mapping.mapping_id} is below zero, and TikTok takes no corrections.`;
      return { deadLetter: 'negative_value', detail };
    }
  }
}

/**
 * The policy for a missing or unsupported currency. `FIXED` sends the mapping's own fixed value under the mapping's
 * own currency. It cannot mean "send the event's amount under the mapping's currency", because that would relabel it;
 * and where the mapping does not have both, it is `OMIT`.
 */
function withoutCurrency(
  currency: string | null,
  mapping: Mapping,
  negativeValue: NegativeValue,
): ValueDecision | Skip | Refusal {
  switch (mapping.currency_policy) {
    case 'OMIT':
      return OMITTED;
    case 'FIXED':
      return fixedInstead(mapping, negativeValue);
    case 'DEAD_LETTER':
      return refusal(currency, mapping);
  }
}

function fixedInstead(mapping: Mapping, negativeValue: NegativeValue): ValueDecision | Skip | Refusal {
  const amount = present(mapping.fixed_value);
  const currency = code(mapping.currency);
  if (amount === null || !isDecimal(amount)) return OMITTED;
  if (currency === null || !isSupportedCurrency(currency)) return OMITTED;
  if (isNegative(amount)) return negative(negativeValue, mapping);
  return { amount: unsigned(amount), currency, withPrices: false, note: 'fixed_value_sent' };
}

function refusal(currency: string | null, mapping: Mapping): Refusal {
  const remedy = `Set one TikTok supports, or another currency_policy, on mapping ${mapping.mapping_id}.`;
  if (currency === null) {
    return { deadLetter: 'currency_missing', detail: `Neither event nor mapping names a currency. ${remedy}` };
  }
  const shown = /^[A-Z]{3}$/.test(currency) ? currency : 'The currency given';
  return { deadLetter: 'currency_unsupported', detail: `${shown} is not on TikTok's list. ${remedy}` };
}

function amountOf(event: BusinessEvent, mapping: Mapping): string | null {
  switch (mapping.value_source) {
    case 'QUOTE_VALUE':
      return event.quote_value;
    case 'SALES_VALUE':
      return event.sales_value;
    case 'FIXED':
      return mapping.fixed_value;
    case null:
      return null;
  }
}

function code(currency: string | null): string | null {
  return present(currency)?.toUpperCase() ?? null;
}

function unsigned(amount: string): string {
  return amount.startsWith('-') ? amount.slice(1) : amount;
}
