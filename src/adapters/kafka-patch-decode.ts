/**
 * Patch of kafkajs 2.2.4's decoding of a fetched partition, which fails in three ways:
 *
 * - A record batch that compaction emptied yields no record, so the position never passes it: at the end of a cleaned
 *   segment the reader is stuck for ever at thousands of fetches a second.
 * - A batch whose last records were compacted away is fetched again and again from inside it.
 * - Records are appended with `push(...records)`, which overflows the stack above some 124,899 records: one such
 *   batch kills the consumer at every restart.
 *
 * A marker (a control record, which kafkajs filters out and steps over) stands for the missing tail of a batch, so
 * that the position, and `batch.lastOffset()`, move past it.
 */

import { cachedInternal, requireInternal } from './kafka-internals.ts';

const MODULE = 'protocol/requests/fetch/v4/decodeMessages.js';
/** Fetch v4 and later all take the decoder from `MODULE` when they are loaded, which is at the first fetch. */
const DEPENDENTS = [4, 5, 6, 7, 8, 9, 10, 11].map(version => `protocol/requests/fetch/v${version}/response.js`);
/** The magic byte stands at the same place in all message formats. */
const MAGIC_OFFSET = 16;
const RECORD_BATCH_MAGIC = 2;
const RECORD_BATCH_OVERHEAD_BYTES = 49;

interface DecoderInternals {
  readInt32(): number;
  canReadBytes(length: number): boolean;
  readBytes(length: number): Buffer;
}

interface DecodedBatch {
  readonly firstOffset: string;
  readonly lastOffsetDelta: number;
  readonly records: readonly { readonly offset: string }[];
}

interface Internals {
  readonly Decoder: new (bytes: Buffer) => DecoderInternals;
  readonly decodeRecordBatch: (decoder: DecoderInternals) => Promise<DecodedBatch>;
  readonly decodeMessageSet: (decoder: DecoderInternals, size: number) => unknown[];
}

/** Replaces the decoder. Throws when a fetch was made before, because it would go on with the old one. */
export function patchDecode(): void {
  const early = DEPENDENTS.filter(path => cachedInternal(path) !== undefined);
  if (early.length > 0) throw new Error('KAFKA_PATCH_TOO_LATE: kafkajs fetched before its decoder was patched');
  requireInternal(MODULE);
  const internals: Internals = {
    Decoder: requireInternal('protocol/decoder.js'),
    decodeRecordBatch: requireInternal('protocol/recordBatch/v0/decoder.js'),
    decodeMessageSet: requireInternal('protocol/messageSet/decoder.js'),
  };
  const module = cachedInternal(MODULE);
  if (module === undefined) throw new Error(`KAFKA_PATCH_FAILED: ${MODULE} is not in the module cache`);
  module.exports = (decoder: DecoderInternals) => decodeMessages(internals, decoder);
}

async function decodeMessages(internals: Internals, decoder: DecoderInternals): Promise<unknown[]> {
  const size = decoder.readInt32();
  if (size <= 0 || !decoder.canReadBytes(size)) return [];
  const bytes = decoder.readBytes(size);
  const batches = new internals.Decoder(bytes);
  if (bytes.readInt8(MAGIC_OFFSET) !== RECORD_BATCH_MAGIC) return internals.decodeMessageSet(batches, size);
  const records: unknown[] = [];
  while (batches.canReadBytes(RECORD_BATCH_OVERHEAD_BYTES)) {
    try {
      appendBatch(records, await internals.decodeRecordBatch(batches));
    } catch (error) {
      // A response is cut off at its maximum size, so its last batch may be incomplete.
      if (error instanceof Error && error.name === 'KafkaJSPartialMessageError') break;
      throw error;
    }
  }
  return records;
}

function appendBatch(records: unknown[], batch: DecodedBatch): void {
  for (const record of batch.records) records.push(record);
  const lastOffset = (BigInt(batch.firstOffset) + BigInt(batch.lastOffsetDelta)).toString();
  if (batch.records.at(-1)?.offset !== lastOffset) records.push(tailMarker(lastOffset, batch));
}

function tailMarker(offset: string, { records: _records, ...batchContext }: DecodedBatch): object {
  return { offset, isControlRecord: true, key: null, value: null, headers: {}, batchContext };
}
