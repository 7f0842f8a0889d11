/**
 * The judge's book: every request that came and every event that was taken, with TikTok's memory for repeats.
 *
 * Sized for 500,000 events: one small object each, names and currencies shared, the raw event kept only for the first.
 */

import { Callers, type TokenUse } from './tiktok-callers.ts';
import type { EventCounts, LedgerEvent, LedgerPage, LedgerRequest, LedgerSummary } from './tiktok-ledger-page.ts';
import { RepeatMemory } from './tiktok-repeats.ts';
import type { TrackedEvent } from './tiktok-rules.ts';

/** What the ledger is told of a request once it is judged. */
export type RequestFacts = Omit<LedgerRequest, 'seq' | 'answered' | 'duration_ms'>;

/** The events to take, with what they share. */
export interface TakenEvents {
  readonly at: number;
  readonly source: string;
  readonly sourceId: string;
  readonly testCode: string | null;
  /** The rows as they came. */
  readonly events: readonly unknown[];
  /** What a row says, whatever its shape. */
  readonly read: (row: unknown) => TrackedEvent;
}

export interface LedgerLimits {
  readonly maxEvents: number;
  readonly maxRequests: number;
  /** How many raw events are kept. */
  readonly rawEvents: number;
  /** How many tokens are told apart in their use; default 10,000. */
  readonly maxTokens?: number;
  /** How many event ids are remembered for repeats; default 5,000,000. */
  readonly maxRemembered?: number;
}

export const LEDGER_LIMITS: LedgerLimits = { maxEvents: 2_000_000, maxRequests: 500_000, rawEvents: 10_000 };

interface EventRow {
  readonly event: string;
  readonly id: string | null;
  readonly time: number;
  readonly value: number | null;
  readonly currency: string | null;
  readonly repeat: boolean;
  readonly raw: unknown;
}

interface RequestRow {
  facts: RequestFacts;
  readonly seq: number;
  readonly taken: TakenEvents | null;
  readonly rows: readonly EventRow[];
  durationMs: number | null;
  answered: boolean;
}

/** Called once the answer is out, or the client gone. */
export type AnswerNote = (answered: boolean, durationMs: number) => void;

export class Ledger {
  readonly #limits: LedgerLimits;
  readonly #callers: Callers;
  readonly #repeats: RepeatMemory;
  #rows: RequestRow[] = [];
  #lastSeq = 0;
  #held = 0;
  #raws = 0;
  #truncated = false;
  #requests = 0;
  #byCode = new Map<string, number>();
  #bySource = new Map<string, EventCounts>();
  #shared = new Map<string, string>();

  constructor(limits: LedgerLimits = LEDGER_LIMITS) {
    this.#limits = limits;
    this.#repeats = new RepeatMemory(limits.maxRemembered ?? 5_000_000);
    this.#callers = new Callers(limits.maxTokens ?? 10_000);
  }

  /** Writes a judged request down and takes its events, if any. */
  record(facts: RequestFacts, taken: TakenEvents | null): AnswerNote {
    const rows = taken === null ? [] : this.#take(taken);
    const header = taken === null ? null : { ...taken, events: [] };
    const row: RequestRow = { facts, seq: ++this.#lastSeq, taken: header, rows, durationMs: null, answered: false };
    this.#requests++;
    this.#callers.note(facts);
    const code = String(facts.code ?? 'none');
    this.#byCode.set(code, (this.#byCode.get(code) ?? 0) + 1);
    if (this.#held + rows.length > this.#limits.maxEvents || this.#rows.length >= this.#limits.maxRequests) {
      this.#truncated = true;
    }
    if (!this.#truncated) {
      this.#rows.push(row);
      this.#held += rows.length;
    }
    return (answered, durationMs) => {
      row.answered = answered;
      row.durationMs = durationMs;
    };
  }

  /** All events taken, test events included; with `sourceId` only those of one pixel. */
  events(sourceId?: string): LedgerEvent[] {
    return this.#rows.filter(row => sourceId === undefined || row.taken?.sourceId === sourceId).flatMap(eventsOf);
  }

  requests(): LedgerRequest[] {
    return this.#rows.map(requestOf);
  }

  /** The events that count in the advertiser's reports: live ones, each once. */
  counted(sourceId?: string): LedgerEvent[] {
    return this.events(sourceId).filter(event => !event.deduplicated && event.test_event_code === null);
  }

  /** By digest of the token, how it was used; complete even where the entries are truncated. */
  tokens(): Readonly<Record<string, TokenUse>> {
    return this.#callers.uses();
  }

  /** Requests judged after `since`, with their events: whole requests, until `limit` events are exceeded. */
  page(since = 0, limit = 50_000): LedgerPage {
    const first = this.#rows[0]?.seq ?? 1;
    const events: LedgerEvent[] = [];
    const requests: LedgerRequest[] = [];
    let index = Math.max(0, since + 1 - first);
    for (; index < this.#rows.length && events.length < limit && requests.length < limit; index++) {
      const row = this.#rows[index] as RequestRow;
      for (const event of eventsOf(row)) events.push(event);
      requests.push(requestOf(row));
    }
    return { events, requests, last_seq: requests.at(-1)?.seq ?? since, more: index < this.#rows.length };
  }

  summary(): LedgerSummary {
    const total: EventCounts = { counted: 0, repeats: 0, test: 0 };
    for (const counts of this.#bySource.values()) {
      total.counted += counts.counted;
      total.repeats += counts.repeats;
      total.test += counts.test;
    }
    return {
      ...total,
      by_source: Object.fromEntries([...this.#bySource].map(([source, counts]) => [source, { ...counts }])),
      requests: this.#requests,
      requests_by_code: Object.fromEntries(this.#byCode),
      last_seq: this.#lastSeq,
      truncated: this.#truncated || this.#repeats.forgetful,
    };
  }

  /** Forgets entries and counts; TikTok's memory for repeats only when asked. Sequence numbers go on. */
  clear(options: { readonly keepDedupMemory?: boolean } = {}): void {
    this.#rows = [];
    this.#held = 0;
    this.#raws = 0;
    this.#truncated = false;
    this.#requests = 0;
    this.#byCode.clear();
    this.#callers.clear();
    this.#bySource.clear();
    if (options.keepDedupMemory !== true) this.#repeats.clear();
  }

  #take(taken: TakenEvents): EventRow[] {
    const counts = this.#countsOf(taken.sourceId);
    return taken.events.map(raw => {
      const event = taken.read(raw);
      const repeat = this.#isRepeat(taken, event);
      if (taken.testCode !== null) counts.test++;
      else if (repeat) counts.repeats++;
      else counts.counted++;
      const { value, currency } = event.properties ?? {};
      return {
        event: this.#share(event.event),
        id: event.event_id ?? null,
        time: event.event_time,
        value: value ?? null,
        currency: currency === undefined ? null : this.#share(currency),
        repeat,
        raw: this.#raws++ < this.#limits.rawEvents ? raw : undefined,
      };
    });
  }

  /** An event without an id is never a repeat. A test event repeats only test events of its own code. */
  #isRepeat({ sourceId, testCode, at }: TakenEvents, event: TrackedEvent): boolean {
    if (event.event_id === undefined) return false;
    return this.#repeats.isRepeat(JSON.stringify([sourceId, testCode, event.event]), event.event_id, at);
  }

  #countsOf(sourceId: string): EventCounts {
    const known = this.#bySource.get(sourceId);
    if (known !== undefined) return known;
    const counts = { counted: 0, repeats: 0, test: 0 };
    this.#bySource.set(sourceId, counts);
    return counts;
  }

  #share(text: string): string {
    const known = this.#shared.get(text);
    if (known === undefined) this.#shared.set(text, text);
    return known ?? text;
  }
}

function requestOf({ facts, seq, answered, durationMs }: RequestRow): LedgerRequest {
  return { seq, ...facts, answered, duration_ms: durationMs };
}

function eventsOf({ facts, seq, taken, rows }: RequestRow): LedgerEvent[] {
  if (taken === null) return [];
  return rows.map(row => ({
    seq,
    request_id: facts.request_id,
    received_at: taken.at,
    event_source: taken.source,
    event_source_id: taken.sourceId,
    test_event_code: taken.testCode,
    event: row.event,
    event_id: row.id,
    event_time: row.time,
    value: row.value,
    currency: row.currency,
    deduplicated: row.repeat,
    ...(row.raw === undefined ? {} : { raw: row.raw }),
  }));
}
