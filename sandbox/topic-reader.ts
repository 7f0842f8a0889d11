/**
 * Follows a topic from its beginning and keeps what it reads, for tests and the demo.
 */

import { randomUUID } from 'node:crypto';
import type { Consumer, IHeaders } from 'kafkajs';
import { sandboxKafka } from './kafka.ts';

export interface ReadRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  /** The key as it is, for one that is not UTF-8. */
  readonly keyBytes: Buffer | null;
  readonly value: Buffer | null;
  /** Values as text; a name with several values holds all of them. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** Values as they are. */
  readonly headerBytes: Readonly<IHeaders>;
}

export class TopicReader {
  readonly records: ReadRecord[] = [];
  readonly #consumer: Consumer;

  private constructor(consumer: Consumer) {
    this.#consumer = consumer;
  }

  static async follow(brokers: string, topic: string): Promise<TopicReader> {
    const consumer = sandboxKafka(brokers).consumer({ groupId: `sandbox-${randomUUID()}`, maxWaitTimeInMs: 200 });
    const reader = new TopicReader(consumer);
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: ({ partition, message }) => {
        const { key: keyBytes, offset, value, headers: headerBytes = {} } = message;
        reader.records.push({
          partition,
          offset: Number(offset),
          key: keyBytes?.toString() ?? null,
          keyBytes,
          value,
          headers: textHeaders(headerBytes),
          headerBytes,
        });
        return Promise.resolve();
      },
    });
    return reader;
  }

  async close(): Promise<void> {
    await this.#consumer.disconnect();
  }
}

/** Header values as text. */
export function textHeaders(headers: Readonly<IHeaders>): Record<string, string | string[]> {
  const text: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) text[name] = Array.isArray(value) ? value.map(String) : value.toString();
  }
  return text;
}
