import { describe, expect, it } from 'vitest';
import type { Mapping } from '../../src/core/config-entry.ts';
import { checkNames, checkTime, withoutMatchKey } from '../../src/core/preflight.ts';
import { connectionOf, mappingOf, NOW } from './business-events.ts';

const LIMITS = { maxEventAgeMs: 1_000, maxFutureMs: 100 };

describe('the names', () => {
  const check = (eventId: string, mapping: Partial<Mapping>, shape: Parameters<typeof checkNames>[3]) =>
    checkNames(eventId, mappingOf(mapping), connectionOf(), shape)?.deadLetter ?? null;

  it.each([
    ['an id and a standard name', 'id', 'Purchase', 'web', null],
    ['no shape', 'id', 'Purchase', null, 'config_invalid'],
    ['an empty id', ' ', 'Purchase', 'web', 'invalid_event'],
    ['an empty name', 'id', '', 'web_v1', 'invalid_event'],
    ['a custom name for a pixel', 'id', 'DemoBooked', 'web', null],
    ['a custom name for a pixel on the old wire', 'id', 'DemoBooked', 'web_v1', null],
    ['a custom name for an offline event set', 'id', 'DemoBooked', 'offline', 'config_invalid'],
    ['a former name for an offline event set', 'id', 'PlaceAnOrder', 'offline', null],
  ] as const)('with %s', (_, id, tiktok_event_name, shape, reason) => {
    expect(check(id, { tiktok_event_name }, shape)).toBe(reason);
  });
});

describe('the time', () => {
  it.each([
    [NOW - 1_000, null],
    [NOW - 1_001, 'too_old'],
    [NOW + 100, null],
    [NOW + 101, 'in_future'],
    [Number.NaN, 'invalid_event'],
    [Number.POSITIVE_INFINITY, 'invalid_event'],
  ])('%d is judged %s', (time, reason) => expect(checkTime(time, NOW, LIMITS)?.deadLetter ?? null).toBe(reason));
});

describe('an event without a match key', () => {
  it.each([
    ...([
      'email_invalid',
      'phone_unparsable',
      'phone_without_country',
      'phone_placeholder',
      'digest_of_nothing',
    ] as const),
    ...(['ttclid_too_long', 'ttclid_unreadable', 'ip_private', 'ip_unreadable'] as const),
  ])('is told of a key left out: %s', note => {
    expect(withoutMatchKey('web', [note]).detail).toContain(`; left out: ${note}.`);
  });

  it('is told which keys would do, and which were left out', () => {
    expect(withoutMatchKey('offline', ['touch_fallback', 'phone_without_country'])).toEqual({
      deadLetter: 'no_match_key',
      detail: 'The event has none of email, phone; left out: phone_without_country.',
    });
    expect(withoutMatchKey('web', []).detail).toBe(
      'The event has none of ttclid, email, phone, external_id, ttp, public ip with user_agent.',
    );
  });
});
