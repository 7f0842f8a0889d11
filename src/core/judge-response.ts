/**
 * Judges TikTok's answer to one request: the body's code first, the HTTP status second.
 *
 * Guarantee: `delivered` only for an explicit `code: 0`. What cannot be read was perhaps taken, and is judged so.
 * TikTok sends refusals in HTTP 200, rate limits in HTTP 401 and outages as HTML, so a status alone decides only
 * where there is no code of TikTok's (facts 3.1): a gateway on the way may have codes of its own.
 */

import type { EventsApiAnswer } from './events-api-answer.ts';
import { failedRows } from './failed-rows.ts';
import { ruleOfStatus } from './http-statuses.ts';
import { namedRow } from './named-row.ts';
import { redact } from './redact.ts';
import { retryAfterMs } from './retry-after.ts';
import { CONNECTION_BLAMED, isTikTokCode, ruleOfCode } from './tiktok-codes.ts';
import { ruleOfFailure } from './transport-errors.ts';
import type { VerdictClass, VerdictRule } from './verdict-rule.ts';

export interface Verdict {
  readonly class: VerdictClass;
  readonly httpStatus: number | null;
  /** The body's `code`; null where there was none of TikTok's: what stands there instead is part of the message. */
  readonly apiCode: number | null;
  readonly requestId: string | null;
  /** Bounded and without personal data. */
  readonly message: string;
  /** The zero-based row that a refusal names; null for none. */
  readonly row: number | null;
  /** Of an answer that was taken in part: the zero-based rows that were not; null where it does not say. */
  readonly failedRows: readonly number[] | null;
  /** How long the answer asks us to wait, at most an hour; null where it asks for nothing. */
  readonly retryAfterMs: number | null;
  /** True where the answer says nothing about this connection: TikTok, or the way to it, fails for everybody. */
  readonly vendorWide: boolean;
  /** True for a code of which nobody knows what it means: three attempts for each event, then a dead letter. */
  readonly limitedAttempts: boolean;
}

/** Judges one answer that came at `now` (epoch milliseconds). Never throws. */
export function judgeResponse(answer: EventsApiAnswer, now: number): Verdict {
  const envelope = readEnvelope(answer);
  const rule = ruleFor(answer, envelope);
  return {
    class: rule.class,
    httpStatus: answer.kind === 'response' ? answer.status : null,
    apiCode: envelope.code,
    requestId: envelope.requestId,
    message: answer.kind === 'failure' ? answer.code : redact(messageOf(answer.status, envelope)),
    row: rule.class === 'poison' ? namedRow(envelope.message) : null,
    failedRows: rule.class === 'partial' ? failedRows(envelope.data) : null,
    retryAfterMs: answer.kind === 'response' ? retryAfterMs(answer.headers['retry-after'], now) : null,
    vendorWide: rule.vendorWide,
    limitedAttempts: rule.limitedAttempts,
  };
}

/** The rule by which `judgeResponse` judges this answer. */
export function ruleBehind(answer: EventsApiAnswer): VerdictRule {
  return ruleFor(answer, readEnvelope(answer));
}

function ruleFor(answer: EventsApiAnswer, { code, message }: Envelope): VerdictRule {
  if (answer.kind === 'failure') return ruleOfFailure(answer.code, answer.mayHaveBeenTaken);
  if (code === null) return ruleOfStatus(answer.status);
  return code === 40002 && blamesConnection(message) ? CONNECTION_BLAMED : ruleOfCode(code);
}

/** What a body says, whoever wrote it. */
interface Envelope {
  /** Null where it is none of TikTok's. */
  readonly code: number | null;
  /** What stands in the place of TikTok's code, for people. */
  readonly otherCode: string | null;
  readonly message: string;
  readonly requestId: string | null;
  readonly data: unknown;
}

const NOTHING: Envelope = { code: null, otherCode: null, message: '', requestId: null, data: null };

function readEnvelope(answer: EventsApiAnswer): Envelope {
  if (answer.kind === 'failure') return NOTHING;
  let parsed: unknown;
  try {
    // JSON knows no byte order mark, but who writes it may.
    parsed = JSON.parse(answer.body.replace(/^\uFEFF/, ''));
  } catch {
    return NOTHING;
  }
  if (typeof parsed !== 'object' || parsed === null) return NOTHING;
  const given = 'code' in parsed ? parsed.code : undefined;
  const code = typeof given === 'number' && isTikTokCode(given) ? given : null;
  const isNamed = typeof given === 'number' || typeof given === 'string';
  const otherCode = code === null && isNamed ? JSON.stringify(given) : null;
  const message = 'message' in parsed && typeof parsed.message === 'string' ? parsed.message : '';
  const requestId = 'request_id' in parsed ? readRequestId(parsed.request_id, answer.body) : null;
  return { code, otherCode, message, requestId, data: 'data' in parsed ? parsed.data : null };
}

/** TikTok's ids are digits and letters; whatever else stands there may be anything, and is no id to ask TikTok about. */
function readRequestId(value: unknown, body: string): string | null {
  // A number is taken as it is written: it may have more digits than a double keeps.
  if (typeof value === 'number') return /"request_id"\s*:\s*(\d{1,100})\b/.exec(body)?.[1] ?? null;
  return typeof value === 'string' && /^[\w.:-]+$/.test(value) ? value.slice(0, 100) : null;
}

/** TikTok's message, or else `HTTP 503 without TikTok's JSON: code 503, upstream connect error`. */
function messageOf(status: number, { code, message, otherCode }: Envelope): string {
  if (code !== null) return message;
  const said = [otherCode === null ? '' : `code ${otherCode}`, message].filter(text => text !== '').join(', ');
  return `HTTP ${status} without TikTok's JSON${said === '' ? '' : `: ${said}`}`;
}

/**
 * 40002 is also the code for a bad pixel (`pixel_code` in the 1.0 shape) and, as seen in the field, for a missing
 * permission (facts 3.2). A message that names a row is about that row, whatever else it quotes.
 */
function blamesConnection(message: string): boolean {
  if (namedRow(message) !== null) return false;
  return /\b(?:event[_ ]source|pixel[_ ]code)(?:[_ ]id)?\b|\bno permission to operate\b|\badmin or operator\b/i.test(
    message,
  );
}
