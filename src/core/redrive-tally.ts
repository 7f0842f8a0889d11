/**
 * What a redrive job has done so far: letters passed over and why, events and how they ended.
 *
 * Guarantee: memory is bounded; every event that ended is counted once.
 */

import { count, sorted } from './letter-statistics.ts';
import type { DeadLetterReason, Outcome } from './outcome.ts';
import type { PassReason } from './redrive.ts';

/** What a job would do; counts by reason and connection are of the events that would be sent. */
export interface RedrivePlan {
  /** Letters that match, those that are left where they are included. */
  readonly letters: number;
  /** Events that would be sent. */
  readonly wouldSend: number;
  readonly wouldSendByReason: Readonly<Record<string, number>>;
  readonly wouldSendByConnection: Readonly<Record<string, number>>;
  /** Events that could be sent, of letters beyond the most that the run may send. */
  readonly beyondMax: number;
  /** Events that an earlier redrive or a copy has delivered. */
  readonly alreadyDelivered: number;
  /** Events that would fail again, by why: `too_old` among them. */
  readonly wouldFail: Readonly<Record<string, number>>;
  /** Events that are not to be sent any more, by why. */
  readonly wouldSkip: Readonly<Record<string, number>>;
  readonly passed: Readonly<Partial<Record<PassReason, number>>>;
  /** Letters of connections that TikTok refuses now. */
  readonly parkedByConnection: Readonly<Record<string, number>>;
}

/**
 * How a run of a job ended. `finished`: everything up to the job's end was read and is settled. `exhausted`: as many
 * letters as the run may send were. `stopped`: by a signal.
 */
export type JobEnd = 'finished' | 'exhausted' | 'stopped';

/** How many events of one connection ended in one way. */
export interface EndedEvents {
  readonly connectionId: string;
  readonly outcome: Outcome;
  readonly reason: string;
  readonly events: number;
}

export interface RedriveCounts {
  /** Letters that went into the pipeline. */
  readonly letters: number;
  /** Letters that were passed over, by why. */
  readonly passed: Readonly<Partial<Record<PassReason, number>>>;
  readonly delivered: number;
  /** Nothing was sent: an earlier redrive or a copy had delivered them. */
  readonly alreadyDelivered: number;
  /** Stay where they are. */
  readonly failed: number;
  /** Not to be sent any more (connection or mapping gone, consent denied). */
  readonly skipped: number;
  readonly failedByReason: Readonly<Record<string, number>>;
  readonly skippedByReason: Readonly<Record<string, number>>;
  readonly deliveredByConnection: Readonly<Record<string, number>>;
  readonly failedByConnection: Readonly<Record<string, number>>;
}

/** Failures that only an answer of TikTok makes. */
const ANSWERED: readonly DeadLetterReason[] = ['refused_by_tiktok', 'ambiguous_answer'];

export class RedriveTally {
  readonly #passed = new Map<PassReason, number>();
  readonly #failedByReason = new Map<string, number>();
  readonly #skippedByReason = new Map<string, number>();
  readonly #deliveredByConnection = new Map<string, number>();
  readonly #failedByConnection = new Map<string, number>();
  #letters = 0;
  #open = 0;
  #delivered = 0;
  #already = 0;
  #failed = 0;
  #skipped = 0;

  passed(reason: PassReason, letters: number): void {
    count(this.#passed, reason, letters);
  }

  /** Letters went into the pipeline, `open` of them to be sent. */
  taken(letters: number, open = letters): void {
    this.#letters += letters;
    this.#open += open;
  }

  ended(counts: readonly EndedEvents[]): void {
    for (const { connectionId, events, outcome, reason } of counts) {
      if (outcome === 'delivered' && reason === 'accepted') {
        this.#delivered += events;
        count(this.#deliveredByConnection, connectionId, events);
      } else if (outcome === 'delivered' || outcome === 'duplicate') {
        this.#already += events;
      } else if (outcome === 'skipped') {
        this.#skipped += events;
        count(this.#skippedByReason, reason, events);
      } else if (outcome === 'dead_lettered') {
        this.#failed += events;
        count(this.#failedByReason, reason, events);
        count(this.#failedByConnection, connectionId, events);
      }
    }
  }

  get letters(): number {
    return this.#letters;
  }

  /** Letters that went into the pipeline to be sent. */
  get open(): number {
    return this.#open;
  }

  /** Events that TikTok has answered for. */
  get sent(): number {
    return ANSWERED.reduce((sum, reason) => sum + (this.#failedByReason.get(reason) ?? 0), this.#delivered);
  }

  /** Events that ended, however they did. */
  get finished(): number {
    return this.#delivered + this.#already + this.#failed + this.#skipped;
  }

  counts(): RedriveCounts {
    return {
      letters: this.#letters,
      passed: Object.fromEntries(this.#passed),
      delivered: this.#delivered,
      alreadyDelivered: this.#already,
      failed: this.#failed,
      skipped: this.#skipped,
      failedByReason: sorted(this.#failedByReason),
      skippedByReason: sorted(this.#skippedByReason),
      deliveredByConnection: sorted(this.#deliveredByConnection),
      failedByConnection: sorted(this.#failedByConnection),
    };
  }
}
