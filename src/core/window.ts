/**
 * Tumbling windows, one per connection, in which events wait to leave as few, full requests.
 *
 * Guarantee: an event put in comes out exactly once: in a full batch, at the close of its window, under pressure, or
 * when all is taken out. Windows of one connection close together; those of different connections are spread over
 * the window by a hash of the connection's id, so that not all requests start at once.
 */

/** What a window needs to know of what it holds. */
export interface Windowed {
  readonly connectionId: string;
  /** Events with equal keys may share a request. */
  readonly destinationKey: string;
  /** Bytes of the event's JSON. */
  readonly jsonBytes: number;
  /** Most events TikTok takes in one request to its destination; the same for equal keys. */
  readonly maxPerRequest: number;
}

export interface WindowOptions {
  readonly sizeMs: number;
  /** Most events of one request; a destination may take fewer. */
  readonly batchMaxEvents: number;
  /** Most bytes of one request's events. */
  readonly batchMaxBytes: number;
}

interface OpenBatch<T> {
  readonly events: T[];
  bytes: number;
}

interface ConnectionWindow<T> {
  readonly closesAt: number;
  readonly batches: Map<string, OpenBatch<T>>;
}

/** FNV-1a, spread over [0, sizeMs): when a connection's windows begin. */
export function windowPhase(connectionId: string, sizeMs: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < connectionId.length; i++) {
    hash = Math.imul(hash ^ connectionId.charCodeAt(i), 0x01000193) >>> 0;
  }
  return hash % sizeMs;
}

/** When the window that holds `now` closes for this connection; epoch milliseconds. */
export function windowClose(connectionId: string, sizeMs: number, now: number): number {
  const phase = windowPhase(connectionId, sizeMs);
  return phase + (Math.floor((now - phase) / sizeMs) + 1) * sizeMs;
}

export class Windows<T extends Windowed> {
  readonly #options: WindowOptions;
  readonly #open = new Map<string, ConnectionWindow<T>>();
  #events = 0;

  constructor(options: WindowOptions) {
    this.#options = options;
  }

  /** Events waiting in open windows. */
  get events(): number {
    return this.#events;
  }

  /** Connections with an open window. */
  get openCount(): number {
    return this.#open.size;
  }

  /** Puts an event into its window; returns the batch that is full now, which must leave at once. */
  add(event: T, now: number): T[] | null {
    const window = this.#windowOf(event.connectionId, now);
    const { batchMaxBytes, batchMaxEvents } = this.#options;
    let batch = window.batches.get(event.destinationKey);
    let leaving: T[] | null = null;
    if (batch !== undefined && batch.bytes + event.jsonBytes > batchMaxBytes) {
      leaving = this.#leave(batch);
      batch = undefined;
    }
    if (batch === undefined) {
      batch = { events: [], bytes: 0 };
      window.batches.set(event.destinationKey, batch);
    }
    batch.events.push(event);
    batch.bytes += event.jsonBytes + 1;
    this.#events++;
    if (leaving === null && batch.events.length >= Math.min(batchMaxEvents, event.maxPerRequest)) {
      window.batches.delete(event.destinationKey);
      leaving = this.#leave(batch);
    }
    return leaving;
  }

  /** Takes out the batches of every window that has closed. */
  takeDue(now: number): T[][] {
    const due: T[][] = [];
    for (const [connectionId, window] of this.#open) {
      if (window.closesAt <= now) this.#takeWindow(connectionId, window, due);
    }
    return due;
  }

  /** Takes out the fullest batches until at most `keepEvents` are left. */
  takeFullest(keepEvents: number): T[][] {
    const candidates = [];
    for (const window of this.#open.values()) {
      for (const [key, batch] of window.batches) candidates.push({ window, key, batch });
    }
    candidates.sort((a, b) => b.batch.events.length - a.batch.events.length);
    const taken: T[][] = [];
    for (const { window, key, batch } of candidates) {
      if (this.#events <= keepEvents) break;
      window.batches.delete(key);
      taken.push(this.#leave(batch));
    }
    return taken;
  }

  /** Takes out everything. */
  takeAll(): T[][] {
    const all: T[][] = [];
    for (const [connectionId, window] of this.#open) this.#takeWindow(connectionId, window, all);
    return all;
  }

  /** When the next window closes; null when none is open. */
  nextClose(): number | null {
    let next: number | null = null;
    for (const { closesAt } of this.#open.values()) if (next === null || closesAt < next) next = closesAt;
    return next;
  }

  #windowOf(connectionId: string, now: number): ConnectionWindow<T> {
    const open = this.#open.get(connectionId);
    if (open !== undefined) return open;
    const window = { closesAt: windowClose(connectionId, this.#options.sizeMs, now), batches: new Map() };
    this.#open.set(connectionId, window);
    return window;
  }

  #takeWindow(connectionId: string, window: ConnectionWindow<T>, into: T[][]): void {
    this.#open.delete(connectionId);
    for (const batch of window.batches.values()) into.push(this.#leave(batch));
  }

  #leave(batch: OpenBatch<T>): T[] {
    this.#events -= batch.events.length;
    return batch.events;
  }
}
