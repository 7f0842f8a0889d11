import { describe, expect, test } from 'vitest';
import { planTopics, type TopicNames, type TopicPlan } from '../../src/core/topic-contract.ts';
import { only, render } from './helm.ts';

const DEFAULT_NAMES: TopicNames = {
  conversions: 'sourceloop.conversions',
  revenueUpdates: 'sourceloop.revenue-updates',
  config: 'sourceloop.tiktok.config',
  deadLetter: 'sourceloop.tiktok.dead-letter',
  syncLog: 'sourceloop.tiktok.sync-log',
  connectionStatus: 'sourceloop.tiktok.connection-status',
};

interface TopicSpec {
  readonly topicName: string;
  readonly partitions: number;
  readonly replicas: number;
  readonly config: Readonly<Record<string, string>>;
}

function rendered(topics: object, strimzi: object, config: object = {}): readonly TopicSpec[] {
  const inline = { topics: { create: 'strimzi', ...topics, strimzi: { cluster: 'events', ...strimzi } }, config };
  const found = render({ inline }).filter(({ kind }) => kind === 'KafkaTopic');
  return found.map(object => object['spec'] as TopicSpec);
}

function planned(names: TopicNames, brokers: number, partitions: number): readonly TopicSpec[] {
  return planTopics(names, new Map(), brokers, partitions).map((plan: TopicPlan) => ({
    topicName: plan.topic,
    partitions: plan.partitions,
    replicas: plan.replicas,
    config: plan.settings,
  }));
}

describe('topics by Strimzi', () => {
  test('are those that `tiktok-sync topics ensure` would make', () => {
    expect(rendered({}, {})).toEqual(planned(DEFAULT_NAMES, 3, 12));
  });

  test('have the names, partitions and replicas that were asked for', () => {
    const names = { ...DEFAULT_NAMES, syncLog: 'ads.Sync_Log' };
    const specs = rendered({ partitions: 48 }, { replicas: 1 }, { topics: { syncLog: 'ads.Sync_Log' } });
    expect(specs).toEqual(planned(names, 1, 48));
  });

  test('leave the topics of others alone', () => {
    const own = planned(DEFAULT_NAMES, 3, 12).filter(({ topicName }) => topicName !== 'sourceloop.conversions');
    expect(rendered({ exclude: ['conversions'] }, {})).toEqual(own);
  });

  test.each(['kafka.strimzi.io/v1', 'kafka.strimzi.io/v1beta2'])('are written for %s', apiVersion => {
    const topics = { create: 'strimzi', strimzi: { cluster: 'events', apiVersion } };
    const objects = render({ inline: { topics } }).filter(({ kind }) => kind === 'KafkaTopic');
    expect(new Set(objects.map(object => object.apiVersion))).toEqual(new Set([apiVersion]));
  });
});

test('the hook Job asks for the partitions that were asked for', () => {
  const job = only(render({ inline: { topics: { create: 'job', partitions: 24 } } }), 'Job');
  const { spec } = job as unknown as { spec: { template: { spec: { containers: readonly [{ args: string[] }] } } } };
  expect(spec.template.spec.containers[0].args).toEqual(['topics', 'ensure', '--partitions', '24']);
});
