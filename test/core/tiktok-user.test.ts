import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/normalise.ts';
import type { Touch } from '../../src/core/record.ts';
import { MATCH_KEYS } from '../../src/core/tiktok-event.ts';
import type { Shape } from '../../src/core/tiktok-shape.ts';
import {
  type ContactReading,
  contactFields,
  matchKeysOf,
  touchFields,
  type UserFields,
} from '../../src/core/tiktok-user.ts';
import { anyEvent, conversion, NO_TOUCH } from './business-events.ts';

const DIGEST = /^[0-9a-f]{64}$/;
const HASHED = ['email', 'phone', 'external_id', 'first_name', 'last_name', 'zip_code'];

function read({ fields, matchBits, notes }: UserFields) {
  return { user: JSON.parse(`{${fields.slice(1)}}`), keys: matchKeysOf(matchBits), notes };
}

const reading = (defaultCountry: string | null, shape: Shape = 'web'): ContactReading => ({
  shape,
  defaultCountry,
  externalIdCase: 'keep',
});
const contact = (changes: Parameters<typeof conversion>[0] = {}, country: string | null = null, shape: Shape = 'web') =>
  read(contactFields(conversion(changes), reading(country, shape)));
const visit = (touch: Partial<Touch>, shape: 'web' | 'web_v1' = 'web') =>
  read(touchFields({ ...NO_TOUCH, ...touch }, shape));

describe('match keys', () => {
  it('of each set of bits are those whose bit is set, and the same list each time', () => {
    for (let bits = 0; bits < 64; bits++) {
      expect(matchKeysOf(bits)).toEqual(MATCH_KEYS.filter((_, n) => bits & (1 << n)));
      expect(matchKeysOf(bits)).toBe(matchKeysOf(bits));
    }
  });
});

describe('the contact', () => {
  it('is hashed, its places stay in clear, and the strong ids are match keys', () => {
    const event = {
      first_name: 'Jane',
      last_name: 'Doe',
      zip_code: '10 115',
      city: 'Köln',
      state: 'NW',
      country: 'DE',
    };
    expect(contact({ email: ' A@b.example', phone: '0151 23456789', contact_id: ' User_1 ', ...event })).toEqual({
      user: {
        email: sha256('a@b.example'),
        phone: sha256('+4915123456789'),
        external_id: sha256('User_1'),
        first_name: sha256('jane'),
        last_name: sha256('doe'),
        zip_code: sha256('10115'),
        city: 'koln',
        state: 'nw',
        country: 'de',
      },
      keys: ['email', 'phone', 'external_id'],
      notes: [],
    });
  });

  it('without anything is empty', () => {
    const nobody = contactFields(conversion({ email: null, phone: ' ', contact_id: '' }), reading('US'));
    expect(nobody).toEqual({ fields: '', matchBits: 0, notes: [] });
  });

  it.each([
    [{ email: 'nobody' }, 'email', 'email_invalid'],
    [{ phone: '2133734253' }, 'phone', 'phone_without_country'],
    [{ phone: '+1' }, 'phone', 'phone_unparsable'],
    [{ contact_id: sha256('') }, 'external_id', 'digest_of_nothing'],
  ] as const)('with %j has no %s, and says why', (changes, key, note) => {
    const { user, keys, notes } = contact(changes);
    expect(user).not.toHaveProperty(key);
    expect(keys).toEqual((['email', 'phone', 'external_id'] as const).filter(each => each !== key));
    expect(notes).toEqual([note]);
  });

  it('is looked for in the default country only where the event names none', () => {
    expect(contact({ phone: '2133734253' }, 'US').user.phone).toBe(sha256('+12133734253'));
    expect(contact({ phone: '0151 23456789', country: 'DE' }, 'US').user.phone).toBe(sha256('+4915123456789'));
  });

  const WITH_EVERYTHING = {
    ...{ first_name: 'Jane', last_name: 'Doe', zip_code: '10115', city: 'Bonn', state: 'NW', country: 'DE' },
    ...{ email: 'a@b.example', phone: '+12133734253', contact_id: 'User_1' },
  };

  it('of an offline event has no external id', () => {
    const { user, keys } = contact(WITH_EVERYTHING, null, 'offline');
    const names = ['city', 'country', 'email', 'first_name', 'last_name', 'phone', 'state', 'zip_code'];
    expect([Object.keys(user).toSorted(), keys]).toEqual([names, ['email', 'phone']]);
  });

  it('of a 1.0 event is email, phone_number and external_id, and no more', () => {
    expect(contact(WITH_EVERYTHING, null, 'web_v1')).toEqual({
      user: { email: sha256('a@b.example'), phone_number: sha256('+12133734253'), external_id: sha256('User_1') },
      keys: ['email', 'phone', 'external_id'],
      notes: [],
    });
  });

  it('leaves nothing personal in clear, whatever the event says', () => {
    fc.assert(
      fc.property(anyEvent, fc.constantFrom('US', 'DE', null), (event, country) => {
        const { user } = read(contactFields(event, reading(country)));
        for (const [name, value] of Object.entries(user)) {
          expect(value).toMatch(HASHED.includes(name) ? DIGEST : /^[a-z]+$/);
        }
      }),
    );
  });
});

describe('the touch', () => {
  it('is sent as it is', () => {
    const touch = { ttclid: 'E.C.P"x', ttp: 'ttp', ip: '203.0.113.7', user_agent: 'Mozilla/5.0 "quoted"' };
    expect(visit(touch)).toEqual({ user: touch, keys: ['ttclid', 'ttp', 'ip'], notes: [] });
  });

  it('of a 1.0 event is its cookie, and the click id beside', () => {
    const touch = { ttclid: 'E.C.P"x', ttp: 'ttp', ip: 'nonsense', user_agent: 'Mozilla/5.0' };
    expect(visit(touch, 'web_v1')).toEqual({ user: { ttp: 'ttp' }, keys: ['ttclid', 'ttp'], notes: [] });
    expect(touchFields({ ...NO_TOUCH, ...touch }, 'web_v1').ttclid).toBe('E.C.P"x');
  });

  it('that says nothing is empty', () => {
    const nothing = { fields: '', ttclid: null, matchBits: 0, notes: [] };
    expect(touchFields({ ...NO_TOUCH, ttp: ' ', user_agent: '' }, 'web')).toEqual(nothing);
  });

  it.each([
    ['an ip without a user agent', { ip: '203.0.113.7' }, { ip: '203.0.113.7' }],
    ['a user agent without an ip', { user_agent: 'Mozilla' }, { user_agent: 'Mozilla' }],
  ])('matches nobody by %s', (_, touch, user) => {
    expect(visit(touch)).toEqual({ user, keys: [], notes: [] });
  });

  it.each([
    ['10.0.0.1', 'ip_private'],
    ['localhost', 'ip_unreadable'],
  ])('never has an ip like %s', (ip, note) => {
    expect(visit({ ip, user_agent: 'Mozilla' })).toEqual({ user: { user_agent: 'Mozilla' }, keys: [], notes: [note] });
  });
});

describe('the click id', () => {
  const longest = 'x'.repeat(1_000);

  it.each([
    ['given', { ttclid: ' a ', page_url: 'https://s.example/?ttclid=b' }, 'a', []],
    ['in the address', { page_url: 'https://s.example/?u=1&ttclid=b%2Bc&d=2' }, 'b+c', ['ttclid_from_page_url']],
    ['in a path', { page_url: '/landing?ttclid=b' }, 'b', ['ttclid_from_page_url']],
    ['blank and in the address', { ttclid: ' ', page_url: '?ttclid=b' }, 'b', ['ttclid_from_page_url']],
    ['as long as can be', { ttclid: longest }, longest, []],
    ['too long', { ttclid: `${longest}x` }, undefined, ['ttclid_too_long']],
    ['too long in the address', { page_url: `/?ttclid=${longest}x` }, undefined, ['ttclid_too_long']],
    ['with a broken escape in the address', { page_url: '/?ttclid=a%E0%A4%A' }, undefined, ['ttclid_unreadable']],
    ['with lost bytes', { ttclid: 'a\uFFFDb', page_url: '/?ttclid=c' }, undefined, ['ttclid_unreadable']],
    ['empty in the address', { page_url: '/?ttclid=&a=1' }, undefined, []],
    ['before a fragment', { page_url: '/?ttclid=b#top' }, 'b', ['ttclid_from_page_url']],
    ['in the route of a fragment', { page_url: '/#/route?ttclid=b' }, 'b', ['ttclid_from_page_url']],
    ['behind the fragment', { page_url: '/?a=1#ttclid=b' }, 'b', ['ttclid_from_page_url']],
    ['empty, and then not', { page_url: '/?ttclid=&ttclid=b' }, 'b', ['ttclid_from_page_url']],
    ['written with an escape', { page_url: '/?%74tclid=b' }, 'b', ['ttclid_from_page_url']],
    ['the end of another name', { page_url: '/?nottclid=b' }, undefined, []],
  ])('that is %s', (_, touch, expected, notes) => {
    const found = visit(touch);
    expect(found.user.ttclid).toBe(expected);
    expect(found.keys).toEqual(expected === undefined ? [] : ['ttclid']);
    expect(found.notes).toEqual(notes);
  });
});
