/**
 * Redrive: which letters of the dead-letter topic are sent again, and what they make.
 *
 * Guarantee: pure. A letter makes the events that its source record made, under that record's own coordinates, so that
 * claims recognise them; with a mapping in its headers only that mapping's. An event that TikTok may have taken longer
 * ago than it remembers is refused again, unless an operator accepts that it may count twice.
 */

import { type Draft, type DraftTools, draft, type Part } from './draft.ts';
import { type Letter, readLetter, sourceRecordOf } from './letter.ts';
import { type LetterFilter, matches } from './letter-filter.ts';
import type { DeadLetterReason, Refusal } from './outcome.ts';
import type { SourceRecord } from './record.ts';

/**
 * Why a record of the topic is passed over. `no_letter`: this service did not write it. `no_source`: the letter has not
 * the whole source record (it was too large) or not its coordinates.
 */
export const PASS_REASONS = ['not_selected', 'no_letter', 'no_source', 'connection_parked'] as const;
export type PassReason = (typeof PASS_REASONS)[number];

/** What becomes of one record of the topic; `letter` is null where it is none. */
export type LetterFate =
  | { readonly kind: 'send'; readonly letter: Letter }
  | { readonly kind: 'pass'; readonly reason: PassReason; readonly letter: Letter | null };

/** `isParked`: whether TikTok refuses the connection now; its letters would only fail again. */
export function letterFate(
  record: SourceRecord,
  filter: LetterFilter,
  isParked: (connectionId: string) => boolean,
): LetterFate {
  const letter = readLetter(record);
  if (letter === null) return { kind: 'pass', reason: 'no_letter', letter };
  if (!matches(letter, filter)) return { kind: 'pass', reason: 'not_selected', letter };
  const isWhole = letter.source !== null && record.value !== null && record.value.length > 0;
  if (!isWhole) return { kind: 'pass', reason: 'no_source', letter };
  const { connectionId } = letter;
  if (connectionId !== null && isParked(connectionId)) return { kind: 'pass', reason: 'connection_parked', letter };
  return { kind: 'send', letter };
}

export interface RedriveRules {
  /** Nothing that TikTok may have taken longer ago is sent (`delivery.ambiguousHorizonMs`). */
  readonly ambiguousHorizonMs: number;
  /** Send it all the same. */
  readonly acceptDoubleCount: boolean;
}

/** Drafts what a letter that is to be sent makes; its schema must be known to the decoder. `now` is epoch milliseconds. */
export function draftLetter(record: SourceRecord, tools: DraftTools, now: number, rules: RedriveRules): Draft {
  const letter = readLetter(record);
  const source = letter === null ? null : sourceRecordOf(record, letter);
  if (letter === null || source === null) throw new Error('a letter without its source record is not redriven');
  const { failedAt, firstAttemptAt, mappingId } = letter;
  const made = { ...draft(source, tools, now, mappingId), offset: record.offset, failedAt };
  const isPast = firstAttemptAt !== null && firstAttemptAt <= now - rules.ambiguousHorizonMs;
  if (!isPast) return { ...made, attemptedAt: firstAttemptAt };
  if (rules.acceptDoubleCount) return { ...made, attemptedAt: now };
  return { ...made, attemptedAt: firstAttemptAt, parts: made.parts.map(refuseToSend) };
}

const PAST_DEDUP: Refusal = {
  deadLetter: 'ambiguous_past_dedup',
  detail: 'an attempt may have been taken longer ago than TikTok remembers; sending it could count twice',
};

function refuseToSend(part: Part): Part {
  if (part.kind !== 'send' && part.kind !== 'same_record') return part;
  const { destination, mappingId } = part.event;
  return { kind: 'refuse', refusal: PAST_DEDUP, connectionId: destination.connectionId, mappingId };
}

/** What becomes of a connection's events while it does not work; they are right, and came at the wrong time. */
export const AUTOMATIC_REASONS: readonly DeadLetterReason[] = ['connection_parked', 'connection_backpressure'];

const DAY_MS = 86_400_000;
/** Events older than 28 days are not sent (`events.maxAgeMs` at its highest), so no mark is asked for much later. */
const LONGEST_USEFUL_MARK_MS = 30 * DAY_MS;

/**
 * How long the mark of a redriven event lives at least: a later redrive that meets its letter must find it, and letters
 * outlive the topic's retention (null: for ever), for Kafka drops them by the segment.
 */
export function markTtlMs(retentionMs: number | null): number {
  return Math.max(retentionMs ?? 0, LONGEST_USEFUL_MARK_MS);
}
