/**
 * The status topic: reads the newest state of every connection, writes those of this replica.
 *
 * Connects at the first use and not before, and tries again where that failed: the service works without it.
 */

import type { AvroSchemaJson } from '../core/avro-types.ts';
import { type StatusRecord, statusKey } from '../core/connection-status-record.ts';
import { RecordEncoder } from '../core/encode.ts';
import { valueSubject } from '../core/schema-contract.ts';
import type { Clock, ConnectionStatusTopic, StatusRecords } from '../ports.ts';
import { createKafka, type KafkaClientOptions } from './kafka-client.ts';
import { KafkaConfigSnapshot } from './kafka-config-snapshot.ts';
import type { KafkaProducer } from './kafka-producer.ts';

export interface KafkaConnectionStatusOptions {
  readonly kafka: KafkaClientOptions;
  readonly topic: string;
  readonly schema: AvroSchemaJson;
}

export interface KafkaConnectionStatusParts {
  readonly producer: Pick<KafkaProducer, 'write'>;
  /** The id to write a schema with; rejects while the registry cannot be asked. */
  readonly registry: { idOf(subject: string, schema: AvroSchemaJson): Promise<number> };
  readonly clock: Clock;
}

export class KafkaConnectionStatus implements ConnectionStatusTopic {
  readonly #topic: string;
  readonly #schema: AvroSchemaJson;
  readonly #parts: KafkaConnectionStatusParts;
  readonly #encoder: RecordEncoder;
  readonly #snapshot: KafkaConfigSnapshot;
  #isConnected = false;
  #schemaId: number | null = null;

  constructor({ kafka, topic, schema }: KafkaConnectionStatusOptions, parts: KafkaConnectionStatusParts) {
    this.#topic = topic;
    this.#schema = schema;
    this.#parts = parts;
    this.#encoder = new RecordEncoder(schema);
    // What the client logs on its way to a failure is said once, by the failure.
    const client = createKafka(kafka, 'connection-status', { notice: () => undefined });
    this.#snapshot = new KafkaConfigSnapshot(client, topic, parts.clock);
  }

  async read(): Promise<StatusRecords> {
    if (!this.#isConnected) await this.#snapshot.connect();
    this.#isConnected = true;
    return this.#snapshot.read();
  }

  async write(changes: ReadonlyMap<string, StatusRecord | null>): Promise<void> {
    const { producer, registry } = this.#parts;
    const schemaId = this.#schemaId ?? (await registry.idOf(valueSubject(this.#topic), this.#schema));
    this.#schemaId = schemaId;
    const records = [...changes].map(([connectionId, record]) => {
      return { key: statusKey(connectionId), value: record === null ? null : this.#encoder.framed(schemaId, record) };
    });
    await producer.write(this.#topic, records);
  }

  /** Lets go of the connection; not of the producer, which others use. */
  async close(): Promise<void> {
    await this.#snapshot.disconnect();
  }
}
