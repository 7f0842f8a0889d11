/** The sync log topic: one Avro record for each settled event, keyed by TikTok's `event_id`. */

import type { SyncLogEntry } from '../core/sync-log-entry.ts';
import type { SyncLog } from '../ports.ts';
import type { KafkaProducer } from './kafka-producer.ts';

export class KafkaSyncLog implements SyncLog {
  readonly #producer: KafkaProducer;
  readonly #topic: string;
  readonly #encode: (entry: SyncLogEntry) => Buffer;

  /** `encode` frames an entry with its schema's id. */
  constructor(producer: KafkaProducer, topic: string, encode: (entry: SyncLogEntry) => Buffer) {
    this.#producer = producer;
    this.#topic = topic;
    this.#encode = encode;
  }

  async write(entries: readonly SyncLogEntry[]): Promise<void> {
    const records = entries.map(entry => ({ key: entry.event_id, value: this.#encode(entry) }));
    await this.#producer.write(this.#topic, records);
  }
}
