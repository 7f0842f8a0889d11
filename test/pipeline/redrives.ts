/** Redrive jobs on fakes, in virtual time: a dead-letter topic of two partitions, two connections, jobs one after another. */

import { createProcessRateLimits } from '../../src/adapters/redis-rate-limits.ts';
import { Commits } from '../../src/commits.ts';
import { ConnectionStates } from '../../src/connection-states.ts';
import { createBuilder } from '../../src/core/build-event.ts';
import { createEventDecoder } from '../../src/core/decode.ts';
import { JobPace } from '../../src/core/job-pace.ts';
import { EVERY_LETTER, type LetterFilter } from '../../src/core/letter-filter.ts';
import type { SourceRecord } from '../../src/core/record.ts';
import { draftLetter, letterFate } from '../../src/core/redrive.ts';
import { type JobEnd, RedriveTally } from '../../src/core/redrive-tally.ts';
import { VendorOutage } from '../../src/core/vendor-outage.ts';
import { Delivery } from '../../src/delivery.ts';
import { Pipeline } from '../../src/pipeline.ts';
import type { CredentialsLookup, RecordConsumer } from '../../src/ports.ts';
import { RedriveClaiming } from '../../src/redrive-claiming.ts';
import { RedriveIntake } from '../../src/redrive-intake.ts';
import { runRedriveJob } from '../../src/redrive-job.ts';
import { RedriveLock } from '../../src/redrive-lock.ts';
import { RedriveSettlement, withLongMarks } from '../../src/redrive-settlement.ts';
import { RedriveSurvey } from '../../src/redrive-survey.ts';
import { redriveTelemetry } from '../../src/redrive-telemetry.ts';
import { DEFAULT_BUILD_OPTIONS } from '../core/business-events.ts';
import { schemas } from '../core/event-records.ts';
import { type LetterChanges, letterRecord } from '../core/letters.ts';
import { MemoryClaims } from '../fakes/memory-claims.ts';
import { MemoryRecordSource } from '../fakes/memory-record-source.ts';
import { MemoryRedriveRegister } from '../fakes/memory-redrive-register.ts';
import { MemorySyncLog } from '../fakes/memory-sync-log.ts';
import { recordingTelemetry } from '../fakes/recording-telemetry.ts';
import { ScriptedEventsApi } from '../fakes/scripted-events-api.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { DELIVERY_OPTIONS, FAST } from './delivery-options.ts';
import { configTable, eventValue, TOPIC } from './whole-pipeline.ts';

const LETTERS = 'dead-letter';
export const HOUR = 3_600_000;
export const RETENTION_MS = 30 * 24 * HOUR;

export interface JobOptions {
  readonly filter?: Partial<LetterFilter>;
  readonly perSecond?: number;
  readonly max?: number;
  readonly acceptDoubleCount?: boolean;
  readonly run?: string;
}

export function redriveWorld() {
  const clock = new VirtualClock();
  const claims = new MemoryClaims(clock);
  const world = {
    clock,
    claims,
    source: new MemoryRecordSource({ [LETTERS]: 2 }, clock),
    api: new ScriptedEventsApi(),
    syncLog: new MemorySyncLog(),
    telemetry: recordingTelemetry(),
    register: new MemoryRedriveRegister(clock, claims),
    table: configTable(),
    parked: new Set<string>(),
    withoutToken: new Set<string>(),
  };
  let offsets = 0;
  return {
    ...world,
    /** Appends the letter of a conversion of `c-1`, and answers the offset of its source record. */
    letter(id: string, { partition = 0, ...changes }: LetterChanges & { partition?: number } = {}): number {
      const offset = changes.source?.offset ?? offsets++;
      const source = { topic: TOPIC, partition: 0, offset, value: eventValue(id), ...changes.source };
      const { headers, value } = letterRecord({
        ...{ reason: 'connection_parked', eventId: id, failedAt: clock.now(), ...changes },
        source,
      });
      world.source.feed(LETTERS, partition, [{ value, headers }]);
      return offset;
    },
    job: (options: JobOptions = {}) => new Job(world, options),
    /** What another process finds: the same topic and the same commits. The one before is dead and does nothing more. */
    async afterKill(): Promise<MemoryRecordSource> {
      const killed = world.source;
      const source = new MemoryRecordSource({ [LETTERS]: 2 }, clock);
      for (const partition of [0, 1]) source.feed(LETTERS, partition, killed.records(LETTERS, partition));
      await source.start(NOBODY);
      const offsets = [0, 1].flatMap(partition => {
        const offset = killed.committed(LETTERS, partition);
        return offset === null ? [] : [{ topic: LETTERS, partition, offset }];
      });
      await source.commit(source.epoch, offsets);
      await source.stop();
      await killed.stop();
      world.source = source;
      return source;
    },
    /** How events ended, as the sync log tells it. */
    logged: () => world.syncLog.entries.map(({ event_id, outcome, reason }) => `${event_id} ${outcome} ${reason}`),
    committed: () => [0, 1].map(partition => world.source.committed(LETTERS, partition)),
  };
}

const NOBODY: RecordConsumer = {
  assigned: () => {},
  accept: () => Promise.resolve({ kind: 'accepted' }),
  suspended: () => {},
  resumed: () => {},
  beforeRejoin: () => Promise.resolve(),
};

type World = Pick<
  ReturnType<typeof redriveWorld>,
  'clock' | 'claims' | 'source' | 'api' | 'syncLog' | 'telemetry' | 'register' | 'table' | 'parked' | 'withoutToken'
>;

/** One run of a job. */
export class Job {
  readonly tally = new RedriveTally();
  readonly stop = new AbortController();
  readonly lock: RedriveLock;
  readonly #world: World;
  readonly #options: JobOptions;
  readonly #failed = Promise.withResolvers<never>();

  constructor(world: World, options: JobOptions) {
    this.#world = world;
    this.#options = options;
    const holder = { job: 'job', run: options.run ?? 'run', host: 'test', since: 0 };
    this.lock = new RedriveLock(world.register, holder, world.clock);
  }

  /** What it would do. */
  async plan() {
    const { clock, source } = this.#world;
    const survey = new RedriveSurvey({
      ...this.#tools(),
      ...{ clock, max: this.#options.max ?? Number.POSITIVE_INFINITY },
    });
    for (const partition of [0, 1]) await survey.add(source.records(LETTERS, partition), this.stop.signal);
    return survey.plan();
  }

  /** Begins; the end comes with time. */
  async start(): Promise<{ readonly end: Promise<JobEnd>; readonly pipeline: Pipeline }> {
    const { clock, source } = this.#world;
    await this.lock.take();
    const { commits, intake, pipeline, settlement } = this.#assemble();
    const ends = new Map([0, 1].map(partition => [partition, source.end(LETTERS, partition)]));
    const { lock } = this;
    const end = runRedriveJob(
      {
        ...{ source, pipeline, intake: intake(ends), settlement, commits, lock, clock, ends },
        failed: this.#failed.promise,
        drainMs: 20_000,
        onProgress: () => {},
      },
      this.stop.signal,
    );
    end.catch(() => {});
    await clock.idle();
    return { end, pipeline };
  }

  /** Runs to its end, for at most `withinMs` of virtual time. */
  async run(withinMs = 60_000): Promise<JobEnd | 'unfinished'> {
    const { end } = await this.start();
    const ended = await this.during(end, withinMs);
    await this.lock.release();
    return ended;
  }

  /** Lets records come and time pass until the job ends. */
  async during(end: Promise<JobEnd>, withinMs: number): Promise<JobEnd | 'unfinished'> {
    const { clock, source } = this.#world;
    let ended: JobEnd | 'unfinished' = 'unfinished';
    let problem: unknown = null;
    const over = end.then(
      value => {
        ended = value;
      },
      (error: unknown) => {
        problem = error;
      },
    );
    for (let passed = 0; passed < withinMs && ended === 'unfinished' && problem === null; passed += 100) {
      void source.deliver();
      await clock.advance(100);
    }
    if (problem !== null) throw problem;
    if (ended !== 'unfinished') await over;
    return ended;
  }

  #tools() {
    const { acceptDoubleCount = false, filter = {} } = this.#options;
    const decoder = createEventDecoder(schemas);
    decoder.learn(7, { kind: 'schema', schema: schemas.conversionCreated, references: [] });
    const tools = { decoder, table: this.#world.table, build: createBuilder(DEFAULT_BUILD_OPTIONS) };
    const rules = { ambiguousHorizonMs: 47 * HOUR, acceptDoubleCount };
    const forgiving = acceptDoubleCount ? { forgiveAfterMs: rules.ambiguousHorizonMs } : {};
    return {
      fateOf: (record: SourceRecord) =>
        letterFate(record, { ...EVERY_LETTER, ...filter }, connectionId => this.#world.parked.has(connectionId)),
      register: this.#world.register,
      learnSchemas: async () => true,
      draft: (record: SourceRecord, now: number) => draftLetter(record, tools, now, rules),
      dedup: { pendingTakeoverMs: HOUR, keyPrefix: '', ...forgiving },
      ambiguousHorizonMs: rules.ambiguousHorizonMs,
      hasToken: (connectionId: string) => !this.#world.withoutToken.has(connectionId),
    };
  }

  #assemble() {
    const { api, clock, source, syncLog, table } = this.#world;
    const random = () => 0.5;
    const telemetry = redriveTelemetry(this.#world.telemetry, counts => this.tally.ended(counts));
    const tools = this.#tools();
    const claims = withLongMarks(this.#world.claims, RETENTION_MS);
    const claiming = new RedriveClaiming(claims, clock, telemetry, {
      ...tools.dedup,
      ...{ replayHorizonMs: 72 * HOUR, onUnavailable: 'pause' },
    });
    const settlement = new RedriveSettlement(
      {
        ...{ claims, clock, telemetry, syncLog, random, insistOnMarks: true, onStalled: () => {} },
        onSettled: assignment => pipeline.onSettled(assignment),
      },
      items => claiming.settled(items),
    );
    const commits = new Commits(source, settlement, clock, 200);
    const credentialsNow = (connectionId: string): CredentialsLookup => {
      if (this.#world.withoutToken.has(connectionId)) return { kind: 'missing', problem: 'there is no such file' };
      const token = table.connection(connectionId)?.access_token ?? '';
      return { kind: 'token', token, tokenDigest: token, configOffset: 0 };
    };
    const window = { sizeMs: 500, batchMaxEvents: 4, batchMaxBytes: 100_000 };
    const delivery = new Delivery({
      ...{ api, clock, random, telemetry, credentialsNow },
      states: new ConnectionStates({ credentialsNow, telemetry, probeIntervalMs: 2_000 }),
      options: { ...DELIVERY_OPTIONS, batchMaxEventsCount: window.batchMaxEvents, backpressure: 'wait' },
      limits: createProcessRateLimits(FAST, clock),
      outage: new VendorOutage(),
      enabledConnections: () => 2,
      connectionNow: id => table.connection(id),
      isPixelShared: () => false,
      holdsLease: () => source.holdsLease() && this.lock.isHeld,
      settle: (assignment, items) => void settlement.settle(assignment, items),
    });
    const pipeline: Pipeline = new Pipeline({
      ...{ source, claiming, delivery, settlement, commits, telemetry, clock },
      ...{ learnSchemas: tools.learnSchemas, draft: tools.draft },
      trickle: { recordsPerWindow: 100, windowMs: 2_000 },
      window,
      budget: { maxEvents: 1_000, maxBytes: 10_000_000, pressureRatio: 0.8, resumeRatio: 0.5 },
    });
    const intake = (ends: ReadonlyMap<number, number>) =>
      new RedriveIntake({
        ...{ pipeline, judgement: tools, ends, tally: this.tally, clock },
        max: this.#options.max ?? Number.POSITIVE_INFINITY,
        pace: new JobPace(this.#options.perSecond ?? 1_000, clock.monotonic()),
        onAssigned: () => claiming.forget(),
      });
    return { commits, intake, pipeline, settlement };
  }
}
