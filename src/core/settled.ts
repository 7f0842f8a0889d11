/**
 * How one event was settled, with everything that must be written before its record counts as done.
 *
 * Guarantee: each constructor gives exactly one outcome, the sync log entry that tells it, and the rule for its claim:
 * delivered events are marked as sent; dead-lettered and skipped ones give their claim back after the commit, unless
 * TikTok may have taken them: then a later copy must find the claim, or it could count twice.
 */

import { answerText } from './answer-text.ts';
import type { ApiVerdict, DeadLetter } from './dead-letter.ts';
import type { Claim } from './deduplicate.ts';
import type { Verdict } from './judge-response.ts';
import { matchQuality } from './match-quality.ts';
import type { Releasable, Ticket } from './offset-ledger.ts';
import type { DeadLetterReason, DeliveredReason, DuplicateReason, Outcome, Refusal, SkipReason } from './outcome.ts';
import type { PendingEvent } from './pending-event.ts';
import type { BusinessEvent, Coordinates } from './record.ts';
import type { SyncLogEntry } from './sync-log-entry.ts';
import type { RecordCopy, TikTokEvent } from './tiktok-event.ts';

export interface Settled {
  readonly ticket: Ticket;
  /** `none` where the record belongs to no connection. */
  readonly connectionId: string;
  readonly outcome: Exclude<Outcome, 'handed_over'>;
  readonly reason: DeliveredReason | DuplicateReason | SkipReason | DeadLetterReason;
  readonly entry: SyncLogEntry | null;
  readonly letter: DeadLetter | null;
  readonly mark: Claim | null;
  readonly release: Releasable | null;
  /** What this event held in memory, to be given back to the buffer budget. */
  readonly bytes: number;
}

/** Who an event was for; what is known of it grows from stage to stage. */
export interface Subject {
  readonly ticket: Ticket;
  readonly coordinates: Coordinates;
  readonly connectionId: string | null;
  readonly mappingId: string | null;
  readonly workspaceId: string | null;
  readonly conversionId: string | null;
  readonly event: TikTokEvent | null;
}

const NO_ANSWER: ApiVerdict = { httpStatus: null, apiCode: null, requestId: null };
/** Stands in counts for the connection of records that belong to none. */
export const NO_CONNECTION = 'none';

/** The subject of a record whose event could be read, before anything was built of it. */
export function subjectOf(
  ticket: Ticket,
  coordinates: Coordinates,
  event: BusinessEvent | null,
  connectionId: string | null,
  mappingId: string | null,
): Subject {
  const workspaceId = event?.workspace_id ?? null;
  const conversionId = event?.conversion_id ?? null;
  return { ticket, coordinates, connectionId, mappingId, workspaceId, conversionId, event: null };
}

/** The subject of a built event. */
export function subjectOfEvent(ticket: Ticket, coordinates: Coordinates, event: TikTokEvent): Subject {
  return {
    ticket,
    coordinates,
    connectionId: event.destination.connectionId,
    mappingId: event.mappingId,
    workspaceId: event.workspaceId,
    conversionId: event.conversionId,
    event,
  };
}

/** TikTok took it: mark the claim as sent. */
export function delivered(
  pending: PendingEvent,
  answer: ApiVerdict & Pick<Verdict, 'message'>,
  mark: Claim,
  now: number,
): Settled {
  const subject = subjectOfEvent(pending.ticket, pending.source, pending.event);
  return settled(subject, 'delivered', 'accepted', now, {
    answer,
    detail: answer.message,
    mark,
    attempts: pending.attempts,
    bytes: pending.bytes,
  });
}

/** It was delivered in an earlier life; only the commit was lost. */
export function replayed(subject: Subject, now: number): Settled {
  return settled(subject, 'delivered', 'replayed', now, {});
}

/** Another record (or mapping of the same record) stands for it. */
export function duplicate(subject: Subject, reason: DuplicateReason, claimant: Coordinates, now: number): Settled {
  return settled(subject, 'duplicate', reason, now, { claimant });
}

/** Decided not to be sent before it was claimed. `logged` is false for workspaces without a connection. */
export function skipped(subject: Subject, reason: SkipReason, logged: boolean, now: number): Settled {
  return settled(subject, 'skipped', reason, now, {}, logged);
}

/** Its connection went away while it waited. */
export function skippedWaiting(pending: PendingEvent, reason: SkipReason, now: number): Settled {
  const subject = subjectOfEvent(pending.ticket, pending.source, pending.event);
  const { attempts, bytes, claim } = pending;
  const { lastAnswer } = pending;
  const answer = lastAnswer ?? NO_ANSWER;
  const detail = lastAnswer === null ? '' : `its last answer: ${answerText(lastAnswer)}`;
  const release = pending.firstAttemptAt === null ? claim : null;
  return settled(subject, 'skipped', reason, now, { answer, attempts, bytes, detail, release });
}

/** The record or an event of it cannot be turned into a request. `bytes`: its share of the record's copy. */
export function refused(
  subject: Subject,
  refusal: Refusal,
  source: RecordCopy,
  bytes: number,
  schemaId: number | null,
  now: number,
): Settled {
  const letter: DeadLetter = {
    ...NO_ANSWER,
    source,
    schemaId,
    reason: refusal.deadLetter,
    detail: refusal.detail,
    eventId: subject.event?.eventId ?? subject.conversionId,
    connectionId: subject.connectionId,
    mappingId: subject.mappingId,
    attempts: 0,
    firstAttemptAt: null,
    failedAt: now,
  };
  return settled(subject, 'dead_lettered', refusal.deadLetter, now, { letter, detail: refusal.detail, bytes });
}

/** It waited for delivery and cannot be delivered. */
export function undeliverable(pending: PendingEvent, refusal: Refusal, answer: ApiVerdict, now: number): Settled {
  const subject = subjectOfEvent(pending.ticket, pending.source, pending.event);
  const { attempts, bytes, claim } = pending;
  const detail = withLastAnswer(refusal.detail, pending.lastAnswer);
  const letter: DeadLetter = {
    httpStatus: answer.httpStatus,
    apiCode: answer.apiCode,
    requestId: answer.requestId,
    source: pending.source,
    schemaId: pending.schemaId,
    reason: refusal.deadLetter,
    detail,
    eventId: pending.event.eventId,
    connectionId: subject.connectionId,
    mappingId: subject.mappingId,
    attempts,
    firstAttemptAt: pending.firstAttemptAt,
    failedAt: now,
  };
  // What TikTok refuses by itself it has not taken earlier either.
  const surelyNotTaken = pending.firstAttemptAt === null || refusal.deadLetter === 'refused_by_tiktok';
  return settled(subject, 'dead_lettered', refusal.deadLetter, now, {
    letter,
    answer,
    detail,
    attempts,
    bytes,
    release: surelyNotTaken ? claim : null,
  });
}

/** Why an event ended need not be what TikTok answered last, and whoever looks into it needs both. */
function withLastAnswer(detail: string, lastAnswer: Verdict | null): string {
  if (lastAnswer === null || detail.includes(answerText(lastAnswer))) return detail;
  return `${detail}; its last answer: ${answerText(lastAnswer)}`;
}

interface Particulars {
  readonly answer?: ApiVerdict;
  readonly letter?: DeadLetter;
  readonly mark?: Claim;
  readonly release?: Releasable | null;
  readonly claimant?: Coordinates;
  readonly detail?: string;
  readonly attempts?: number;
  readonly bytes?: number;
}

function settled(
  subject: Subject,
  outcome: Settled['outcome'],
  reason: Settled['reason'],
  now: number,
  more: Particulars,
  logged = true,
): Settled {
  return {
    ticket: subject.ticket,
    connectionId: subject.connectionId ?? NO_CONNECTION,
    outcome,
    reason,
    entry: logged ? logEntry(subject, outcome, reason, now, more) : null,
    letter: more.letter ?? null,
    mark: more.mark ?? null,
    release: more.release ?? null,
    bytes: more.bytes ?? 0,
  };
}

function logEntry(
  subject: Subject,
  outcome: Settled['outcome'],
  reason: Settled['reason'],
  now: number,
  { answer = NO_ANSWER, claimant, detail, attempts }: Particulars,
): SyncLogEntry {
  const { event, coordinates } = subject;
  return {
    event_id: event?.eventId ?? subject.conversionId,
    workspace_id: subject.workspaceId,
    connection_id: subject.connectionId,
    mapping_id: subject.mappingId,
    conversion_id: subject.conversionId,
    tiktok_event_name: event?.eventName ?? null,
    event_time: event === null ? null : event.eventTime * 1000,
    value: event?.value ?? null,
    currency: event?.currency ?? null,
    test_event_code: event?.destination.testEventCode ?? null,
    match_keys: event?.matchKeys ?? [],
    match_quality: event === null ? null : matchQuality(event.matchKeys),
    outcome,
    reason,
    detail: detail || null,
    http_status: answer.httpStatus,
    api_code: answer.apiCode,
    request_id: answer.requestId,
    attempts: attempts ?? 0,
    topic: coordinates.topic,
    partition: coordinates.partition,
    offset: coordinates.offset,
    claimant: claimant === undefined ? null : `${claimant.topic}|${claimant.partition}|${claimant.offset}`,
    settled_at: now,
  };
}
