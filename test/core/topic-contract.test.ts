import { describe, expect, it } from 'vitest';
import {
  type ActualTopic,
  judgeTopics,
  planTopics,
  TOPIC_ROLES,
  type TopicNames,
} from '../../src/core/topic-contract.ts';

const names = Object.fromEntries(TOPIC_ROLES.map(role => [role, role])) as TopicNames;
const plain = { 'cleanup.policy': 'delete', 'max.message.bytes': '1048588', 'min.insync.replicas': '2' };
const sound: Readonly<Record<string, ActualTopic>> = {
  conversions: { partitions: 12, replicas: 3, settings: plain },
  revenueUpdates: { partitions: 12, replicas: 3, settings: plain },
  config: { partitions: 1, replicas: 3, settings: { ...plain, 'cleanup.policy': 'compact' } },
  deadLetter: { partitions: 12, replicas: 3, settings: { ...plain, 'max.message.bytes': '1114124' } },
  syncLog: { partitions: 12, replicas: 3, settings: plain },
  connectionStatus: { partitions: 1, replicas: 3, settings: { ...plain, 'cleanup.policy': 'compact' } },
};

function judged(changes: Readonly<Record<string, ActualTopic | null>>, brokers = 3): string[] {
  const entries = Object.entries({ ...sound, ...changes }).flatMap(([name, topic]) =>
    topic ? [[name, topic] as const] : [],
  );
  return judgeTopics(names, new Map(entries), brokers).map(({ level, role, code }) => `${level} ${role} ${code}`);
}

function changed(role: string, settings: Record<string, string>, replicas = 3): Record<string, ActualTopic> {
  return { [role]: { ...sound[role]!, replicas, settings: { ...sound[role]!.settings, ...settings } } };
}

describe('the contract of the topics', () => {
  it('finds nothing wrong with sound topics', () => {
    expect(judged({})).toEqual([]);
  });

  it('misses every topic, the connection status only as a warning', () => {
    expect(judged({ conversions: null })).toEqual(['error conversions TOPIC_MISSING']);
    expect(judged({ connectionStatus: null })).toEqual(['warning connectionStatus TOPIC_MISSING']);
  });

  it('wants entries to be compacted and never deleted, events the other way round', () => {
    expect(judged(changed('config', { 'cleanup.policy': 'compact,delete' }))).toEqual([
      'error config TOPIC_NOT_COMPACTED',
    ]);
    expect(judged(changed('conversions', { 'cleanup.policy': 'compact' }))).toEqual([
      'error conversions TOPIC_COMPACTED',
    ]);
    expect(judged(changed('deadLetter', { 'cleanup.policy': 'delete,compact' }))).toEqual([
      'error deadLetter TOPIC_COMPACTED',
    ]);
  });

  it('wants room in the dead-letter topic for the largest event with its headers', () => {
    expect(judged(changed('revenueUpdates', { 'max.message.bytes': '1048589' }))).toEqual([
      'error deadLetter TOPIC_MESSAGES_TOO_SMALL',
    ]);
  });

  it('wants three replicas, two in sync, of the letters; a warning where there are fewer brokers', () => {
    expect(judged(changed('deadLetter', {}, 2))).toEqual(['error deadLetter TOPIC_TOO_FEW_REPLICAS']);
    expect(judged(changed('deadLetter', {}, 2), 2)).toEqual(['warning deadLetter TOPIC_TOO_FEW_REPLICAS']);
    expect(judged(changed('deadLetter', { 'min.insync.replicas': '1' }))).toEqual([
      'error deadLetter TOPIC_TOO_FEW_IN_SYNC',
    ]);
    expect(judged(changed('syncLog', { 'min.insync.replicas': '1' }))).toEqual([
      'warning syncLog TOPIC_TOO_FEW_IN_SYNC',
    ]);
    expect(judged(changed('syncLog', {}, 1))).toEqual(['error syncLog TOPIC_IN_SYNC_UNREACHABLE']);
  });

  it('only warns where the settings may not be read', () => {
    expect(judged({ config: { ...sound['config' as const]!, settings: null } })).toContain(
      'warning config TOPIC_SETTINGS_UNREADABLE',
    );
  });

  it('plans what it would find nothing wrong with, on one broker and on three', () => {
    for (const brokers of [1, 3]) {
      const plans = planTopics(names, new Map(), brokers, 6);
      const made = new Map(
        plans.map(({ topic, partitions, replicas, settings }) => [topic, { partitions, replicas, settings }]),
      );
      const levels = judgeTopics(names, made, brokers).map(({ level }) => level);
      expect(levels.filter(level => level === 'error' || brokers === 3)).toEqual([]);
      expect(made.get('config')!.partitions).toBe(1);
      expect(made.get('syncLog')!.partitions).toBe(6);
    }
  });
});
