import fc from 'fast-check';
import { type CountryCode, getCountries, getCountryCallingCode } from 'libphonenumber-js';
import examples from 'libphonenumber-js/mobile/examples';
import { describe, expect, it } from 'vitest';
import type { BuildNote } from '../../src/core/build-notes.ts';
import { sha256 } from '../../src/core/normalise.ts';
import { hashPhone, parse, toE164 } from '../../src/core/phone.ts';
import { TYPED_PHONE_NUMBERS } from './phone-numbers.ts';

function digestAndNotes(phone: string, country: string | null, defaultCountry: string | null) {
  const notes: BuildNote[] = [];
  return { digest: hashPhone(phone, country, defaultCountry, notes), notes };
}

describe('a phone number', () => {
  it.each([
    ['+1 (213) 373-4253', null, null, '+12133734253'],
    ['2133734253', 'US', null, '+12133734253'],
    ['(213) 373 4253', null, 'us', '+12133734253'],
    ['0151 23456789', ' de ', 'US', '+4915123456789'],
    ['001 213 373 4253', 'DE', null, '+12133734253'],
    ['tel:+1-213-373-4253', null, null, '+12133734253'],
    ['+44 (0)20 7946 0958', null, null, '+442079460958'],
    ['+1 213 373 4253 ext. 5', null, null, '+12133734253'],
    ['011 15 2345 6789', 'AR', null, '+5491123456789'],
    ['+39 06 1234 5678', 'US', null, '+390612345678'],
    ['＋１（２１３）３７３４２５３', null, null, '+12133734253'],
    ['+1\u202f213\u2009373\u00a04253', null, null, '+12133734253'],
    ['06\u202f12\u202f34\u202f56\u202f78', 'FR', null, '+33612345678'],
    ['\u202a+1 213\u2011373\u20114253\u202c', null, null, '+12133734253'],
    ['٠١٠٠ ١٢٣ ٤٥٦٧', 'EG', null, '+201001234567'],
    ['222 222 2223', 'US', null, '+12222222223'],
    // Fifteen digits, the most that E.164 allows: none may be cut off.
    ['+499891234567890', null, null, '+499891234567890'],
  ])('%j (country %j, default %j) is %s', (phone, country, defaultCountry, e164) => {
    expect(digestAndNotes(phone, country, defaultCountry)).toEqual({ digest: sha256(e164), notes: [] });
  });

  it.each(TYPED_PHONE_NUMBERS)(
    'typed in %s as %j is %s, by the event’s country or the default one',
    (country, typed, e164) => {
      const expected = { digest: sha256(e164), notes: [] };
      expect(digestAndNotes(typed, country, null)).toEqual(expected);
      expect(digestAndNotes(typed, null, country.toLowerCase())).toEqual(expected);
      expect(digestAndNotes(e164, null, null)).toEqual(expected);
    },
  );

  it('is tried as typed in at least fifty countries', () => {
    expect(new Set(TYPED_PHONE_NUMBERS.map(([country]) => country)).size).toBeGreaterThanOrEqual(50);
  });

  it.each([
    // Leer (Ostfriesland) has the area code 0491: with the leading zero there is no doubt.
    ['0491 5123456', 'DE', '+494915123456'],
    ['0 4915123456789', 'DE', '+494915123456789'],
    // No mobile number of Germany begins with 112.
    ['491 1234567', 'DE', '+494911234567'],
    // With the plus the calling code is said: what follows is Leer, though it would be a mobile number without it.
    ['+49 (0) 491 / 701234567', 'DE', '+49491701234567'],
    ['+49 491/701234567', 'DE', '+49491701234567'],
  ])('%j of %s keeps an area code that looks like the calling code: %s', (phone, country, e164) => {
    expect(digestAndNotes(phone, country, null)).toEqual({ digest: sha256(e164), notes: [] });
  });

  it('of any country’s mobiles is the same with its calling code, with or without the plus', () => {
    for (const country of getCountries()) {
      const national = examples[country];
      if (national === undefined) continue;
      const e164 = `+${getCountryCallingCode(country)}${national}`;
      expect([country, digestAndNotes(e164.slice(1), country, null)]).toEqual([
        country,
        digestAndNotes(e164, null, null),
      ]);
    }
  });

  it('without a plus and a known country is left out rather than guessed', () => {
    const left = { digest: null, notes: ['phone_without_country'] };
    expect(digestAndNotes('2133734253', null, null)).toEqual(left);
    expect(digestAndNotes('0012133734253', null, ' ')).toEqual(left);
    expect(digestAndNotes('2133734253', 'XX', null)).toEqual(left);
  });

  it('of a contact in a country we cannot read is not taken for one of the default country', () => {
    expect(digestAndNotes('15123456789', 'Deutschland', 'US').notes).toEqual(['phone_without_country']);
  });

  it.each(['n/a', '555-1234', '+', '+999 1234567', '+1 213', '+123456789012345678', '9'.repeat(300)])(
    '%j is unparsable',
    phone => {
      expect(digestAndNotes(phone, 'US', null)).toEqual({ digest: null, notes: ['phone_unparsable'] });
    },
  );
});

describe('a number of one digit over and over', () => {
  it.each<[string, string | null]>([
    ...[...'0123456789'].map((digit): [string, string] => [digit.repeat(10), 'US']),
    ['+11111111111', null],
    ['+1 (000) 000-0000', null],
    ['07777777777', 'GB'],
    ['+77777777777', null],
    ['00000000', 'DE'],
  ])('%j (%s) is no number of anybody', (phone, country) => {
    const { digest, notes } = digestAndNotes(phone, country, null);
    expect(digest).toBeNull();
    expect(['phone_placeholder', 'phone_unparsable']).toContain(notes[0]);
    expect(notes).toHaveLength(1);
  });

  it('is told apart from one that cannot be read', () => {
    expect(digestAndNotes('1111111111', 'US', null).notes).toEqual(['phone_placeholder']);
  });
});

describe('the short cut for E.164', () => {
  const digitsOf = (country: CountryCode) => fc.constant(examples[country] ?? '2345678');
  const mangled = fc.constantFrom(...getCountries()).chain(country =>
    fc
      .tuple(
        digitsOf(country),
        fc.constantFrom('', '', '0', '1', '8', '9', '15'),
        fc.array(fc.tuple(fc.nat(14), fc.nat(9)), { maxLength: 4 }),
        fc.constantFrom('', '', '7', '42'),
        fc.constantFrom('', '', ' ', ' (', '-', '.'),
      )
      .map(([digits, prefix, changes, suffix, mark]) => {
        const national = [...digits];
        for (const [at, digit] of changes) if (at < national.length) national[at] = String(digit);
        return `+${getCountryCallingCode(country)}${mark}${prefix}${national.join('')}${suffix}`;
      }),
  );

  it('gives what the library gives, for numbers of every country, right or wrong', () => {
    fc.assert(
      fc.property(mangled, phone => {
        expect(toE164(phone, undefined)).toBe(parse(phone, undefined));
        expect(toE164(phone, 'DE')).toBe(parse(phone, 'DE'));
      }),
      { numRuns: 20_000 },
    );
  });

  it('gives what the library gives, for any digits and punctuation', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^\+?[1-9][0-9 ().-]{5,18}$/),
        fc.constantFrom('US', 'GB', undefined),
        (text, home) => {
          expect(toE164(text, home)).toBe(parse(text, home));
        },
      ),
      { numRuns: 5_000 },
    );
  });
});
