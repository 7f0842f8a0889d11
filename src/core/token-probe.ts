/**
 * The request that asks TikTok about a connection's credentials, and what its answer says about them.
 *
 * Guarantee: nothing counts in an advertiser's live data. With a test event code one custom event is sent under it,
 * otherwise a batch without events; never a Purchase. An answer that may have another cause decides nothing: TikTok
 * probably looks at the token before the body, and documents no such order (facts 5 and 9).
 */

import { answerText } from './answer-text.ts';
import type { StateAnswer } from './connection-state.ts';
import type { Verdict } from './judge-response.ts';
import { trackBody, trackPath } from './tiktok-body.ts';
import { ruleOfCode } from './tiktok-codes.ts';
import type { Destination } from './tiktok-event.ts';

/** A custom name, so that it can be mistaken for no conversion. */
export const PROBE_EVENT = 'TokenCheck';
/** Addresses that belong to nobody: RFC 2606 and RFC 5737. */
const PAGE_URL = 'https://example.com/';
const IP = '203.0.113.7';
const USER_AGENT = 'tiktok-conversion-sync';

export interface Probe {
  /** `test_event`: one custom event under the test event code. `empty_batch`: no event at all. */
  readonly way: 'test_event' | 'empty_batch';
  readonly path: string;
  readonly body: string;
}

export type ProbeResult =
  | { readonly kind: 'active'; readonly answer: StateAnswer }
  /** TikTok refuses the credentials. */
  | { readonly kind: 'refused'; readonly answer: StateAnswer; readonly advice: string }
  /** Nothing is known; `mayPass` where asking again may tell more, false where TikTok finds fault with the probe itself. */
  | { readonly kind: 'undecided'; readonly answer: StateAnswer; readonly mayPass: boolean };

/** The probe for a connection's destination at `now` (epoch milliseconds). Offline events know no custom names. */
export function probeOf(destination: Destination, now: number): Probe {
  const isTest = destination.testEventCode !== null && destination.eventSource === 'web';
  const events = isTest ? [JSON.stringify(destination.wire === 'V1' ? eventV1(now) : eventV2(now))] : [];
  const way = isTest ? 'test_event' : 'empty_batch';
  return { way, path: trackPath(destination), body: trackBody(destination, events) };
}

function eventV2(now: number): object {
  return {
    event: PROBE_EVENT,
    event_time: Math.floor(now / 1000),
    event_id: `token-check-${now}`,
    user: { ip: IP, user_agent: USER_AGENT },
    page: { url: PAGE_URL },
  };
}

function eventV1(now: number): object {
  return {
    type: 'track',
    event: PROBE_EVENT,
    event_id: `token-check-${now}`,
    timestamp: new Date(now).toISOString(),
    context: { page: { url: PAGE_URL }, ip: IP, user_agent: USER_AGENT },
  };
}

/** What the judged answer to a probe says. */
export function readProbe(verdict: Verdict): ProbeResult {
  const { apiCode, class: kind, httpStatus, message, requestId } = verdict;
  const answer = { apiCode, httpStatus, message, requestId };
  if (kind === 'delivered') return { kind: 'active', answer };
  if (kind === 'connection-refused') return { kind: 'refused', answer, advice: adviceFor(apiCode) };
  const mayPass = apiCode === null || kind === 'retry' || kind === 'throttled' || kind === 'ambiguous';
  const why = mayPass
    ? `no answer about the credentials: ${answerText(answer)}`
    : `${EMPTY_REFUSED}: ${answerText(answer)}`;
  return { kind: 'undecided', answer: { ...answer, message: why }, mayPass };
}

const EMPTY_REFUSED = 'TikTok finds fault with the probe itself, so it may not have looked at the token';

/** Whether asking again may tell more than the answer that left it undecided. */
export function mayAskAgain(apiCode: number | null): boolean {
  const { class: kind } = ruleOfCode(apiCode ?? 0);
  return kind !== 'poison' && kind !== 'split' && kind !== 'partial';
}

function adviceFor(apiCode: number | null): string {
  if (apiCode !== null) return ruleOfCode(apiCode).advice;
  return 'Something on the way to TikTok, or TikTok, refuses the token: look at tiktok.baseUrl and at the token.';
}
