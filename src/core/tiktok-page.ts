/**
 * Where the visitor landed and came from.
 *
 * Guarantee: whole http(s) addresses with all their parameters (but those an option takes out), or none, and never with
 * a user name or password. TikTok's documents ask for `page` on web events; enforcement is unproven, so whether an event
 * without one is sent is an option.
 */

import type { BuildNote } from './build-notes.ts';
import type { Connection } from './config-entry.ts';
import { present } from './normalise.ts';
import type { WithoutParameters } from './query-parameters.ts';
import type { Touch } from './record.ts';

const WEB_ADDRESS = /^https?:\/\/[^/]/i;
/** User name and password end at the last `@` before the path. */
const CREDENTIALS = /^(https?:\/\/)[^/?#\\]*@/i;

/** The landing page: of the touch, or the connection's fallback. A referrer is no page. Null without an address. */
export function pageUrl(
  touch: Touch | null,
  connection: Connection,
  filter: WithoutParameters,
  notes: BuildNote[],
): string | null {
  const url =
    fullUrl(touch?.page_url, 'page_url_unusable', notes) ??
    fullUrl(connection.fallback_page_url, 'page_url_unusable', notes);
  if (url === null) notes.push('page_missing');
  return url === null ? null : filter(url);
}

/** The `page` object of Events API 2.0; empty without an address. */
export function pageJson(
  url: string | null,
  touch: Touch | null,
  filter: WithoutParameters,
  notes: BuildNote[],
): string {
  if (url === null) return '';
  const referrer = fullUrl(touch?.referrer, 'referrer_unusable', notes);
  const from = referrer === null ? '' : `,"referrer":${JSON.stringify(filter(referrer))}`;
  return `{"url":${JSON.stringify(url)}${from}}`;
}

/** Whether a text is a whole web address: scheme, host, and nothing that browsers would not take. */
export function isWebAddress(text: string): boolean {
  return WEB_ADDRESS.test(text) && URL.canParse(text);
}

function fullUrl(text: string | null | undefined, note: BuildNote, notes: BuildNote[]): string | null {
  const url = present(text);
  if (url === null) return null;
  if (isWebAddress(url)) {
    if (!url.includes('@') || !hasCredentials(url)) return url;
    const address = url.replace(CREDENTIALS, '$1');
    // A blank that browsers ignore may hide where the host begins; then nothing of the address is safe.
    if (!hasCredentials(address)) {
      notes.push('page_credentials_removed');
      return address;
    }
  }
  notes.push(note);
  return null;
}

function hasCredentials(url: string): boolean {
  const parsed = URL.parse(url);
  return parsed === null || parsed.username !== '' || parsed.password !== '';
}
