/** What a first start of the consumer group would read and send: worth knowing before it happens. */

import type { StartFrom } from '../config-option.ts';
import type { GroupLook, PartitionLook } from '../ports-doctor.ts';
import { type Finding, fine, found, many } from './doctor-findings.ts';

const CHECK = 'kafka.first-start';
const DAY_MS = 86_400_000;

/** Empty where the group has committed offsets: then it goes on from there. */
export function judgeFirstStart(
  { partitions }: GroupLook,
  { maxAgeMs, startFrom }: { readonly startFrom: StartFrom; readonly maxAgeMs: number },
): readonly Finding[] {
  if (partitions.length === 0 || partitions.some(({ reason }) => reason !== 'snapshot' && reason !== 'beginning')) {
    return [];
  }
  const total = sum(partitions, ({ end, start }) => end - start);
  const tooOld = sum(partitions, ({ end, firstFresh, start }) => Math.min(firstFresh, end) - start);
  const where = typeof startFrom === 'number' ? new Date(startFrom).toISOString() : startFrom;
  const first = `the group has no committed offset yet; a first start from ${where} (kafka.startFrom)`;
  if (total === 0) return [fine(CHECK, `${first} would read no records: it waits for new ones`)];
  const age = `${Math.round((maxAgeMs / DAY_MS) * 10) / 10} days`;
  const message = `${first} would read about ${many(total, 'record')}, of which about ${tooOld.toLocaleString('en')} are too old to be sent (over ${age}, events.maxAgeMs)`;
  const advice =
    tooOld > 0
      ? 'Records that are too old become dead letters (too_old); the rest is sent. To leave records out, set kafka.startFrom to latest or to a time before the first run.'
      : 'They would be sent, with their own event times. To leave records out, set kafka.startFrom to latest or to a time before the first run.';
  return [found(CHECK, 'warning', 'FIRST_START_SENDS', message, advice), ...perPartition(partitions)];
}

function perPartition(partitions: readonly PartitionLook[]): Finding[] {
  return [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, each]) => {
    const starts = each.slice(0, MOST_SHOWN).map(({ end, partition, start }) => `${partition}: ${start} to ${end}`);
    const rest = each.length > MOST_SHOWN ? `, and ${each.length - MOST_SHOWN} more` : '';
    return fine(CHECK, `${topic} by partition, first offset to end: ${starts.join(', ')}${rest}`);
  });
}

const MOST_SHOWN = 24;

function sum(partitions: readonly PartitionLook[], count: (partition: PartitionLook) => number): number {
  return partitions.reduce((total, partition) => total + Math.max(0, count(partition)), 0);
}
