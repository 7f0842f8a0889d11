/** What the looks at Kafka mean: brokers, what they advertise, topics, and what this client may do with them. */

import { TOPIC_ROLES, type TopicNames, type TopicRole } from '../core/topic-contract.ts';
import type { BrokerLook, GroupLook, Rights, TopicRights } from '../ports-doctor.ts';
import { type Finding, fine, found, many, skipped, troubled } from './doctor-findings.ts';
import type { TopicsReport } from './topics.ts';

export function judgeBrokers(looks: readonly BrokerLook[]): readonly Finding[] {
  return looks.map(look => {
    if (look.trouble === null) return fine('kafka.brokers', `${look.address} let this client in`);
    if (look.from === 'configured') return troubled('kafka.brokers', look.address, look.trouble);
    const advice =
      `The brokers advertise ${look.address} (advertised.listeners), and clients go there whatever kafka.brokers says. ` +
      'Make that address reachable from here, or have the listener advertise one that is.';
    const about = `${look.address}, which the brokers advertise`;
    return troubled('kafka.brokers', about, { ...look.trouble, code: 'ADVERTISED_UNREACHABLE', advice });
  });
}

export function isKafkaThere(looks: readonly BrokerLook[]): boolean {
  return looks.some(({ trouble }) => trouble === null);
}

export function judgeTopicsReport({ findings }: TopicsReport, names: TopicNames): readonly Finding[] {
  const wrong = findings.map(({ code, level, message, topic }) => {
    // The contract's own messages end in what to do.
    const [what = '', ...advice] = message.split(/(?<=[.:]) (?=[A-Z])/);
    const status = level === 'error' ? 'wrong' : 'warning';
    const todo = advice.length === 0 ? 'Add replicas, or accept that.' : advice.join(' ');
    return found('kafka.topics', status, code, `${topic} ${what.replace(/[.:]$/, '')}`, todo);
  });
  const sound = Object.values(names).filter(name => findings.every(({ topic }) => topic !== name));
  return sound.length === 0
    ? wrong
    : [fine('kafka.topics', `${many(sound.length, 'topic')} as wanted: ${sound.join(', ')}`), ...wrong];
}

/** What the service does with each topic. */
const NEEDED: Readonly<Record<TopicRole, readonly (keyof Rights)[]>> = {
  conversions: ['read'],
  revenueUpdates: ['read'],
  config: ['read'],
  // `dead-letters` reads it, and so does an automatic redrive.
  deadLetter: ['read', 'write'],
  syncLog: ['write'],
  connectionStatus: ['read', 'write'],
};

export function judgeRights(looks: readonly BrokerLook[], names: TopicNames): readonly Finding[] {
  const told = (looks.find(({ trouble }) => trouble === null)?.topics ?? []).filter(each => !isMissing(each));
  if (told.length === 0) return [skipped('kafka.rights', 'not looked at: none of the topics exists')];
  const byName = new Map(told.map(each => [each.topic, each]));
  const findings = TOPIC_ROLES.flatMap(role => judgeRight(names[role], NEEDED[role], byName.get(names[role])));
  if (findings.length > 0) return findings;
  const isTold = told.some(({ rights }) => rights !== null);
  if (isTold)
    return [
      fine('kafka.rights', 'this client may read and write what it must, as the broker tells of the topics there are'),
    ];
  return [skipped('kafka.rights', 'the broker does not tell (Kafka before 2.3)')];
}

function isMissing({ error }: TopicRights): boolean {
  return error === 'UNKNOWN_TOPIC_OR_PARTITION';
}

function judgeRight(topic: string, needed: readonly (keyof Rights)[], told: TopicRights | undefined): Finding[] {
  if (told?.error === 'TOPIC_AUTHORIZATION_FAILED') return [lacking(topic, ['describe', ...needed])];
  if (told === undefined || told.error !== null || told.rights === null) return [];
  const { rights } = told;
  const lacks = needed.filter(right => !rights[right]);
  return lacks.length === 0 ? [] : [lacking(topic, lacks)];
}

function lacking(topic: string, rights: readonly (keyof Rights)[]): Finding {
  const words = rights.map(right => right.toUpperCase()).join(', ');
  const advice = `Allow the client's user ${words} on the topic ${topic}.`;
  return found(
    'kafka.rights',
    'wrong',
    'RIGHT_MISSING',
    `${topic}: this client may not ${rights.join(' or ')}`,
    advice,
  );
}

/** Kafka's word for a group that it does not know would alarm. */
const STATES: Readonly<Record<string, string>> = { Dead: 'Kafka knows no such group' };

export function judgeGroup(look: GroupLook, groupId: string): readonly Finding[] {
  const check = 'kafka.group';
  if (look.error !== null || look.rights?.read === false) {
    const advice = `Allow the client's user READ and DESCRIBE on the group ${groupId}.`;
    const problem = look.error ?? 'this client may not read (join)';
    return [found(check, 'wrong', 'RIGHT_MISSING', `${groupId}: ${problem}`, advice)];
  }
  const members =
    look.members.length === 0
      ? 'no member: the service is not running, or not ready yet'
      : many(look.members.length, 'member');
  return [fine(check, `${groupId}: ${members} (${STATES[look.state] ?? look.state})`), ...judgePositions(look)];
}

function judgePositions({ partitions }: GroupLook): Finding[] {
  const committed = partitions.filter(({ reason }) => reason === 'committed' || reason === 'expired');
  const gone = partitions.filter(({ reason }) => reason === 'expired');
  const truncated = partitions.filter(({ reason }) => reason === 'truncated');
  const findings: Finding[] = [];
  if (committed.length > 0) {
    const behind = committed.reduce((sum, { end, start }) => sum + Math.max(0, end - start), 0);
    const on = many(committed.length, 'partition');
    findings.push(fine('kafka.lag', `${many(behind, 'record')} behind the end on ${on} with a committed offset`));
  }
  if (gone.length > 0) {
    const advice =
      'The records between are gone for good. Raise retention.ms of the topic, and keep the service running.';
    findings.push(
      found('kafka.lag', 'warning', 'RECORDS_EXPIRED', `unread records expired on ${placesOf(gone)}`, advice),
    );
  }
  if (truncated.length > 0) {
    const advice =
      'The topic was made anew or lost its tail: it is read from its beginning, and claims drop what was sent.';
    findings.push(
      found('kafka.lag', 'warning', 'LOG_TRUNCATED', `the group is ahead of the end on ${placesOf(truncated)}`, advice),
    );
  }
  return findings;
}

function placesOf(partitions: GroupLook['partitions']): string {
  const named = partitions.slice(0, 3).map(({ partition, topic }) => `${topic}/${partition}`);
  return named.join(', ') + (partitions.length > 3 ? ` and ${partitions.length - 3} more` : '');
}
