/**
 * A dead letter: the source record byte for byte, and why nothing could be delivered from it.
 *
 * Guarantee: our headers hold no token and no personal data, and are below 4 KiB together.
 */

import { type DeadLetterReason, STAGE_OF } from './outcome.ts';
import type { RecordHeaders } from './record.ts';
import type { RecordCopy } from './tiktok-event.ts';

/** TikTok's last word on an event, where there was one. */
export interface ApiVerdict {
  readonly httpStatus: number | null;
  readonly apiCode: number | null;
  readonly requestId: string | null;
}

export interface DeadLetter extends ApiVerdict {
  readonly source: RecordCopy;
  readonly reason: DeadLetterReason;
  /** At most a sentence, bounded and without personal data. */
  readonly detail: string;
  readonly eventId: string | null;
  readonly connectionId: string | null;
  readonly mappingId: string | null;
  readonly schemaId: number | null;
  readonly attempts: number;
  /** Epoch milliseconds of the first attempt TikTok may have taken; null when there can have been none. */
  readonly firstAttemptAt: number | null;
  /** Epoch milliseconds. */
  readonly failedAt: number;
}

/** Who writes the letter. */
export interface LetterWriter {
  readonly appVersion: string;
  /** Name of the process, as in logs and metrics. */
  readonly instance: string;
}

/** Ours begin with this; a source header that does is not copied. */
export const HEADER_PREFIX = 'tiktok-sync.';

/** Grows when a header changes its meaning. */
const HEADERS_VERSION = '1';
const MAX_MESSAGE_BYTES = 1024;
/** Longer ids are cut: no id of a real system comes near, and headers must not outgrow the topic's limit. */
const MAX_ID_BYTES = 512;
const MAX_NAME_BYTES = 128;

/** Reasons that can be gone without anybody changing the event, a mapping or this program. */
const RETRYABLE: ReadonlySet<DeadLetterReason> = new Set([
  'schema_unknown',
  'config_invalid',
  'token_missing',
  'connection_parked',
  'connection_backpressure',
]);

/**
 * All headers of a letter: those of the source record with all their values, and ours. Values are UTF-8 text; times
 * are ISO 8601 except `source.timestamp` (epoch milliseconds, as Kafka has it); what is not known is absent.
 */
export function deadLetterHeaders(letter: DeadLetter, writer: LetterWriter): RecordHeaders {
  const copied = Object.entries(letter.source.headers).filter(([name]) => !name.startsWith(HEADER_PREFIX));
  const own = Object.entries(ownHeaders(letter, writer)).flatMap(([name, value]) =>
    value === null ? [] : [[HEADER_PREFIX + name, Buffer.from(value)] as const],
  );
  return Object.fromEntries([...copied, ...own]);
}

function ownHeaders(letter: DeadLetter, writer: LetterWriter): Record<string, string | null> {
  const { source, reason } = letter;
  return {
    version: HEADERS_VERSION,
    stage: STAGE_OF[reason],
    reason,
    'error.message': cut(letter.detail, MAX_MESSAGE_BYTES),
    'source.topic': source.topic,
    'source.partition': String(source.partition),
    'source.offset': String(source.offset),
    'source.timestamp': String(source.timestamp),
    'event.id': cut(letter.eventId, MAX_ID_BYTES),
    'schema.id': text(letter.schemaId),
    connection: cut(letter.connectionId, MAX_ID_BYTES),
    mapping: cut(letter.mappingId, MAX_ID_BYTES),
    'http.status': text(letter.httpStatus),
    'api.code': text(letter.apiCode),
    'api.request_id': cut(letter.requestId, MAX_NAME_BYTES),
    attempts: String(letter.attempts),
    'first-attempt-at': time(letter.firstAttemptAt),
    'failed-at': time(letter.failedAt),
    retryable: String(RETRYABLE.has(reason)),
    'redrive.count': '0',
    'app.version': cut(writer.appVersion, MAX_NAME_BYTES),
    instance: cut(writer.instance, MAX_NAME_BYTES),
  };
}

function text(value: number | null): string | null {
  return value === null ? null : String(value);
}

function time(epochMs: number | null): string | null {
  return epochMs === null ? null : new Date(epochMs).toISOString();
}

/** At most `maxBytes` of UTF-8, cut between characters. */
function cut(value: string | null, maxBytes: number): string | null {
  if (value === null || Buffer.byteLength(value) <= maxBytes) return value;
  const bytes = Buffer.from(value);
  let end = maxBytes;
  // Continuation bytes are 10xxxxxx: go back to where a character begins.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}
