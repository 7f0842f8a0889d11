/**
 * The producer behind dead letters and sync log: resolves once all in-sync replicas have every record, rejects
 * otherwise. At least once: a send that failed in part is repeated as a whole.
 *
 * kafkajs makes a single attempt and the repeating is done here. Its own retry remembers per broker who has answered:
 * when the leader of a partition that failed moves to a broker that has answered for others, kafkajs takes the send
 * for done and the records of that partition are lost without a word.
 */

import type { Kafka, Message, Producer } from 'kafkajs';
import type { RecordHeaders } from '../core/record.ts';
import { pause } from '../pause.ts';
import type { Clock } from '../ports.ts';
import { COMPRESSION_IDS, type Compression } from './kafka-codecs.ts';
import { kafkaErrorCode } from './kafka-internals.ts';
import { javaPartitioner } from './kafka-partitioner.ts';

/** A record to be written. */
export interface OutgoingRecord {
  readonly key: Buffer | string | null;
  readonly value: Buffer | null;
  readonly headers?: RecordHeaders;
}

/** Writing failed for good or for too long; `code` is Kafka's or the client's name for it. */
export class KafkaWriteError extends Error {
  override readonly name = 'KafkaWriteError';
  readonly code: string;

  constructor(topic: string, code: string, cause: unknown) {
    super(`writing to ${topic} failed: ${code}`, { cause });
    this.code = code;
  }
}

export interface KafkaProducerOptions {
  readonly compression: Compression;
  /** How long a write is repeated before it is given up. */
  readonly giveUpAfterMs: number;
}

/** Below the brokers' default limit of 1 MiB for a batch (`max.message.bytes`), with room for its framing. */
const MAX_SEND_BYTES = 900 * 1024;
const MAX_SEND_RECORDS = 2_000;
/** Framing of a record and of a header, at most. */
const RECORD_OVERHEAD_BYTES = 32;
const HEADER_OVERHEAD_BYTES = 12;
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 2_000;

/** Errors that the same records meet again however often they are sent. */
const FINAL: ReadonlySet<string> = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_TOPIC_EXCEPTION',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'UNSUPPORTED_COMPRESSION_TYPE',
  'KafkaJSSASLAuthenticationError',
]);

/** Whether a write failed because a record, or a batch, is larger than the topic takes. */
export function isTooLarge(error: unknown): boolean {
  return (
    error instanceof KafkaWriteError && (error.code === 'MESSAGE_TOO_LARGE' || error.code === 'RECORD_LIST_TOO_LARGE')
  );
}

export class KafkaProducer {
  readonly #producer: Producer;
  readonly #clock: Clock;
  readonly #options: KafkaProducerOptions;

  constructor(kafka: Kafka, options: KafkaProducerOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#producer = kafka.producer({
      createPartitioner: javaPartitioner,
      allowAutoTopicCreation: false,
      idempotent: false,
      retry: { retries: 0 },
    });
  }

  connect(): Promise<void> {
    return this.#producer.connect();
  }

  disconnect(): Promise<void> {
    return this.#producer.disconnect();
  }

  /** Writes all records; rejects with `KafkaWriteError` when some may be missing. */
  async write(topic: string, records: readonly OutgoingRecord[]): Promise<void> {
    for (const part of parts(records)) await this.#send(topic, part);
  }

  async #send(topic: string, messages: Message[]): Promise<void> {
    const compression = COMPRESSION_IDS[this.#options.compression];
    const giveUpAt = this.#clock.monotonic() + this.#options.giveUpAfterMs;
    for (let delayMs = RETRY_MIN_MS; ; delayMs = Math.min(delayMs * 2, RETRY_MAX_MS)) {
      try {
        await this.#producer.send({ topic, acks: -1, compression, messages });
        return;
      } catch (error) {
        const code = kafkaErrorCode(error);
        if (FINAL.has(code) || this.#clock.monotonic() + delayMs > giveUpAt)
          throw new KafkaWriteError(topic, code, error);
      }
      await pause(this.#clock, delayMs);
    }
  }
}

/** Splits records so that no request, and so no batch of one partition, outgrows the brokers' limit. */
function parts(records: readonly OutgoingRecord[]): Message[][] {
  const split: Message[][] = [];
  let part: Message[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = sizeOf(record);
    if (part.length > 0 && (bytes + size > MAX_SEND_BYTES || part.length === MAX_SEND_RECORDS)) {
      split.push(part);
      part = [];
      bytes = 0;
    }
    part.push(record as Message);
    bytes += size;
  }
  if (part.length > 0) split.push(part);
  return split;
}

function sizeOf({ key, value, headers }: OutgoingRecord): number {
  let size = RECORD_OVERHEAD_BYTES + (key === null ? 0 : Buffer.byteLength(key)) + (value?.length ?? 0);
  for (const name in headers) {
    const values = headers[name]!;
    for (const single of Buffer.isBuffer(values) ? [values] : values) {
      size += HEADER_OVERHEAD_BYTES + name.length + single.length;
    }
  }
  return size;
}
