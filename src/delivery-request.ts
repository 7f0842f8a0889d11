/**
 * One request to TikTok: looks the token up, sends, judges, tells.
 *
 * The token is resolved afresh at each attempt, so that a rotated one is used by the very next request. A connection
 * without a token, or parked, makes no request: that is a refusal of its events.
 */

import type { Assignment } from './assignment.ts';
import { isSameSubject } from './core/connection-state.ts';
import { judgeResponse, type Verdict } from './core/judge-response.ts';
import type { Refusal } from './core/outcome.ts';
import type { PendingEvent } from './core/pending-event.ts';
import { trackBody, trackPath } from './core/tiktok-body.ts';
import { NOT_STARTED } from './core/transport-errors.ts';
import type { DeliveryParts } from './delivery-parts.ts';
import type { Lane } from './lane.ts';
import type { Credentials, CredentialsLookup, EventsApiAnswer } from './ports.ts';

export class DeliveryRequests {
  readonly #parts: DeliveryParts;
  #inFlight = 0;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  /** Requests under way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Why no request of the connection may be made now; null where one may. */
  refusal(lane: Lane): Refusal | null {
    const token = this.#parts.credentialsNow(lane.connectionId);
    return token.kind === 'missing' ? missing(token) : this.#parked(lane, token);
  }

  /**
   * Makes one request with these events, all of one destination; or says why none may be made;
   * null where it was not started after all, because we were no longer sure to own the events. Never rejects.
   */
  async make(lane: Lane, assignment: Assignment, events: readonly PendingEvent[]): Promise<Verdict | Refusal | null> {
    const { clock, credentialsNow } = this.#parts;
    const token = credentialsNow(lane.connectionId);
    if (token.kind === 'missing') return missing(token);
    // Another token may have come since the last look.
    const refusal = this.#parked(lane, token);
    if (refusal !== null) return refusal;
    lane.clearedFor = null;
    lane.sentWith = token;
    const startedAt = clock.now();
    const answer = await this.#exchange(assignment, events, token.token);
    if (answer.kind === 'failure' && answer.code === NOT_STARTED) return null;
    lane.answerTookMs = answer.durationMs;
    lane.waitedMs = answer.kind === 'response' ? (answer.waitedMs ?? 0) : 0;
    const verdict = judgeResponse(answer, clock.now());
    for (const event of events) {
      event.attempts++;
      event.lastAnswer = verdict;
      if (mayHaveBeenTaken(verdict)) event.firstAttemptAt ??= startedAt;
    }
    this.#tell(lane, events.length, answer, verdict);
    return verdict;
  }

  /** A probe of a parked connection is granted once; it may have to wait for its permit then. */
  #parked(lane: Lane, credentials: Credentials): Refusal | null {
    if (lane.clearedFor !== null && isSameSubject(lane.clearedFor, credentials)) return null;
    const parked = this.#parts.states.refusal(lane.connectionId, credentials, this.#parts.clock.now());
    if (parked !== null) return { deadLetter: 'connection_parked', detail: parked };
    lane.clearedFor = credentials;
    return null;
  }

  async #exchange(
    assignment: Assignment,
    events: readonly PendingEvent[],
    accessToken: string,
  ): Promise<EventsApiAnswer> {
    const [first] = events as readonly [PendingEvent];
    const { destination } = first.event;
    const jsons = events.map(({ event }) => event.json);
    this.#inFlight++;
    const answer = await this.#parts.api.send({
      path: trackPath(destination),
      accessToken,
      body: trackBody(destination, jsons),
      mayStart: () => assignment.isActive && this.#parts.holdsLease(),
    });
    this.#inFlight--;
    return answer;
  }

  #tell(lane: Lane, events: number, answer: EventsApiAnswer, verdict: Verdict): void {
    this.#parts.telemetry.requestSent({
      connectionId: lane.connectionId,
      events,
      httpStatus: verdict.httpStatus,
      apiCode: verdict.apiCode,
      verdict: verdict.class,
      durationMs: answer.durationMs,
      requestId: verdict.requestId,
      failure: answer.kind === 'failure' ? answer.code : null,
    });
  }
}

function missing({ problem }: Extract<CredentialsLookup, { readonly kind: 'missing' }>): Refusal {
  return { deadLetter: 'token_missing', detail: problem };
}

/** A 5xxxx code is an error on TikTok's side, timeouts among them: it need not have come before the taking. */
function mayHaveBeenTaken(verdict: Verdict): boolean {
  if (verdict.class === 'ambiguous' || verdict.class === 'partial' || verdict.class === 'delivered') return true;
  return (verdict.apiCode ?? 0) >= 50_000 || (verdict.httpStatus ?? 0) >= 500;
}
