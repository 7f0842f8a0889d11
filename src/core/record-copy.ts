/**
 * The copy of a source record that is kept for a possible dead letter.
 *
 * Guarantee: it shares no memory with the fetched batch (a slice of a fetch response holds on to megabytes), and gives
 * key, value and headers back byte for byte. It keeps them as text of one byte a character: nearly every copy is thrown
 * away unread, and a buffer of its own with its slices costs three times as much to make and to collect.
 */

import type { RecordHeaders, SourceRecord } from './record.ts';
import type { RecordCopy } from './tiktok-event.ts';

/** What a record holds on to besides its bytes, in a rough figure: objects and names. */
const OVERHEAD_BYTES = 160;
const ONE_BYTE = 'latin1';

/** Copies key, value and headers byte for byte; `null` stays apart from empty. */
export function retainRecord(record: SourceRecord): RecordCopy {
  return new RetainedRecord(record);
}

type HeaderTexts = Readonly<Record<string, string | readonly string[]>>;

const NO_HEADERS: HeaderTexts = Object.freeze(Object.create(null));

/** Key, value and headers are made anew each time they are asked for. */
class RetainedRecord implements RecordCopy {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly bytes: number;
  readonly #key: string | null;
  readonly #value: string | null;
  readonly #headers: HeaderTexts;

  constructor({ topic, partition, offset, timestamp, key, value, headers }: SourceRecord) {
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
    this.timestamp = timestamp;
    this.bytes = (key?.length ?? 0) + (value?.length ?? 0) + headerValueBytes(headers) + OVERHEAD_BYTES;
    this.#key = toText(key);
    this.#value = toText(value);
    this.#headers = toTexts(headers);
  }

  get key(): Buffer | null {
    return toBytes(this.#key);
  }

  get value(): Buffer | null {
    return toBytes(this.#value);
  }

  get headers(): RecordHeaders {
    // Without a prototype a header may have any name, `__proto__` included.
    const headers: Record<string, Buffer | readonly Buffer[]> = Object.create(null);
    for (const [name, texts] of Object.entries(this.#headers)) {
      headers[name] = typeof texts === 'string' ? bytesOf(texts) : texts.map(bytesOf);
    }
    return headers;
  }
}

function toText(bytes: Buffer | null): string | null {
  return bytes === null ? null : textOf(bytes);
}

function toBytes(text: string | null): Buffer | null {
  return text === null ? null : bytesOf(text);
}

function textOf(bytes: Buffer): string {
  return bytes.toString(ONE_BYTE);
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text, ONE_BYTE);
}

function headerValueBytes(headers: RecordHeaders): number {
  let size = 0;
  for (const name in headers) {
    const values = headers[name]!;
    if (Buffer.isBuffer(values)) size += values.length;
    else for (const value of values) size += value.length;
  }
  return size;
}

function toTexts(headers: RecordHeaders): HeaderTexts {
  const names = Object.keys(headers);
  if (names.length === 0) return NO_HEADERS;
  const texts: Record<string, string | readonly string[]> = Object.create(null);
  for (const name of names) {
    const values = headers[name]!;
    texts[name] = Buffer.isBuffer(values) ? textOf(values) : values.map(textOf);
  }
  return texts;
}
