/**
 * Reads the compacted config topic, all of it and then on, in every process by itself and without a consumer group.
 * It never gives up: without it the service would go on with an old table for good.
 */

import type { Kafka } from 'kafkajs';
import type { SourceRecord } from '../core/record.ts';
import type { Clock, Telemetry } from '../ports.ts';
import { KafkaGrouplessTopic } from './kafka-groupless-topic.ts';
import { kafkaErrorCode } from './kafka-internals.ts';
import { startFailure } from './kafka-start-failure.ts';
import { type FollowerOptions, KafkaTopicFollower } from './kafka-topic-follower.ts';

/** A record of the config topic; the key is read as UTF-8. */
export interface ConfigTopicRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  /** `null` deletes the key. A slice of the fetch response: copy before keeping. */
  readonly value: Buffer | null;
}

/** Who keeps the table. */
export interface ConfigTopicReader {
  /** Takes the records of a partition one after another; `retry` has the same record come again later. Must not reject. */
  apply(record: ConfigTopicRecord): Promise<'applied' | 'retry'>;
  /** Called once: everything that was in the topic at the start has been applied. */
  caughtUp(): void;
  /** What comes of the partition from here on is read anew, from this first offset: it may be another topic's. */
  rereading(partition: number, first: number): void;
  /** That has been read to its end. */
  reread(partition: number): void;
}

export type KafkaConfigTableOptions = FollowerOptions & { readonly topic: string };

export interface KafkaConfigTableParts {
  /** A client of its own. */
  readonly kafka: Kafka;
  readonly clock: Clock;
  readonly telemetry: Pick<Telemetry, 'notice'>;
}

export interface ConfigTableStatus {
  readonly caughtUp: boolean;
  /** Milliseconds since the brokers were last heard of; the table may be that old. `null` before the first time. */
  readonly sinceContactMs: number | null;
}

/** A leader that moves is no news; longer than this is. */
const SILENCE_MS = 5_000;

export class KafkaConfigTable {
  readonly #topic: string;
  readonly #parts: KafkaConfigTableParts;
  readonly #log: KafkaGrouplessTopic;
  readonly #follower: KafkaTopicFollower;
  #reader: ConfigTopicReader | null = null;
  /** The last contact before the silence that was told. */
  #toldOf: number | null = null;

  constructor({ topic, ...options }: KafkaConfigTableOptions, parts: KafkaConfigTableParts) {
    this.#topic = topic;
    this.#parts = parts;
    this.#log = new KafkaGrouplessTopic(parts.kafka, topic, parts.clock);
    const listener = {
      apply: (record: SourceRecord) => this.#apply(record),
      caughtUp: () => this.#reader?.caughtUp(),
      rereading: (partition: number, first: number) => this.#reader?.rereading(partition, first),
      reread: (partition: number) => this.#reader?.reread(partition),
      failed: (error: unknown) => this.#failed(error),
    };
    this.#follower = new KafkaTopicFollower(this.#log, options, listener, parts.clock);
  }

  /** Starts reading; resolves before the end is reached (`caughtUp` tells). Rejects when the topic cannot be read at all. */
  async start(reader: ConfigTopicReader): Promise<void> {
    this.#reader = reader;
    try {
      await this.#log.connect();
      await this.#follower.start();
    } catch (error) {
      throw startFailure(error, { topics: [this.#topic], groupId: null });
    }
  }

  async stop(): Promise<void> {
    await Promise.allSettled([this.#follower.stop()]);
  }

  /** Whether all that the topic holds now has been applied; false where Kafka does not say. */
  async isAtEnd(): Promise<boolean> {
    return this.#follower.isAtEnd().catch(() => false);
  }

  status(): ConfigTableStatus {
    const lastContact = this.#follower.lastContact();
    const sinceContactMs = lastContact === null ? null : this.#parts.clock.monotonic() - lastContact;
    return { caughtUp: this.#follower.isCaughtUp, sinceContactMs };
  }

  async #apply({ partition, offset, key, value }: SourceRecord): Promise<'applied' | 'retry'> {
    try {
      const record = { partition, offset, key: key === null ? null : key.toString('utf8'), value };
      return (await this.#reader?.apply(record)) ?? 'retry';
    } catch (error) {
      const message = `a record of ${this.#topic} could not be applied: ${kafkaErrorCode(error)}`;
      this.#parts.telemetry.notice('error', 'KAFKA_CONFIG_RECORD_FAILED', message);
      return 'retry';
    }
  }

  /** Says it once for each silence. */
  #failed(error: unknown): void {
    const lastContact = this.#follower.lastContact();
    if (lastContact === null || lastContact === this.#toldOf) return;
    if (this.#parts.clock.monotonic() - lastContact < SILENCE_MS) return;
    this.#toldOf = lastContact;
    const message = `reading ${this.#topic} fails (${kafkaErrorCode(error)}); the last table stays in use, trying on`;
    this.#parts.telemetry.notice('error', 'KAFKA_CONFIG_TOPIC_FAILED', message);
  }
}
