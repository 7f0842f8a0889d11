/**
 * The copy of a source record that is kept for a possible dead letter.
 *
 * Guarantee: it shares no memory with the fetched batch (a slice of a fetch response holds on to megabytes), and one
 * allocation holds key, value and all header values.
 */

import type { SourceRecord } from './record.ts';
import type { RecordCopy } from './tiktok-event.ts';

/** What a record holds on to besides its bytes, in a rough figure: object, names and slices. */
const OVERHEAD_BYTES = 160;

/** Copies key, value and headers byte for byte; `null` stays apart from empty. */
export function retainRecord(record: SourceRecord): RecordCopy {
  const { topic, partition, offset, timestamp, key, value, headers } = record;
  const size = (key?.length ?? 0) + (value?.length ?? 0) + headerValueBytes(headers);
  // Not from the pool: its 8 KiB slab would live as long as the longest-lived of the copies in it.
  const arena: Arena = { memory: Buffer.allocUnsafeSlow(size), used: 0 };
  return {
    topic,
    partition,
    offset,
    timestamp,
    key: key === null ? null : store(arena, key),
    value: value === null ? null : store(arena, value),
    headers: copyHeaders(arena, headers),
    bytes: size + OVERHEAD_BYTES,
  };
}

interface Arena {
  readonly memory: Buffer;
  used: number;
}

function store(arena: Arena, bytes: Buffer): Buffer {
  const start = arena.used;
  bytes.copy(arena.memory, start);
  arena.used = start + bytes.length;
  return arena.memory.subarray(start, arena.used);
}

function headerValueBytes(headers: SourceRecord['headers']): number {
  let size = 0;
  for (const name of Object.keys(headers)) {
    const values = headers[name]!;
    if (Buffer.isBuffer(values)) size += values.length;
    else for (const value of values) size += value.length;
  }
  return size;
}

function copyHeaders(arena: Arena, headers: SourceRecord['headers']): RecordCopy['headers'] {
  // Without a prototype a header may have any name, `__proto__` included.
  const copy: Record<string, Buffer | readonly Buffer[]> = Object.create(null);
  for (const name of Object.keys(headers)) {
    const values = headers[name]!;
    copy[name] = Buffer.isBuffer(values) ? store(arena, values) : values.map(value => store(arena, value));
  }
  return copy;
}
