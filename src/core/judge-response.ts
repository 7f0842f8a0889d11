/**
 * Judges TikTok's answer to one request: the body's code first, the HTTP status second.
 *
 * Guarantee: `delivered` only for an explicit `code: 0`. What cannot be read was perhaps taken, and is judged so.
 * TikTok sends refusals in HTTP 200, rate limits in HTTP 401 and outages as HTML, so a status alone decides only
 * where there is no code (facts 3.1).
 */

import { type EventsApiAnswer, NOT_STARTED } from './events-api-answer.ts';
import { redact } from './redact.ts';
import { retryAfterMs } from './retry-after.ts';
import { classOfCode, isAmbiguousCode, isVendorWideCode, type VerdictClass } from './tiktok-codes.ts';

export interface Verdict {
  readonly class: VerdictClass;
  readonly httpStatus: number | null;
  /** The body's `code`; null where there was none. */
  readonly apiCode: number | null;
  readonly requestId: string | null;
  /** Bounded and without personal data. */
  readonly message: string;
  /** The zero-based row that a refusal names; null for none. */
  readonly row: number | null;
  /** How long the answer asks us to wait, at most an hour; null where it asks for nothing. */
  readonly retryAfterMs: number | null;
  /** True where the answer says nothing about this connection: TikTok, or the way to it, fails for everybody. */
  readonly vendorWide: boolean;
  /** True for a code of which nobody knows what it means: three attempts at most, then a dead letter. */
  readonly limitedAttempts: boolean;
}

/** Judges one answer that came at `now` (epoch milliseconds). Never throws. */
export function judgeResponse(answer: EventsApiAnswer, now: number): Verdict {
  if (answer.kind === 'failure') return judgeFailure(answer);
  const envelope = readEnvelope(answer.body);
  const wait = retryAfterMs(answer.headers['retry-after'], now);
  if (envelope === null) return judgeStatus(answer.status, wait);
  const { code, message, requestId } = envelope;
  const verdict = code === 40002 && blamesConnection(message) ? 'connection-refused' : classOfCode(code);
  return {
    class: verdict,
    httpStatus: answer.status,
    apiCode: code,
    requestId,
    message: redact(message),
    row: verdict === 'poison' ? namedRow(message) : null,
    retryAfterMs: wait,
    vendorWide: isVendorWideCode(code),
    limitedAttempts: isAmbiguousCode(code),
  };
}

type Failure = Extract<EventsApiAnswer, { kind: 'failure' }>;

/** No answer: a broken connection or a timeout. A request that we did not start ourselves is no failure of anybody. */
function judgeFailure({ code, mayHaveBeenTaken }: Failure): Verdict {
  return {
    class: mayHaveBeenTaken ? 'ambiguous' : 'retry',
    httpStatus: null,
    apiCode: null,
    requestId: null,
    message: code,
    row: null,
    retryAfterMs: null,
    vendorWide: code !== NOT_STARTED,
    limitedAttempts: false,
  };
}

interface Envelope {
  readonly code: number;
  readonly message: string;
  readonly requestId: string | null;
}

function readEnvelope(body: string): Envelope | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return null;
  }
  if (typeof parsed !== 'object' || parsed === null || !('code' in parsed)) return null;
  const { code } = parsed;
  if (typeof code !== 'number' || !Number.isInteger(code)) return null;
  const message = 'message' in parsed && typeof parsed.message === 'string' ? parsed.message : '';
  const requestId = 'request_id' in parsed && typeof parsed.request_id === 'string' ? parsed.request_id : null;
  return { code, message, requestId: requestId === null ? null : requestId.slice(0, 100) };
}

/** Without TikTok's JSON a 4xx says nothing about an event: a proxy or a wrong address may have answered. */
function judgeStatus(status: number, wait: number | null): Verdict {
  const verdict = classOfStatus(status);
  return {
    class: verdict,
    httpStatus: status,
    apiCode: null,
    requestId: null,
    message: `HTTP ${status} without TikTok's JSON`,
    row: null,
    retryAfterMs: wait,
    vendorWide: status >= 500 || verdict === 'retry',
    limitedAttempts: false,
  };
}

function classOfStatus(status: number): VerdictClass {
  if (status === 401 || status === 403) return 'connection-refused';
  if (status === 413) return 'split';
  if (status === 429) return 'throttled';
  if (status >= 400 && status < 500) return 'retry';
  return 'ambiguous';
}

/** 40002 is also the code for a bad pixel and, as seen in the field, for a missing permission (facts 3.2). */
function blamesConnection(message: string): boolean {
  return /\bevent_source(_id)?\b/.test(message) || /permission|admin or operator/i.test(message);
}

/** `data.3.event_id: …`, `data[3].user.email`, `Batch.3.…`, `index 3`: zero-based as far as known (facts 3.4). */
function namedRow(message: string): number | null {
  const match = /\b(?:data|batch)(?:\.|\[)(\d{1,4})\b|\bindex (\d{1,4})\b/i.exec(message);
  const digits = match?.[1] ?? match?.[2];
  return digits === undefined ? null : Number(digits);
}
