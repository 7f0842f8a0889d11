/** TikTok as a test wants it: records every request and answers as it is told to, by default with code 0. */

import type { EventsApi, EventsApiAnswer, EventsApiRequest } from '../../src/ports.ts';

export interface SeenRequest {
  readonly path: string;
  readonly accessToken: string;
  readonly testEventCode: string | null;
  readonly eventIds: readonly string[];
}

/** Of either wire. */
interface Body {
  readonly data?: readonly { readonly event_id: string }[];
  readonly batch?: readonly { readonly event_id: string }[];
  readonly test_event_code?: string;
}

export type Answering = (request: SeenRequest) => EventsApiAnswer | Promise<EventsApiAnswer>;

export class ScriptedEventsApi implements EventsApi {
  readonly requests: SeenRequest[] = [];
  /** Answers for the next requests, in order; then `answer` takes over. */
  readonly next: Answering[] = [];
  answer: Answering = () => accepted();

  async send({ path, accessToken, body, mayStart }: EventsApiRequest): Promise<EventsApiAnswer> {
    if (!mayStart()) return { kind: 'failure', code: 'NOT_STARTED', mayHaveBeenTaken: false, durationMs: 0 };
    const { data, batch = data, test_event_code: testEventCode = null } = JSON.parse(body) as Body;
    const request = { path, accessToken, testEventCode, eventIds: (batch ?? []).map(({ event_id }) => event_id) };
    this.requests.push(request);
    return (this.next.shift() ?? this.answer)(request);
  }

  /** The event ids of each request. */
  get sent(): readonly (readonly string[])[] {
    return this.requests.map(({ eventIds }) => eventIds);
  }
}

export function accepted(): EventsApiAnswer {
  return coded(0, 'OK');
}

export function coded(code: number, message = '', status = 200): EventsApiAnswer {
  const body = JSON.stringify({ code, message, request_id: `req-${code}` });
  return { kind: 'response', status, headers: {}, body, durationMs: 5 };
}

export function timeout(): EventsApiAnswer {
  return { kind: 'failure', code: 'UND_ERR_HEADERS_TIMEOUT', mayHaveBeenTaken: true, durationMs: 5 };
}

export function unreached(): EventsApiAnswer {
  return { kind: 'failure', code: 'ECONNREFUSED', mayHaveBeenTaken: false, durationMs: 5 };
}

/** Refuses every batch that holds one of these events, and names no row. */
export function refusing(...poison: readonly string[]): Answering {
  return ({ eventIds }) => (eventIds.some(id => poison.includes(id)) ? coded(40002, 'Invalid params') : accepted());
}
