/**
 * Faults on demand: what TikTok, or the way to it, may do to a request. A fault applies to one token, one pixel or to
 * all, for a number of requests or until it is removed.
 */

import { z } from 'zod';
import type { RowNaming } from './tiktok-strictness.ts';
import { ROW_NAMINGS } from './tiktok-strictness.ts';

const scope = {
  /** Only requests with this access token. */
  token: z.string().min(1).optional(),
  /** Only requests for this pixel (`event_source_id`). */
  pixel: z.string().min(1).optional(),
  /** Only the next so many matching requests. */
  count: z.int().positive().optional(),
  /** Only every so many-th matching request. */
  every: z.int().positive().optional(),
};

/** Whether the events count although the client never hears so (only where the request is otherwise valid). */
const taken = z.boolean().optional();

export const FAULT = z.discriminatedUnion('effect', [
  /** Answers later; several add up. The request is judged, and its events taken, on arrival. */
  z.strictObject({ effect: z.literal('latency'), ms: z.number().nonnegative(), ...scope }),
  /** Never answers. */
  z.strictObject({ effect: z.literal('hang'), taken, ...scope }),
  /** Resets the connection: without `taken` and without a pixel before the body is read, otherwise after. */
  z.strictObject({ effect: z.literal('reset'), taken, ...scope }),
  /** Answers something else. With `code` a TikTok envelope, otherwise `body` as it stands. */
  z.strictObject({
    effect: z.literal('answer'),
    status: z.int().min(200).max(599),
    code: z.int().optional(),
    message: z.string().optional(),
    body: z.string().optional(),
    content_type: z.string().optional(),
    headers: z.record(z.string(), z.string()).optional(),
    /** `data` of the envelope; default `{}`. */
    data: z.json().optional(),
    taken,
    ...scope,
  }),
  /** Lets so many requests per second of TikTok's clock pass and answers 40100 to the others, which count too. */
  z.strictObject({
    effect: z.literal('limit'),
    per_second: z.int().nonnegative(),
    status: z.literal([200, 401, 429]).optional(),
    /** Seconds, for a `Retry-After` header; none when absent. */
    retry_after: z.number().nonnegative().optional(),
    ...scope,
  }),
  /**
   * Takes a good request but for the events whose id begins so, and answers 20001; 40002 when nothing is left to take.
   * Not seen at TikTok's event endpoints. With `listed` the rows are in `data.failed_events`, as one sender expects.
   */
  z.strictObject({
    effect: z.literal('partial'),
    id_prefix: z.string().min(1),
    listed: z.boolean().optional(),
    ...scope,
  }),
  /** Names bad rows differently than the setting says. */
  z.strictObject({ effect: z.literal('row_naming'), naming: z.enum(ROW_NAMINGS), ...scope }),
]);
export type Fault = z.infer<typeof FAULT>;
export type FaultEffect = Fault['effect'];

/** A delay of every answer by `ms`. */
export const latency = (ms: number): Fault => ({ effect: 'latency', ms });

/** No answer at all. */
export const hang = (options: { taken?: boolean } = {}): Fault => ({ effect: 'hang', ...options });

export const resetBeforeReading = (): Fault => ({ effect: 'reset' });

/** The cruel one: the events count, the client sees a broken connection. */
export const resetAfterTaking = (): Fault => ({ effect: 'reset', taken: true });

/** A gateway's error page. */
export const htmlError = (status = 502, options: { taken?: boolean } = {}): Fault => ({
  effect: 'answer',
  status,
  body: `<html><head><title>${status}</title></head><body><h1>${status}</h1></body></html>`,
  content_type: 'text/html',
  ...options,
});

/** A 2xx that says nothing. */
export const notJson = (status = 200, options: { taken?: boolean } = {}): Fault => ({
  effect: 'answer',
  status,
  body: 'OK',
  content_type: 'text/plain',
  ...options,
});

/** Any TikTok code, in HTTP 200 or any other status. */
export const apiCode = (code: number, status = 200, message = 'Simulated.'): Fault => ({
  effect: 'answer',
  status,
  code,
  message,
});

/** A limit of requests per second, over which 40100 is answered: in HTTP 200 by most reports, 401 by one. */
export const limited = (
  perSecond: number,
  options: { status?: 200 | 401 | 429; retry_after?: number } = {},
): Fault => ({ effect: 'limit', per_second: perSecond, ...options });

export const tooManyRequests = (retryAfterSeconds: number): Fault => ({
  effect: 'answer',
  status: 429,
  code: 40100,
  message: 'Too many requests.',
  headers: { 'retry-after': String(retryAfterSeconds) },
});

interface Rule {
  readonly id: number;
  readonly fault: Fault;
  left: number;
  seen: number;
  /** The second of TikTok's clock in which `inSecond` requests came. */
  second: number;
  inSecond: number;
}

/** A fault that happens to a request as a whole. */
export type Blow = Exclude<Fault, { effect: 'latency' | 'row_naming' }>;

/** What shall happen to one request. */
export interface Misfortune {
  readonly latencyMs: number;
  readonly fault: Blow | null;
}

/** The faults in force. Among those that match a request, latencies add up and the oldest other one happens. */
export class Faults {
  #rules: Rule[] = [];
  #lastId = 0;

  /** Puts a fault in force; the answer is the id to remove it by. */
  add(fault: Fault): number {
    const id = ++this.#lastId;
    this.#rules.push({ id, fault, left: fault.count ?? Number.POSITIVE_INFINITY, seen: 0, second: 0, inSecond: 0 });
    return id;
  }

  remove(id: number): boolean {
    const before = this.#rules.length;
    this.#rules = this.#rules.filter(rule => rule.id !== id);
    return this.#rules.length < before;
  }

  clear(): void {
    this.#rules = [];
  }

  /** What is in force. `left` is null where there is no count. */
  list(): readonly { readonly id: number; readonly fault: Fault; readonly left: number | null }[] {
    return this.#rules.map(({ id, fault, left }) => ({ id, fault, left: Number.isFinite(left) ? left : null }));
  }

  /** Whether the connection is to be reset before the body is read (when only the token is known). */
  resetsEarly(token: string | null): boolean {
    const rule = this.#rules.find(({ fault }) => isEarly(fault) && matches(fault, token, null));
    return rule !== undefined && this.#strikes(rule);
  }

  /** What happens to a request that was read at `nowMs` of TikTok's clock. */
  next(token: string | null, pixel: string | null, nowMs: number): Misfortune {
    let latencyMs = 0;
    let struck: Blow | null = null;
    // A partial answer is what a request gets that nothing worse happens to.
    const byGravity = this.#rules.toSorted((a, b) => gravity(b.fault) - gravity(a.fault));
    for (const rule of byGravity) {
      const { fault } = rule;
      if (isEarly(fault) || fault.effect === 'row_naming' || !matches(fault, token, pixel)) continue;
      if (fault.effect === 'limit' && !exceeds(rule, fault.per_second, nowMs)) continue;
      if (fault.effect === 'latency') latencyMs += this.#strikes(rule) ? fault.ms : 0;
      else if (struck === null && this.#strikes(rule)) struck = fault;
    }
    return { latencyMs, fault: struck };
  }

  /** How the rows of a request are named; null: as the setting says. */
  rowNaming(token: string | null, pixel: string | null): RowNaming | null {
    for (const rule of [...this.#rules]) {
      const { fault } = rule;
      if (fault.effect === 'row_naming' && matches(fault, token, pixel) && this.#strikes(rule)) return fault.naming;
    }
    return null;
  }

  #strikes(rule: Rule): boolean {
    rule.seen++;
    if (rule.seen % (rule.fault.every ?? 1) !== 0) return false;
    rule.left--;
    if (rule.left <= 0) this.remove(rule.id);
    return true;
  }
}

function gravity(fault: Fault): number {
  return fault.effect === 'partial' ? 0 : 1;
}

function isEarly(fault: Fault): boolean {
  return fault.effect === 'reset' && fault.taken !== true && fault.pixel === undefined;
}

/** Counts a request, and tells whether it is one too many in its second. */
function exceeds(rule: Rule, perSecond: number, nowMs: number): boolean {
  const second = Math.floor(nowMs / 1000);
  if (rule.second !== second) rule.inSecond = 0;
  rule.second = second;
  return ++rule.inSecond > perSecond;
}

function matches(fault: Fault, token: string | null, pixel: string | null): boolean {
  return (fault.token === undefined || fault.token === token) && (fault.pixel === undefined || fault.pixel === pixel);
}
