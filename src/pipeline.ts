/**
 * THE STORY: how a record of an event topic becomes a conversion in TikTok, stage by stage, and nothing is lost.
 *
 *   decode ─► resolve ─► build ─► claim ─► window ─► deliver ─► settle ─► commit
 *
 * `accept` takes a fetched batch through the first five stages, all or nothing: a batch that must wait (registry or
 * Redis away) is read again later, and its claims recognise themselves. From the window on, time drives: windows
 * close, `Delivery` sends and tells `Settlement` how each event ended, `Settlement` writes it down and calls
 * `onSettled`, and that has `Commits` commit what lies below the lowest unsettled offset.
 *
 * All of it belongs to one assignment of partitions, numbered by its epoch: active, suspended while a rebalance may be
 * coming, and void for good once the next one begins.
 */

import { admit } from './admission.ts';
import { Assignment } from './assignment.ts';
import { reportBatch } from './batch-report.ts';
import type { Claimant, Claiming } from './claiming.ts';
import type { Commits } from './commits.ts';
import type { BudgetOptions } from './core/buffer-budget.ts';
import type { Draft } from './core/draft.ts';
import type { PendingEvent } from './core/pending-event.ts';
import type { PartitionOffset, RecordBatch, SourceRecord } from './core/record.ts';
import { Trickle, type TrickleOptions } from './core/trickle.ts';
import type { WindowOptions } from './core/window.ts';
import type { Delivery } from './delivery.ts';
import type { Admission, Clock, FlushTrigger, HoldReason, RecordConsumer, RecordSource, Telemetry } from './ports.ts';
import type { Settlement } from './settlement.ts';

export interface PipelineParts {
  readonly source: RecordSource;
  /** Makes the schemas of these records known to the decoder; false when the registry is away. */
  readonly learnSchemas: (records: readonly SourceRecord[]) => Promise<boolean>;
  /** Decode, resolve and build (core/draft.ts); the record's schema has been learned. */
  readonly draft: (record: SourceRecord, now: number) => Draft;
  readonly claiming: Claiming;
  readonly delivery: Delivery;
  readonly settlement: Settlement;
  readonly commits: Commits;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly window: WindowOptions;
  readonly budget: BudgetOptions;
  readonly trickle: TrickleOptions;
}

const RETRY_HELD_MS = 500;

export class Pipeline implements RecordConsumer {
  readonly #parts: PipelineParts;
  readonly #trickle: Trickle;
  #assignment: Assignment | null = null;
  /** False while an outage of the vendor has used its trickle up. */
  #reads = true;
  #stopTicking: () => void = () => {};

  constructor(parts: PipelineParts) {
    this.#parts = parts;
    this.#trickle = new Trickle(parts.trickle);
  }

  get assignment(): Assignment | null {
    return this.#assignment;
  }

  async accept(batch: RecordBatch): Promise<Admission> {
    const { claiming, clock, draft, learnSchemas, telemetry } = this.#parts;
    const assignment = this.#current(batch.epoch);
    const account = assignment?.ledger.account(batch.topic, batch.partition);
    if (assignment === null || account === undefined) return held('suspended');
    account.arrived(batch.records[0]?.timestamp ?? null);

    // While TikTok is away for everybody only a trickle is read, whoever it is for: the rest is safe in Kafka.
    if (!this.#mayRead()) return held('vendor_outage');

    // Schemas first, so that decoding need not wait. One that cannot be fetched says nothing about the record, so the
    // partition waits instead of dead-lettering it.
    if (!(await learnSchemas(batch.records))) return held('schema_registry');

    // Decode, resolve and build (core/draft.ts). Before the claim, because the claim's key is made of the TikTok event:
    // pixel, name and id.
    const now = clock.now();
    const drafts = batch.records.map(record => draft(record, now));

    // Claim. Before the window, so that a duplicate never waits; with our coordinates, so that a replay is none.
    const decided = await claiming.claim(claimants(drafts));
    if (decided === null) return held('claims');

    // The partition may have gone while we waited: then nothing of this happened, and its next owner claims anew.
    if (this.#current(batch.epoch) !== assignment) return held('suspended');

    // Window. From here the assignment answers for the events, and the ledger for their offsets.
    const admitted = admit(assignment, account, batch, drafts, decided, clock.now());
    reportBatch(telemetry, batch, drafts, admitted);
    this.#trickle.took(batch.records.length);

    // Deliver what is full at once, and settle what ended here (duplicates, skips, refusals).
    for (const events of admitted.leaving) this.#flush(assignment, events, 'size');
    void this.#parts.settlement.settle(assignment, admitted.settled);
    this.#relieve(assignment);
    return { kind: 'accepted' };
  }

  /** Commit: whenever something is settled, what lies below the lowest unsettled offset may be committed. */
  onSettled(assignment: Assignment): void {
    this.#parts.commits.soon(assignment);
    if (assignment === this.#assignment && assignment.isDrained) this.#parts.source.resume('buffer');
  }

  assigned(epoch: number, positions: readonly PartitionOffset[]): void {
    const { source, telemetry, window, budget } = this.#parts;
    this.#handOver('rebalance');
    this.#assignment = new Assignment(epoch, positions, window, budget);
    source.resume('buffer');
    telemetry.assignmentChanged({ epoch, kind: 'assigned', partitions: positions.length });
    this.#tick();
  }

  suspended(epoch: number): void {
    const assignment = this.#current(epoch);
    if (assignment === null) return;
    assignment.suspend();
    const partitions = assignment.ledger.size;
    this.#parts.telemetry.assignmentChanged({ epoch, kind: 'suspended', partitions });
  }

  resumed(epoch: number): void {
    const assignment = this.#assignment;
    if (assignment === null || assignment.epoch !== epoch || assignment.isActive) return;
    assignment.resume();
    const partitions = assignment.ledger.size;
    this.#parts.telemetry.assignmentChanged({ epoch, kind: 'resumed', partitions });
  }

  /** Before the group is joined anew we are still the owner: deliver what does not need waiting for, and commit. */
  async beforeRejoin(epoch: number, budgetMs: number, signal: AbortSignal): Promise<void> {
    const assignment = this.#assignment;
    if (assignment === null || assignment.epoch !== epoch || assignment.isVoid) return;
    assignment.resume();
    await this.#drain(assignment, 'revoke', budgetMs, signal);
  }

  /** Delivers and commits all that can be within `deadlineMs`; what is left is handed over to the next owner. */
  async drain(deadlineMs: number, signal: AbortSignal): Promise<void> {
    const assignment = this.#assignment;
    if (assignment !== null && !assignment.isVoid) {
      await this.#drain(assignment, 'shutdown', deadlineMs, signal);
    }
    this.#handOver('shutdown');
    this.#stopTicking();
  }

  /** Leaves the assignment suspended. */
  async #drain(assignment: Assignment, trigger: FlushTrigger, budgetMs: number, signal: AbortSignal): Promise<void> {
    const { clock, commits, delivery, settlement } = this.#parts;
    const ended = Promise.withResolvers<void>();
    // What is left of the budget is for the commit: without it all that was delivered would be read again.
    const cancel = clock.after(budgetMs * 0.8, ended.resolve);
    if (signal.aborted) ended.resolve();
    signal.addEventListener('abort', () => ended.resolve(), { once: true });
    for (const events of assignment.windows.takeAll()) this.#flush(assignment, events, trigger);
    let isOver = false;
    const deliver = async (): Promise<void> => {
      do await delivery.quiet();
      while (delivery.isBusy);
      if (isOver) return;
      // In the same turn: what was read meanwhile may not start now. The join or the exit would cut it off before its
      // mark is written, and its next owner would send it again.
      assignment.suspend();
      await settlement.idle();
    };
    await Promise.race([deliver(), ended.promise]);
    isOver = true;
    assignment.suspend();
    cancel();
    if (signal.aborted) return;
    const tooLate = Promise.withResolvers<void>();
    const giveUp = clock.after(budgetMs * 0.2, tooLate.resolve);
    await Promise.race([commits.now(assignment).then(() => settlement.idle()), tooLate.promise]);
    giveUp();
  }

  #current(epoch: number): Assignment | null {
    const assignment = this.#assignment;
    return assignment !== null && assignment.epoch === epoch && assignment.isActive ? assignment : null;
  }

  /** What was under way belongs to the next owner now: it is read again from the last committed offset. */
  #handOver(reason: 'rebalance' | 'shutdown'): void {
    const handedOver = this.#assignment?.revoke();
    this.#assignment = null;
    this.#parts.commits.forget();
    if (handedOver === undefined || handedOver.size === 0) return;
    const counts = [...handedOver].map(([connectionId, events]) => {
      return { connectionId, outcome: 'handed_over' as const, reason, events };
    });
    this.#parts.telemetry.eventsSettled(counts);
  }

  #flush(assignment: Assignment, events: readonly PendingEvent[], trigger: FlushTrigger): void {
    this.#parts.telemetry.flushed(trigger, events.length);
    this.#parts.delivery.deliver(assignment, events);
  }

  /** Under pressure the fullest batches leave early; a full buffer stops reading until it has drained. */
  #relieve(assignment: Assignment): void {
    const { budget, windows } = assignment;
    if (!budget.underPressure && !assignment.isFull) return;
    // Where a dead connection's lane holds the buffer, emptying the windows would only make everybody's requests small.
    const worthwhile = windows.events >= budget.events / 4;
    const keep = Math.floor(windows.events / 2);
    if (worthwhile) for (const events of windows.takeFullest(keep)) this.#flush(assignment, events, 'pressure');
    this.#parts.delivery.relieve(assignment);
    if (assignment.isFull) this.#parts.source.pause('buffer');
  }

  /** Stops reading while an outage of the vendor has used its trickle up. */
  #mayRead(): boolean {
    const { clock, delivery, source } = this.#parts;
    const allowed = this.#trickle.allows(delivery.vendorIsOut, clock.monotonic());
    if (allowed !== this.#reads) {
      this.#reads = allowed;
      if (allowed) source.resume('vendor_outage');
      else source.pause('vendor_outage');
    }
    return allowed;
  }

  /** Windows close by the clock, whether or not anything is read. */
  #tick(): void {
    const { clock, delivery, window } = this.#parts;
    this.#stopTicking();
    const every = Math.min(Math.max(window.sizeMs / 20, 10), 250);
    this.#stopTicking = clock.after(every, () => {
      const assignment = this.#assignment;
      if (assignment === null) return;
      if (assignment.isActive) {
        for (const events of assignment.windows.takeDue(clock.now())) this.#flush(assignment, events, 'window');
      }
      delivery.relieve(assignment);
      this.#mayRead();
      this.#tick();
    });
  }
}

function held(reason: HoldReason): Admission {
  return { kind: 'held', reason, retryAfterMs: RETRY_HELD_MS };
}

function claimants(drafts: readonly Draft[]): Claimant[] {
  const wanted: Claimant[] = [];
  for (const { attemptedAt, failedAt, parts, record } of drafts) {
    for (const part of parts) {
      if (part.kind === 'send') wanted.push({ event: part.event, source: record, attemptedAt, failedAt });
    }
  }
  return wanted;
}
