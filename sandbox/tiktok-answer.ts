/** HTTP answers: TikTok's envelope around a judgement, and what an ordered fault puts in its place. */

import type { Problem } from './tiktok-checks.ts';
import { CODE, NOT_ACCEPTABLE, TOO_FREQUENT } from './tiktok-checks.ts';
import type { Fault } from './tiktok-faults.ts';
import type { SimulatorSettings } from './tiktok-settings.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: string;
  /** The code in the payload; null when there is none. */
  readonly code: number | null;
  readonly message: string | null;
}

function envelope(status: number, code: number, message: string, requestId: string, data: unknown = {}): Answer {
  const payload = JSON.stringify({ code, message, request_id: requestId, data });
  return { status, headers: { 'content-type': 'application/json' }, payload, code, message };
}

/** The answer to a request that nothing befalls. */
export function answerTo(problem: Problem | null, settings: SimulatorSettings, requestId: string): Answer {
  if (problem === null) return envelope(200, CODE.OK, 'OK', requestId);
  return envelope(statusOf(problem.code, settings), problem.code, problem.text, requestId);
}

/** TikTok's HTTP statuses are no guide; those that were seen differing are settings. */
function statusOf(code: number, settings: SimulatorSettings): number {
  switch (code) {
    case CODE.EMPTY_ACCESS_TOKEN:
    case CODE.INVALID_ACCESS_TOKEN:
      return settings.authStatus;
    case CODE.REQUEST_TOO_FREQUENT:
      return settings.throttleStatus;
    case CODE.PERMISSION_ERROR:
      return 200;
    case CODE.ROUTE_NOT_FOUND:
      return 404;
    default:
      return settings.refusalStatus;
  }
}

/** The answer a fault was ordered to give. */
export function answerOf(fault: Extract<Fault, { effect: 'answer' }>, requestId: string): Answer {
  const { status, code, message = 'Simulated.', body = '', content_type: contentType, headers, data } = fault;
  if (code !== undefined) {
    const answer = envelope(status, code, message, requestId, data);
    return { ...answer, headers: { ...answer.headers, ...headers } };
  }
  return {
    status,
    headers: { 'content-type': contentType ?? 'text/plain', ...headers },
    payload: body,
    code: null,
    message: null,
  };
}

/** The answer to a request over an ordered limit. */
export function answerOverLimit(fault: Extract<Fault, { effect: 'limit' }>, requestId: string): Answer {
  const { status = 200, retry_after: retryAfter } = fault;
  const { code, text } = TOO_FREQUENT;
  const answer = envelope(status, code, text, requestId);
  return retryAfter === undefined
    ? answer
    : { ...answer, headers: { ...answer.headers, 'retry-after': String(retryAfter) } };
}

/** The answer to a request that was taken but for some rows. */
export function answerInPart(rows: readonly number[], listed: boolean, requestId: string): Answer {
  const failed = rows.map(row => ({ index: row, code: CODE.PARAM_ERROR, message: NOT_ACCEPTABLE.text }));
  return envelope(200, CODE.PARTIAL_OK, 'Partial success.', requestId, listed ? { failed_events: failed } : {});
}
