/**
 * Stands between the dead-letter topic and the pipeline: lets through the letters a job is about, at its pace, and not
 * beyond the end that the topic had when the job was started.
 *
 * What is passed over counts as read: its offset is committed with the job's group, and the letter stays on the topic.
 */

import type { JobPace } from './core/job-pace.ts';
import type { PartitionOffset, RecordBatch, SourceRecord } from './core/record.ts';
import type { LetterFate, PassReason } from './core/redrive.ts';
import type { RedriveTally } from './core/redrive-tally.ts';
import { pause } from './pause.ts';
import type { Pipeline } from './pipeline.ts';
import type { Admission, Clock, RecordConsumer } from './ports.ts';

export interface RedriveIntakeParts {
  readonly pipeline: Pick<
    Pipeline,
    'accept' | 'assigned' | 'suspended' | 'resumed' | 'beforeRejoin' | 'assignment' | 'onSettled'
  >;
  readonly fateOf: (record: SourceRecord) => LetterFate;
  /** The offset at which the job ends, by partition; of another partition nothing is read. */
  readonly ends: ReadonlyMap<number, number>;
  readonly pace: JobPace;
  /** Most letters that this run lets through. */
  readonly max: number;
  readonly tally: RedriveTally;
  readonly clock: Clock;
  /** A new assignment has begun: what was let through and is not settled comes again. */
  readonly onAssigned: () => void;
}

/** What is let through at once. */
interface Portion {
  readonly records: readonly SourceRecord[];
  readonly passed: ReadonlyMap<PassReason, number>;
  readonly nextIndex: number;
  readonly nextOffset: number;
}

/** Small enough that a stop need not wait for it. */
const MAX_PORTION = 500;
/** A batch that takes longer to let through is read again from where it has come to. */
const LONGEST_WAIT_MS = 5_000;
const LOOK_AGAIN_MS = 250;

export class RedriveIntake implements RecordConsumer {
  readonly #parts: RedriveIntakeParts;
  readonly #next = new Map<number, number>();
  #epoch = 0;
  /** How many more may be offered, and how many were let through. */
  #left: number;
  #letThrough = 0;
  #isClosed = false;

  constructor(parts: RedriveIntakeParts) {
    this.#parts = parts;
    this.#left = parts.max;
  }

  /** The next offset of a partition to be let through or passed over; null before the first. */
  next(partition: number): number | null {
    return this.#next.get(partition) ?? null;
  }

  /** Whether this run may let no more letters through. */
  get isExhausted(): boolean {
    return this.#letThrough >= this.#parts.max;
  }

  /** From now on nothing is let through. */
  close(): void {
    this.#isClosed = true;
  }

  assigned(epoch: number, positions: readonly PartitionOffset[]): void {
    this.#epoch = epoch;
    this.#next.clear();
    for (const { partition, offset } of positions) this.#next.set(partition, offset);
    this.#parts.onAssigned();
    this.#parts.pipeline.assigned(epoch, positions);
  }

  suspended(epoch: number): void {
    this.#parts.pipeline.suspended(epoch);
  }

  resumed(epoch: number): void {
    this.#parts.pipeline.resumed(epoch);
  }

  beforeRejoin(epoch: number, budgetMs: number, signal: AbortSignal): Promise<void> {
    return this.#parts.pipeline.beforeRejoin(epoch, budgetMs, signal);
  }

  async accept(batch: RecordBatch): Promise<Admission> {
    const { clock, ends, pipeline } = this.#parts;
    const end = ends.get(batch.partition) ?? 0;
    const giveUpAt = clock.monotonic() + LONGEST_WAIT_MS;
    const records = batch.records.filter(({ offset }) => offset >= this.#from(batch) && offset < end);
    const over = Math.min(batch.nextOffset, end);
    let index = 0;
    while (this.#from(batch) < over) {
      if (this.#isClosed || batch.epoch !== this.#epoch) return held('suspended');
      if (pipeline.assignment?.isFull === true) return held('buffer');
      const portion = this.#cut(records, index, over);
      if (portion === null) {
        const waitMs = this.#parts.pace.waitMs();
        if (this.#left <= 0 || clock.monotonic() + waitMs > giveUpAt) return held('buffer');
        await pause(clock, waitMs);
        continue;
      }
      const admission = await this.#offer(batch, portion);
      if (admission.kind === 'held') return admission;
      index = portion.nextIndex;
    }
    return { kind: 'accepted' };
  }

  #from(batch: RecordBatch): number {
    return this.#next.get(batch.partition) ?? Number.POSITIVE_INFINITY;
  }

  /** As much as pace and maximum allow now; null when the next letter has to wait. */
  #cut(records: readonly SourceRecord[], from: number, over: number): Portion | null {
    const { clock, fateOf, pace } = this.#parts;
    const allowed = Math.min(MAX_PORTION, this.#left, pace.available(clock.monotonic()));
    const sent: SourceRecord[] = [];
    const passed = new Map<PassReason, number>();
    let index = from;
    for (; index < records.length && index - from < MAX_PORTION; index++) {
      const record = records[index] as SourceRecord;
      const fate = fateOf(record);
      if (fate.kind === 'pass') passed.set(fate.reason, (passed.get(fate.reason) ?? 0) + 1);
      else if (sent.length < allowed) sent.push(record);
      else break;
    }
    if (index === from && index < records.length) return null;
    return { records: sent, passed, nextIndex: index, nextOffset: records[index]?.offset ?? over };
  }

  async #offer(batch: RecordBatch, { records, passed, nextOffset }: Portion): Promise<Admission> {
    const { pace, pipeline, tally } = this.#parts;
    pace.take(records.length);
    this.#left -= records.length;
    const admission = await pipeline.accept({ ...batch, records, nextOffset });
    if (admission.kind === 'held') {
      pace.giveBack(records.length);
      this.#left += records.length;
      return admission;
    }
    if (batch.epoch !== this.#epoch) return held('suspended');
    this.#next.set(batch.partition, nextOffset);
    this.#letThrough += records.length;
    tally.taken(records.length);
    for (const [reason, letters] of passed) tally.passed(reason, letters);
    // What is only passed over settles nothing, and is to be committed all the same.
    if (pipeline.assignment !== null) pipeline.onSettled(pipeline.assignment);
    return admission;
  }
}

function held(reason: 'suspended' | 'buffer'): Admission {
  return { kind: 'held', reason, retryAfterMs: LOOK_AGAIN_MS };
}
