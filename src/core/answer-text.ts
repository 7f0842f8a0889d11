/**
 * TikTok's answer in a few words, for reasons in letters, logs and states.
 *
 * Guarantee: bounded and without personal data, since the verdict's message is.
 */

import type { Verdict } from './judge-response.ts';

/** `code 40105, HTTP 200, Access token is incorrect`; without a code of TikTok's the message says what came instead. */
export function answerText({
  apiCode,
  httpStatus,
  message,
}: Pick<Verdict, 'apiCode' | 'httpStatus' | 'message'>): string {
  return apiCode === null ? message : `code ${apiCode}, HTTP ${httpStatus ?? '-'}, ${message}`;
}
