/**
 * The `user` object of a TikTok event: who it was, from the contact's data and from the touch.
 *
 * Guarantee: e-mail, phone, external id, names and zip leave as SHA-256 only; click id, cookie, ip and user agent are
 * sent whole or not at all. Written by hand, because that takes half the time of one `JSON.stringify` of the whole.
 */

import type { BuildNote } from './build-notes.ts';
import { hashEmail, hashExternalId, hashName, hashZipCode, normalisePlace, present } from './normalise.ts';
import { hashPhone } from './phone.ts';
import { publicIp } from './public-ip.ts';
import type { BusinessEvent, Touch } from './record.ts';
import { MATCH_KEYS, type MatchKey } from './tiktok-event.ts';

/** TikTok takes a `ttclid` of up to 1000 characters. */
const MAX_TTCLID_LENGTH = 1000;

/** Fields of `user`, each as `"name":value` and led by a comma, with a bit for each match key in them. */
export interface UserFields {
  readonly fields: string;
  /** Bit n stands for `MATCH_KEYS[n]`. */
  readonly matchBits: number;
  readonly notes: readonly BuildNote[];
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
export function contactFields(event: BusinessEvent, defaultCountry: string | null): UserFields {
  const notes: BuildNote[] = [];
  const email = hashEmail(event.email, notes);
  const phone = hashPhone(event.phone, event.country, defaultCountry, notes);
  const externalId = hashExternalId(event.contact_id, notes);
  const fields =
    plain('email', email) +
    plain('phone', phone) +
    plain('external_id', externalId) +
    plain('first_name', hashName(event.first_name, notes)) +
    plain('last_name', hashName(event.last_name, notes)) +
    plain('zip_code', hashZipCode(event.zip_code, notes)) +
    plain('city', normalisePlace(event.city, notes)) +
    plain('state', normalisePlace(event.state, notes)) +
    plain('country', normalisePlace(event.country, notes));
  const matchBits = bit('email', email) | bit('phone', phone) | bit('external_id', externalId);
  return { fields, matchBits, notes };
}

/** What the touch says: click id, cookie, ip and user agent, never hashed. */
export function touchFields(touch: Touch): UserFields {
  const notes: BuildNote[] = [];
  const ttclid = clickId(touch, notes);
  const ttp = present(touch.ttp);
  const ip = publicIp(touch.ip, notes);
  const userAgent = present(touch.user_agent);
  const fields = text('ttclid', ttclid) + text('ttp', ttp) + plain('ip', ip) + text('user_agent', userAgent);
  // TikTok joins on an ip only together with the user agent.
  const pair = userAgent === null ? 0 : bit('ip', ip);
  return { fields, matchBits: bit('ttclid', ttclid) | bit('ttp', ttp) | pair, notes };
}

function clickId(touch: Touch, notes: BuildNote[]): string | null {
  const given = present(touch.ttclid);
  const ttclid = given ?? ttclidInUrl(touch.page_url);
  if (ttclid === null) return null;
  if (ttclid.length > MAX_TTCLID_LENGTH) {
    notes.push('ttclid_too_long');
    return null;
  }
  if (given === null) notes.push('ttclid_from_page_url');
  return ttclid;
}

/** TikTok's ads add `ttclid` to the landing page's address. Read by hand: the address need not be a whole URL. */
function ttclidInUrl(pageUrl: string | null): string | null {
  if (pageUrl === null || !pageUrl.includes('ttclid=')) return null;
  const [address = ''] = pageUrl.split('#', 1);
  const query = address.slice(address.indexOf('?') + 1);
  return present(new URLSearchParams(query).get('ttclid'));
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
