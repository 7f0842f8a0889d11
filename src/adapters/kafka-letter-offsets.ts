/** What a redrive job must know of the dead-letter topic before it reads: how long letters live, and how far the job came. */

import type { Kafka } from 'kafkajs';
import type { Clock, PartitionOffset } from '../ports.ts';
import { ADMIN_RETRY, GroupOffsets } from './kafka-group-offsets.ts';
import { patiently } from './kafka-patience.ts';
import { startFailure } from './kafka-start-failure.ts';
import { KafkaTopics } from './kafka-topics.ts';

export interface LetterOffsets {
  /** `retention.ms` of the topic; null when it is unlimited, or this client may not ask. */
  readonly retentionMs: number | null;
  /** Where the group has committed an offset. */
  readonly committed: readonly PartitionOffset[];
}

/** @throws CodedError `TOPICS_WRONG` without the topic, `DEPENDENCY_UNREACHABLE` without Kafka. */
export async function letterOffsets(
  kafka: Kafka,
  clock: Clock,
  topic: string,
  groupId: string,
): Promise<LetterOffsets> {
  const admin = kafka.admin({ retry: ADMIN_RETRY });
  const topics = new KafkaTopics(kafka, clock);
  try {
    await Promise.all([admin.connect(), topics.connect()]);
    const offsets = new GroupOffsets(admin, groupId, [topic]);
    const starts = await patiently(clock, async () => offsets.starts(await offsets.ranges(topic)));
    const found = (await topics.describe([topic])).get(topic);
    const retention = Number(found?.settings?.['retention.ms'] ?? -1);
    return {
      retentionMs: retention < 0 ? null : retention,
      committed: starts.filter(({ reason }) => reason === 'committed').toSorted((a, b) => a.partition - b.partition),
    };
  } catch (error) {
    throw startFailure(error, { topics: [topic], groupId });
  } finally {
    await Promise.allSettled([admin.disconnect(), topics.disconnect()]);
  }
}
