/** What `dead-letters list|show|stats` print of letters: pure of Kafka, and of everything that tells who a contact is. */

import type { Letter } from '../core/letter.ts';
import type { LetterFilter } from '../core/letter-filter.ts';
import type { LetterStatistics } from '../core/letter-statistics.ts';
import type { Masked } from '../core/mask-event.ts';
import { maskText } from '../core/mask-event.ts';
import type { RecordHeaders } from '../core/record.ts';
import { momentWords } from '../core/time-words.ts';
import { textOfReason } from './dead-letter-texts.ts';
import { grouped } from './progress.ts';

export interface ListRequest {
  readonly action: 'list';
  readonly filter: LetterFilter;
  /** Most letters listed. */
  readonly max: number;
  readonly json: boolean;
}

export interface ShowRequest {
  readonly action: 'show';
  readonly filter: LetterFilter;
  /** The one letter that stands here; null for those that the filter finds. */
  readonly at: { readonly partition: number; readonly offset: number } | null;
  readonly max: number;
  readonly json: boolean;
}

export interface StatsRequest {
  readonly action: 'stats';
  readonly filter: LetterFilter;
  readonly json: boolean;
}

/** A letter with everything in it. */
export interface WholeLetter {
  readonly letter: Letter;
  readonly sourceHeaders: RecordHeaders;
  readonly keyBytes: number | null;
  readonly valueBytes: number | null;
  /** The decoded event, masked; or why it cannot be read. */
  readonly event: Masked | string;
}

const COLUMNS = [24, 23, 24, 36, 6] as const;

export const LIST_HEADER = row(['time', 'reason', 'connection', 'event id', 'code', 'partition:offset']);

/** One line of the table; times are those of the failure. */
export function listLine({ failedAt, reason, connectionId, eventId, apiCode, at }: Letter): string {
  const code = apiCode === null ? '-' : String(apiCode);
  const where = `${at.partition}:${at.offset}`;
  return row([momentWords(failedAt), reason, connectionId ?? '-', eventId ?? '-', code, where]);
}

function row(cells: readonly string[]): string {
  return cells.map((cell, index) => cell.padEnd(COLUMNS[index] ?? 0)).join('  ');
}

/** A letter as one JSON object; names are those of the headers. */
export function letterJson(letter: Letter): Readonly<Record<string, unknown>> {
  return {
    partition: letter.at.partition,
    offset: letter.at.offset,
    failed_at: momentWords(letter.failedAt),
    reason: letter.reason,
    stage: letter.stage,
    detail: letter.detail,
    connection: letter.connectionId,
    mapping: letter.mappingId,
    event_id: letter.eventId,
    http_status: letter.httpStatus,
    api_code: letter.apiCode,
    request_id: letter.requestId,
    attempts: letter.attempts,
    first_attempt_at: letter.firstAttemptAt === null ? null : momentWords(letter.firstAttemptAt),
    retryable: letter.retryable,
    source: letter.source,
    source_timestamp: letter.sourceTimestamp === null ? null : momentWords(letter.sourceTimestamp),
    schema_id: letter.schemaId,
    app_version: letter.appVersion,
    instance: letter.instance,
  };
}

/** Everything of a letter as one JSON object. */
export function wholeLetterJson(whole: WholeLetter): Readonly<Record<string, unknown>> {
  const { event, keyBytes, letter, sourceHeaders, valueBytes } = whole;
  return {
    ...letterJson(letter),
    source_headers: headerWords(sourceHeaders),
    key_bytes: keyBytes,
    value_bytes: valueBytes,
    ...(typeof event === 'string' ? { event: null, undecodable: event } : { event }),
    advice: adviceOn(letter.reason),
  };
}

/** Everything of a letter, to be read by people. */
export function wholeLetterLines(whole: WholeLetter): string[] {
  const { event, source_headers: headers, advice, source, ...fields } = wholeLetterJson(whole);
  const { letter } = whole;
  const where = letter.source;
  const coordinates = where === null ? '-' : `${where.topic}/${where.partition} at ${where.offset}`;
  return [
    `Letter ${letter.at.partition}:${letter.at.offset} on ${letter.at.topic}`,
    ...Object.entries(fields).flatMap(([name, value]) => (value === null ? [] : [field(name, value)])),
    field('source', coordinates),
    ...section('Headers of the source record', headers),
    ...section('Event (personal data is masked)', event ?? null),
    '',
    'What to do',
    ...adviceLines(letter.reason).map(line => `  ${line}`),
  ];
}

function section(title: string, fields: unknown): string[] {
  if (fields === null || typeof fields !== 'object') return [];
  const lines = Object.entries(fields).map(([name, value]) => field(name, value));
  return lines.length === 0 ? [] : ['', title, ...lines];
}

function field(name: string, value: unknown): string {
  return `  ${name.padEnd(18)}  ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`;
}

/** Headers that say where an event comes from, and nothing of whom it is about. */
const SHOWN_HEADERS: ReadonlySet<string> = new Set([
  'traceparent',
  'content-type',
  'ce_id',
  'ce_source',
  'ce_specversion',
  'ce_time',
  'ce_type',
]);

/** Producers put what they like into headers, so of most of them only the length is shown. */
function headerWords(headers: RecordHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, values]) => {
      const texts = (Buffer.isBuffer(values) ? [values] : values).map(value => value.toString('utf8'));
      const shown = texts.map(text => (SHOWN_HEADERS.has(name) ? text.replace(/\p{Cc}+/gu, ' ') : maskText(text)));
      return [name.replace(/\p{Cc}+/gu, ' '), shown.join(', ')];
    }),
  );
}

const WHO = { producer: 'the producer of the event', connections: 'whoever keeps the connections', operator: 'you' };

function adviceOn(reason: string): string | null {
  return textOfReason(reason)?.remedy.replaceAll('`', '') ?? null;
}

function adviceLines(reason: string): string[] {
  const text = textOfReason(reason);
  if (text === null) return [`This version does not know the reason "${reason}"; a newer one wrote the letter.`];
  const { happened, remedy, who } = text;
  return [happened, `Who acts: ${WHO[who]}.`, remedy].map(line => line.replaceAll('`', ''));
}

export function statisticsJson(statistics: LetterStatistics): Readonly<Record<string, unknown>> {
  const { letters, foreign, byReason, byConnection, byCode, byAge, oldest, newest } = statistics;
  return {
    letters,
    foreign,
    by_reason: byReason,
    by_connection: byConnection,
    by_code: byCode,
    by_age: byAge,
    oldest: oldest === null ? null : momentWords(oldest),
    newest: newest === null ? null : momentWords(newest),
  };
}

/** At most so many rows of one kind are printed; `--json` has them all. */
const MAX_ROWS = 20;

export function statisticsLines(statistics: LetterStatistics): string[] {
  const { letters, foreign, oldest, newest } = statistics;
  const span = oldest === null || newest === null ? '' : `, ${momentWords(oldest)} to ${momentWords(newest)}`;
  return [
    `${grouped(letters)} letters${span}`,
    ...(foreign === 0 ? [] : [`${grouped(foreign)} records of the topic are no letters of this service`]),
    ...counts('by reason', statistics.byReason),
    ...counts('by connection', statistics.byConnection),
    ...counts("by TikTok's code", statistics.byCode),
    ...counts('by age', statistics.byAge),
  ];
}

/** A heading and a line for each name, the count first. */
export function counts(title: string, byName: Readonly<Record<string, number>>): string[] {
  const rows = Object.entries(byName);
  const lines = rows.slice(0, MAX_ROWS).map(([name, count]) => `  ${grouped(count).padStart(10)}  ${name}`);
  const more = rows.length > MAX_ROWS ? [`              and ${rows.length - MAX_ROWS} more; --json has them all`] : [];
  return ['', title, ...lines, ...more];
}
