/**
 * Everything that belongs to one assignment of partitions and dies with it: the ledger, the open windows, the buffer
 * budget, and the count of events on their way.
 *
 * A rebalance hands partitions to somebody else, who reads again from the committed offsets. So work of an old
 * assignment may finish its HTTP call but must never commit, and what it counted as under way is counted as handed
 * over, once. Keeping all of it in one object makes that rule hard to break: the new assignment starts with new ones.
 */

import type { BudgetOptions } from './core/buffer-budget.ts';
import { BufferBudget } from './core/buffer-budget.ts';
import { OffsetLedger } from './core/offset-ledger.ts';
import type { PendingEvent } from './core/pending-event.ts';
import type { PartitionOffset } from './core/record.ts';
import type { Settled } from './core/settled.ts';
import type { WindowOptions } from './core/window.ts';
import { Windows } from './core/window.ts';
import type { OutcomeCount } from './ports.ts';

/** Records between the lowest unsettled one and the position, over all partitions: at some 50 bytes each, 50 MB. */
const MAX_LEDGER_SPAN = 1_000_000;

export class Assignment {
  readonly epoch: number;
  readonly ledger: OffsetLedger;
  readonly windows: Windows<PendingEvent>;
  readonly budget: BufferBudget;
  readonly #inFlight = new Map<string, number>();
  #suspended = false;
  #void = false;
  readonly #onVoid = new Set<() => void>();

  constructor(epoch: number, positions: readonly PartitionOffset[], window: WindowOptions, budget: BudgetOptions) {
    this.epoch = epoch;
    this.ledger = new OffsetLedger(positions);
    this.windows = new Windows(window);
    this.budget = new BufferBudget(budget);
  }

  get isVoid(): boolean {
    return this.#void;
  }

  /** Whether requests and commits may start as far as the group is concerned. */
  get isActive(): boolean {
    return !this.#void && !this.#suspended;
  }

  /**
   * Whether no more may be read: the buffer is full, or the ledger spans too many records. One event that waits for
   * hours holds the head of its partition while everything behind it settles; the span grows, the buffer does not.
   */
  get isFull(): boolean {
    return this.budget.full || this.ledger.span >= MAX_LEDGER_SPAN;
  }

  get isDrained(): boolean {
    return this.budget.drained && this.ledger.span <= MAX_LEDGER_SPAN / 2;
  }

  /** Events consumed and not settled, by connection (`none` for records without one). */
  get inFlight(): ReadonlyMap<string, number> {
    return this.#inFlight;
  }

  get inFlightTotal(): number {
    let total = 0;
    for (const events of this.#inFlight.values()) total += events;
    return total;
  }

  suspend(): void {
    this.#suspended = true;
  }

  resume(): void {
    this.#suspended = false;
  }

  /** Ends the assignment; returns what was under way, by connection, to be counted as handed over. */
  revoke(): ReadonlyMap<string, number> {
    this.#void = true;
    const handedOver = new Map(this.#inFlight);
    this.#inFlight.clear();
    for (const callback of this.#onVoid) callback();
    this.#onVoid.clear();
    return handedOver;
  }

  /** Calls back once when the assignment ends; the returned function forgets the callback. */
  onVoid(callback: () => void): () => void {
    this.#onVoid.add(callback);
    return () => this.#onVoid.delete(callback);
  }

  /** Counts events as consumed and on their way; `bytes` is what they hold in memory. */
  admit(eventsByConnection: ReadonlyMap<string, number>, bytes: number): void {
    let total = 0;
    for (const [connectionId, events] of eventsByConnection) {
      this.#inFlight.set(connectionId, (this.#inFlight.get(connectionId) ?? 0) + events);
      total += events;
    }
    this.budget.take(total, bytes);
  }

  /**
   * Everything that these events needed is written: settles them in the ledger and returns how they ended, counted.
   * Of a void assignment nothing is counted: its events were counted as handed over.
   */
  finish(items: readonly Settled[]): OutcomeCount[] {
    if (this.#void) return [];
    const counts = new Map<string, MutableCount>();
    let bytes = 0;
    let current: MutableCount | null = null;
    for (const item of items) {
      item.ticket.account.settle(item.ticket.sequence, item.release);
      bytes += item.bytes;
      // Items come in runs of one connection and outcome: the map is asked once a run.
      if (current === null || !isOf(current, item)) current = countOf(counts, item);
      current.events++;
    }
    this.budget.give(items.length, bytes);
    for (const { connectionId, events } of counts.values()) this.#landed(connectionId, events);
    return [...counts.values()];
  }

  #landed(connectionId: string, events: number): void {
    const left = (this.#inFlight.get(connectionId) ?? 0) - events;
    if (left === 0) this.#inFlight.delete(connectionId);
    else this.#inFlight.set(connectionId, left);
  }
}

type MutableCount = { -readonly [K in keyof OutcomeCount]: OutcomeCount[K] };

function isOf(count: OutcomeCount, item: Settled): boolean {
  return count.connectionId === item.connectionId && count.reason === item.reason && count.outcome === item.outcome;
}

function countOf(counts: Map<string, MutableCount>, { connectionId, outcome, reason }: Settled): MutableCount {
  const key = `${outcome}|${reason}|${connectionId}`;
  let count = counts.get(key);
  if (count === undefined) {
    count = { connectionId, outcome, reason, events: 0 };
    counts.set(key, count);
  }
  return count;
}
