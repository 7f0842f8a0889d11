/**
 * What each topic has to be like, and what is wrong with the one that is there.
 *
 * Guarantee: a topic without an error-level finding loses nothing by its settings: no config entry expires, no event
 * is compacted away, and every dead letter fits.
 */

/** The part a topic plays. `conversions` and `revenueUpdates` belong to the producers. */
export const TOPIC_ROLES = [
  'conversions',
  'revenueUpdates',
  'config',
  'deadLetter',
  'syncLog',
  'connectionStatus',
] as const;
export type TopicRole = (typeof TOPIC_ROLES)[number];

export type TopicNames = Readonly<Record<TopicRole, string>>;

/** A topic as the cluster has it. */
export interface ActualTopic {
  readonly partitions: number;
  /** The smallest number of replicas of any partition. */
  readonly replicas: number;
  /** Settings by Kafka's names; `null` when this client may not read them. */
  readonly settings: Readonly<Record<string, string>> | null;
}

/** `error`: something will go wrong. `warning`: something can. */
export interface TopicFinding {
  readonly level: 'error' | 'warning';
  readonly code: TopicProblem;
  readonly topic: string;
  readonly role: TopicRole;
  /** What is wrong and what to do. */
  readonly message: string;
}

export type TopicProblem =
  | 'TOPIC_MISSING'
  | 'TOPIC_SETTINGS_UNREADABLE'
  | 'TOPIC_NOT_COMPACTED'
  | 'TOPIC_COMPACTED'
  | 'TOPIC_MESSAGES_TOO_SMALL'
  | 'TOPIC_TOO_FEW_REPLICAS'
  | 'TOPIC_TOO_FEW_IN_SYNC'
  | 'TOPIC_IN_SYNC_UNREACHABLE';

/** A topic to be made. */
export interface TopicPlan {
  readonly topic: string;
  readonly role: TopicRole;
  readonly partitions: number;
  readonly replicas: number;
  readonly settings: Readonly<Record<string, string>>;
}

/** Room for our headers and the framing beside the source record (headers are below 4 KiB). */
export const DEAD_LETTER_MARGIN_BYTES = 64 * 1024;
export const WANTED_REPLICAS = 3;
const WANTED_IN_SYNC = 2;
/** Kafka's default of `max.message.bytes`. */
const DEFAULT_MESSAGE_BYTES = 1_048_588;
const DAY_MS = 86_400_000;
/** TikTok takes events of up to 28 days; a letter that outlives that could not be sent any more. */
const DEAD_LETTER_RETENTION_MS = 30 * DAY_MS;

const COMPACTED: ReadonlySet<TopicRole> = new Set(['config', 'connectionStatus']);
const SOURCES = ['conversions', 'revenueUpdates'] as const;

/** Everything that is wrong, in the order of the roles. A topic that is not in `actual` is missing. */
export function judgeTopics(
  names: TopicNames,
  actual: ReadonlyMap<string, ActualTopic>,
  brokers: number,
): TopicFinding[] {
  return TOPIC_ROLES.flatMap(role => {
    const topic = names[role];
    const found = actual.get(topic);
    const findings =
      found === undefined
        ? [missing(role)]
        : [...judgeSettings(role, found, names, actual), ...judgeReplication(role, found, brokers)];
    return findings.map(finding => ({ ...finding, topic, role }));
  });
}

type Problem = Pick<TopicFinding, 'level' | 'code' | 'message'>;

function missing(role: TopicRole): Problem {
  if (role === 'connectionStatus') {
    const message =
      'does not exist: the state of a connection is not shared between replicas. Create it: tiktok-sync topics ensure';
    return { level: 'warning', code: 'TOPIC_MISSING', message };
  }
  return { level: 'error', code: 'TOPIC_MISSING', message: 'does not exist. Create it: tiktok-sync topics ensure' };
}

function judgeSettings(
  role: TopicRole,
  { settings }: ActualTopic,
  names: TopicNames,
  actual: ReadonlyMap<string, ActualTopic>,
): Problem[] {
  if (settings === null) {
    const message =
      'has settings that this client may not read. Allow it DESCRIBE_CONFIGS on the topic, or check them by hand';
    return [{ level: 'warning', code: 'TOPIC_SETTINGS_UNREADABLE', message }];
  }
  const problems = judgeCleanup(role, settings['cleanup.policy'] ?? 'delete');
  if (role === 'deadLetter') problems.push(...judgeLetterSize(settings, names, actual));
  return problems;
}

function judgeCleanup(role: TopicRole, policy: string): Problem[] {
  if (COMPACTED.has(role)) {
    if (policy === 'compact') return [];
    const message = `has cleanup.policy=${policy}: entries expire. Set cleanup.policy=compact`;
    return [{ level: 'error', code: 'TOPIC_NOT_COMPACTED', message }];
  }
  if (!policy.split(',').includes('compact')) return [];
  const message = `has cleanup.policy=${policy}: records with one key replace each other unread. Set cleanup.policy=delete`;
  return [{ level: 'error', code: 'TOPIC_COMPACTED', message }];
}

function judgeLetterSize(
  settings: Readonly<Record<string, string>>,
  names: TopicNames,
  actual: ReadonlyMap<string, ActualTopic>,
): Problem[] {
  const wanted = letterBytes(names, actual);
  const has = Number(settings['max.message.bytes'] ?? DEFAULT_MESSAGE_BYTES);
  if (has >= wanted) return [];
  const message = `has max.message.bytes=${has}: a large event could not be kept whole. Set it to ${wanted} or more (the event topics' limit and 64 KiB)`;
  return [{ level: 'error', code: 'TOPIC_MESSAGES_TOO_SMALL', message }];
}

function letterBytes(names: TopicNames, actual: ReadonlyMap<string, ActualTopic>): number {
  const limits = SOURCES.map(role => actual.get(names[role])?.settings?.['max.message.bytes']);
  return Math.max(...limits.map(limit => Number(limit ?? DEFAULT_MESSAGE_BYTES))) + DEAD_LETTER_MARGIN_BYTES;
}

/** Of the topics we write, the dead-letter topic must not lose anything; the others can be made anew. */
function judgeReplication(role: TopicRole, { replicas, settings }: ActualTopic, brokers: number): Problem[] {
  if (role === 'conversions' || role === 'revenueUpdates') return [];
  const inSync = Number(settings?.['min.insync.replicas'] ?? 1);
  if (inSync > replicas) {
    const message = `has ${replicas} replicas but min.insync.replicas=${inSync}: nothing can be written. Lower it, or add replicas`;
    return [{ level: 'error', code: 'TOPIC_IN_SYNC_UNREACHABLE', message }];
  }
  const level = role === 'deadLetter' && brokers >= WANTED_REPLICAS ? 'error' : 'warning';
  const problems: Problem[] = [];
  if (replicas < WANTED_REPLICAS) {
    const message = `has ${replicas} of ${WANTED_REPLICAS} replicas (the cluster has ${brokers} brokers): a broker's disk may take acknowledged records with it`;
    problems.push({ level, code: 'TOPIC_TOO_FEW_REPLICAS', message });
  } else if (inSync < WANTED_IN_SYNC) {
    const message = `has min.insync.replicas=${inSync}: a record may be acknowledged by one broker alone. Set it to ${WANTED_IN_SYNC}`;
    problems.push({ level, code: 'TOPIC_TOO_FEW_IN_SYNC', message });
  }
  return problems;
}

/** How to make the topics that are missing. `partitions` counts for all but the compacted ones, which have one. */
export function planTopics(
  names: TopicNames,
  actual: ReadonlyMap<string, ActualTopic>,
  brokers: number,
  partitions: number,
): TopicPlan[] {
  const replicas = Math.min(WANTED_REPLICAS, brokers);
  const inSync = { 'min.insync.replicas': String(replicas >= WANTED_REPLICAS ? WANTED_IN_SYNC : 1) };
  return TOPIC_ROLES.filter(role => !actual.has(names[role])).map(role => {
    const settings = { ...inSync, ...ownSettings(role, names, actual) };
    return { topic: names[role], role, replicas, settings, partitions: COMPACTED.has(role) ? 1 : partitions };
  });
}

function ownSettings(
  role: TopicRole,
  names: TopicNames,
  actual: ReadonlyMap<string, ActualTopic>,
): Record<string, string> {
  // Segments are closed daily, so that compaction, which leaves the open one alone, gets on.
  if (COMPACTED.has(role)) return { 'cleanup.policy': 'compact', 'segment.ms': String(DAY_MS) };
  if (role !== 'deadLetter') return { 'cleanup.policy': 'delete' };
  return {
    'cleanup.policy': 'delete',
    'retention.ms': String(DEAD_LETTER_RETENTION_MS),
    'max.message.bytes': String(letterBytes(names, actual)),
  };
}
