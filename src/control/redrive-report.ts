/** What `dead-letters redrive` says before, while and after it sends. */

import type { LetterFilter } from '../core/letter-filter.ts';
import type { PassReason } from '../core/redrive.ts';
import { type JobEnd, type RedriveCounts, type RedrivePlan, RedriveTally } from '../core/redrive-tally.ts';
import { counts } from './dead-letters.ts';
import { grouped } from './progress.ts';

export interface RedriveRequest {
  readonly action: 'redrive';
  readonly filter: LetterFilter;
  /** Whether any filter was given; a resumed job goes on with its own. */
  readonly isFiltered: boolean;
  /** The job to resume; null for a new one. */
  readonly job: string | null;
  /** What a new job is called; null for a name of its own. */
  readonly name: string | null;
  readonly dryRun: boolean;
  /** Letters a second; null for `redrive.ratePerSecond`. */
  readonly perSecond: number | null;
  /** Most letters that this run sends. */
  readonly max: number;
  readonly acceptDoubleCount: boolean;
  readonly json: boolean;
}

const PASSED: Readonly<Record<PassReason, string | null>> = {
  not_selected: null,
  no_letter: null,
  no_source: 'cannot be sent: the letter has not the whole record (source_too_large), or not its place',
  connection_parked: 'are left where they are: TikTok refuses their connection (connection_parked)',
};

/** Why an event would fail again, and what may be done. */
const HINTS: Readonly<Record<string, string>> = {
  too_old: 'too old for TikTok',
  token_missing: 'the token is not found from here; run this where the service runs',
  ambiguous_past_dedup: 'may have been taken longer ago than TikTok remembers; --accept-double-count sends them',
};

export function planJson(plan: RedrivePlan): Readonly<Record<string, unknown>> {
  return {
    letters: plan.letters,
    would_send: plan.wouldSend,
    would_send_by_reason: plan.wouldSendByReason,
    would_send_by_connection: plan.wouldSendByConnection,
    beyond_max: plan.beyondMax,
    already_delivered: plan.alreadyDelivered,
    would_fail: plan.wouldFail,
    would_skip: plan.wouldSkip,
    ...passedJson(plan.passed),
    connection_parked_by_connection: plan.parkedByConnection,
  };
}

export function planLines(plan: RedrivePlan): string[] {
  const lines = [
    `${grouped(plan.letters)} letters match; ${grouped(plan.wouldSend)} events would be sent`,
    ...said(plan.beyondMax, 'more could be sent by a later run: --max leaves them'),
    ...said(plan.alreadyDelivered, 'events were delivered meanwhile and will not be sent'),
    ...Object.entries(plan.wouldFail).map(([reason, n]) => `${grouped(n)} events would fail again: ${hinted(reason)}`),
    ...Object.entries(plan.wouldSkip).map(
      ([reason, n]) => `${grouped(n)} events are not to be sent any more: ${reason}`,
    ),
    ...passedLines(plan.passed),
    ...Object.entries(plan.parkedByConnection).map(([id, n]) => `  ${grouped(n).padStart(10)}  ${id}`),
  ];
  if (plan.wouldSend === 0) return lines;
  return [
    ...lines,
    ...counts('by reason', plan.wouldSendByReason),
    ...counts('by connection', plan.wouldSendByConnection),
  ];
}

function hinted(reason: string): string {
  const hint = HINTS[reason];
  return hint === undefined ? reason : `${reason} (${hint})`;
}

function passedJson(passed: RedrivePlan['passed']): Readonly<Record<string, number>> {
  return { connection_parked: passed.connection_parked ?? 0, without_source: passed.no_source ?? 0 };
}

function passedLines(passed: RedrivePlan['passed']): string[] {
  return Object.entries(PASSED).flatMap(([reason, words]) =>
    words === null ? [] : said(passed[reason as PassReason] ?? 0, words, 'letters'),
  );
}

function said(count: number, words: string, what = ''): string[] {
  return count === 0 ? [] : [`${grouped(count)} ${what === '' ? '' : `${what} `}${words}`];
}

export interface RedriveResult {
  readonly job: string;
  readonly end: JobEnd;
  /** False where nothing was to be sent: then it says of the letters what the plan says, and the sync log nothing. */
  readonly wasTried: boolean;
  readonly counts: RedriveCounts;
}

/** What became of a job whose plan sends nothing. By connection nothing is known of it. */
export function resultOfPlan(job: string, plan: RedrivePlan): RedriveResult {
  const { alreadyDelivered, letters, passed, wouldFail, wouldSkip } = plan;
  const tried = letters - (passed.connection_parked ?? 0) - (passed.no_source ?? 0);
  const none = { ...new RedriveTally().counts(), letters: tried, passed, alreadyDelivered };
  const failed = { failed: sum(wouldFail), failedByReason: wouldFail };
  const skipped = { skipped: sum(wouldSkip), skippedByReason: wouldSkip };
  return { job, end: 'finished', wasTried: false, counts: { ...none, ...failed, ...skipped } };
}

/** All events of counts by reason. */
export function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, events) => total + events, 0);
}

export function resultJson({ counts: done, end, job }: RedriveResult): Readonly<Record<string, unknown>> {
  return {
    job,
    end,
    letters: done.letters,
    delivered: done.delivered,
    already_delivered: done.alreadyDelivered,
    failed: done.failed,
    skipped: done.skipped,
    failed_by_reason: done.failedByReason,
    skipped_by_reason: done.skippedByReason,
    delivered_by_connection: done.deliveredByConnection,
    failed_by_connection: done.failedByConnection,
    ...passedJson(done.passed),
  };
}

const ENDS: Readonly<Record<JobEnd, (job: string) => string>> = {
  finished: job => `The job ${job} has come to its end.`,
  exhausted: job => `As many letters as allowed were sent; more may be left. Go on: --job ${job}`,
  stopped: job => `Stopped. What was under way is finished; go on: tiktok-sync dead-letters redrive --job ${job}`,
};

export function resultLines({ counts: done, end, job, wasTried }: RedriveResult): string[] {
  const failed = wasTried
    ? 'events failed again; their letters stay where they are, the sync log says why'
    : 'events cannot be sent; their letters stay where they are';
  return [
    `${grouped(done.delivered)} events delivered`,
    ...said(done.alreadyDelivered, 'events had been delivered before; nothing was sent for them'),
    ...said(done.failed, failed),
    ...Object.entries(done.failedByReason).map(([reason, n]) => `  ${grouped(n).padStart(10)}  ${reason}`),
    ...Object.entries(done.skippedByReason).map(([reason, n]) => `${grouped(n)} events skipped: ${reason}`),
    ...passedLines(done.passed),
    ENDS[end](job),
  ];
}
