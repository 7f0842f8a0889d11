/**
 * Compression codecs for kafkajs, which brings gzip only. All work off the event loop's thread. Formats as Java clients
 * write them: lz4 as frames, snappy in xerial blocks (or raw), zstd by Node itself.
 *
 * Without a codec a compressed batch stops the consumer for good; with the wrong variant it restarts for ever.
 */

import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import { compressFrame, decompressFrame } from 'lz4-napi';
import { compress as snappyCompress, uncompress as snappyUncompress } from 'snappy';
import { requireInternal } from './kafka-internals.ts';

/** Names of codecs, as in Kafka's `compression.type`. */
export const COMPRESSIONS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

/** The numbers of the codecs on the wire. */
export const COMPRESSION_IDS: Readonly<Record<Compression, number>> = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 };

interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(bytes: Buffer): Promise<Buffer>;
}

const zstdCompressAsync = promisify(zstdCompress);
const zstdDecompressAsync = promisify(zstdDecompress);

const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER_BYTES = 16;
const BLOCK_LENGTH_BYTES = 4;

const snappy: Codec = {
  compress: encoder => snappyCompress(encoder.buffer),
  decompress: bytes => decompressSnappy(bytes),
};

const lz4: Codec = {
  compress: encoder => compressFrame(encoder.buffer),
  decompress: bytes => decompressFrame(bytes),
};

const zstd: Codec = {
  compress: encoder => zstdCompressAsync(encoder.buffer, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }),
  decompress: bytes => zstdDecompressAsync(bytes),
};

/** Adds the codecs to kafkajs, for every client of the process. */
export function registerCodecs(): void {
  const { Codecs } = requireInternal<{ Codecs: Record<number, () => Codec> }>('protocol/message/compression/index.js');
  Codecs[COMPRESSION_IDS.snappy] = () => snappy;
  Codecs[COMPRESSION_IDS.lz4] = () => lz4;
  Codecs[COMPRESSION_IDS.zstd] = () => zstd;
}

/** Snappy as Java writes it: a 16-byte header, then blocks, each with its length before it; or one raw block. */
export async function decompressSnappy(bytes: Buffer): Promise<Buffer> {
  if (!bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return unpack(bytes);
  const blocks: Promise<Buffer>[] = [];
  let position = XERIAL_HEADER_BYTES;
  while (position < bytes.length) {
    const start = position + BLOCK_LENGTH_BYTES;
    const end = start + bytes.readUInt32BE(position);
    blocks.push(unpack(bytes.subarray(start, end)));
    position = end;
  }
  return Buffer.concat(await Promise.all(blocks));
}

async function unpack(block: Buffer): Promise<Buffer> {
  const content = await snappyUncompress(block);
  return typeof content === 'string' ? Buffer.from(content) : content;
}
