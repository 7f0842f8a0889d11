/**
 * Patch of kafkajs 2.2.4's encoding of a batch of records to be written, for speed alone: kafkajs makes a zeroed buffer
 * of half a kilobyte for each record and for each header, computes lengths in BigInt, copies the batch three times and
 * takes its checksum byte by byte. Here a batch is measured and then written once. The bytes are the same.
 */

import { crc32c } from './crc32c.ts';
import { cachedInternal, requireInternal } from './kafka-internals.ts';
import { type RecordFields, recordBytes, writeRecord } from './kafka-record-encoding.ts';

const RECORD_MODULE = 'protocol/recordBatch/record/v0/index.js';
const BATCH_MODULE = 'protocol/recordBatch/v0/index.js';
const DEPENDENT = 'protocol/requests/produce/v3/request.js';

/** What kafkajs's produce request makes a batch of. Times and ids are integers, as a number, as text or in a `Long`. */
interface BatchFields {
  readonly compression: number;
  readonly records: readonly RecordFields[];
  readonly firstTimestamp: Int64;
  readonly maxTimestamp: Int64;
  readonly lastOffsetDelta: number;
  readonly transactional?: boolean;
  readonly producerId?: Int64;
  readonly producerEpoch?: number;
  readonly firstSequence?: number;
}

type Int64 = number | string | { readonly value: bigint };

interface EncoderInternals {
  buf: Buffer;
  offset: number;
}

interface Compression {
  lookupCodec(type: number): { compress(encoder: { readonly buffer: Buffer }): Promise<Buffer> };
}

/** Where the parts of a batch (format v2) begin. */
const AT = {
  ...{ length: 8, magic: 16, checksum: 17, attributes: 21, lastOffsetDelta: 23, firstTimestamp: 27, maxTimestamp: 35 },
  ...{ producerId: 43, producerEpoch: 51, firstSequence: 53, count: 57, records: 61 },
} as const;
const MAGIC = 2;
const COMPRESSION_BITS = 0x07;
const TRANSACTIONAL_BIT = 0x10;

/** Replaces the encoder of batches. Throws when something was produced before, which would go on with the old one. */
export function patchEncode(): void {
  if (cachedInternal(DEPENDENT) !== undefined) {
    throw new Error('KAFKA_PATCH_TOO_LATE: kafkajs produced before its encoder was patched');
  }
  requireInternal(RECORD_MODULE);
  const { prototype } = requireInternal<{ prototype: EncoderInternals }>('protocol/encoder.js');
  const compression = requireInternal<Compression>('protocol/message/compression/index.js');
  const record = cachedInternal(RECORD_MODULE);
  if (record === undefined) throw new Error(`KAFKA_PATCH_FAILED: ${RECORD_MODULE} is not in the module cache`);
  // A record is left as it is until its batch is written.
  record.exports = (fields: RecordFields): RecordFields => fields;
  requireInternal<{ RecordBatch: object }>(BATCH_MODULE).RecordBatch = async (batch: BatchFields) => {
    const bytes = await encodeBatch(batch, compression);
    const encoder: EncoderInternals = Object.create(prototype);
    encoder.buf = bytes;
    encoder.offset = bytes.length;
    return encoder;
  };
}

async function encodeBatch(batch: BatchFields, { lookupCodec }: Compression): Promise<Buffer> {
  const compression = batch.compression & COMPRESSION_BITS;
  if (compression === 0) return framed(batch, encodeRecords(batch.records, AT.records));
  const packed = await lookupCodec(compression).compress({ buffer: encodeRecords(batch.records, 0) });
  const bytes = Buffer.allocUnsafe(AT.records + packed.length);
  packed.copy(bytes, AT.records);
  return framed(batch, bytes);
}

/** The records one after the other, behind `room` bytes for what stands before them. */
function encodeRecords(records: readonly RecordFields[], room: number): Buffer {
  const sizes = records.map(recordBytes);
  const bytes = Buffer.allocUnsafe(sizes.reduce((sum, { total }) => sum + total, room));
  let at = room;
  for (const [index, record] of records.entries()) at = writeRecord(bytes, record, sizes[index]!.body, at);
  return bytes;
}

/** Fills in what stands before the records. */
function framed(batch: BatchFields, bytes: Buffer): Buffer {
  const { compression, producerEpoch = 0, producerId = -1, firstSequence = 0 } = batch;
  bytes.fill(0, 0, AT.attributes);
  bytes.writeInt32BE(bytes.length - AT.length - 4, AT.length);
  bytes.writeInt8(MAGIC, AT.magic);
  const transactional = batch.transactional === true ? TRANSACTIONAL_BIT : 0;
  bytes.writeInt16BE((compression & COMPRESSION_BITS) | transactional, AT.attributes);
  bytes.writeInt32BE(batch.lastOffsetDelta, AT.lastOffsetDelta);
  bytes.writeBigInt64BE(toBigInt(batch.firstTimestamp), AT.firstTimestamp);
  bytes.writeBigInt64BE(toBigInt(batch.maxTimestamp), AT.maxTimestamp);
  bytes.writeBigInt64BE(toBigInt(producerId), AT.producerId);
  bytes.writeInt16BE(producerEpoch, AT.producerEpoch);
  bytes.writeInt32BE(firstSequence, AT.firstSequence);
  bytes.writeInt32BE(batch.records.length, AT.count);
  bytes.writeUInt32BE(crc32c(bytes.subarray(AT.attributes)), AT.checksum);
  return bytes;
}

function toBigInt(value: Int64): bigint {
  return typeof value === 'object' ? value.value : BigInt(value);
}
