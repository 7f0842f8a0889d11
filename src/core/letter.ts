/**
 * A letter as it is read from the dead-letter topic: what its headers say, and the source record it stands for.
 *
 * Guarantee: total; any record reads as a letter or as none, a header that is missing or unreadable is `null`, and no
 * text of it holds a control character. What `deadLetterHeaders` writes is read back as it was meant.
 */

import { HEADER_PREFIX } from './dead-letter.ts';
import type { Coordinates, RecordHeaders, SourceRecord } from './record.ts';

/** What our headers say; `null` where one is absent. */
export interface Letter {
  /** Where the letter itself stands. */
  readonly at: Coordinates;
  /** A `DeadLetterReason`, `source_too_large`, or what a newer version wrote. */
  readonly reason: string;
  readonly stage: string | null;
  readonly detail: string | null;
  readonly source: Coordinates | null;
  /** Epoch milliseconds. */
  readonly sourceTimestamp: number | null;
  readonly eventId: string | null;
  readonly connectionId: string | null;
  readonly mappingId: string | null;
  readonly schemaId: number | null;
  readonly httpStatus: number | null;
  readonly apiCode: number | null;
  readonly requestId: string | null;
  readonly attempts: number | null;
  /** Epoch milliseconds; null where no attempt can have been taken. */
  readonly firstAttemptAt: number | null;
  /** Epoch milliseconds; the letter's own timestamp where the header is missing. */
  readonly failedAt: number;
  readonly retryable: boolean;
  readonly appVersion: string | null;
  readonly instance: string | null;
}

/** The value did not fit on the topic, so the letter has none: only its source record can tell it. */
export const SOURCE_TOO_LARGE = 'source_too_large';

const TOPIC_NAME = /^[A-Za-z0-9._-]{1,249}$/;

/** Reads a record of the dead-letter topic; `null` for one that this service did not write. */
export function readLetter(record: SourceRecord): Letter | null {
  const { topic, partition, offset, headers, timestamp } = record;
  const reason = textOf(headers, 'reason');
  if (reason === null) return null;
  return {
    at: { topic, partition, offset },
    reason,
    stage: textOf(headers, 'stage'),
    detail: textOf(headers, 'error.message'),
    source: sourceOf(headers),
    sourceTimestamp: numberOf(headers, 'source.timestamp'),
    eventId: textOf(headers, 'event.id'),
    connectionId: textOf(headers, 'connection'),
    mappingId: textOf(headers, 'mapping'),
    schemaId: numberOf(headers, 'schema.id'),
    httpStatus: numberOf(headers, 'http.status'),
    apiCode: numberOf(headers, 'api.code'),
    requestId: textOf(headers, 'api.request_id'),
    attempts: numberOf(headers, 'attempts'),
    firstAttemptAt: timeOf(headers, 'first-attempt-at'),
    failedAt: timeOf(headers, 'failed-at') ?? timestamp,
    retryable: textOf(headers, 'retryable') === 'true',
    appVersion: textOf(headers, 'app.version'),
    instance: textOf(headers, 'instance'),
  };
}

/** The source record that a letter holds, as it was when it was read first; `null` where the headers do not say. */
export function sourceRecordOf(record: SourceRecord, letter: Letter): SourceRecord | null {
  if (letter.source === null) return null;
  const { key, value } = record;
  const timestamp = letter.sourceTimestamp ?? record.timestamp;
  return { ...letter.source, timestamp, key, value, headers: sourceHeadersOf(record.headers) };
}

/** The headers that the source record came with. */
export function sourceHeadersOf(headers: RecordHeaders): RecordHeaders {
  const foreign = Object.keys(headers).filter(name => !name.startsWith(HEADER_PREFIX));
  // Without a prototype a header may have any name, `__proto__` included.
  const copy: Record<string, Buffer | readonly Buffer[]> = Object.create(null);
  for (const name of foreign) copy[name] = headers[name]!;
  return copy;
}

function sourceOf(headers: RecordHeaders): Coordinates | null {
  const topic = textOf(headers, 'source.topic');
  const partition = numberOf(headers, 'source.partition');
  const offset = numberOf(headers, 'source.offset');
  if (topic === null || partition === null || offset === null) return null;
  // A place that Kafka cannot have is somebody's mistake, and a claim under it could not be read again.
  const isPlace = TOPIC_NAME.test(topic) && partition >= 0 && offset >= 0;
  return isPlace ? { topic, partition, offset } : null;
}

/** The last value counts where a header was written twice; control characters could steer a reader's terminal. */
function textOf(headers: RecordHeaders, name: string): string | null {
  const key = HEADER_PREFIX + name;
  const values = Object.hasOwn(headers, key) ? headers[key] : undefined;
  const value = Buffer.isBuffer(values) ? values : values?.at(-1);
  return value === undefined ? null : value.toString('utf8').replace(/\p{Cc}+/gu, ' ');
}

function numberOf(headers: RecordHeaders, name: string): number | null {
  const text = textOf(headers, name);
  if (text === null || !/^-?\d+$/.test(text)) return null;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : null;
}

function timeOf(headers: RecordHeaders, name: string): number | null {
  const at = Date.parse(textOf(headers, name) ?? '');
  return Number.isNaN(at) ? null : at;
}
