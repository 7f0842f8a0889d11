/** Turns a kafkajs batch into records of ours. On the hot path: one object per record, no copies. */

import type { Batch, IHeaders, KafkaMessage } from 'kafkajs';
import type { RecordHeaders, SourceRecord } from '../core/record.ts';
import type { BatchInternals } from './kafka-internals.ts';

/** What a batch says of its place. */
export interface BatchRange {
  /** The offset the broker was asked for. */
  readonly fetchedOffset: number;
  /** The offset that follows the last one the batch covers, control records and compacted ones included. */
  readonly nextOffset: number;
  readonly highWatermark: number;
}

/** Reads the range; throws for an offset of 2^53 or more, which a JavaScript number cannot hold. */
export function batchRange(batch: BatchInternals): BatchRange {
  const range = {
    fetchedOffset: Number(batch.fetchedOffset),
    nextOffset: Number(batch.lastOffset()) + 1,
    highWatermark: Number(batch.highWatermark),
  };
  if (!Number.isSafeInteger(range.fetchedOffset) || !Number.isSafeInteger(range.nextOffset)) {
    throw new Error(`KAFKA_OFFSET_TOO_LARGE: ${batch.topic}/${batch.partition} is at offset ${batch.fetchedOffset}`);
  }
  return range;
}

/** kafkajs's types leave out a part of what its batches are. */
export function internalsOf(batch: Batch): BatchInternals {
  return batch as Batch & BatchInternals;
}

/** The records at and above `from`. Their buffers are slices of the fetch response. */
export function recordsFrom(batch: Batch, from: number): SourceRecord[] {
  const { topic, partition, messages } = batch;
  const records: SourceRecord[] = [];
  for (const message of messages) {
    const offset = Number(message.offset);
    if (offset >= from) records.push(toRecord(topic, partition, offset, message));
  }
  return records;
}

function toRecord(topic: string, partition: number, offset: number, message: KafkaMessage): SourceRecord {
  const { key, value, timestamp, headers } = message;
  return { topic, partition, offset, timestamp: Number(timestamp), key, value, headers: toHeaders(headers) };
}

const NO_HEADERS: RecordHeaders = Object.freeze({});
const EMPTY = Buffer.alloc(0);

function toHeaders(headers: IHeaders | undefined): RecordHeaders {
  if (headers === undefined) return NO_HEADERS;
  const names = Object.keys(headers);
  if (names.length === 0) return NO_HEADERS;
  const isPlain = names.every(name => Buffer.isBuffer(headers[name]));
  return isPlain ? (headers as RecordHeaders) : cleanedHeaders(headers, names);
}

/**
 * Several values of one name stay a list. A value of null becomes an empty one: kafkajs cannot write it. What is no
 * buffer is not from the record: kafkajs collects headers on an object with a prototype, so that a header named
 * `constructor` comes with a function beside it.
 */
function cleanedHeaders(headers: IHeaders, names: readonly string[]): RecordHeaders {
  const cleaned: Record<string, Buffer | readonly Buffer[]> = Object.create(null);
  for (const name of names) {
    const values: unknown = headers[name];
    const list: readonly unknown[] = Array.isArray(values) ? values : [values];
    const buffers = list.map(value => value ?? EMPTY).filter((value): value is Buffer => Buffer.isBuffer(value));
    cleaned[name] = buffers.length === 1 ? buffers[0]! : buffers;
  }
  return cleaned;
}
