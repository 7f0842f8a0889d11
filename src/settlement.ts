/**
 * Settlement: the one exit of an event. Whatever its outcome, what tells it is written first (dead letter and sync
 * log by all in-sync replicas, the sent mark in the claim store, the state of a connection whose letters are to come
 * back); only then does its record count as settled.
 *
 * A mark and a log entry are written side by side. A crash between the two is harmless: the replay finds the mark,
 * sends nothing, and logs the event again.
 */

import type { Assignment } from './assignment.ts';
import { CoalescingWriter } from './coalescing-writer.ts';
import type { DeadLetter } from './core/dead-letter.ts';
import type { Claim } from './core/deduplicate.ts';
import type { Releasable } from './core/offset-ledger.ts';
import type { DeadLetterReason } from './core/outcome.ts';
import { AUTOMATIC_REASONS } from './core/redrive.ts';
import type { Settled } from './core/settled.ts';
import type { SyncLogEntry } from './core/sync-log-entry.ts';
import type { Claims, Clock, DeadLetters, SyncLog, Telemetry } from './ports.ts';
import { UnderWay } from './under-way.ts';

export interface SettlementParts {
  readonly syncLog: SyncLog;
  readonly deadLetters: DeadLetters;
  readonly claims: Claims;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly random: () => number;
  /** False with the pass-through policy: a mark that cannot be written is counted, not waited for. */
  readonly insistOnMarks: boolean;
  /**
   * Resolves once what was found out about the connection is where a restart finds it, or cannot be told for now: letters
   * that are sent again by themselves count only then, or a kill could leave nobody who knows that they wait.
   */
  readonly connectionTold: (connectionId: string) => Promise<void>;
  /** Called after each settlement: there may be something to commit and room in the buffer. */
  readonly onSettled: (assignment: Assignment) => void;
  /** Writing fails (true) or works again (false): consumption should pause or resume. */
  readonly onStalled: (stalled: boolean) => void;
}

type Written = 'dead_letter' | 'sync_log' | 'mark' | 'release';

const MAX_ITEMS = 5_000;

export class Settlement {
  readonly #parts: SettlementParts;
  readonly #stalled = new Set<Written>();
  readonly #letters: CoalescingWriter<DeadLetter>;
  readonly #entries: CoalescingWriter<SyncLogEntry>;
  readonly #marks: CoalescingWriter<Claim>;
  readonly #releases: CoalescingWriter<Releasable>;
  readonly #underWay = new UnderWay();

  constructor(parts: SettlementParts) {
    this.#parts = parts;
    this.#letters = this.#writer('dead_letter', letters => parts.deadLetters.write(letters));
    this.#entries = this.#writer('sync_log', entries => parts.syncLog.write(entries));
    this.#marks = this.#writer('mark', marks => this.#mark(marks));
    this.#releases = this.#writer('release', releases => parts.claims.release(releases));
  }

  /** Writes what these events need and then settles them. Never rejects. */
  async settle(assignment: Assignment, items: readonly Settled[]): Promise<void> {
    if (items.length === 0) return;
    this.#underWay.begin();
    const letters = present(items, item => item.letter);
    await Promise.all([
      this.#letters.write(letters),
      this.#entries.write(present(items, item => item.entry)),
      this.#marks.write(present(items, item => item.mark)),
      ...returning(letters).map(connectionId => this.#parts.connectionTold(connectionId)),
    ]);
    if (letters.length > 0) this.#parts.telemetry.deadLettersWritten(countReasons(letters));
    const counts = assignment.finish(items);
    if (counts.length > 0) this.#parts.telemetry.eventsSettled(counts);
    this.#parts.onSettled(assignment);
    this.#underWay.end();
  }

  /** Gives claims back whose commit is acknowledged. Never rejects. */
  async release(claims: readonly Releasable[]): Promise<void> {
    if (claims.length === 0) return;
    this.#underWay.begin();
    await this.#releases.write(claims);
    this.#underWay.end();
  }

  /** Resolves when everything handed in so far is written. */
  idle(): Promise<void> {
    return this.#underWay.none();
  }

  /** Stops trying; what is not written is read again by the next owner. */
  close(): void {
    for (const writer of [this.#letters, this.#entries, this.#marks, this.#releases]) writer.close();
  }

  async #mark(marks: readonly Claim[]): Promise<void> {
    try {
      await this.#parts.claims.markSent(marks);
    } catch (error) {
      if (this.#parts.insistOnMarks) throw error;
      this.#parts.telemetry.settlementFailed('mark', problemOf(error));
    }
  }

  #writer<T>(what: Written, write: (items: readonly T[]) => Promise<void>): CoalescingWriter<T> {
    const { clock, random, telemetry } = this.#parts;
    const onFailure = (error: unknown): void => {
      telemetry.settlementFailed(what, problemOf(error));
      this.#stall(what, true);
    };
    return new CoalescingWriter({
      write,
      onFailure,
      onRecovery: () => this.#stall(what, false),
      clock,
      random,
      maxItems: MAX_ITEMS,
    });
  }

  #stall(what: Written, stalled: boolean): void {
    if (stalled) this.#stalled.add(what);
    else this.#stalled.delete(what);
    this.#parts.onStalled(this.#stalled.size > 0);
  }
}

function present<T>(items: readonly Settled[], pick: (item: Settled) => T | null): T[] {
  const picked: T[] = [];
  for (const item of items) {
    const value = pick(item);
    if (value !== null) picked.push(value);
  }
  return picked;
}

/** The connections whose letters are sent again by themselves. */
function returning(letters: readonly DeadLetter[]): string[] {
  const automatic = letters.filter(({ reason }) => AUTOMATIC_REASONS.includes(reason));
  return [...new Set(automatic.flatMap(({ connectionId }) => connectionId ?? []))];
}

function countReasons(letters: readonly DeadLetter[]): Map<DeadLetterReason, number> {
  const counts = new Map<DeadLetterReason, number>();
  for (const { reason } of letters) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return counts;
}

/** A client's message names hosts and codes, never payloads. */
function problemOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown error';
}
