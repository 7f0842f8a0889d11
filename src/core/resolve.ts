/**
 * Event → the mappings it sets off: enabled ones, of enabled connections of its workspace, for its trigger and name.
 *
 * Guarantee: an event that an unusable entry may be meant for is refused under that entry, never skipped.
 */

import type { ConfigTable } from './config-table.ts';
import type { Match } from './mapping-index.ts';
import type { Skip } from './outcome.ts';
import type { BusinessEvent } from './record.ts';

/** At least one match, or the reason why there is none. */
export type Resolution = readonly Match[] | Skip;

const NO_CONNECTION: Skip = { skip: 'no_connection' };
const NO_MAPPING: Skip = { skip: 'no_mapping' };

export function resolve(event: BusinessEvent, table: ConfigTable): Resolution {
  const candidates = table.candidates(event.workspace_id, event.trigger);
  if (candidates === null) return NO_CONNECTION;
  const { byEventName, anyEventName } = candidates;
  const matches = event.event_name === null ? anyEventName : (byEventName.get(event.event_name) ?? anyEventName);
  return matches.length === 0 ? NO_MAPPING : matches;
}
