/** `dead-letters redrive` on the real cluster: says what would be sent, sends it under the one lock, says what became of it. */

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { systemClock as clock } from './adapters/clock.ts';
import { KafkaDeadLetterReader, type LetterRange } from './adapters/kafka-dead-letter-reader.ts';
import { letterOffsets } from './adapters/kafka-letter-offsets.ts';
import { createQuietKafka } from './clients.ts';
import type { Config } from './config.ts';
import { EXIT, type ExitCode } from './control/exit-codes.ts';
import type { Host } from './control/host.ts';
import { Progress } from './control/progress.ts';
import { RedriveProgress } from './control/redrive-progress.ts';
import {
  planJson,
  planLines,
  type RedriveRequest,
  type RedriveResult,
  resultJson,
  resultLines,
  resultOfPlan,
  sum,
} from './control/redrive-report.ts';
import { CodedError } from './core/error-codes.ts';
import { filterWords } from './core/letter-filter.ts';
import { markTtlMs } from './core/redrive.ts';
import { type JobEnd, type RedrivePlan, RedriveTally } from './core/redrive-tally.ts';
import { pause } from './pause.ts';
import type { JobRecord, RedriveRegister } from './ports.ts';
import { assembleRedrive, letterTools, redriveGroup } from './redrive-assembly.ts';
import { runRedriveJob } from './redrive-job.ts';
import type { JudgementParts } from './redrive-judgement.ts';
import { LOCK_TTL_MS, RedriveLock, redriveRunning } from './redrive-lock.ts';
import { type CommandSurroundings, openSurroundings } from './redrive-surroundings.ts';
import { RedriveSurvey, type RedriveSurveyParts } from './redrive-survey.ts';
import { unlessStopped } from './unless-stopped.ts';

/** A job and what is left of it. */
interface Prepared {
  readonly record: JobRecord;
  readonly ranges: readonly LetterRange[];
  readonly tools: JudgementParts;
  readonly plan: RedrivePlan;
  readonly retentionMs: number;
}

const LOCK_RETRY_MS = 500;
/** What a stop leaves to the letters under way. */
const DRAIN_MS = 20_000;

/** @throws CodedError `REDRIVE_RUNNING` while another job runs, `DEPENDENCY_UNREACHABLE`, `TOPICS_WRONG`. */
export async function runRedrive(request: RedriveRequest, config: Config, host: Host): Promise<ExitCode> {
  const stop = host.stopSignal();
  const opening = openSurroundings(config, host, stop);
  const opened = await unlessStopped(opening, stop);
  if (opened === 'stopped') return EXIT.interrupted;
  return await redriveWith(opened, request, host, stop);
}

async function redriveWith(
  surroundings: CommandSurroundings,
  request: RedriveRequest,
  host: Host,
  stop: AbortSignal,
): Promise<ExitCode> {
  try {
    const prepared = await unlessStopped(prepare(request, surroundings, host, stop), stop);
    if (prepared === 'stopped') return EXIT.interrupted;
    const { plan, record } = prepared;
    if (plan.letters === 0) {
      tellNothing(request, plan, record.job, host);
      return EXIT.nothingMatched;
    }
    tellPlan(request, plan, host);
    if (request.dryRun) return EXIT.ok;
    if (plan.wouldSend > 0) return await send(request, prepared, surroundings, host, stop);
    return tellResult(request, plan, resultOfPlan(record.job, plan), host);
  } finally {
    await surroundings.close();
  }
}

/** In JSON as what is found: counts of 0. */
function tellNothing(request: RedriveRequest, plan: RedrivePlan, job: string, host: Host): void {
  if (!request.json)
    host.err.write(request.job === null ? 'No letter matches.\n' : `Nothing is left of the job ${job}.\n`);
  else if (request.dryRun) tellPlan(request, plan, host);
  else tellResult(request, plan, resultOfPlan(job, plan), host);
}

function tellPlan({ dryRun, json }: RedriveRequest, plan: RedrivePlan, host: Host): void {
  const text = dryRun && json ? JSON.stringify(planJson(plan), null, 2) : planLines(plan).join('\n');
  // The data of a dry run is the plan; otherwise it is the result.
  (dryRun ? host.out : host.err).write(`${text}\n`);
}

function tellResult({ json }: RedriveRequest, plan: RedrivePlan, result: RedriveResult, host: Host): ExitCode {
  const { counts, end } = result;
  const data = { ...resultJson(result), plan: planJson(plan) };
  host.out.write(`${json ? JSON.stringify(data, null, 2) : resultLines(result).join('\n')}\n`);
  if (end === 'stopped') return EXIT.interrupted;
  const { connection_parked: parked = 0, no_source: withoutSource = 0 } = plan.passed;
  return counts.failed + parked + withoutSource + sum(plan.wouldFail) > 0 ? EXIT.someFailed : EXIT.ok;
}

/** Finds the job or makes one, and goes through its letters once without sending any. */
async function prepare(
  request: RedriveRequest,
  surroundings: CommandSurroundings,
  host: Host,
  stop: AbortSignal,
): Promise<Prepared> {
  const { config, register } = surroundings;
  const { kafka, topics } = config;
  const known = await knownJob(request, register);
  const job = known?.job ?? request.name ?? newJobName(host.now());
  const client = createQuietKafka(kafka, 'dead-letters');
  const { committed, retentionMs } = await letterOffsets(client, clock, topics.deadLetter, redriveGroup(config, job));
  const reader = new KafkaDeadLetterReader(client, topics.deadLetter, clock);
  try {
    await reader.connect();
    const filter = known?.filter ?? request.filter;
    const found = await reader.ranges(filter.since);
    const ends = known?.ends ?? found.map(({ partition, to }) => ({ partition, offset: to }));
    const ranges = ends.map(({ offset: to, partition }) => {
      const reached = committed.find(candidate => candidate.partition === partition)?.offset;
      const from = reached ?? found.find(candidate => candidate.partition === partition)?.from ?? to;
      return { partition, from: Math.min(from, to), to };
    });
    const tools = letterTools(surroundings, filter, request.acceptDoubleCount);
    const record = known ?? { job, startedAt: host.now(), filter, ends };
    const plan = await survey(ranges, { ...tools, clock, max: request.max }, reader, host, stop);
    return { record, ranges, tools, plan, retentionMs: markTtlMs(retentionMs) };
  } finally {
    await reader.close();
  }
}

/** Sorts by time, and tells apart what is started in one second. */
function newJobName(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}-${randomUUID().slice(0, 4)}`;
}

/**
 * What the job was started with; null for a new one.
 * @throws CodedError `JOB_UNKNOWN`, or `USAGE` when it is to go on with other filters or a new one has its name.
 */
async function knownJob(request: RedriveRequest, register: RedriveRegister): Promise<JobRecord | null> {
  const job = request.job ?? request.name;
  if (job === null) return null;
  const known = await register.recall(job);
  if (request.job === null && known !== null) throw jobTaken(job);
  if (request.job !== null && known === null) throw unknownJob(job, await register.jobs());
  if (known === null || !request.isFiltered) return known;
  // Durations count back from now, and now is later than it was.
  const [was, is] = [known.filter, request.filter].map(filter => filterWords({ ...filter, since: null, until: null }));
  if (was === is) return known;
  const words = was === '' ? 'without such filters' : `with ${was}`;
  throw new CodedError('USAGE', `the job ${job} was started ${words}; resume it without filters, or name another job`);
}

function jobTaken(job: string): CodedError {
  return new CodedError('USAGE', `there is a job ${job} already; go on with it: --job ${job}, or name another`);
}

function unknownJob(job: string, jobs: readonly string[]): CodedError {
  const known = jobs.length === 0 ? 'none is on record' : `known: ${jobs.join(', ')}`;
  return new CodedError('JOB_UNKNOWN', `no job ${job} (${known}). Nothing was sent. To start one, give it a --name`);
}

async function survey(
  ranges: readonly LetterRange[],
  parts: RedriveSurveyParts,
  reader: KafkaDeadLetterReader,
  { err }: Host,
  stop: AbortSignal,
): Promise<RedrivePlan> {
  const total = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
  const progress = new Progress({ what: 'letters looked at', total, err, monotonic: clock.monotonic });
  const found = new RedriveSurvey(parts);
  let read = 0;
  await reader.read(
    ranges,
    async records => {
      await found.add(records, stop);
      read += records.length;
      progress.at(read);
      return true;
    },
    stop,
  );
  progress.end();
  return found.plan();
}

async function send(
  request: RedriveRequest,
  prepared: Prepared,
  surroundings: CommandSurroundings,
  host: Host,
  stop: AbortSignal,
): Promise<ExitCode> {
  const { register } = surroundings;
  const { record, retentionMs } = prepared;
  const holder = { job: record.job, run: randomUUID(), host: hostname(), since: host.now() };
  const lock = new RedriveLock(register, holder, clock);
  await takeLock(lock, record.job, host, stop);
  try {
    if (stop.aborted) return EXIT.interrupted;
    const kept = await register.remember(record, retentionMs);
    // While this one waited for the lock, another one of the same name had it, perhaps for other letters.
    if (JSON.stringify(kept) !== JSON.stringify(record)) throw jobTaken(record.job);
    const syncLog = await unlessStopped(surroundings.openSyncLog(), stop);
    if (syncLog === 'stopped') return EXIT.interrupted;
    const tally = new RedriveTally();
    const end = await runJob(request, prepared, { ...surroundings, syncLog }, lock, tally, host, stop);
    return tellResult(request, prepared.plan, { job: record.job, end, wasTried: true, counts: tally.counts() }, host);
  } finally {
    await lock.release().catch(() => {});
  }
}

async function runJob(
  request: RedriveRequest,
  { plan, ranges, record, retentionMs, tools }: Prepared,
  surroundings: Parameters<typeof assembleRedrive>[0],
  lock: RedriveLock,
  tally: RedriveTally,
  { err }: Host,
  stop: AbortSignal,
): Promise<JobEnd> {
  err.write(`Job ${record.job} begins.\n`);
  const progress = new RedriveProgress(plan.wouldSend, err, clock.monotonic);
  const parts = assembleRedrive(surroundings, {
    ...{ record, tools, lock, tally, max: request.max, markTtlMs: retentionMs, drainMs: DRAIN_MS },
    from: ranges.map(({ from, partition }) => ({ partition, offset: from })),
    perSecond: request.perSecond ?? surroundings.config.redrive.ratePerSecond,
    onProgress: () => progress.at(tally),
  });
  const stopping = (): void => {
    progress.end();
    err.write('Stopping: waiting for the requests under way (Ctrl-C again ends at once) …\n');
  };
  stop.addEventListener('abort', stopping, { once: true });
  try {
    return await runRedriveJob(parts, stop);
  } finally {
    stop.removeEventListener('abort', stopping);
    progress.end();
  }
}

/** A run of the same job that was killed keeps the lock for a while yet; any other holder is somebody at work. */
async function takeLock(lock: RedriveLock, job: string, { err }: Host, stop: AbortSignal): Promise<void> {
  const giveUpAt = clock.monotonic() + 2 * LOCK_TTL_MS;
  let hasSaid = false;
  for (let other = await lock.take(); other !== null && !stop.aborted; other = await lock.take()) {
    if (other.job !== job || clock.monotonic() > giveUpAt) throw redriveRunning(other);
    if (!hasSaid) err.write(`Waiting for the lock of an earlier run of this job on ${other.host} to expire …\n`);
    hasSaid = true;
    await pause(clock, LOCK_RETRY_MS);
  }
}
