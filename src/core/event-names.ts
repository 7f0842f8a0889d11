/**
 * TikTok's event names: which are standard, which were, which are reserved, and what a custom one may look like.
 *
 * Guarantee: a name is judged and never changed: it is part of the key by which TikTok drops repeats, so a customer whose
 * pixel fires `CompletePayment` needs the server to send `CompletePayment`. Every list carries its source and date.
 */

/** Where the events of a connection happen; offline event sets take fewer names. */
export type NameSource = 'WEB' | 'OFFLINE';

export interface NameVerdict {
  readonly kind: 'standard' | 'deprecated' | 'custom';
  /** What TikTok's rules forbid. Empty when the name may be used. */
  readonly problems: readonly string[];
  /** What somebody who chose this name should know. */
  readonly advice: readonly string[];
}

/** The 18 of help page "supported-standard-events", September 2025 (the Go client bububa/tiktok-business has the same). */
export const STANDARD_EVENTS: readonly string[] = [
  ...['AddPaymentInfo', 'AddToCart', 'AddToWishlist', 'ApplicationApproval', 'CompleteRegistration', 'Contact'],
  ...['CustomizeProduct', 'Download', 'FindLocation', 'InitiateCheckout', 'Lead', 'Purchase', 'Schedule', 'Search'],
  ...['StartTrial', 'SubmitApplication', 'Subscribe', 'ViewContent'],
];

/** The 14 that were standard until 1 May 2025 (help page "how-to-adopt-tiktoks-updated-standard-events"). */
export const FORMER_STANDARD_EVENTS: readonly string[] = [
  ...['ViewContent', 'ClickButton', 'Search', 'AddToWishlist', 'AddToCart', 'InitiateCheckout', 'AddPaymentInfo'],
  ...['CompletePayment', 'PlaceAnOrder', 'Contact', 'Download', 'SubmitForm', 'CompleteRegistration', 'Subscribe'],
];

/**
 * What became of the former names on 1 May 2025 (same page). `becomes`: TikTok counts the name as this one on arrival.
 * `null`: there is no successor, and the name works until 2027. The page of September 2025 lists SubmitForm again.
 */
export const DEPRECATED_EVENTS: Readonly<Record<string, { readonly becomes: string | null }>> = {
  CompletePayment: { becomes: 'Purchase' },
  SubmitForm: { becomes: 'Lead' },
  PlaceAnOrder: { becomes: null },
  ClickButton: { becomes: null },
};

/** Help page "supported-events-for-offline-event-sets", May 2025. The Go client says: the same as for web. */
export const OFFLINE_EVENTS: readonly string[] = [
  ...['Purchase', 'Contact', 'Subscribe', 'Lead', 'SubmitForm', 'AddPaymentInfo', 'AddToCart', 'AddToWishlist'],
  ...['CompleteRegistration', 'Download', 'InitiateCheckout', 'Search', 'ViewContent'],
];

/** Names TikTok rewrites on arrival, and into what: help page "reserved-events", as of September 2025. */
export const RESERVED_EVENTS: Readonly<Record<string, string>> = {
  AddBilling: 'AddPaymentInfo',
  Browse: 'PageView',
  Checkout: 'PlaceAnOrder',
  // Lead in the edition of May 2025.
  ClickForm: 'SubmitForm',
  ClickInDownloadPage: 'ClickButton',
  ClickToDownload: 'Download',
  Consult: 'Contact',
  ConsultByPhone: 'Contact',
  CompletePayment: 'Purchase',
  Registration: 'CompleteRegistration',
  StartCheckout: 'InitiateCheckout',
  ViewConsultationPage: 'ViewContent',
  ViewDownloadPage: 'ViewContent',
  ViewForm: 'ViewContent',
};

/** Longest custom name: help page "custom-events", February 2026, as the other rules for custom names. */
export const MAX_CUSTOM_NAME_LENGTH = 50;

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
  return (Object.hasOwn(DEPRECATED_EVENTS, name) ? DEPRECATED_EVENTS[name]?.becomes : null) ?? name;
}

function judgeKnown(name: string, source: NameSource): NameVerdict {
  const advice: string[] = [];
  const deprecated = DEPRECATED_EVENTS[name];
  if (deprecated?.becomes) {
    advice.push(
      `since May 2025 TikTok counts ${name} as ${deprecated.becomes}; keep the name the browser pixel fires, and use ` +
        `${deprecated.becomes} where there is none`,
    );
  } else if (deprecated !== undefined) {
    advice.push(
      `TikTok takes ${name} until 2027 and has no successor for it; choose one of its current standard events`,
    );
  }
  if (source === 'OFFLINE' && !OFFLINE.has(name)) {
    advice.push(`TikTok's help page on offline event sets (May 2025) does not list ${name}; other documents do`);
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
  const rewritten = Object.hasOwn(RESERVED_EVENTS, name) ? RESERVED_EVENTS[name] : undefined;
  if (rewritten !== undefined) problems.push(`is reserved by TikTok, which turns it into ${rewritten}; use that name`);
  return problems;
}
