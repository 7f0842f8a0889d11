/**
 * What each dead-letter reason means, who can do something about it and what: for `dead-letters show` and for the
 * documents. The compiler asks for an entry for every reason of `core/outcome.ts`, so none can be forgotten.
 */

import { SOURCE_TOO_LARGE } from '../core/letter.ts';
import type { DeadLetterReason } from '../core/outcome.ts';

export interface DeadLetterText {
  readonly happened: string;
  /** Who acts: the producer of the event, whoever keeps the connections, or the operator of the service. */
  readonly who: 'producer' | 'connections' | 'operator';
  readonly remedy: string;
}

export const DEAD_LETTER_TEXTS: Readonly<Record<DeadLetterReason, DeadLetterText>> = {
  not_framed: {
    happened: 'The value does not begin with a zero byte and a schema id.',
    who: 'producer',
    remedy: 'Use a serializer that writes the Confluent wire format.',
  },
  undecodable: {
    happened:
      'The Avro bytes do not fit their schema, or a required id or time is null, empty or longer than 1,024 characters.',
    who: 'producer',
    remedy: 'Compare with the golden records; the header `tiktok-sync.error.message` names the field or the position.',
  },
  schema_unknown: {
    happened: 'The registry has denied the schema id for the whole of `registry.unknownSchemaGraceMs`.',
    who: 'producer',
    remedy:
      'Register the schema in the registry that the service uses. Often the record came from another environment.',
  },
  schema_incompatible: {
    happened: 'The writer schema cannot be read as ours, or it is no Avro schema.',
    who: 'producer',
    remedy: 'Restore the field that the message names; let the registry check FULL_TRANSITIVE.',
  },
  record_type_unknown: {
    happened: 'The record is neither `ConversionCreated` nor `RevenueUpdated`.',
    who: 'producer',
    remedy: 'Another record type was sent to the topic; send it elsewhere. Namespaces do not matter, the name does.',
  },
  unknown_symbol: {
    happened: 'The `kind` of a revenue update is missing or a symbol this version does not know.',
    who: 'producer',
    remedy: 'Send EXPECTED or REALIZED, or upgrade the service first.',
  },
  config_invalid: {
    happened:
      'The connection or the mapping cannot be used, or the connection went away while another one has its pixel.',
    who: 'connections',
    remedy: 'Repair the entry; the message and `/status` name the field.',
  },
  token_missing: {
    happened: 'The token that the connection names cannot be found, or its envelope does not open.',
    who: 'operator',
    remedy:
      'Provide the file in `tokens.dir`, the variable `TIKTOK_TOKEN_…`, or the envelope’s key in `tokens.keyFile`; files are read again when they change.',
  },
  too_old: {
    happened: 'The event is older than `events.maxAgeMs` (28 days).',
    who: 'producer',
    remedy: 'Nothing to send any more. A time in seconds instead of milliseconds looks like this too.',
  },
  in_future: {
    happened: 'The event is further in the future than `events.maxFutureMs` (10 minutes).',
    who: 'producer',
    remedy: "Correct the clock, the unit or the time zone of the event's time.",
  },
  currency_missing: {
    happened: 'A value is wanted, neither event nor mapping names a currency, and the policy is DEAD_LETTER.',
    who: 'connections',
    remedy: 'Give the mapping a currency or another policy, or the event its currency.',
  },
  currency_unsupported: {
    happened: "The currency is not on TikTok's list, and the policy is DEAD_LETTER.",
    who: 'connections',
    remedy: 'Convert upstream, or choose the policy OMIT or FIXED.',
  },
  negative_value: {
    happened: 'The mapping wants a value, the amount is below zero, and `events.negativeValue` is dead_letter.',
    who: 'connections',
    remedy: 'Nothing to send: TikTok takes no corrections. Look at what the refund should change.',
  },
  invalid_event: {
    happened:
      'No valid TikTok event can be made: an empty id, an amount that is no number, larger than allowed, no page address where one is required.',
    who: 'producer',
    remedy: 'Correct what the message names.',
  },
  no_match_key: {
    happened: 'The event holds nothing that TikTok could match a person by (offline: neither e-mail nor phone).',
    who: 'producer',
    remedy: 'Send a key. Where only a phone number without its country is there, set `default_country` and redrive.',
  },
  build_failed: {
    happened: 'A defect of this program.',
    who: 'operator',
    remedy: 'Please report it with the error class in the message.',
  },
  refused_by_tiktok: {
    happened: 'TikTok refused this one event; its batch mates were delivered.',
    who: 'connections',
    remedy:
      "Look at `tiktok-sync.api.code` and the message; `tiktok-sync.api.request_id` is what TikTok's support asks for.",
  },
  connection_parked: {
    happened: 'TikTok refuses the token or the permission of the connection.',
    who: 'connections',
    remedy:
      'Give the connection a new token. It is used at the next batch; one batch per window probes the old one. `tiktok-sync connections verify` tells. Once TikTok takes it, the letters are sent again by themselves.',
  },
  connection_backpressure: {
    happened: 'The connection was throttled, hung or failed for itself for longer than events may be held.',
    who: 'operator',
    remedy:
      'Look at the codes TikTok gives the connection, and how long its answers take; its letters are sent again by themselves once it has worked for 15 minutes.',
  },
  ambiguous_answer: {
    happened: 'TikTok answered three times with a code that says neither yes nor no.',
    who: 'operator',
    remedy: 'Ask TikTok what the code means (`tiktok-sync.api.request_id`), then redrive.',
  },
  ambiguous_past_dedup: {
    happened: 'TikTok may have taken it more than `delivery.ambiguousHorizonMs` (47 h) ago, longer than it remembers.',
    who: 'operator',
    remedy: "Look the `event_id` up in TikTok's event history; sending it again could count it twice.",
  },
};

/** `source_too_large` is no reason of an event: it is what becomes of a letter that the topic would not take. */
const TOO_LARGE: DeadLetterText = {
  happened: 'The dead-letter topic did not take the letter for its size; it was written without its value.',
  who: 'operator',
  remedy:
    'Raise `max.message.bytes` of the dead-letter topic (`tiktok-sync topics check`); the record itself is still in its topic, at the coordinates of the letter.',
};

/** The text for a letter's reason; `null` for one this version does not know. */
export function textOfReason(reason: string): DeadLetterText | null {
  if (reason === SOURCE_TOO_LARGE) return TOO_LARGE;
  return Object.hasOwn(DEAD_LETTER_TEXTS, reason) ? DEAD_LETTER_TEXTS[reason as DeadLetterReason] : null;
}
