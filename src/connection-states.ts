/**
 * What is known of each connection's credentials: whether TikTok takes the token it was last used with.
 *
 * A refusal counts only against the token and the version of the connection's entry that the request was made with; an
 * old request's refusal says nothing about a token that came meanwhile. A refused connection's events are dead-lettered
 * at once, one request per probe interval is made all the same, and other credentials release it at their first use.
 */

import type { Verdict } from './core/judge-response.ts';
import type { Credentials, CredentialsLookup, Telemetry } from './ports.ts';

export interface ConnectionStatesParts {
  /** The connection's token as it is now, looked up afresh. */
  readonly credentialsNow: (connectionId: string) => CredentialsLookup;
  readonly telemetry: Telemetry;
  /** How long a refused connection's events are dead-lettered before the next request probes it. */
  readonly probeIntervalMs: number;
}

interface Refused {
  readonly credentials: Credentials;
  readonly reason: string;
  probedAt: number;
}

export class ConnectionStates {
  readonly #parts: ConnectionStatesParts;
  readonly #refused = new Map<string, Refused>();

  constructor(parts: ConnectionStatesParts) {
    this.#parts = parts;
  }

  /** Why no request may be made with these credentials now; null where one may, which then counts as the probe. */
  refusal(connectionId: string, credentials: Credentials, now: number): string | null {
    const refused = this.#refused.get(connectionId);
    if (refused === undefined || !isSame(refused.credentials, credentials)) return null;
    if (now - refused.probedAt < this.#parts.probeIntervalMs) return refused.reason;
    refused.probedAt = now;
    return null;
  }

  /** TikTok judged the events of a request made with these credentials, so it takes them, whatever it said of the events. */
  accepted(connectionId: string): void {
    if (!this.#refused.delete(connectionId)) return;
    this.#parts.telemetry.connectionState(connectionId, 'active', 'TikTok accepts the connection again');
  }

  /** TikTok refused the connection itself. Old news, about credentials that are no longer in force, changes nothing. */
  refused(connectionId: string, credentials: Credentials, verdict: Verdict, now: number): void {
    const current = this.#parts.credentialsNow(connectionId);
    if (current.kind === 'missing' || !isSame(current, credentials)) return;
    const answered = `code ${verdict.apiCode ?? '-'}, HTTP ${verdict.httpStatus ?? '-'}`;
    const reason = `TikTok refuses the connection: ${answered}, ${verdict.message}`;
    this.#refused.set(connectionId, { credentials, reason, probedAt: now });
    this.#parts.telemetry.connectionState(connectionId, 'parked', answered);
  }

  /** Connections that TikTok refuses, with the reason. */
  parked(): ReadonlyMap<string, string> {
    return new Map([...this.#refused].map(([connectionId, { reason }]) => [connectionId, reason]));
  }

  /** The connection is gone. */
  forget(connectionId: string): void {
    this.#refused.delete(connectionId);
  }
}

function isSame(a: Credentials, b: Credentials): boolean {
  return a.digest === b.digest && a.configOffset === b.configOffset;
}
