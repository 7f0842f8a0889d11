/**
 * What the simulator's ledger tells: its entries, and their counts. The field names are those of `GET /ledger`, so that
 * a test reads the same in the process and over HTTP.
 */

/** One request to the Events API. Times are epoch milliseconds of the simulator's clock. */
export interface LedgerRequest {
  /** 1, 2, 3 … in the order in which requests were judged. */
  readonly seq: number;
  readonly request_id: string;
  /** When its headers arrived. */
  readonly at: number;
  readonly path: string;
  /** Digest of the access token; null without one. */
  readonly token: string | null;
  readonly event_source_id: string | null;
  readonly test_event_code: string | null;
  /** Length of `data` or `batch`. */
  readonly events: number;
  /** Whether its events were taken, whatever the client was told. */
  readonly taken: boolean;
  /** The code in the answer; null when there was none (hang, reset, HTML …). */
  readonly code: number | null;
  readonly message: string | null;
  readonly http_status: number | null;
  /** The fault that struck. */
  readonly fault: string | null;
  /** Whether the whole answer was written to a client that was still there. */
  readonly answered: boolean;
  readonly duration_ms: number | null;
}

/** One event that was taken. */
export interface LedgerEvent {
  /** That of its request. */
  readonly seq: number;
  readonly request_id: string;
  /** When it was taken. */
  readonly received_at: number;
  readonly event_source: string;
  readonly event_source_id: string;
  readonly test_event_code: string | null;
  readonly event: string;
  readonly event_id: string | null;
  readonly event_time: number;
  readonly value: number | null;
  readonly currency: string | null;
  /** A repeat inside 48 h: taken, but it does not count. */
  readonly deduplicated: boolean;
  /** The element of `data[]` or `batch[]` as it came, for the first events only. */
  readonly raw?: unknown;
}

/** How many events counted, were repeats, or were sent under a test code. */
export interface EventCounts {
  counted: number;
  repeats: number;
  test: number;
}

export interface LedgerSummary extends Readonly<EventCounts> {
  readonly by_source: Readonly<Record<string, Readonly<EventCounts>>>;
  readonly requests: number;
  /** By the code in the answer; `none` without one. */
  readonly requests_by_code: Readonly<Record<string, number>>;
  readonly last_seq: number;
  /** True when the ledger was full and holds no further entries; the counts go on. Also when a repeat may count. */
  readonly truncated: boolean;
}

/** A part of the ledger; read on with `since` = `last_seq` while there is `more`. */
export interface LedgerPage {
  readonly events: readonly LedgerEvent[];
  readonly requests: readonly LedgerRequest[];
  readonly last_seq: number;
  readonly more: boolean;
}
