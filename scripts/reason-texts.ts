/**
 * What each reason means and who can do something about it, for README.md and docs/. The compiler asks for an entry
 * for every reason of `src/core/outcome.ts`, so none can be forgotten.
 */

import type { DeliveredReason, DuplicateReason, SkipReason } from '../src/core/outcome.ts';

export { DEAD_LETTER_TEXTS, type DeadLetterText } from '../src/control/dead-letter-texts.ts';

/** Reasons of events that need nobody's attention. */
export const QUIET_REASONS: Readonly<Record<DeliveredReason | DuplicateReason | SkipReason, string>> = {
  accepted: 'TikTok answered `code: 0`.',
  replayed: 'It had been delivered before; only the commit was lost.',
  same_record: 'Another mapping of the same record made the same TikTok event.',
  pending_elsewhere: 'Another record with the same identity is on its way.',
  sent_before: 'Another record with the same identity was delivered within the dedup window.',
  tombstone: 'The record has no value.',
  no_connection: 'The workspace has no connection. Counted, not logged.',
  no_mapping: 'No enabled mapping wants this trigger and event name.',
  negative_value:
    'The mapping wants a value, the amount is below zero (a refund, for instance), and `events.negativeValue` is skip.',
  consent_denied: 'The event says `consent: DENIED`.',
  connection_removed: 'The connection was deleted while the event waited.',
  connection_disabled: 'The connection was disabled while the event waited.',
};
