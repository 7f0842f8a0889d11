import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BuildNote } from '../../src/core/build-notes.ts';
import {
  hashEmail,
  hashExternalId,
  hashName,
  hashZipCode,
  normalisePlace,
  present,
  sha256,
} from '../../src/core/normalise.ts';
import { hashPhone } from '../../src/core/phone.ts';

const HASHERS: Readonly<Record<string, (text: string | null, notes: BuildNote[]) => string | null>> = {
  email: hashEmail,
  phone: (text, notes) => hashPhone(text, 'US', null, notes),
  external_id: (text, notes) => hashExternalId(text, 'keep', notes),
  external_id_lower: (text, notes) => hashExternalId(text, 'lower', notes),
  name: hashName,
  zip_code: hashZipCode,
};

const DIGEST_OF_NOTHING = createHash('sha256').digest('hex');

describe("TikTok's hash vectors", () => {
  it.each([
    ['email', ' ALICE_abc@gmail.com ', 'alice_abc@gmail.com', '848a7714'],
    ['phone', '(+1)2133734253', '+12133734253', '9f7ec22d'],
    ['external_id', 'user_123', 'user_123', '80fba0ae'],
    ['name', 'Jane', 'jane', '81f8f6dd'],
    ['zip_code', '95110', '95110', '383f7fff'],
    ['zip_code', 'M5V 3L9', 'm5v3l9', '5c850751'],
  ])('%s %j is hashed as %j', (field, input, normalised, head) => {
    const digest = HASHERS[field]!(input, []);
    expect(digest).toBe(createHash('sha256').update(normalised).digest('hex'));
    expect(digest?.slice(0, 8)).toBe(head);
  });
});

describe.each(Object.entries(HASHERS))('the digest of %s', (_, hasher) => {
  it.each([null, '', ' ', '\t\n\u00a0\ufeff'])('is absent for %j', blank => {
    const notes: BuildNote[] = [];
    expect(hasher(blank, notes)).toBeNull();
    expect(notes).toEqual([]);
  });

  it('is passed through in lower case when it comes hashed, never hashed twice', () => {
    const digest = sha256('somebody');
    expect(hasher(digest, [])).toBe(digest);
    expect(hasher(` ${digest.toUpperCase()}\n`, [])).toBe(digest);
  });

  it('is never that of nothing, whoever hashed it', () => {
    const notes: BuildNote[] = [];
    expect(hasher(DIGEST_OF_NOTHING.toUpperCase(), notes)).toBeNull();
    expect(notes).toEqual(['digest_of_nothing']);
  });

  it('is absent or 64 lower-case hex, and never throws, whatever comes', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
      fc.stringMatching(/^[\s\p{Pd}]*$/u),
      fc.stringMatching(/^[0-9a-fA-F]{63,65}$/),
    );
    fc.assert(
      fc.property(text, input => {
        const digest = hasher(input, []);
        if (digest === null) return;
        expect(digest).toMatch(/^[0-9a-f]{64}$/);
        expect(digest).not.toBe(DIGEST_OF_NOTHING);
      }),
      { numRuns: 500 },
    );
  });
});

describe('an e-mail', () => {
  it('keeps its dots and its tag', () => {
    expect(hashEmail('J.Doe+news@Gmail.com', [])).toBe(sha256('j.doe+news@gmail.com'));
  });

  it.each([
    ['a@b.c', 'a@b.c'],
    ["O'Neil+x/y=z@Sub-1.Example.CO", "o'neil+x/y=z@sub-1.example.co"],
    ['a..b.@docomo.example', 'a..b.@docomo.example'],
    ['JÖRG@MÜNCHEN.example', 'jörg@münchen.example'],
    ['用户@例子.公司', '用户@例子.公司'],
    ['a@xn--mnchen-3ya.example', 'a@xn--mnchen-3ya.example'],
    ['a@b.c\u200b', 'a@b.c'],
    ['\u202a\ufeff a@b.c\u202c \u2060', 'a@b.c'],
  ])('%j is hashed as %j', (given, hashed) => {
    const notes: BuildNote[] = [];
    expect([hashEmail(given, notes), notes]).toEqual([sha256(hashed), []]);
  });

  it('is judged in linear time, whatever is repeated in it', () => {
    for (const part of ['a', 'a.', 'a@', '-.', 'é.', '\u200b', '@']) {
      for (const end of ['', '!', ' ', '@b.c,']) hashEmail(`a@${part.repeat(200_000)}${end}`, []);
    }
  });

  const NO_ADDRESS = [
    ...['n/a', 'alice', '@b.example', 'a@', 'a b@c.example', 'a@b@c', 'none@none', 'mailto:a@b.c', '<a@b.c>', 'a@b.c,'],
    ...['a@b.c.', 'a@.c', 'a@b..c', 'a@b.c;d@e.f', 'Ada <a@b.c>', '"a b"@c.d', 'a@[127.0.0.1]', 'a@127.0.0.1'],
    ...['a\u200b@b.c', 'a@b\u200b.c', 'a@b.c\0', '\u200b', 'a@b.c?subject=x', 'a@b.c/d', "'a@b.c'"],
  ];

  it.each(NO_ADDRESS)('%j is no address and is left out', text => {
    const notes: BuildNote[] = [];
    expect(hashEmail(text, notes)).toBeNull();
    expect(notes).toEqual(['email_invalid']);
  });
});

describe('a contact id', () => {
  it('keeps its case, as the pixel does', () => {
    expect(hashExternalId(' User_1 ', 'keep', [])).toBe(sha256('User_1'));
  });

  it('loses it where the pixel does that', () => {
    expect(hashExternalId(' User_1 ', 'lower', [])).toBe(sha256('user_1'));
  });
});

describe('a zip code', () => {
  it('loses blanks and dashes of every kind', () => {
    expect(hashZipCode('95110\u20131234', [])).toBe(sha256('951101234'));
    expect(hashZipCode(' - ', [])).toBeNull();
  });
});

describe('a place', () => {
  it.each([
    ['San Jose', 'sanjose'],
    ['CA', 'ca'],
    ['São Paulo', 'saopaulo'],
    ['Sa\u0303o Paulo', 'saopaulo'],
    ['Tromsø', 'tromso'],
    ['Łódź', 'lodz'],
    ['Gießen', 'giessen'],
    ["L'Aquila-2", 'laquila'],
    ['İstanbul', 'istanbul'],
  ])('%j is %j', (place, letters) => {
    expect(normalisePlace(place, [])).toBe(letters);
  });

  it.each(['東京', 'Токио', '123', 'Tokyo 東京', sha256('bonn'), ` ${sha256('bonn').toUpperCase()} `])(
    '%j is left out whole',
    place => {
      const notes: BuildNote[] = [];
      expect(normalisePlace(place, notes)).toBeNull();
      expect(notes).toEqual(['place_unwritable']);
    },
  );

  it('is absent or letters a to z, whatever comes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })), place => {
        expect(normalisePlace(place, []) ?? 'absent').toMatch(/^[a-z]+$/);
      }),
    );
  });
});

it('blank and absent texts are not present', () => {
  expect([undefined, null, '', ' \n', ' a '].map(present)).toEqual([null, null, null, null, 'a']);
});
