/** `apply`, `get` and `delete` on the real config topic: connects, lets `control/` decide, disconnects. */

import { systemClock } from './adapters/clock.ts';
import { KafkaConfigTopic } from './adapters/config-topic.ts';
import { KafkaConfigSnapshot } from './adapters/kafka-config-snapshot.ts';
import { KafkaProducer } from './adapters/kafka-producer.ts';
import { readSchemas } from './adapters/schema-files.ts';
import { createQuietKafka, createRegistry } from './clients.ts';
import type { TopicSections } from './config-topic-sections.ts';
import { type ApplyRequest, runApply } from './control/apply.ts';
import { type DeleteRequest, runDelete } from './control/delete-entry.ts';
import type { ExitCode } from './control/exit-codes.ts';
import { type GetRequest, runGet } from './control/get.ts';
import type { Host, Terminal } from './control/host.ts';
import { noteWhileWaiting } from './control/waiting-note.ts';
import { pause } from './pause.ts';
import type { ConfigTopic } from './ports.ts';

const WRITE_GIVE_UP_MS = 30_000;
const DISCONNECT_MS = 1_000;

export function applyFile(request: ApplyRequest, config: TopicSections, host: Host): Promise<ExitCode> {
  const withTopic = <T>(use: (topic: ConfigTopic) => Promise<T>) => withConfigTopic(config, use, host.err);
  return runApply(request, { schemas: readSchemas(), clock: systemClock, withTopic }, host);
}

export function getEntries(request: GetRequest, config: TopicSections, host: Host): Promise<ExitCode> {
  return withConfigTopic(config, topic => runGet(request, topic, host), host.err);
}

export function deleteEntry(request: DeleteRequest, config: TopicSections, host: Host): Promise<ExitCode> {
  const withTopic = <T>(use: (topic: ConfigTopic) => Promise<T>) => withConfigTopic(config, use, host.err);
  return runDelete(request, { clock: systemClock, withTopic }, host);
}

/**
 * Connects for as long as `use` takes.
 * @throws CodedError `TOPICS_WRONG` or `DEPENDENCY_UNREACHABLE`.
 */
export async function withConfigTopic<T>(
  { kafka, registry, topics }: TopicSections,
  use: (topic: ConfigTopic) => Promise<T>,
  err: Terminal,
): Promise<T> {
  const options = { compression: 'none', giveUpAfterMs: WRITE_GIVE_UP_MS } as const;
  const topic = new KafkaConfigTopic({
    snapshot: new KafkaConfigSnapshot(createQuietKafka(kafka, 'config'), topics.config, systemClock),
    producer: new KafkaProducer(createQuietKafka(kafka, 'producer'), options, systemClock),
    registry: createRegistry(registry),
    schemas: readSchemas(),
    topic: topics.config,
    brokers: kafka.brokers,
  });
  try {
    await noteWhileWaiting(topic.connect(), `Kafka at ${kafka.brokers.join(', ')}`, systemClock, err);
    return await use(topic);
  } finally {
    // It waits for what is still asked, which a broker that hangs never answers.
    await Promise.race([topic.disconnect(), pause(systemClock, DISCONNECT_MS)]);
  }
}
