/** Wires a redrive job: the parts of the service's own pipeline around the dead-letter topic. */

import { createKafka } from './adapters/kafka-client.ts';
import { KafkaRecordSource } from './adapters/kafka-record-source.ts';
import type { Schemas } from './adapters/schema-files.ts';
import { createDelivery, draftTools, flowLimits, type TikTok } from './assembly.ts';
import { Commits } from './commits.ts';
import type { Config } from './config.ts';
import type { ConfigTable } from './core/config-table.ts';
import { isRefused } from './core/connection-state.ts';
import { JobPace } from './core/job-pace.ts';
import type { LetterFilter } from './core/letter-filter.ts';
import type { SourceRecord } from './core/record.ts';
import { draftLetter, type LetterFate, letterFate } from './core/redrive.ts';
import type { RedriveTally } from './core/redrive-tally.ts';
import { Pipeline } from './pipeline.ts';
import type { Claims, Clock, JobRecord, RedriveRegister, RequestLimits, SyncLog, Telemetry } from './ports.ts';
import { RedriveClaiming } from './redrive-claiming.ts';
import { RedriveIntake } from './redrive-intake.ts';
import type { RedriveJobParts } from './redrive-job.ts';
import type { JudgementParts } from './redrive-judgement.ts';
import type { RedriveLock } from './redrive-lock.ts';
import { RedriveSettlement, withLongMarks } from './redrive-settlement.ts';
import { redriveTelemetry } from './redrive-telemetry.ts';
import type { SchemaLearning } from './schema-learning.ts';

/** What a process has already. */
export interface RedriveSurroundings {
  readonly config: Config;
  readonly schemas: Schemas;
  readonly table: ConfigTable;
  readonly learning: SchemaLearning;
  readonly claims: Claims;
  readonly register: RedriveRegister;
  readonly limits: RequestLimits;
  readonly syncLog: SyncLog;
  readonly tiktok: TikTok;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
}

export interface RedriveRun {
  readonly record: JobRecord;
  /** Where a job that has committed nothing yet begins. */
  readonly from: JobRecord['ends'];
  readonly tools: JudgementParts;
  readonly lock: RedriveLock;
  readonly tally: RedriveTally;
  readonly perSecond: number;
  readonly max: number;
  readonly drainMs: number;
  /** How long a mark lives at least: as long as a letter may stay on the topic. */
  readonly markTtlMs: number;
  readonly onProgress: () => void;
}

/** Events wait for their batch only briefly: the pace of the job is what makes it gentle. */
const LONGEST_WINDOW_MS = 2_000;
const MOST_EVENTS = 5_000;
const MOST_BYTES = 16 * 1024 * 1024;
/** A connection's state is looked up again after this long. */
const STATE_FRESH_MS = 1_000;

export function letterTools(
  surroundings: Omit<RedriveSurroundings, 'claims' | 'limits' | 'syncLog' | 'telemetry'>,
  filter: LetterFilter,
  acceptDoubleCount: boolean,
): JudgementParts {
  const { clock, config, tiktok } = surroundings;
  const { learnSchemas, tools } = draftTools(config, surroundings);
  const { ambiguousHorizonMs } = config.delivery;
  const rules = { ambiguousHorizonMs, acceptDoubleCount };
  const standingOf = connectionStandings(tiktok, clock);
  return {
    fateOf: (record: SourceRecord): LetterFate => letterFate(record, filter, id => standingOf(id) === 'refused'),
    learnSchemas,
    register: surroundings.register,
    draft: (record: SourceRecord, now: number) => draftLetter(record, tools, now, rules),
    dedup: {
      pendingTakeoverMs: config.dedup.pendingTakeoverMs,
      keyPrefix: config.redis.keyPrefix,
      ...(acceptDoubleCount ? { forgiveAfterMs: ambiguousHorizonMs } : {}),
    },
    ambiguousHorizonMs,
    hasToken: id => standingOf(id) !== 'without_token',
  };
}

type Standing = 'usable' | 'refused' | 'without_token';

/** Whether a connection has credentials now, and TikTok refuses them, as far as this process knows. */
function connectionStandings({ credentialsNow, states }: TikTok, clock: Clock): (connectionId: string) => Standing {
  const known = new Map<string, { readonly at: number; readonly standing: Standing }>();
  const look = (connectionId: string): Standing => {
    const credentials = credentialsNow(connectionId);
    if (credentials.kind === 'missing') return 'without_token';
    return isRefused(states.inForce(connectionId, credentials, clock.now())) ? 'refused' : 'usable';
  };
  return connectionId => {
    const at = clock.monotonic();
    const last = known.get(connectionId);
    if (last !== undefined && at - last.at < STATE_FRESH_MS) return last.standing;
    const standing = look(connectionId);
    known.set(connectionId, { at, standing });
    return standing;
  };
}

export function assembleRedrive(surroundings: RedriveSurroundings, run: RedriveRun): RedriveJobParts {
  const { clock, config } = surroundings;
  const { lock, record, tally, tools } = run;
  const telemetry = redriveTelemetry(surroundings.telemetry, counts => tally.ended(counts));
  const failed = Promise.withResolvers<never>();
  const topic = config.topics.deadLetter;
  const source = new KafkaRecordSource(
    {
      ...config.kafka,
      topics: [topic],
      groupId: redriveGroup(config, record.job),
      startFrom: run.from.map(({ offset, partition }) => ({ topic, partition, offset })),
    },
    { kafka: createKafka(config.kafka, 'redrive', telemetry), clock, telemetry, onFatal: failed.reject },
  );
  const claims = withLongMarks(surroundings.claims, run.markTtlMs);
  const { replayHorizonMs } = config.dedup;
  const claiming = new RedriveClaiming(claims, clock, telemetry, {
    ...tools.dedup,
    replayHorizonMs,
    onUnavailable: 'pause',
  });
  const settlement = new RedriveSettlement(
    {
      ...{ claims, clock, telemetry, syncLog: surroundings.syncLog, random: Math.random, insistOnMarks: true },
      onSettled: assignment => pipeline.onSettled(assignment),
      onStalled: stalled => (stalled ? source.pause('settlement') : source.resume('settlement')),
    },
    items => claiming.settled(items),
  );
  const commits = new Commits(source, settlement, clock, config.kafka.commitIntervalMs);
  const delivery = createDelivery(config, { ...surroundings, telemetry }, surroundings.tiktok, {
    // Throttling and holds make a job slow; its events have letters already.
    backpressure: 'wait',
    holdsLease: () => source.holdsLease() && lock.isHeld,
    settle: (assignment, items) => void settlement.settle(assignment, items),
  });
  const pipeline: Pipeline = new Pipeline({
    ...{ source, claiming, delivery, settlement, commits, telemetry, clock },
    ...{ learnSchemas: tools.learnSchemas, draft: tools.draft },
    ...flowLimits(config, { windowMs: LONGEST_WINDOW_MS, events: MOST_EVENTS, bytes: MOST_BYTES }),
  });
  const ends = new Map(record.ends.map(({ offset, partition }) => [partition, offset]));
  const intake = new RedriveIntake({
    ...{ pipeline, judgement: tools, ends, tally, clock, max: run.max },
    pace: new JobPace(run.perSecond, clock.monotonic()),
    onAssigned: () => claiming.forget(),
  });
  const { drainMs, onProgress } = run;
  const job = { source, pipeline, intake, settlement, commits, lock, clock, ends, drainMs, onProgress };
  return { ...job, failed: failed.promise };
}

/** The group of a job: whoever resumes the job reads on from what it has committed. */
export function redriveGroup({ kafka }: Config, job: string): string {
  return `${kafka.groupId}.redrive.${job}`;
}
