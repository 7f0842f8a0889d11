/** Where the consumer group stands, and from where a first start would read: asked, and left as it is. */

import type { Kafka } from 'kafkajs';
import type { Clock } from '../ports.ts';
import type { GroupLook, PartitionLook } from '../ports-doctor.ts';
import { GroupOffsets, type StartFrom } from './kafka-group-offsets.ts';
import { clusterOf } from './kafka-internals.ts';
import { patiently } from './kafka-patience.ts';
import { askGroup, type GroupTold } from './kafka-rights.ts';

export interface GroupQuestion {
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly startFrom: StartFrom;
  /** Epoch milliseconds; records before that are too old to be sent. */
  readonly freshFrom: number;
}

/** `kafka`: a client of its own. Rejects with the client's own error. */
export async function lookAtGroup(kafka: Kafka, question: GroupQuestion, clock: Clock): Promise<GroupLook> {
  const [told, partitions] = await Promise.all([
    describe(kafka, question.groupId, clock),
    patiently(clock, () => positions(kafka, question)),
  ]);
  return { ...told, partitions };
}

async function describe(kafka: Kafka, groupId: string, clock: Clock): Promise<GroupTold> {
  const cluster = clusterOf(kafka);
  try {
    await cluster.connect();
    await cluster.refreshMetadata();
    const ask = async () => askGroup(await cluster.findGroupCoordinator({ groupId, rejoin: false }), groupId);
    return await patiently(clock, ask, () => cluster.refreshMetadata());
  } finally {
    void cluster.disconnect().catch(() => {});
  }
}

async function positions(kafka: Kafka, question: GroupQuestion): Promise<PartitionLook[]> {
  const { freshFrom, groupId, startFrom, topics } = question;
  if (topics.length === 0) return [];
  const admin = kafka.admin();
  try {
    await admin.connect();
    const offsets = new GroupOffsets(admin, groupId, topics);
    await offsets.fixStart(startFrom);
    const ranges = (await Promise.all(topics.map(topic => offsets.ranges(topic)))).flat();
    const starts = await offsets.starts(ranges);
    const fresh = await firstFresh(topics, topic => admin.fetchTopicOffsetsByTimestamp(topic, freshFrom));
    return starts.map(({ offset, partition, reason, topic }) => {
      const end = ranges.find(range => range.topic === topic && range.partition === partition)?.end ?? offset;
      return { topic, partition, start: offset, reason, end, firstFresh: fresh.get(`${topic}/${partition}`) ?? end };
    });
  } finally {
    void admin.disconnect().catch(() => {});
  }
}

async function firstFresh(
  topics: readonly string[],
  ask: (topic: string) => Promise<readonly { readonly partition: number; readonly offset: string }[]>,
): Promise<Map<string, number>> {
  const perTopic = topics.map(async topic =>
    (await ask(topic)).map(({ offset, partition }) => [`${topic}/${partition}`, Number(offset)] as const),
  );
  return new Map((await Promise.all(perTopic)).flat());
}
