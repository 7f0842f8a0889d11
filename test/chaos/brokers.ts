/** What operators do to a cluster that works: restart its brokers one after the other, and move replicas about. */

import type { Admin } from 'kafkajs';
import { eventually } from '../../sandbox/eventually.ts';
import type { Stack } from '../../sandbox/stack.ts';

const OFFSETS_TOPIC = '__consumer_offsets';
const PATIENCE_MS = 90_000;

/** Restarts every broker by SIGTERM, the next one only when all replicas are in sync again. */
export async function rollingRestart(
  stack: Stack,
  size: number,
  admin: Admin,
  topics: readonly string[],
): Promise<void> {
  for (let i = 0; i < size; i++) {
    const broker = stack.broker(i);
    await broker.stop('SIGTERM');
    await broker.start();
    await allInSync(admin, topics);
  }
}

/** Waits until every replica of these topics and of the committed offsets is in sync. */
async function allInSync(admin: Admin, topics: readonly string[]): Promise<void> {
  await eventually(
    'all replicas in sync',
    async () => {
      const metadata = await admin.fetchTopicMetadata({ topics: [...topics, OFFSETS_TOPIC] });
      const partitions = metadata.topics.flatMap(topic => topic.partitions);
      return (
        partitions.length > 0 &&
        partitions.every(({ isr, leader, replicas }) => leader >= 0 && isr.length === replicas.length)
      );
    },
    PATIENCE_MS,
  );
}

/** Moves every partition of these topics, and the committed offsets, to `replicas`; the first one is to lead. */
export async function reassign(admin: Admin, topics: readonly string[], replicas: readonly number[]): Promise<void> {
  const { topics: found } = await admin.fetchTopicMetadata({ topics: [...topics, OFFSETS_TOPIC] });
  const assignments = found.map(({ name, partitions }) => ({
    topic: name,
    partitionAssignment: partitions.map(({ partitionId }) => ({ partition: partitionId, replicas: [...replicas] })),
  }));
  // One of the brokers may have just changed: asked again until the controller takes it.
  await eventually('the reassignment taken', async () => {
    await admin.alterPartitionReassignments({ topics: assignments });
    return true;
  });
  await eventually(
    'no reassignment under way',
    async () => {
      const wanted = assignments.map(({ topic, partitionAssignment }) => {
        return { topic, partitions: partitionAssignment.map(({ partition }) => partition) };
      });
      const { topics: moving } = await admin.listPartitionReassignments({ topics: wanted });
      return moving.every(({ partitions }) => partitions.length === 0);
    },
    PATIENCE_MS,
  );
  await allInSync(admin, topics);
}
