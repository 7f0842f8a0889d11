/**
 * TikTok's event names: which are standard, which were, which are reserved, and what a custom one may look like.
 *
 * Guarantee: a name is judged and never changed: it is part of the key by which TikTok drops repeats, so a customer whose
 * pixel fires `CompletePayment` needs the server to send `CompletePayment`. Advice names a current standard name.
 */

import * as lists from './event-name-lists.ts';

/** Where the events of a connection happen; offline event sets take fewer names. */
export type NameSource = 'WEB' | 'OFFLINE';

export interface NameVerdict {
  readonly kind: 'standard' | 'deprecated' | 'custom';
  /** What TikTok's rules forbid. Empty when the name may be used. */
  readonly problems: readonly string[];
  /** What somebody who chose this name should know. */
  readonly advice: readonly string[];
}

export const STANDARD_EVENTS = lists.STANDARD.names;
export const FORMER_STANDARD_EVENTS = lists.FORMER_STANDARD.names;
/** What became of former names. */
export const DEPRECATED_EVENTS = lists.CHANGED.names;
export const OFFLINE_EVENTS = lists.OFFLINE.names;
/** Names TikTok rewrites on arrival, and into what, by the newest page. */
export const RESERVED_EVENTS = lists.RESERVED.names;

/** Longest custom name. */
export const MAX_CUSTOM_NAME_LENGTH = lists.CUSTOM.names.longest;

const STANDARD = new Set(STANDARD_EVENTS);
const OFFLINE = new Set(OFFLINE_EVENTS);
const KNOWN_BY_LOWER_CASE: ReadonlyMap<string, string> = new Map(
  [...FORMER_STANDARD_EVENTS, ...STANDARD_EVENTS].map(name => [name.toLowerCase(), name]),
);
const VERDICTS = {
  WEB: new Map<string, NameVerdict>(),
  OFFLINE: new Map<string, NameVerdict>(),
} as const satisfies Record<NameSource, Map<string, NameVerdict>>;
for (const source of ['WEB', 'OFFLINE'] as const) {
  for (const name of KNOWN_BY_LOWER_CASE.values()) VERDICTS[source].set(name, judgeKnown(name, source));
}

/** Whether events of this source may carry the name; names are case-sensitive. */
export function judgeEventName(name: string, source: NameSource): NameVerdict {
  return VERDICTS[source].get(name) ?? judgeCustom(name, source);
}

/** The name under which TikTok counts this one: `CompletePayment` is counted as `Purchase`. */
export function countedAs(name: string): string {
  return ownValue(DEPRECATED_EVENTS, name)?.becomes ?? name;
}

/** The standard name of today to use instead: what TikTok makes of the name, or the nearest; null for a custom name. */
export function currentNameFor(name: string): string | null {
  if (STANDARD.has(name)) return name;
  const next = ownValue(lists.NEAREST_NAMES, name) ?? countedAs(ownValue(RESERVED_EVENTS, name) ?? name);
  return next === name ? null : currentNameFor(next);
}

function ownValue<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function judgeKnown(name: string, source: NameSource): NameVerdict {
  const advice: string[] = [];
  const deprecated = DEPRECATED_EVENTS[name];
  const since = lists.monthOf(lists.CHANGED);
  if (deprecated?.becomes) {
    advice.push(
      `since ${since} TikTok counts ${name} as ${deprecated.becomes}; keep the name the browser pixel fires, and use ` +
        `${deprecated.becomes} where there is none`,
    );
  } else if (deprecated !== undefined) {
    advice.push(
      `no standard event since ${since}, without a successor, and taken until ${deprecated.until}; the nearest of ` +
        `TikTok's current names is ${currentNameFor(name)}`,
    );
  }
  if (source === 'OFFLINE' && !OFFLINE.has(name)) {
    const page = `help page on offline event sets (${lists.monthOf(lists.OFFLINE)})`;
    advice.push(`TikTok's ${page} does not list ${name}; other documents do`);
  }
  return { kind: STANDARD.has(name) ? 'standard' : 'deprecated', problems: [], advice };
}

function judgeCustom(name: string, source: NameSource): NameVerdict {
  const problems = customNameProblems(name);
  const standard = KNOWN_BY_LOWER_CASE.get(name.trim().toLowerCase());
  const hint = standard === undefined ? '' : `; did you mean ${standard}? Names are case-sensitive`;
  if (source === 'OFFLINE') problems.unshift(`is not a standard event, and offline event sets take no other${hint}`);
  const advice =
    source === 'OFFLINE' ? [] : [`is a custom event, which cannot be the goal a campaign is optimised for${hint}`];
  return { kind: 'custom', problems, advice };
}

function customNameProblems(name: string): string[] {
  const problems: string[] = [];
  if (name.length > MAX_CUSTOM_NAME_LENGTH) problems.push(`is longer than ${MAX_CUSTOM_NAME_LENGTH} characters`);
  if (name !== name.trim()) problems.push('begins or ends with a blank');
  else if (!/^[A-Za-z0-9_-]*$/.test(name)) problems.push('may hold letters a to z, digits, _ and - only');
  if (!/^[A-Za-z]/.test(name)) problems.push('must begin with a letter');
  const rewritten = ownValue(RESERVED_EVENTS, name);
  if (rewritten !== undefined) problems.push(reservedProblem(name, rewritten));
  return problems;
}

function reservedProblem(name: string, rewritten: string): string {
  const before = ownValue(lists.RESERVED_BEFORE.names, name);
  const edition = before === undefined ? '' : `, ${before} by that of ${lists.monthOf(lists.RESERVED_BEFORE)}`;
  const page = `by the page of ${lists.monthOf(lists.RESERVED)}${edition}`;
  return `is reserved by TikTok, which turns it into ${rewritten} (${page}); use ${currentNameFor(name)}`;
}
