/**
 * Patch of kafkajs 2.2.4's decoding of a record that was read, for speed alone: kafkajs computes each offset and each
 * timestamp in BigInt, digit by digit, and copies the headers for each of them. The result is the same.
 */

import { cachedInternal, requireInternal } from './kafka-internals.ts';

const MODULE = 'protocol/recordBatch/record/v0/decoder.js';
const DEPENDENT = 'protocol/recordBatch/v0/decoder.js';
const LOG_APPEND_TIME = 1;
/** Seven bytes of seven bits each are exact in a number: times of nine thousand years. */
const LONGEST_EXACT = 2 ** 49;

interface DecoderInternals {
  readonly buffer: Buffer;
  offset: number;
  readInt8(): number;
  readVarInt(): number;
  readVarIntBytes(): Buffer | null;
  readVarIntString(): string | null;
}

interface BatchContext {
  readonly firstOffset: string;
  readonly firstTimestamp: string;
  readonly maxTimestamp: string;
  readonly timestampType: number;
  readonly isControlBatch: boolean;
  readonly magicByte: number;
}

type Decode = (decoder: DecoderInternals, batch: BatchContext) => object;

/** Replaces the decoder of records. Throws when a batch was decoded before, for it would go on with the old one. */
export function patchRecord(): void {
  if (cachedInternal(DEPENDENT) !== undefined) {
    throw new Error('KAFKA_PATCH_TOO_LATE: kafkajs read a batch before its decoder of records was patched');
  }
  const original = requireInternal<Decode>(MODULE);
  const module = cachedInternal(MODULE);
  if (module === undefined) throw new Error(`KAFKA_PATCH_FAILED: ${MODULE} is not in the module cache`);
  module.exports = decodeRecord(original);
}

/** What does not fit into a number is left to kafkajs itself. */
function decodeRecord(original: Decode): Decode {
  let context: BatchContext | null = null;
  let first = { offset: 0, timestamp: 0 };
  return (decoder, batchContext) => {
    if (context !== batchContext) {
      context = batchContext;
      first = { offset: Number(batchContext.firstOffset), timestamp: Number(batchContext.firstTimestamp) };
    }
    const start = decoder.offset;
    const attributes = decoder.readInt8();
    const delta = readVarLong(decoder);
    const offset = first.offset + decoder.readVarInt();
    if (delta === null || !Number.isSafeInteger(offset) || !Number.isSafeInteger(first.timestamp + delta)) {
      decoder.offset = start;
      return original(decoder, batchContext);
    }
    const { firstTimestamp, isControlBatch, magicByte, maxTimestamp, timestampType } = batchContext;
    const created = delta === 0 ? firstTimestamp : String(first.timestamp + delta);
    return {
      magicByte,
      attributes,
      timestamp: timestampType === LOG_APPEND_TIME ? maxTimestamp : created,
      offset: String(offset),
      key: decoder.readVarIntBytes(),
      value: decoder.readVarIntBytes(),
      headers: readHeaders(decoder),
      isControlRecord: isControlBatch,
      batchContext,
    };
  };
}

/** Null for a number of more than seven bytes. */
function readVarLong(decoder: DecoderInternals): number | null {
  let zigzag = 0;
  for (let scale = 1; scale < LONGEST_EXACT; scale *= 0x80) {
    const byte = decoder.buffer[decoder.offset++] ?? 0;
    zigzag += (byte & 0x7f) * scale;
    if (byte < 0x80) return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
  }
  return null;
}

type HeaderValue = Buffer | null;
type Headers = Record<string, HeaderValue | readonly HeaderValue[]>;

/** Several values of one name become a list. */
function readHeaders(decoder: DecoderInternals): Headers {
  const headers: Headers = {};
  const count = decoder.readVarInt();
  for (let index = 0; index < count; index++) {
    const name = String(decoder.readVarIntString());
    const value = decoder.readVarIntBytes();
    const known = headers[name];
    const all = known === undefined ? value : [known, value].flat();
    // A header may be called `__proto__`.
    Object.defineProperty(headers, name, { value: all, enumerable: true, configurable: true, writable: true });
  }
  return headers;
}
