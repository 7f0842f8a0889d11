/**
 * Stands between the dead-letter topic and the pipeline: lets through the letters a job is about, at its pace, and not
 * beyond the end that the topic had when the job was started.
 *
 * Letters are judged before they are let through: only those that would be sent cost of the pace and of the maximum.
 * What is passed over counts as read: its offset is committed with the job's group, and the letter stays on the topic.
 */

import type { JobPace } from './core/job-pace.ts';
import type { PartitionOffset, RecordBatch, SourceRecord } from './core/record.ts';
import type { PassReason } from './core/redrive.ts';
import type { RedriveTally } from './core/redrive-tally.ts';
import { pause } from './pause.ts';
import type { Pipeline } from './pipeline.ts';
import { type Admission, ClaimsUnavailable, type Clock, type RecordConsumer } from './ports.ts';
import type { HoldReason } from './ports-record-source.ts';
import { type Judged, type JudgementParts, judgeLetters } from './redrive-judgement.ts';

export interface RedriveIntakeParts {
  readonly pipeline: Pick<
    Pipeline,
    'accept' | 'assigned' | 'suspended' | 'resumed' | 'beforeRejoin' | 'assignment' | 'onSettled'
  >;
  readonly judgement: JudgementParts;
  /** The offset at which the job ends, by partition; of another partition nothing is read. */
  readonly ends: ReadonlyMap<number, number>;
  readonly pace: JobPace;
  /** Most letters that this run lets through to be sent. */
  readonly max: number;
  readonly tally: RedriveTally;
  readonly clock: Clock;
  /** A new assignment has begun: what was let through and is not settled comes again. */
  readonly onAssigned: () => void;
}

/** What is let through at once. */
interface Portion {
  readonly records: readonly SourceRecord[];
  /** How many of them are to be sent. */
  readonly open: number;
  readonly passed: ReadonlyMap<PassReason, number>;
  readonly nextIndex: number;
}

/** Small enough that a stop need not wait for it. */
const MAX_PORTION = 500;
/** A batch that takes longer to let through is read again from where it has come to. */
const LONGEST_WAIT_MS = 5_000;
const LOOK_AGAIN_MS = 250;

export class RedriveIntake implements RecordConsumer {
  readonly #parts: RedriveIntakeParts;
  readonly #next = new Map<number, number>();
  /** Where a partition's next letter would be sent and the maximum is used up: not judged again until either changes. */
  readonly #beyondMax = new Map<number, number>();
  #epoch = 0;
  /** How many more may be offered to be sent, and how many were let through for it. */
  #left: number;
  #offered = 0;
  #isClosed = false;

  constructor(parts: RedriveIntakeParts) {
    this.#parts = parts;
    this.#left = parts.max;
  }

  /** The next offset of a partition to be let through or passed over; null before the first. */
  next(partition: number): number | null {
    return this.#next.get(partition) ?? null;
  }

  /** Whether this run may let no more letters through to be sent. */
  get isExhausted(): boolean {
    return this.#offered >= this.#parts.max;
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
    if (this.#left <= 0 && this.#beyondMax.get(batch.partition) === this.#from(batch)) return held('buffer');
    while (this.#from(batch) < over) {
      if (pipeline.assignment?.isFull === true) return held('buffer');
      const judged = await this.#judge(records.slice(index, index + MAX_PORTION));
      if (typeof judged === 'string') return held(judged);
      index += judged.length;
      const admission = await this.#letThrough(batch, judged, records[index]?.offset ?? over, giveUpAt);
      if (admission.kind === 'held') return admission;
    }
    return { kind: 'accepted' };
  }

  #from(batch: RecordBatch): number {
    return this.#next.get(batch.partition) ?? Number.POSITIVE_INFINITY;
  }

  /** What would become of the letters; why they cannot be judged where Redis or the registry is away. */
  async #judge(records: readonly SourceRecord[]): Promise<readonly Judged[] | HoldReason> {
    try {
      const { clock, judgement } = this.#parts;
      return (await judgeLetters(records, judgement, clock.now())) ?? 'schema_registry';
    } catch (error) {
      if (error instanceof ClaimsUnavailable) return 'claims';
      throw error;
    }
  }

  /** Portion by portion, as the pace allows; `beyond` is the offset that follows the last of them. */
  async #letThrough(
    batch: RecordBatch,
    judged: readonly Judged[],
    beyond: number,
    giveUpAt: number,
  ): Promise<Admission> {
    const { clock, pace, pipeline } = this.#parts;
    let index = 0;
    do {
      if (this.#isClosed || batch.epoch !== this.#epoch) return held('suspended');
      if (pipeline.assignment?.isFull === true) return held('buffer');
      const portion = this.#cut(judged, index);
      if (portion === null) {
        const waitMs = pace.waitMs();
        if (this.#left <= 0) this.#beyondMax.set(batch.partition, this.#from(batch));
        if (this.#left <= 0 || clock.monotonic() + waitMs > giveUpAt) return held('buffer');
        await pause(clock, waitMs);
        continue;
      }
      index = portion.nextIndex;
      const admission = await this.#offer(batch, portion, judged[index]?.record.offset ?? beyond);
      if (admission.kind === 'held') return admission;
    } while (index < judged.length);
    return { kind: 'accepted' };
  }

  /** As much as pace and maximum allow now; null when the next letter has to wait. */
  #cut(judged: readonly Judged[], from: number): Portion | null {
    const { clock, pace } = this.#parts;
    const allowed = Math.min(this.#left, pace.available(clock.monotonic()));
    const records: SourceRecord[] = [];
    const passed = new Map<PassReason, number>();
    let open = 0;
    let index = from;
    for (; index < judged.length; index++) {
      const { passed: why, record, sends } = judged[index] as Judged;
      if (sends.length > 0 && open >= allowed) break;
      if (why === null) records.push(record);
      else passed.set(why, (passed.get(why) ?? 0) + 1);
      if (sends.length > 0) open++;
    }
    if (index === from && index < judged.length) return null;
    return { records, open, passed, nextIndex: index };
  }

  async #offer(batch: RecordBatch, { open, passed, records }: Portion, nextOffset: number): Promise<Admission> {
    const { pace, pipeline, tally } = this.#parts;
    pace.take(open);
    this.#left -= open;
    const admission = await pipeline.accept({ ...batch, records, nextOffset });
    if (admission.kind === 'held') {
      pace.giveBack(open);
      this.#left += open;
      return admission;
    }
    if (batch.epoch !== this.#epoch) return held('suspended');
    this.#next.set(batch.partition, nextOffset);
    this.#offered += open;
    tally.taken(records.length, open);
    for (const [reason, letters] of passed) tally.passed(reason, letters);
    // What is only passed over settles nothing, and is to be committed all the same.
    if (pipeline.assignment !== null) pipeline.onSettled(pipeline.assignment);
    return admission;
  }
}

function held(reason: HoldReason): Admission {
  return { kind: 'held', reason, retryAfterMs: LOOK_AGAIN_MS };
}
