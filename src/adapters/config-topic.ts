/**
 * The config topic for commands: a snapshot of it, decoded, and entries written as the service's own upstream would
 * write them, under schemas of ours that are registered where they are missing.
 */

import type { ConfigSchemas } from '../core/decode-config.ts';
import { RecordEncoder } from '../core/encode.ts';
import type { EntryKind } from '../core/entry-fields.ts';
import { CodedError, messageOf } from '../core/error-codes.ts';
import { recordSubject } from '../core/schema-contract.ts';
import { createStoredConfigDecoder, readStoredConfig, type StoredConfig } from '../core/stored-config.ts';
import type { ConfigTopic, EntryToWrite } from '../ports.ts';
import type { KafkaConfigSnapshot } from './kafka-config-snapshot.ts';
import type { KafkaProducer, OutgoingRecord } from './kafka-producer.ts';
import { unreachable } from './kafka-refusal.ts';
import { learnNeeded, registryAway } from './needed-schemas.ts';
import type { SchemaRegistry } from './schema-registry.ts';

export interface ConfigTopicParts {
  readonly snapshot: KafkaConfigSnapshot;
  readonly producer: KafkaProducer;
  readonly registry: SchemaRegistry;
  readonly schemas: ConfigSchemas;
  readonly topic: string;
  /** For messages. */
  readonly brokers: readonly string[];
}

interface Writer {
  readonly schemaId: number;
  readonly encoder: RecordEncoder;
}

export class KafkaConfigTopic implements ConfigTopic {
  readonly #parts: ConfigTopicParts;
  readonly #decoder;
  readonly #writers = new Map<EntryKind, Writer>();
  #isProducerConnected = false;

  constructor(parts: ConfigTopicParts) {
    this.#parts = parts;
    this.#decoder = createStoredConfigDecoder(parts.schemas);
  }

  /** @throws CodedError `TOPICS_WRONG` where there is no such topic, `DEPENDENCY_UNREACHABLE` where Kafka is not there. */
  async connect(): Promise<void> {
    await this.#kafka(this.#parts.snapshot.connect());
  }

  /** Never rejects. */
  async disconnect(): Promise<void> {
    await Promise.allSettled([this.#parts.snapshot.disconnect(), this.#parts.producer.disconnect()]);
  }

  async read(): Promise<StoredConfig> {
    const records = await this.#kafka(this.#parts.snapshot.read());
    await learnNeeded(this.#decoder, [...records.values()], this.#parts.registry);
    return readStoredConfig(this.#decoder, records);
  }

  async write(entries: readonly EntryToWrite[]): Promise<void> {
    if (entries.length === 0) return;
    const records: OutgoingRecord[] = [];
    for (const entry of entries) records.push({ key: entry.key, value: await this.#encode(entry) });
    if (!this.#isProducerConnected) await this.#kafka(this.#parts.producer.connect());
    this.#isProducerConnected = true;
    await this.#parts.producer.write(this.#parts.topic, records).catch((error: unknown) => {
      const hint = 'Some entries may have been written: run the command again, which writes only what is still missing';
      throw new CodedError('DEPENDENCY_UNREACHABLE', `${messageOf(error)}. ${hint}.`, { cause: error });
    });
  }

  async #encode({ record }: EntryToWrite): Promise<Buffer | null> {
    if (record === null) return null;
    const { encoder, schemaId } = await this.#writer(record.kind);
    return encoder.framed(schemaId, record.fields);
  }

  async #writer(kind: EntryKind): Promise<Writer> {
    const known = this.#writers.get(kind);
    if (known !== undefined) return known;
    const { registry, schemas, topic } = this.#parts;
    const schema = schemas[kind];
    const schemaId = await registry.idOf(recordSubject(topic, schema), schema).catch((error: unknown) => {
      throw registryAway(messageOf(error), error);
    });
    const writer = { schemaId, encoder: new RecordEncoder(schema) };
    this.#writers.set(kind, writer);
    return writer;
  }

  async #kafka<T>(asked: Promise<T>): Promise<T> {
    try {
      return await asked;
    } catch (error) {
      throw error instanceof CodedError ? error : unreachable(this.#parts.brokers, error);
    }
  }
}
