/**
 * TikTok's answer codes and what each means for a request, as data.
 *
 * Guarantee: nothing but `code: 0` is delivered, and an unknown code never is. Names are those of TikTok's own list
 * (tiktok-business-api-sdk `tiktok_code.py`, key SDK); the other keys of sources are explained in docs/tiktok-answers.md.
 */

import { unclassedName } from './tiktok-code-names.ts';
import type { VerdictClass, VerdictRule } from './verdict-rule.ts';

/** High: TikTok's text, or several who use it agree. Medium: one good source. Low: one weak source. */
export type Confidence = 'H' | 'M' | 'L';

/** A code, or all codes of a range that have no row of their own. */
export interface CodeRow extends VerdictRule {
  readonly from: number;
  readonly to: number;
  /** How sure the class is. */
  readonly confidence: Confidence;
}

type Listed = readonly [code: number | readonly [from: number, to: number], string, source: string, Confidence];

const NEW_TOKEN =
  'Create an access token for this pixel in TikTok Events Manager (the pixel’s settings) and store it: the next attempt uses it and releases the connection.';
const NOT_ALLOWED =
  'The user or app behind the token may not send events: have it allowed in TikTok, or store a token made in Events Manager.';
const ACCOUNT = 'Look at the advertiser’s state and roles in TikTok Business Center, then correct the connection.';
const OTHER_VERSION =
  'TikTok does not offer what this service asks for: check tiktok.baseUrl, then look for a newer release of this service.';
const PARTNER =
  'The service sends no partner name, so ask TikTok’s support why it misses one; give them the request_id.';
const REFUSED_EVENT =
  'Read the message: correct the event at its producer, or the mapping, then redrive the dead letter.';
const SLOW_DOWN =
  'Nothing: only this connection slows down. If it lasts, lower its max_requests_per_second or ask TikTok for a higher limit.';
const TIKTOK_FAILS = 'Nothing: the same events go again by themselves. If it lasts, look for an outage of TikTok.';
const NOBODY_KNOWS =
  'Read the message, and ask TikTok’s support with the request_id what it means; redrive the dead letter when that is clear.';

function rows(verdict: VerdictClass, advice: string, listed: readonly Listed[], vendorWide = false): CodeRow[] {
  return listed.map(([code, name, source, confidence]) => {
    const [from, to] = typeof code === 'number' ? [code, code] : code;
    const limitedAttempts = verdict === 'ambiguous' || verdict === 'partial';
    return { from, to, name, class: verdict, vendorWide, limitedAttempts, advice, source, confidence };
  });
}

/** Every code of which something is known, in the order of codes; a single code comes before the range around it. */
export const CODE_ROWS: readonly CodeRow[] = [
  ...rows('delivered', 'Nothing: TikTok has taken the events. Its pages show them after a while.', [
    [0, 'OK', 'SDK and all others', 'H'],
  ]),
  ...rows(
    'partial',
    'Nothing: the same ids go again, and TikTok drops those it has. Where it ends in dead letters, ask TikTok’s support with the request_id.',
    [[20001, 'PARTIAL_OK', 'SDK', 'M']],
  ),
  ...rows('poison', REFUSED_EVENT, [
    [40000, 'INVALID_PARAMS', 'SDK', 'M'],
    [40002, 'PARAM_ERROR', 'SDK, RS, FL', 'H'],
    [40700, 'RPC_VALIDATION_ERROR', 'SDK', 'M'],
  ]),
  ...rows('poison', 'Please report it: this service hashes all that TikTok wants hashed. Redrive after the repair.', [
    [40062, 'PII_NOT_HASHED', 'SDK', 'M'],
  ]),
  ...rows(
    'connection-refused',
    'Pixel and token do not belong together: correct pixel_id, or store the token that was made for this pixel.',
    [[40001, 'PERMISSION_ERROR', 'SDK, RS, ED', 'H']],
  ),
  ...rows('connection-refused', 'The pixel is gone, or never was: correct pixel_id in the connection.', [
    [40007, 'NOT_EXIST', 'SDK, ED, XC', 'M'],
  ]),
  ...rows('connection-refused', NEW_TOKEN, [
    [40102, 'ACCESS_TOKEN_EXPIRE', 'SDK, XC', 'H'],
    [40103, 'REFRESH_TOKEN_EXPIRE', 'SDK', 'M'],
    [40104, 'EMPTY_ACCESS_TOKEN', 'SDK, XC', 'H'],
    [40105, 'INVALID_ACCESS_TOKEN', 'SDK, XC, ED', 'H'],
    [40107, 'INVALID_REFRESH_TOKEN', 'SDK', 'M'],
    [40108, 'INVALID_GRANT_TYPE', 'SDK', 'M'],
    [40110, 'AUTH_CODE_ERROR', 'SDK', 'M'],
    [40115, 'AUTH_TIMESTAMP_EXPIRE', 'SDK', 'M'],
    [40116, 'AUTH_SIG_ERROR', 'SDK', 'M'],
  ]),
  ...rows('connection-refused', NOT_ALLOWED, [
    [40003, 'FORBIDDEN', 'SDK', 'M'],
    [40106, 'INVALID_CORE_USER', 'SDK', 'M'],
    [40113, 'APP_FORBIDDEN', 'SDK', 'M'],
    [40117, 'APP_METHOD_FORBIDDEN', 'SDK', 'M'],
    [40118, 'NOT_IN_WHITELIST', 'SDK', 'M'],
    [40124, 'DEVELOPER_REJECTED', 'SDK', 'M'],
    [40125, 'DEVELOPER_NO_PERMISSION', 'SDK', 'M'],
    [40130, 'SCOPE_NOT_AUTHORIZED', 'SDK', 'M'],
  ]),
  ...rows('connection-refused', ACCOUNT, [
    [40300, 'ADVERTISER_NOT_EXIST', 'SDK', 'M'],
    [40301, 'ADVERTISER_ROLE_ERROR', 'SDK', 'M'],
    [41000, 'BLOCKED', 'SDK', 'M'],
  ]),
  ...rows('connection-refused', OTHER_VERSION, [
    [40006, 'VERSION_ERROR', 'SDK', 'M'],
    [40008, 'NOT_IMPL', 'SDK', 'M'],
    [40009, 'UNSUPPORTED_IN_SANDBOX', 'SDK, GO', 'M'],
    [40051, 'INVALID_API_VERSION', 'SDK', 'M'],
  ]),
  ...rows('connection-refused', PARTNER, [
    [40063, 'INVALID_PARTNER_NAME', 'SDK', 'M'],
    [40101, 'INVALID_PARTNER', 'SDK', 'M'],
  ]),
  ...rows(
    'split',
    'Nothing: the batch goes again in halves. If it happens often, lower delivery.batchMaxEventsCount or delivery.batchMaxBytes.',
    [[40061, 'INVALID_BATCH_SIZE', 'SDK', 'M']],
  ),
  ...rows('throttled', SLOW_DOWN, [
    [40100, 'REQUEST_TOO_FREQUENT', 'SDK, RS, XC, FL, ED', 'H'],
    [40132, 'REQUEST_FREQUENCY_LIMITED', 'SDK, XC, ED', 'M'],
    [40133, 'rate limit', 'XC, ED', 'M'],
    [61000, 'TOO_MANY_REQUESTS_BL', 'SDK', 'M'],
  ]),
  ...rows('retry', TIKTOK_FAILS, [
    [40200, 'GENERAL_TASK_ERROR', 'SDK', 'M'],
    [40201, 'TASK_NOT_READY', 'SDK', 'M'],
    [40202, 'WRITE_CONFLICT', 'SDK', 'M'],
  ]),
  ...rows(
    'retry',
    'Check tiktok.baseUrl: there is no such route. Events wait; those that wait too long become dead letters: redrive them then.',
    [[40400, 'ROUTE_NOT_FOUND', 'SDK', 'M']],
    true,
  ),
  ...rows(
    'retry',
    TIKTOK_FAILS,
    [
      [41001, 'INTERFACE_OFFLINE', 'SDK', 'M'],
      [50000, 'SYS_ERROR', 'SDK, PH, FL', 'H'],
      [50001, 'system error', 'PH', 'M'],
      [50002, 'SYS_TIMEOUT', 'SDK', 'H'],
      [[51000, 51099], 'inner service errors', 'SDK, PH', 'M'],
      [[52000, 52999], 'storage errors', 'SDK', 'M'],
      [[53102, 53103], 'serialization errors', 'SDK', 'M'],
      [[50000, 59999], 'other errors of TikTok’s', 'XC', 'M'],
      [60001, 'MAINTENANCE', 'SDK', 'M'],
    ],
    true,
  ),
  ...rows('retry', TIKTOK_FAILS, [
    [70001, 'INVALID_BIZ_AUTH_TYPE', 'SDK', 'L'],
    [[60000, 99999], 'other codes from 60000', 'XC', 'L'],
  ]),
  ...rows('ambiguous', NOBODY_KNOWS, [
    [40016, 'BIZ_FC_ERROR', 'SDK; its meaning is undocumented', 'L'],
    [40050, 'DUPLICATED_REQUEST', 'SDK; undocumented for events', 'L'],
  ]),
].toSorted((a, b) => a.from - b.from || a.to - b.to);

const UNKNOWN: Omit<VerdictRule, 'name'> = {
  class: 'ambiguous',
  vendorWide: false,
  limitedAttempts: true,
  advice: NOBODY_KNOWS,
  source: 'no source says what it means for an event',
};

/**
 * 40002 where the message blames the connection: the code stands for a bad pixel too and, as seen in the field, for a
 * missing permission.
 */
export const CONNECTION_BLAMED: VerdictRule = {
  name: 'PARAM_ERROR',
  class: 'connection-refused',
  vendorWide: false,
  limitedAttempts: false,
  advice: 'The message blames the connection, not an event: correct its pixel_id, or store the token of this pixel.',
  source: 'RS, and refusals seen by two users',
};

const SINGLE = new Map(CODE_ROWS.filter(({ from, to }) => from === to).map(row => [row.from, row]));
/** The narrowest first. */
const RANGES = CODE_ROWS.filter(({ from, to }) => from !== to).toSorted((a, b) => a.to - a.from - (b.to - b.from));

/** Codes with a row of their own. */
export const LISTED_CODES: ReadonlySet<number> = new Set(SINGLE.keys());

/** All of TikTok's codes but 0 have five digits; any other number is the code of something on the way to it. */
export function isTikTokCode(code: number): boolean {
  return Number.isInteger(code) && (code === 0 || (code >= 10_000 && code <= 99_999));
}

/** What a code means: its row, else the range it lies in, else that nobody knows. */
export function ruleOfCode(code: number): VerdictRule {
  const row = SINGLE.get(code) ?? RANGES.find(({ from, to }) => code >= from && code <= to);
  return row ?? { ...UNKNOWN, name: unclassedName(code) };
}
