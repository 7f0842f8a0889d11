/** Topics as Kafka has them: describes and creates. */

import type { Admin, Kafka } from 'kafkajs';
import type { ActualTopic, TopicPlan } from '../core/topic-contract.ts';
import { pause } from '../pause.ts';
import type { Clock, TopicAdmin } from '../ports.ts';

/** `ConfigResourceTypes.TOPIC`. */
const TOPIC_RESOURCE = 2;
const SETTINGS = ['cleanup.policy', 'max.message.bytes', 'min.insync.replicas', 'retention.ms'];
const VISIBLE_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 200;

export class KafkaTopics implements TopicAdmin {
  readonly #admin: Admin;
  readonly #clock: Clock;

  constructor(kafka: Kafka, clock: Clock) {
    this.#admin = kafka.admin();
    this.#clock = clock;
  }

  connect(): Promise<void> {
    return this.#admin.connect();
  }

  disconnect(): Promise<void> {
    return this.#admin.disconnect();
  }

  async brokerCount(): Promise<number> {
    return (await this.#admin.describeCluster()).brokers.length;
  }

  async describe(topics: readonly string[]): Promise<ReadonlyMap<string, ActualTopic>> {
    const existing = new Set(await this.#admin.listTopics());
    const present = topics.filter(topic => existing.has(topic));
    if (present.length === 0) return new Map();
    const metadata = await this.#admin.fetchTopicMetadata({ topics: present });
    const settings = await Promise.all(present.map(topic => this.#settings(topic)));
    const byTopic = new Map(present.map((topic, index) => [topic, settings[index] ?? null]));
    return new Map(
      metadata.topics.map(({ name, partitions }) => {
        const replicas = Math.min(...partitions.map(partition => partition.replicas.length));
        return [name, { partitions: partitions.length, replicas, settings: byTopic.get(name) ?? null }];
      }),
    );
  }

  /**
   * kafkajs's own waiting for leaders gives up on a cluster whose brokers learn of a topic one after another, though
   * the topic was made; so what counts is that it can be seen, with leaders, a little later.
   */
  async create(plans: readonly TopicPlan[]): Promise<void> {
    const topics = plans.map(({ topic, partitions, replicas, settings }) => ({
      topic,
      numPartitions: partitions,
      replicationFactor: replicas,
      configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
    }));
    await this.#admin.createTopics({ waitForLeaders: false, topics });
    const giveUpAt = this.#clock.monotonic() + VISIBLE_WITHIN_MS;
    while (!(await this.#allLed(plans))) {
      if (this.#clock.monotonic() > giveUpAt) {
        throw new Error(
          `KAFKA_TOPICS_INVISIBLE: ${plans.map(({ topic }) => topic).join(', ')} did not come up in time`,
        );
      }
      await pause(this.#clock, LOOK_EVERY_MS);
    }
  }

  async #allLed(plans: readonly TopicPlan[]): Promise<boolean> {
    try {
      const { topics } = await this.#admin.fetchTopicMetadata({ topics: plans.map(({ topic }) => topic) });
      return topics.every(({ partitions }) => partitions.length > 0 && partitions.every(({ leader }) => leader >= 0));
    } catch {
      // Unknown to the broker that was asked: not yet.
      return false;
    }
  }

  async #settings(topic: string): Promise<Record<string, string> | null> {
    try {
      const resources = [{ type: TOPIC_RESOURCE, name: topic, configNames: SETTINGS }];
      const answer = await this.#admin.describeConfigs({ includeSynonyms: false, resources });
      const entries = answer.resources.flatMap(({ configEntries }) => configEntries);
      return Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue]));
    } catch {
      // Describing settings is a permission of its own, and not needed to run.
      return null;
    }
  }
}
