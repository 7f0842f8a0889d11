/**
 * A redrive job: the pipeline of this service, reading the dead-letter topic as a consumer group of the job's own, from
 * where it was left to the end that the topic had when the job was first started.
 *
 * Offsets are committed as letters are settled, so a job that was killed goes on behind what it had finished, and one
 * that has come to its end finds nothing left.
 */

import type { Commits } from './commits.ts';
import { CodedError } from './core/error-codes.ts';
import type { JobEnd } from './core/redrive-tally.ts';
import { pause } from './pause.ts';
import type { Pipeline } from './pipeline.ts';
import type { Clock, RecordSource } from './ports.ts';
import type { RedriveIntake } from './redrive-intake.ts';
import type { RedriveLock } from './redrive-lock.ts';
import type { Settlement } from './settlement.ts';

export interface RedriveJobParts {
  readonly source: RecordSource;
  readonly pipeline: Pipeline;
  readonly intake: RedriveIntake;
  readonly settlement: Settlement;
  readonly commits: Commits;
  readonly lock: RedriveLock;
  readonly clock: Clock;
  readonly ends: ReadonlyMap<number, number>;
  /** What a stop may take to deliver and commit what was read. */
  readonly drainMs: number;
  /** Rejects when reading cannot go on. */
  readonly failed: Promise<never>;
  /** Called now and then while the job runs. */
  readonly onProgress: () => void;
}

const LOOK_EVERY_MS = 100;
const NEVER = new AbortController().signal;

/** Runs until the end, or until `stop` is aborted; what is under way then is delivered and committed if it can be. */
export async function runRedriveJob(parts: RedriveJobParts, stop: AbortSignal): Promise<JobEnd> {
  const { intake, pipeline, settlement, source } = parts;
  parts.failed.catch(() => {});
  try {
    await Promise.race([source.start(intake), parts.failed]);
    const end = await Promise.race([untilOver(parts, stop), parts.failed]);
    intake.close();
    source.quiesce();
    await pipeline.drain(parts.drainMs, NEVER);
    return end;
  } finally {
    intake.close();
    settlement.close();
    await source.stop();
    // After a failure the windows' clockwork still turns.
    await pipeline.drain(0, AbortSignal.abort());
  }
}

async function untilOver(parts: RedriveJobParts, stop: AbortSignal): Promise<JobEnd> {
  const { clock, commits, intake, lock, onProgress, pipeline } = parts;
  for (;;) {
    onProgress();
    if (stop.aborted) return 'stopped';
    const { lostTo } = lock;
    if (lostTo !== null) {
      const message = `the job ${lostTo.job} on ${lostTo.host} has taken the lock of this one, which could not renew it`;
      throw new CodedError('REDRIVE_RUNNING', `${message}. Resume it with --job once that one has ended`);
    }
    const { assignment } = pipeline;
    if (assignment?.isActive && assignment.inFlightTotal === 0) {
      if (isCommitted(parts)) return 'finished';
      if (intake.isExhausted) return 'exhausted';
      if (isRead(parts)) await commits.now(assignment);
    }
    await pause(clock, LOOK_EVERY_MS);
  }
}

/** Offsets that hold no record are passed by the source alone; the intake hears of records only. */
function isRead({ ends, intake, source }: RedriveJobParts): boolean {
  const { partitions } = source.status();
  return [...ends].every(([partition, end]) => {
    const position = partitions.find(candidate => candidate.partition === partition)?.position;
    return position !== undefined && Math.max(intake.next(partition) ?? 0, position ?? 0) >= end;
  });
}

function isCommitted(parts: RedriveJobParts): boolean {
  const accounts = [...(parts.pipeline.assignment?.ledger.accounts() ?? [])];
  return isRead(parts) && accounts.every(account => account.span === 0 && !account.hasProgress());
}
