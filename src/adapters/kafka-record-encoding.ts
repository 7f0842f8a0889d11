/** One record of a batch to be written (format v2): varint length, then attributes, deltas, key, value, headers. */

/** What kafkajs knows of a record that is to be written. */
export interface RecordFields {
  readonly offsetDelta: number;
  readonly timestampDelta: number;
  readonly key?: Content;
  readonly value: Content;
  readonly headers?: Readonly<Record<string, Content | readonly Content[]>>;
}

type Content = Buffer | string | null;

/** Attributes, which records do not use. */
const ATTRIBUTES_BYTES = 1;
const NULL_LENGTH = -1;

/** How many bytes a record takes: of its body, and with the length before it. */
export function recordBytes(record: RecordFields): { readonly body: number; readonly total: number } {
  const { offsetDelta, timestampDelta, key = null, value, headers } = record;
  let body = ATTRIBUTES_BYTES + numberBytes(timestampDelta) + numberBytes(offsetDelta);
  body += contentBytes(key) + contentBytes(value);
  const list = flatten(headers);
  body += numberBytes(list.length);
  for (const [name, content] of list) body += contentBytes(name) + contentBytes(content);
  return { body, total: numberBytes(body) + body };
}

/** Writes a record whose body takes `body` bytes; returns where it ends. */
export function writeRecord(target: Buffer, record: RecordFields, body: number, start: number): number {
  const { offsetDelta, timestampDelta, key = null, value, headers } = record;
  let at = writeNumber(target, body, start);
  target[at] = 0;
  at = writeNumber(target, timestampDelta, at + ATTRIBUTES_BYTES);
  at = writeNumber(target, offsetDelta, at);
  at = writeContent(target, key, at);
  at = writeContent(target, value, at);
  const list = flatten(headers);
  at = writeNumber(target, list.length, at);
  for (const [name, content] of list) at = writeContent(target, content, writeContent(target, name, at));
  return at;
}

type HeaderList = readonly (readonly [name: string, content: Content])[];

const NO_HEADERS: HeaderList = [];

/** Several values of one name become several headers, in their order. */
function flatten(headers: RecordFields['headers']): HeaderList {
  if (headers === undefined) return NO_HEADERS;
  return Object.entries(headers).flatMap(([name, values]) => {
    const list: readonly Content[] = Array.isArray(values) ? values : [values as Content];
    return list.map(content => [name, content] as const);
  });
}

/** Small numbers of either sign as small numbers without one; safe up to 2^52, far beyond any delta of times. */
function zigzag(value: number): number {
  return value >= 0 ? value * 2 : value * -2 - 1;
}

function numberBytes(value: number): number {
  let bytes = 1;
  for (let rest = zigzag(value); rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes += 1;
  return bytes;
}

function writeNumber(target: Buffer, value: number, start: number): number {
  let at = start;
  let rest = zigzag(value);
  while (rest >= 0x80) {
    target[at] = (rest % 0x80) + 0x80;
    rest = Math.floor(rest / 0x80);
    at += 1;
  }
  target[at] = rest;
  return at + 1;
}

function contentBytes(content: Content): number {
  if (content === null) return numberBytes(NULL_LENGTH);
  const length = Buffer.byteLength(content);
  return numberBytes(length) + length;
}

function writeContent(target: Buffer, content: Content, at: number): number {
  if (content === null) return writeNumber(target, NULL_LENGTH, at);
  const start = writeNumber(target, Buffer.byteLength(content), at);
  return start + (typeof content === 'string' ? target.write(content, start) : content.copy(target, start));
}
