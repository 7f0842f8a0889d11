/**
 * The sync log topic: one Avro record for each settled event, keyed by TikTok's `event_id`.
 *
 * An entry that the topic will not take for its size is written with its texts cut short: settlement waits for the
 * log, so a single entry must not stop it for ever.
 */

import type { SyncLogEntry } from '../core/sync-log-entry.ts';
import type { SyncLog } from '../ports.ts';
import { isTooLarge, type KafkaProducer, type OutgoingRecord } from './kafka-producer.ts';

/** Names of topics (249 characters at most) stay whole; all texts of an entry together are below 16 KiB. */
const LONGEST_CUT_TEXT = 256;

export class KafkaSyncLog implements SyncLog {
  readonly #producer: Pick<KafkaProducer, 'write'>;
  readonly #topic: string;
  readonly #encode: (entry: SyncLogEntry) => Buffer;

  /** `encode` frames an entry with its schema's id. */
  constructor(producer: Pick<KafkaProducer, 'write'>, topic: string, encode: (entry: SyncLogEntry) => Buffer) {
    this.#producer = producer;
    this.#topic = topic;
    this.#encode = encode;
  }

  async write(entries: readonly SyncLogEntry[]): Promise<void> {
    const records = entries.map(entry => this.#record(entry));
    try {
      await this.#producer.write(this.#topic, records);
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      // One of them, or too many at once: alone each either fits or is the one.
      for (const entry of entries) await this.#writeAlone(entry);
    }
  }

  #record(entry: SyncLogEntry): OutgoingRecord {
    return { key: entry.event_id, value: this.#encode(entry) };
  }

  async #writeAlone(entry: SyncLogEntry): Promise<void> {
    try {
      await this.#producer.write(this.#topic, [this.#record(entry)]);
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      await this.#producer.write(this.#topic, [this.#record(cutShort(entry))]);
    }
  }
}

function cutShort(entry: SyncLogEntry): SyncLogEntry {
  const fields = Object.entries(entry).map(([name, value]: [string, unknown]) => {
    return [name, typeof value === 'string' ? value.slice(0, LONGEST_CUT_TEXT) : value];
  });
  return Object.fromEntries(fields);
}
