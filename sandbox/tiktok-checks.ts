/**
 * Checks of one JSON value, and of an object by a table of fields. A check answers null, or the first problem with the
 * path to it. No value is ever quoted in a problem: it may be personal data.
 */

import { BlockList, isIPv4, isIPv6 } from 'node:net';
import type { EventSource } from './tiktok-vocabulary.ts';
import { EVENT_SOURCES } from './tiktok-vocabulary.ts';

/** TikTok's numeric codes, under the names its SDK gives them. */
export const CODE = {
  OK: 0,
  PARTIAL_OK: 20001,
  INVALID_PARAMS: 40000,
  PERMISSION_ERROR: 40001,
  PARAM_ERROR: 40002,
  INVALID_BATCH_SIZE: 40061,
  PII_NOT_HASHED: 40062,
  INVALID_PARTNER_NAME: 40063,
  REQUEST_TOO_FREQUENT: 40100,
  EMPTY_ACCESS_TOKEN: 40104,
  INVALID_ACCESS_TOKEN: 40105,
  NOT_IN_WHITELIST: 40118,
  ROUTE_NOT_FOUND: 40400,
} as const;

/** What is wrong, and where: `['data', 3, 'user', 'email']`. */
export interface Problem {
  readonly code: number;
  readonly text: string;
  readonly path: readonly (string | number)[];
}

/** What a check may need beside the value. */
export interface CheckContext {
  readonly source: EventSource;
  /** Epoch milliseconds at TikTok. */
  readonly nowMs: number;
  readonly earliestSeconds: number;
  readonly maxAgeMs: number;
  readonly maxOfflineAgeMs: number;
  readonly maxFutureMs: number;
  readonly maxListLength: number;
  readonly allowNegativeValue: boolean;
  readonly refuseUnlistedCurrency: boolean;
  readonly refuseUnknownFields: boolean;
  readonly refuseEmpty: boolean;
  readonly requirePublicIp: boolean;
  readonly requireNormalised: boolean;
}

export type Check = (value: unknown, context: CheckContext) => Problem | null;

/** One row of a table of fields. */
export interface Field {
  readonly check: Check;
  /** Event sources that carry the field; all when absent. */
  readonly sources?: readonly EventSource[];
  /** Event sources that must carry it. */
  readonly required?: readonly EventSource[];
  /** Where the rule comes from; keys in the table's head. */
  readonly from: string;
}

export type Fields = Readonly<Record<string, Field>>;

export function problem(text: string, code: number = CODE.PARAM_ERROR): Problem {
  return { code, text, path: [] };
}

/** The same problem, seen from one level further up. */
export function within(step: string | number, inner: Problem): Problem {
  return { ...inner, path: [step, ...inner.path] };
}

export const TOO_FREQUENT = problem('Too many requests. Please retry in some seconds.', CODE.REQUEST_TOO_FREQUENT);

/** Of an event that is refused only because it was ordered so. */
export const NOT_ACCEPTABLE = problem('Event is not acceptable.');

const NOT_A_STRING = problem('Not a valid string.');
const EMPTY = problem('Shorter than minimum length 1.');

export const text: Check = (value, context) => {
  if (typeof value !== 'string') return NOT_A_STRING;
  return value === '' && context.refuseEmpty ? EMPTY : null;
};

export function textUpTo(length: number): Check {
  const tooLong = problem(`Longer than maximum length ${length}.`);
  return (value, context) => text(value, context) ?? ((value as string).length > length ? tooLong : null);
}

export function matching(pattern: RegExp, complaint: string): Check {
  const mismatch = problem(complaint);
  return (value, context) => text(value, context) ?? (pattern.test(value as string) ? null : mismatch);
}

export function oneOf(symbols: Iterable<string>, complaint: string): Check {
  const known = new Set(symbols);
  const mismatch = problem(complaint);
  return value => {
    if (typeof value !== 'string') return NOT_A_STRING;
    return known.has(value) ? null : mismatch;
  };
}

/** An advertising id in the letter case senders are asked for, or in any. */
export function advertisingId(pattern: RegExp, complaint: string): Check {
  const asAsked = matching(pattern, complaint);
  const inAnyCase = matching(new RegExp(pattern, 'i'), complaint);
  return (value, context) => (context.requireNormalised ? asAsked : inAnyCase)(value, context);
}

const letters = matching(/^[a-z]+$/, 'Must be lower-case letters only.');

/** A place in clear. That it is lower-case letters only is what other senders do; no document says the rest is refused. */
export const place: Check = (value, context) => (context.requireNormalised ? letters : text)(value, context);

/** One of TikTok's currencies; upper-case letters in any case. */
export function currencyOf(known: ReadonlySet<string>): Check {
  const listed = oneOf(known, 'Not a supported currency.');
  const shaped = matching(/^[A-Z]{3}$/, 'Not a supported currency.');
  return (value, context) => (context.refuseUnlistedCurrency ? listed : shaped)(value, context);
}

const NOT_A_BOOLEAN = problem('Not a valid boolean.');
export const flag: Check = value => (typeof value === 'boolean' ? null : NOT_A_BOOLEAN);

const NOT_A_COUNT = problem('Not a valid integer.');
export const count: Check = value => (Number.isSafeInteger(value) && (value as number) >= 0 ? null : NOT_A_COUNT);

/** A JSON number, finite (`1e999` parses to infinity); what becomes of a negative one at TikTok is undocumented. */
export function amount(complaint: string, code: number): Check {
  const notANumber = problem(complaint, code);
  const negative = problem('Must be greater than or equal to 0.', code);
  return (value, context) => {
    if (typeof value !== 'number' || !Number.isFinite(value)) return notANumber;
    return value < 0 && !context.allowNegativeValue ? negative : null;
  };
}

const SHA256_HEX = /^[0-9a-f]{64}$/;
const SHA256_HEX_IN_ANY_CASE = /^[0-9a-f]{64}$/i;
const DIGEST_OF_NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const NOT_HASHED = problem('Must be a lower-case hexadecimal SHA-256 digest.', CODE.PII_NOT_HASHED);
const HASH_OF_NOTHING = problem('Must not be the digest of an empty string.', CODE.PII_NOT_HASHED);

/** Personal data: only ever as a digest. Lower-case hex, and never that of nothing, is asked of senders only. */
export const digest: Check = (value, context) => {
  if (typeof value !== 'string') return NOT_A_STRING;
  if (!(context.requireNormalised ? SHA256_HEX : SHA256_HEX_IN_ANY_CASE).test(value)) return NOT_HASHED;
  return value === DIGEST_OF_NOTHING && context.requireNormalised ? HASH_OF_NOTHING : null;
};

const NOT_A_LIST = problem('Not a valid list.');

export function listOf(check: Check): Check {
  return (value, context) => {
    if (!Array.isArray(value)) return NOT_A_LIST;
    if (value.length === 0) return context.refuseEmpty ? EMPTY : null;
    return firstProblem(value, check, context);
  };
}

/** One value, or a list of up to `maxListLength` (TikTok's own limit is not published). */
export function oneOrSeveral(check: Check): Check {
  const several = listOf(check);
  return (value, context) => {
    if (!Array.isArray(value)) return check(value, context);
    if (value.length > context.maxListLength) return problem(`Longer than maximum length ${context.maxListLength}.`);
    return several(value, context);
  };
}

function firstProblem(values: readonly unknown[], check: Check, context: CheckContext): Problem | null {
  for (let index = 0; index < values.length; index++) {
    const found = check(values[index], context);
    if (found !== null) return within(index, found);
  }
  return null;
}

/** The far end of what can be seconds: later numbers are milliseconds, and the field is documented to be in seconds. */
const LATEST_SECONDS = 99_999_999_999;
const NOT_SECONDS = problem('Not a valid Unix timestamp in seconds.');
const TOO_OLD = problem('Event is too old.');
const IN_FUTURE = problem('Event is in the future.');

/** Unix seconds, UTC. How early one may be is documented nowhere. TikTok's age limits are unproven for web (28 days is documented for offline). */
export const eventTime: Check = (value, context) => {
  if (!Number.isSafeInteger(value)) return NOT_A_COUNT;
  const seconds = value as number;
  if (seconds < context.earliestSeconds || seconds > LATEST_SECONDS) return NOT_SECONDS;
  // The fraction is cut from an event time, so an event of exactly the limit's age may look a second older.
  return ageProblem(seconds * 1000, seconds * 1000 + 999, context);
};

function ageProblem(earliestMs: number, latestMs: number, context: CheckContext): Problem | null {
  const maxAgeMs =
    context.source === 'offline' ? Math.min(context.maxAgeMs, context.maxOfflineAgeMs) : context.maxAgeMs;
  if (latestMs < context.nowMs - maxAgeMs) return TOO_OLD;
  return earliestMs > context.nowMs + context.maxFutureMs ? IN_FUTURE : null;
}

const ISO_8601 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})$/;
const NOT_ISO_8601 = problem('Not a valid datetime.');

/** Date and time with a zone: without one, which moment is meant would be a guess. */
export const timestamp: Check = (value, context) => {
  if (typeof value !== 'string') return NOT_A_STRING;
  const ms = ISO_8601.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? NOT_ISO_8601 : ageProblem(ms, ms, context);
};

const NOT_A_URL = problem('Not a valid URL.');
export const fullUrl: Check = value => {
  if (typeof value !== 'string') return NOT_A_STRING;
  return /^https?:\/\/[^/]/i.test(value) && URL.canParse(value) ? null : NOT_A_URL;
};

/** RFC 1918, loopback, link-local, carrier-grade NAT and unique-local; IPv4 in IPv6 clothes is found by the list itself. */
const PRIVATE = new BlockList();
PRIVATE.addSubnet('10.0.0.0', 8);
PRIVATE.addSubnet('172.16.0.0', 12);
PRIVATE.addSubnet('192.168.0.0', 16);
PRIVATE.addSubnet('127.0.0.0', 8);
PRIVATE.addSubnet('169.254.0.0', 16);
PRIVATE.addSubnet('100.64.0.0', 10);
PRIVATE.addAddress('::1', 'ipv6');
PRIVATE.addSubnet('fc00::', 7, 'ipv6');
PRIVATE.addSubnet('fe80::', 10, 'ipv6');
const NOT_AN_IP = problem('Not a valid IP address.');
const NOT_PUBLIC = problem('Not a public IP address.');

/** All else counts as public, the ranges kept for documentation too: probes of others send 203.0.113.x and TikTok takes it. */
export const publicIp: Check = (value, context) => {
  if (typeof value !== 'string') return NOT_A_STRING;
  if (!isIPv4(value) && !isIPv6(value)) return NOT_AN_IP;
  return context.requirePublicIp && isPrivate(value) ? NOT_PUBLIC : null;
};

function isPrivate(ip: string): boolean {
  return PRIVATE.check(ip, isIPv4(ip) ? 'ipv4' : 'ipv6');
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Compiled {
  readonly checks: ReadonlyMap<string, Check>;
  readonly required: readonly string[];
}

function compile(fields: Fields, source: EventSource): Compiled {
  const carried = Object.entries(fields).filter(([, field]) => field.sources?.includes(source) ?? true);
  return {
    checks: new Map(carried.map(([name, field]) => [name, field.check])),
    required: carried.filter(([, field]) => field.required?.includes(source)).map(([name]) => name),
  };
}

const UNKNOWN_FIELD = problem('Unknown field.');
const MISSING_FIELD = problem('Missing data for required field.');
const NOT_AN_OBJECT = problem('Not a valid object.');

/** An object of exactly these fields: unknown ones, and those of other event sources, are refused. */
export function objectOf(fields: Fields): Check {
  const compiled = Object.fromEntries(EVENT_SOURCES.map(source => [source, compile(fields, source)]));
  return (value, context) => {
    const { checks, required } = compiled[context.source] as Compiled;
    if (!isObject(value)) return NOT_AN_OBJECT;
    for (const name of Object.keys(value)) {
      const check = checks.get(name);
      const found = check === undefined ? unknownField(name, fields, context) : check(value[name], context);
      if (found !== null) return within(name.slice(0, 40), found);
    }
    for (const name of required) {
      if (value[name] === undefined) return within(name, MISSING_FIELD);
    }
    return null;
  };
}

function unknownField(name: string, fields: Fields, context: CheckContext): Problem | null {
  if (!context.refuseUnknownFields) return null;
  return Object.hasOwn(fields, name) ? problem(`Not a field of ${context.source} events.`) : UNKNOWN_FIELD;
}
