/**
 * Patch of kafkajs 2.2.4's encoding of a record to be written, for speed alone: kafkajs fills a zeroed buffer of half
 * a kilobyte for each record, one more for each header, and computes lengths in BigInt. The bytes are the same.
 */

import { cachedInternal, requireInternal } from './kafka-internals.ts';

const MODULE = 'protocol/recordBatch/record/v0/index.js';
const DEPENDENT = 'protocol/requests/produce/v3/request.js';
/** Attributes, which records do not use. */
const ATTRIBUTES_BYTES = 1;
const NULL_LENGTH = 1;

/** What kafkajs's produce request makes a record of. */
interface RecordFields {
  readonly offsetDelta: number;
  readonly timestampDelta: number;
  readonly key?: Buffer | string | null;
  readonly value: Buffer | string | null;
  readonly headers?: Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>;
}

type HeaderValue = Buffer | string;

interface EncoderInternals {
  buf: Buffer;
  offset: number;
}

/** Replaces the encoder of records. Throws when something was produced before, which would go on with the old one. */
export function patchEncode(): void {
  if (cachedInternal(DEPENDENT) !== undefined) {
    throw new Error('KAFKA_PATCH_TOO_LATE: kafkajs produced before its encoder was patched');
  }
  requireInternal(MODULE);
  const { prototype } = requireInternal<{ prototype: EncoderInternals }>('protocol/encoder.js');
  const module = cachedInternal(MODULE);
  if (module === undefined) throw new Error(`KAFKA_PATCH_FAILED: ${MODULE} is not in the module cache`);
  module.exports = (fields: RecordFields): EncoderInternals => {
    const bytes = encodeRecord(fields);
    const encoder: EncoderInternals = Object.create(prototype);
    encoder.buf = bytes;
    encoder.offset = bytes.length;
    return encoder;
  };
}

/** One record of a batch (format v2): varint length, then attributes, deltas, key, value, headers. */
function encodeRecord({ offsetDelta, timestampDelta, key = null, value, headers = {} }: RecordFields): Buffer {
  const [keyBytes, valueBytes, headerList] = [toBytes(key), toBytes(value), flatten(headers)];
  let bodyBytes = ATTRIBUTES_BYTES + varintBytes(zigzag(timestampDelta)) + varintBytes(zigzag(offsetDelta));
  bodyBytes += sizedBytes(keyBytes) + sizedBytes(valueBytes) + varintBytes(zigzag(headerList.length));
  for (const { name, content } of headerList) bodyBytes += sizedBytes(name) + sizedBytes(content);
  const bytes = Buffer.allocUnsafe(varintBytes(zigzag(bodyBytes)) + bodyBytes);
  let at = writeVarint(bytes, zigzag(bodyBytes), 0);
  bytes[at] = 0;
  at = writeVarint(bytes, zigzag(timestampDelta), at + ATTRIBUTES_BYTES);
  at = writeVarint(bytes, zigzag(offsetDelta), at);
  at = writeSized(bytes, keyBytes, at);
  at = writeSized(bytes, valueBytes, at);
  at = writeVarint(bytes, zigzag(headerList.length), at);
  for (const { name, content } of headerList) at = writeSized(bytes, content, writeSized(bytes, name, at));
  return bytes;
}

interface HeaderBytes {
  readonly name: Buffer;
  readonly content: Buffer | null;
}

const NO_HEADERS: readonly HeaderBytes[] = [];

/** Several values of one name become several headers, in their order. */
function flatten(headers: NonNullable<RecordFields['headers']>): readonly HeaderBytes[] {
  const names = Object.keys(headers);
  if (names.length === 0) return NO_HEADERS;
  return names.flatMap(name => {
    const values = headers[name]!;
    const list: readonly HeaderValue[] = Array.isArray(values) ? values : [values as HeaderValue];
    return list.map(content => ({ name: Buffer.from(name), content: toBytes(content) }));
  });
}

function toBytes(content: Buffer | string | null): Buffer | null {
  return typeof content === 'string' ? Buffer.from(content) : content;
}

/** Small numbers of either sign as small numbers without one; safe up to 2^52, far beyond any delta of times. */
function zigzag(value: number): number {
  return value >= 0 ? value * 2 : value * -2 - 1;
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes += 1;
  return bytes;
}

function writeVarint(target: Buffer, value: number, start: number): number {
  let at = start;
  let rest = value;
  while (rest >= 0x80) {
    target[at] = (rest % 0x80) + 0x80;
    rest = Math.floor(rest / 0x80);
    at += 1;
  }
  target[at] = rest;
  return at + 1;
}

function sizedBytes(content: Buffer | null): number {
  return content === null ? NULL_LENGTH : varintBytes(zigzag(content.length)) + content.length;
}

function writeSized(target: Buffer, content: Buffer | null, at: number): number {
  if (content === null) return writeVarint(target, zigzag(-1), at);
  const start = writeVarint(target, zigzag(content.length), at);
  content.copy(target, start);
  return start + content.length;
}
