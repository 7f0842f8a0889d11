/**
 * Attribution: which of a contact's visits gets the credit for a conversion.
 *
 * Guarantee: one touch as a whole; a click id of one visit is never mixed with the page of another.
 */

import type { BuildNote } from './build-notes.ts';
import type { Mapping } from './config-entry.ts';
import type { BusinessEvent, Touch } from './record.ts';

/** The touch the mapping attributes to; where that one is missing or says nothing, the other. */
export function chooseTouch(event: BusinessEvent, mapping: Mapping, notes: BuildNote[]): Touch | null {
  const first = mapping.attribution === 'FIRST_TOUCH';
  const wanted = first ? event.first_touch : event.last_touch;
  if (saysSomething(wanted)) return wanted;
  const other = first ? event.last_touch : event.first_touch;
  if (!saysSomething(other)) return null;
  notes.push('touch_fallback');
  return other;
}

function saysSomething(touch: Touch | null): touch is Touch {
  if (touch === null) return false;
  const { ttclid, ttp, page_url, referrer, ip, user_agent } = touch;
  return Boolean(
    ttclid?.trim() || page_url?.trim() || ttp?.trim() || ip?.trim() || user_agent?.trim() || referrer?.trim(),
  );
}
