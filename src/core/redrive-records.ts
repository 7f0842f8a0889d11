/**
 * What redrive jobs leave for each other and for those who resume them.
 *
 * Guarantee: plain data, the same after a journey as JSON.
 */

import type { LetterFilter } from './letter-filter.ts';

/** Who runs a redrive job. */
export interface JobHolder {
  readonly job: string;
  /** Tells two runs of one job apart. */
  readonly run: string;
  readonly host: string;
  /** Epoch milliseconds. */
  readonly since: number;
}

/** What a redrive job was started with; a resumed one goes on with it. */
export interface JobRecord {
  readonly job: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly filter: LetterFilter;
  /** The end of each partition of the dead-letter topic when the job was started: it goes no further. */
  readonly ends: readonly { readonly partition: number; readonly offset: number }[];
}

/** What was done about a connection's releases. */
export interface RoundRecord {
  readonly releaseId: string;
  /** Below these offsets of the dead-letter topic nothing of the connection is left to be redriven. */
  readonly from: readonly { readonly partition: number; readonly offset: number }[];
}
