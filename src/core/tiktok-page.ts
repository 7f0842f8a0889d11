/**
 * The `page` object of a TikTok event: where the visitor landed and came from.
 *
 * Guarantee: whole http(s) addresses with all their parameters, or none. TikTok's documents ask for `page` on web
 * events; enforcement is unproven, so an event without one is sent all the same.
 */

import type { BuildNote } from './build-notes.ts';
import type { Connection } from './config-entry.ts';
import { present } from './normalise.ts';
import type { Touch } from './record.ts';

const WEB_ADDRESS = /^https?:\/\/[^/]/i;

/** The object's JSON, empty without an address: of the touch, or the connection's fallback. A referrer is no page. */
export function pageJson(touch: Touch | null, connection: Connection, notes: BuildNote[]): string {
  const url =
    fullUrl(touch?.page_url, 'page_url_unusable', notes) ??
    fullUrl(connection.fallback_page_url, 'page_url_unusable', notes);
  if (url === null) {
    notes.push('page_missing');
    return '';
  }
  const referrer = fullUrl(touch?.referrer, 'referrer_unusable', notes);
  return `{"url":${JSON.stringify(url)}${referrer === null ? '' : `,"referrer":${JSON.stringify(referrer)}`}}`;
}

function fullUrl(text: string | null | undefined, note: BuildNote, notes: BuildNote[]): string | null {
  const url = present(text);
  if (url === null) return null;
  if (WEB_ADDRESS.test(url) && URL.canParse(url)) return url;
  notes.push(note);
  return null;
}
