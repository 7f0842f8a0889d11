/** `topics ensure|check` on the real cluster: connects, lets `control/topics.ts` judge, says what was found. */

import { systemClock } from './adapters/clock.ts';
import { unreachable } from './adapters/kafka-refusal.ts';
import { KafkaTopics } from './adapters/kafka-topics.ts';
import { createQuietKafka } from './clients.ts';
import type { Config } from './config.ts';
import { EXIT, type ExitCode } from './control/exit-codes.ts';
import type { Host } from './control/host.ts';
import { checkTopics, ensureTopics, type TopicsReport, topicLines } from './control/topics.ts';
import { noteWhileWaiting } from './control/waiting-note.ts';
import type { TopicAdmin } from './ports.ts';

export type TopicsNeeds = Pick<Config, 'kafka' | 'topics'>;

export interface TopicsRequest {
  readonly action: 'ensure' | 'check';
  /** Partitions of each topic that is created. */
  readonly partitions: number;
  readonly json: boolean;
}

export async function runTopics(request: TopicsRequest, config: TopicsNeeds, host: Host): Promise<ExitCode> {
  const { kafka, topics: names } = config;
  const asked = withTopicAdmin(kafka, topics =>
    request.action === 'check' ? checkTopics(names, topics) : ensureTopics(names, topics, request.partitions),
  );
  const report = await noteWhileWaiting(asked, `Kafka at ${kafka.brokers.join(', ')}`, systemClock, host.err);
  const text = request.json ? JSON.stringify(report, null, 2) : topicLines(report).join('\n');
  host.out.write(`${text}\n`);
  return report.ok ? EXIT.ok : EXIT.foundWrong;
}

/**
 * Connects for as long as `use` takes.
 * @throws CodedError `DEPENDENCY_UNREACHABLE` when Kafka cannot be reached or does not let itself be asked.
 */
export async function withTopicAdmin(
  kafka: Config['kafka'],
  use: (topics: TopicAdmin) => Promise<TopicsReport>,
): Promise<TopicsReport> {
  const topics = new KafkaTopics(createQuietKafka(kafka, 'topics'), systemClock);
  try {
    await topics.connect();
    return await use(topics);
  } catch (error) {
    throw unreachable(kafka.brokers, error);
  } finally {
    await topics.disconnect().catch(() => {});
  }
}
