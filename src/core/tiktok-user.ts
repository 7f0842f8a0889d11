/**
 * Who it was: what an event says of its user, from the contact's data and from the touch.
 *
 * Guarantee: e-mail, phone, external id, names and zip leave as SHA-256 only; click id, cookie, ip and user agent are
 * sent whole or not at all; a shape gets none of what it cannot carry. Written by hand, because that takes half the
 * time of one `JSON.stringify` of the whole.
 */

import type { BuildNote } from './build-notes.ts';
import {
  type ExternalIdCase,
  hashEmail,
  hashExternalId,
  hashName,
  hashZipCode,
  normalisePlace,
  present,
} from './normalise.ts';
import { hashPhone } from './phone.ts';
import { publicIp } from './public-ip.ts';
import { clickIdIn } from './query-parameters.ts';
import type { BusinessEvent, Touch } from './record.ts';
import { MATCH_KEYS, type MatchKey } from './tiktok-event.ts';
import { SHAPES, type Shape } from './tiktok-shape.ts';

/** TikTok takes a `ttclid` of up to 1000 characters. */
const MAX_TTCLID_LENGTH = 1000;

/** What decoders put in the place of bytes that are no UTF-8, such as an escape cut in two. */
const REPLACEMENT_CHARACTER = '\uFFFD';

/** Fields of `user`, each as `"name":value` and led by a comma, with a bit for each match key in them. */
export interface UserFields {
  readonly fields: string;
  /** Bit n stands for `MATCH_KEYS[n]`. */
  readonly matchBits: number;
  readonly notes: readonly BuildNote[];
}

/** How a contact's data are read: by the connection's default country, for its shape, by the service's options. */
export interface ContactReading {
  readonly shape: Shape;
  readonly defaultCountry: string | null;
  readonly externalIdCase: ExternalIdCase;
}

const BIT: Readonly<Record<MatchKey, number>> = { ttclid: 1, email: 2, phone: 4, external_id: 8, ttp: 16, ip: 32 };

/** Every set of match keys once, so that an event holds a reference and not a list of its own. */
const MATCH_KEY_SETS: readonly (readonly MatchKey[])[] = Array.from({ length: 1 << MATCH_KEYS.length }, (_, bits) =>
  MATCH_KEYS.filter(key => bits & BIT[key]),
);

export function matchKeysOf(bits: number): readonly MatchKey[] {
  return MATCH_KEY_SETS[bits] ?? [];
}

/** What the contact's own data say; the costly half, the same for every mapping of one event. */
export function contactFields(event: BusinessEvent, reading: ContactReading): UserFields {
  const { defaultCountry, externalIdCase, shape } = reading;
  const notes: BuildNote[] = [];
  const email = hashEmail(event.email, notes);
  const phone = hashPhone(event.phone, event.country, defaultCountry, notes);
  const externalId = shape === 'offline' ? null : hashExternalId(event.contact_id, externalIdCase, notes);
  const matchBits = bit('email', email) | bit('phone', phone) | bit('external_id', externalId);
  const places = SHAPES[shape].places ? placeFields(event, notes) : '';
  const phoneName = shape === 'web_v1' ? 'phone_number' : 'phone';
  const keys = plain('email', email) + plain(phoneName, phone) + plain('external_id', externalId);
  return { fields: keys + places, matchBits, notes };
}

function placeFields(event: BusinessEvent, notes: BuildNote[]): string {
  return (
    plain('first_name', hashName(event.first_name, notes)) +
    plain('last_name', hashName(event.last_name, notes)) +
    plain('zip_code', hashZipCode(event.zip_code, notes)) +
    plain('city', normalisePlace(event.city, notes)) +
    plain('state', normalisePlace(event.state, notes)) +
    plain('country', normalisePlace(event.country, notes))
  );
}

/** What the touch says of the visitor. */
export interface VisitFields extends UserFields {
  /** Told apart, because 1.0 has it outside `user`; not among `fields` there. */
  readonly ttclid: string | null;
}

/** What the touch says: click id, cookie, ip and user agent, never hashed. Not for offline events, which have none. */
export function touchFields(touch: Touch, shape: Exclude<Shape, 'offline'>): VisitFields {
  const notes: BuildNote[] = [];
  const ttclid = clickId(touch, notes);
  const ttp = present(touch.ttp);
  const bits = bit('ttclid', ttclid) | bit('ttp', ttp);
  if (shape === 'web_v1') return { fields: text('ttp', ttp), ttclid, matchBits: bits, notes };
  const ip = publicIp(touch.ip, notes);
  const userAgent = present(touch.user_agent);
  const fields = text('ttclid', ttclid) + text('ttp', ttp) + plain('ip', ip) + text('user_agent', userAgent);
  // TikTok joins on an ip only together with the user agent.
  const pair = userAgent === null ? 0 : bit('ip', ip);
  return { fields, ttclid, matchBits: bits | pair, notes };
}

function clickId(touch: Touch, notes: BuildNote[]): string | null {
  const given = present(touch.ttclid);
  // TikTok's ads add it to the landing page's address, which need not be a whole URL.
  const ttclid = given ?? (touch.page_url === null ? null : clickIdIn(touch.page_url));
  if (ttclid === null) return null;
  if (ttclid.length > MAX_TTCLID_LENGTH) {
    notes.push('ttclid_too_long');
    return null;
  }
  if (ttclid.includes(REPLACEMENT_CHARACTER)) {
    notes.push('ttclid_unreadable');
    return null;
  }
  if (given === null) notes.push('ttclid_from_page_url');
  return ttclid;
}

/** A field whose text holds nothing to escape: hex, letters, an address. */
function plain(name: string, value: string | null): string {
  return value === null ? '' : `,"${name}":"${value}"`;
}

function text(name: string, value: string | null): string {
  return value === null ? '' : `,"${name}":${JSON.stringify(value)}`;
}

function bit(key: MatchKey, value: string | null): number {
  return value === null ? 0 : BIT[key];
}
