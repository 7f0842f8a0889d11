/**
 * Phone numbers → E.164 → SHA-256, by libphonenumber-js, the parser TikTok names.
 *
 * Guarantee: never throws and never guesses: without a `+` and a known country there is no digest. The short cut for
 * numbers in E.164 gives exactly what the library gives (a property test compares them). The library's small metadata is
 * enough: 400,000 mangled numbers gave no difference in E.164 from the full one. "Possible" (length) is asked for, not
 * "valid": new number ranges must not be dropped.
 */

import {
  type CountryCode,
  getCountryCallingCode,
  isSupportedCountry,
  parsePhoneNumberFromString,
} from 'libphonenumber-js';
import metadata from 'libphonenumber-js/min/metadata';
import { parsePhoneNumberFromString as parseMobileNumber } from 'libphonenumber-js/mobile';
import type { BuildNote } from './build-notes.ts';
import { digestOf, present } from './normalise.ts';

/**
 * The digest of a phone number. `country` (ISO 3166-1 alpha-2) is the event's; only where the event names none is
 * `defaultCountry` used, so that a contact abroad is never taken for a local one.
 */
export function hashPhone(
  phone: string | null,
  country: string | null,
  defaultCountry: string | null,
  notes: BuildNote[],
): string | null {
  return digestOf(
    phone,
    trimmed => {
      const number = plainE164(trimmed) ?? readInCountry(trimmed, present(country) ?? present(defaultCountry), notes);
      if (number === null) return null;
      return isPlaceholder(number) ? noted(notes, 'phone_placeholder') : number;
    },
    notes,
  );
}

function readInCountry(text: string, country: string | null, notes: BuildNote[]): string | null {
  const typed = inPlainCharacters(text);
  const home = supported(country?.toUpperCase());
  if (home === undefined && !typed.includes('+')) return noted(notes, 'phone_without_country');
  const number = toE164(typed, home);
  if (number === null) return noted(notes, 'phone_unparsable');
  return home === undefined || typed.includes('+') ? number : withOwnCallingCode(typed, number, home);
}

/**
 * Messengers and CRMs keep numbers with the calling code and without its `+` (`4915123456789`). The library takes a few
 * countries' (Germany, Indonesia, Kosovo) for a fixed line typed without its leading zero, and repeats the calling code.
 * Where the digits are a mobile number as they stand, they are that one. Behind a `+` there is no doubt.
 */
function withOwnCallingCode(typed: string, number: string, home: CountryCode): string {
  const code = getCountryCallingCode(home);
  if (!number.startsWith(`+${code}${code}`) || !typed.replace(NO_DIGIT, '').startsWith(code)) return number;
  const mobile = parseMobileNumber(`+${number.slice(code.length + 1)}`);
  return mobile?.isValid() ? mobile.number : number;
}

/** Narrow blanks and full-width digits as the plain ones they stand for, without marks of direction and no width. */
function inPlainCharacters(text: string): string {
  return NOT_ASCII.test(text) ? text.normalize('NFKC').replace(WITHOUT_WIDTH, '') : text;
}

/** One digit over and over after the calling code: typed to get past a form, it would make one person of many. */
function isPlaceholder(e164: string): boolean {
  const last = e164.charAt(e164.length - 1);
  // Behind the longest calling code: enough for nearly all numbers.
  if (e164.charAt(5) !== last) return false;
  const start = [2, 3, 4].find(end => CALLING_CODES.has(e164.slice(1, end))) ?? 1;
  for (let at = start; at < e164.length; at += 1) if (e164.charAt(at) !== last) return false;
  return true;
}

/** `+`, country code, digits; null where the text holds no possible number. */
export function toE164(text: string, country: CountryCode | undefined): string | null {
  return plainE164(text) ?? parse(text, country);
}

/** The library's answer, without the short cut. */
export function parse(text: string, country: CountryCode | undefined): string | null {
  const number = parsePhoneNumberFromString(text, country);
  return number?.isPossible() ? number.number : null;
}

const NOT_ASCII = /[^\0-\x7f]/;
const WITHOUT_WIDTH = /\p{Cf}/gu;
const NO_DIGIT = /\D/g;
const PUNCTUATION = /[ ().-]/g;
const E164 = /^\+[1-9]\d{6,14}$/;

/** What decides whether the digits after a calling code stand as they are. */
interface CallingCode {
  /** A national prefix in them, which the library would strip or rewrite. */
  readonly prefix: RegExp | null;
  /** Lengths possible in every country that shares the code. */
  readonly lengths: ReadonlySet<number>;
}

/** Positions in a numbering plan of metadata version 4, as in the library's `source/metadata.js`. */
const POSSIBLE_LENGTHS = 3;
const NATIONAL_PREFIX = 5;
const NATIONAL_PREFIX_FOR_PARSING = 7;

const CALLING_CODES = readCallingCodes();

function readCallingCodes(): ReadonlyMap<string, CallingCode> {
  const codes = new Map<string, CallingCode>();
  if (metadata.version !== 4) return codes;
  for (const [code, countries] of Object.entries(metadata.country_calling_codes)) {
    const plans = countries.map((country): readonly unknown[] => metadata.countries[country] ?? []);
    const prefix = plans[0]?.[NATIONAL_PREFIX_FOR_PARSING] || plans[0]?.[NATIONAL_PREFIX];
    const [first = [], ...others] = plans.map(plan => plan[POSSIBLE_LENGTHS] as readonly number[]);
    codes.set(code, {
      prefix: typeof prefix === 'string' ? new RegExp(`^(?:${prefix})`) : null,
      lengths: new Set(first.filter(length => others.every(lengths => lengths.includes(length)))),
    });
  }
  return codes;
}

/** The short cut: calling codes are prefix-free, so the first that fits is the one. */
function plainE164(text: string): string | null {
  const digits = text.replace(PUNCTUATION, '');
  return E164.test(digits) && isPlain(digits) ? digits : null;
}

function isPlain(digits: string): boolean {
  for (let end = 2; end <= 4; end += 1) {
    const code = CALLING_CODES.get(digits.slice(1, end));
    if (code === undefined) continue;
    const national = digits.slice(end);
    return code.lengths.has(national.length) && !code.prefix?.test(national);
  }
  return false;
}

/** Whether numbers can be read as this country's (ISO 3166-1 alpha-2, capitals). */
export function isPhoneCountry(country: string): boolean {
  return isSupportedCountry(country);
}

function supported(country: string | undefined): CountryCode | undefined {
  return country !== undefined && isSupportedCountry(country) ? country : undefined;
}

function noted(notes: BuildNote[], note: BuildNote): null {
  notes.push(note);
  return null;
}
