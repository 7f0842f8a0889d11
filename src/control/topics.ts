/** `tiktok-sync topics ensure|check`: makes the topics, or says precisely what is wrong with them. */

import { judgeTopics, planTopics, type TopicFinding, type TopicNames } from '../core/topic-contract.ts';
import type { TopicAdmin } from '../ports.ts';

export interface TopicsReport {
  /** Topics that were made now. */
  readonly created: readonly string[];
  readonly findings: readonly TopicFinding[];
  /** Whether the service can run on them: nothing of level `error`. */
  readonly ok: boolean;
}

/** Looks, and changes nothing. */
export async function checkTopics(names: TopicNames, admin: TopicAdmin): Promise<TopicsReport> {
  const [brokers, actual] = await Promise.all([admin.brokerCount(), admin.describe(Object.values(names))]);
  return report([], judgeTopics(names, actual, brokers));
}

/** Makes what is missing, leaves what exists as it is, and says what is wrong with either. */
export async function ensureTopics(names: TopicNames, admin: TopicAdmin, partitions: number): Promise<TopicsReport> {
  const [brokers, before] = await Promise.all([admin.brokerCount(), admin.describe(Object.values(names))]);
  const plans = planTopics(names, before, brokers, partitions);
  if (plans.length > 0) await admin.create(plans);
  const { findings } = await checkTopics(names, admin);
  return report(
    plans.map(({ topic }) => topic),
    findings,
  );
}

/** One line for each thing made or found, errors first. */
export function topicLines({ created, findings, ok }: TopicsReport): string[] {
  const made = created.map(topic => `created  ${topic}`);
  const found = findings
    .toSorted((a, b) => a.level.localeCompare(b.level))
    .map(({ level, code, topic, message }) => `${level.padEnd(8)} ${topic} ${message} [${code}]`);
  return [...made, ...found, ok ? 'The topics are as they should be.' : 'The topics are not as they should be.'];
}

function report(created: readonly string[], findings: readonly TopicFinding[]): TopicsReport {
  return { created, findings, ok: findings.every(({ level }) => level !== 'error') };
}
