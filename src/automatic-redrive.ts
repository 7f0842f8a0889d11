/** Wires automatic redrive into the service: its rounds, and the job of each around the service's own parts. */

import { hostname } from 'node:os';
import { createKafka } from './adapters/kafka-client.ts';
import { KafkaDeadLetterReader, type LetterRange } from './adapters/kafka-dead-letter-reader.ts';
import { letterOffsets } from './adapters/kafka-letter-offsets.ts';
import { EVERY_LETTER } from './core/letter-filter.ts';
import { AUTOMATIC_REASONS, markTtlMs } from './core/redrive.ts';
import { RedriveTally } from './core/redrive-tally.ts';
import type { JobRecord } from './ports.ts';
import { assembleRedrive, letterTools, type RedriveSurroundings, redriveGroup } from './redrive-assembly.ts';
import { runRedriveJob } from './redrive-job.ts';
import { RedriveRounds, type Round, type RunRound } from './redrive-rounds.ts';

/** What a service that stops leaves to the letters under way. */
const MOST_DRAIN_MS = 10_000;

export function createRedriveRounds(parts: RedriveSurroundings): RedriveRounds {
  const { clock, config, register, telemetry } = parts;
  const { sizeMs } = config.window;
  return new RedriveRounds({
    ...{ register, clock, telemetry, host: hostname() },
    run: roundRunner(parts),
    options: { delayMs: 2 * sizeMs, retryMs: sizeMs, maxIdleMs: config.delivery.maxHoldMs },
  });
}

function roundRunner(parts: RedriveSurroundings): RunRound {
  return async (round, lock, stop, onProgress) => {
    const { clock, config, register } = parts;
    const topic = config.topics.deadLetter;
    const client = createKafka(config.kafka, 'redrive', parts.telemetry);
    const { retentionMs } = await letterOffsets(client, clock, topic, redriveGroup(config, round.job));
    const markMs = markTtlMs(retentionMs);
    const ranges = await rangesNow(parts);
    const record = await register.remember(newRecord(round, ranges, clock.now()), markMs);
    const tally = new RedriveTally();
    const job = assembleRedrive(parts, {
      ...{ record, lock, tally, markTtlMs: markMs },
      tools: letterTools(parts, record.filter, false),
      from: ranges.map(({ from, partition }) => ({ partition, offset: Math.max(from, reached(round, partition)) })),
      perSecond: config.redrive.ratePerSecond,
      max: Number.POSITIVE_INFINITY,
      drainMs: Math.min(MOST_DRAIN_MS, config.shutdown.deadlineMs / 2),
      onProgress: () => onProgress(tally.finished),
    });
    const end = await runRedriveJob(job, stop);
    const { delivered, failed, passed } = tally.counts();
    const isClean = failed === 0 && (passed.connection_parked ?? 0) === 0;
    return { end, ends: record.ends, isClean, delivered, failed };
  };
}

async function rangesNow({ clock, config, telemetry }: RedriveSurroundings): Promise<LetterRange[]> {
  const client = createKafka(config.kafka, 'dead-letters', telemetry);
  const reader = new KafkaDeadLetterReader(client, config.topics.deadLetter, clock);
  try {
    await reader.connect();
    return await reader.ranges(null);
  } finally {
    await reader.close();
  }
}

function newRecord({ job, release }: Round, ranges: readonly LetterRange[], now: number): JobRecord {
  return {
    job,
    startedAt: now,
    filter: { ...EVERY_LETTER, connectionId: release.connectionId, reasons: AUTOMATIC_REASONS },
    ends: ranges.map(({ partition, to }) => ({ partition, offset: to })),
  };
}

function reached({ from }: Round, partition: number): number {
  return from.find(candidate => candidate.partition === partition)?.offset ?? 0;
}
