/** CRC-32C (Castagnoli), the checksum of Kafka's record batches, four bytes at a step; Node has only the other CRC-32. */

const POLYNOMIAL = 0x82f63b78;

/** What a byte does to the checksum, and what it does one, two and three bytes later. */
const NOW = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  return crc;
});
const ONE_LATER = NOW.map(later);
const TWO_LATER = ONE_LATER.map(later);
const THREE_LATER = TWO_LATER.map(later);

function later(crc: number): number {
  return NOW[crc & 0xff]! ^ (crc >>> 8);
}

/** As an unsigned number. */
export function crc32c(bytes: Buffer): number {
  const { length } = bytes;
  const whole = length - (length % 4);
  let crc = -1;
  let at = 0;
  for (; at < whole; at += 4) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      THREE_LATER[crc & 0xff]! ^ TWO_LATER[(crc >>> 8) & 0xff]! ^ ONE_LATER[(crc >>> 16) & 0xff]! ^ NOW[crc >>> 24]!;
  }
  for (; at < length; at++) crc = NOW[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
