/**
 * What an HTTP status means where there is no code of TikTok's in the body, as data.
 *
 * Guarantee: never `delivered` and never `poison`: a proxy, a firewall or a wrong address may have answered, which says
 * nothing about an event. What a server fails to answer properly, it may have taken.
 */

import type { VerdictClass, VerdictRule } from './verdict-rule.ts';

/** The rule for statuses `from` to `to`; a narrower row comes before a wider one. */
export interface StatusRow extends VerdictRule {
  readonly from: number;
  readonly to: number;
}

const RFC = 'RFC 9110; nobody has seen it from TikTok';
const NOT_TIKTOK =
  'Not TikTok but something on the way to it, or at tiktok.baseUrl, answers: look at proxies and firewalls.';
const NO_CODE = 'Whether TikTok took the events is unknown; the same ids go again, and TikTok drops what it has.';

function row(from: number, to: number, verdict: VerdictClass, advice: string, source: string): StatusRow {
  const vendorWide = verdict === 'retry' || from >= 500;
  return { from, to, name: null, class: verdict, vendorWide, limitedAttempts: false, advice, source };
}

/** Success, a redirect (never followed), or anything else that should not end a request. */
const OTHER = row(0, 399, 'ambiguous', `${NO_CODE} If it lasts: ${NOT_TIKTOK}`, 'XC: no success without a code');

export const STATUS_ROWS: readonly StatusRow[] = [
  row(401, 401, 'connection-refused', `Check the connection’s token. Else: ${NOT_TIKTOK}`, RFC),
  row(403, 403, 'connection-refused', `Check the connection’s token. Else: ${NOT_TIKTOK}`, RFC),
  row(413, 413, 'split', 'Nothing: the batch goes again in halves. If it lasts, lower delivery.batchMaxBytes.', RFC),
  row(429, 429, 'throttled', 'Nothing: only this connection slows down.', 'RFC 6585; FL, XC'),
  row(400, 499, 'retry', NOT_TIKTOK, RFC),
  row(
    500,
    Number.POSITIVE_INFINITY,
    'ambiguous',
    `${NO_CODE} If it lasts, look for an outage of TikTok.`,
    'FL, XC, GP',
  ),
  OTHER,
];

/** What an answer of this status without TikTok's code means. */
export function ruleOfStatus(status: number): VerdictRule {
  return STATUS_ROWS.find(({ from, to }) => status >= from && status <= to) ?? OTHER;
}
