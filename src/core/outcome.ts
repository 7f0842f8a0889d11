/**
 * How an event ends, and every reason it can end for. Closed lists: each is a label in metrics, a value in the sync
 * log and a header of a dead letter, and a reader may switch over it without a default.
 *
 * Guarantee: an event has exactly one outcome.
 */

/** Outcomes of a settled event, plus `handed_over`: given back uncommitted at a rebalance or stop. */
export const OUTCOMES = ['delivered', 'duplicate', 'skipped', 'dead_lettered', 'handed_over'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** `accepted`: TikTok answered `code: 0`. `replayed`: it had before, only our commit was lost. */
export const DELIVERED_REASONS = ['accepted', 'replayed'] as const;
export type DeliveredReason = (typeof DELIVERED_REASONS)[number];

/**
 * `same_record`: another mapping of the same record made the same TikTok event.
 * `pending_elsewhere`: the original is on its way. `sent_before`: the original was delivered.
 */
export const DUPLICATE_REASONS = ['same_record', 'pending_elsewhere', 'sent_before'] as const;
export type DuplicateReason = (typeof DUPLICATE_REASONS)[number];

export const SKIP_REASONS = [
  'tombstone',
  'no_connection',
  'no_mapping',
  'negative_value',
  'consent_denied',
  'connection_removed',
  'connection_disabled',
] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

export const DEAD_LETTER_REASONS = [
  // decode: the record itself cannot be read
  'not_framed',
  'undecodable',
  'schema_unknown',
  'schema_incompatible',
  'record_type_unknown',
  'unknown_symbol',
  // config: the connection or mapping cannot be used
  'config_invalid',
  'token_missing',
  // build: no valid TikTok event can be made of it
  'too_old',
  'in_future',
  'currency_missing',
  'currency_unsupported',
  'negative_value',
  'invalid_event',
  'no_match_key',
  'build_failed',
  // deliver: TikTok will not have it
  'refused_by_tiktok',
  'connection_parked',
  'connection_backpressure',
  'ambiguous_answer',
  'ambiguous_past_dedup',
] as const;
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number];

/** The stage at which an event became a dead letter. */
export const STAGES = ['decode', 'config', 'build', 'deliver'] as const;
export type Stage = (typeof STAGES)[number];

/** Where each dead-letter reason arises. */
export const STAGE_OF: Readonly<Record<DeadLetterReason, Stage>> = {
  not_framed: 'decode',
  undecodable: 'decode',
  schema_unknown: 'decode',
  schema_incompatible: 'decode',
  record_type_unknown: 'decode',
  unknown_symbol: 'decode',
  config_invalid: 'config',
  token_missing: 'config',
  too_old: 'build',
  in_future: 'build',
  currency_missing: 'build',
  currency_unsupported: 'build',
  negative_value: 'build',
  invalid_event: 'build',
  no_match_key: 'build',
  build_failed: 'build',
  refused_by_tiktok: 'deliver',
  connection_parked: 'deliver',
  connection_backpressure: 'deliver',
  ambiguous_answer: 'deliver',
  ambiguous_past_dedup: 'deliver',
};

/** Why nothing was made of a record or a mapping: decided, and without side effects. */
export interface Skip {
  readonly skip: SkipReason;
}

/** Why a record or an event must be dead-lettered. `detail` is at most a sentence and holds no personal data. */
export interface Refusal {
  readonly deadLetter: DeadLetterReason;
  readonly detail: string;
}
