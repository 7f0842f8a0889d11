/**
 * TikTok's answer in a few words, for reasons in letters, logs and states.
 *
 * Guarantee: bounded and without personal data, since the verdict's message is.
 */

import type { Verdict } from './judge-response.ts';

/** `code 40105, HTTP 200, Access token is incorrect` */
export function answerText({
  apiCode,
  httpStatus,
  message,
}: Pick<Verdict, 'apiCode' | 'httpStatus' | 'message'>): string {
  return `code ${apiCode ?? '-'}, HTTP ${httpStatus ?? '-'}, ${message}`;
}
