/**
 * Money as canonical decimal strings: "19.9", "0", "-3.25"; no exponent, no trailing zero, no leading plus.
 *
 * Guarantee: exact in both directions. No amount ever passes through a floating-point number, except one a person
 * typed as a JSON number, which counts as the shortest decimal that prints it.
 */

/** More bytes than any sane precision needs (38 digits take 16); a longer amount is corrupt or hostile. */
const MAX_BYTES = 32;
const MAX_SCALE = 60;

/** A whole number of so many digits fits into six bytes with its sign. */
const SAFE_DIGITS = 14;

const POWERS_OF_TEN = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);

/** True for a scale this file can honour. */
export function isSupportedScale(scale: unknown): scale is number {
  return Number.isInteger(scale) && (scale as number) >= 0 && (scale as number) <= MAX_SCALE;
}

/**
 * The decimal that Avro's `bytes` or `fixed` holds: a two's complement, big-endian integer, divided by 10^scale.
 * Throws for an empty or oversized number, which no writer of a decimal produces.
 */
export function decimalFromBytes(bytes: Buffer, scale: number): string {
  const { length } = bytes;
  if (length === 0) throw new RangeError('a decimal has no bytes');
  if (length > MAX_BYTES) throw new RangeError(`a decimal has ${length} bytes, more than ${MAX_BYTES}`);
  // Six bytes are what readIntBE takes: amounts up to 14,073,748,835.5327 at scale 4.
  if (length <= 6 && scale < POWERS_OF_TEN.length) return fromSafeInteger(bytes.readIntBE(0, length), scale);
  const unscaled = BigInt.asIntN(length * 8, BigInt(`0x${bytes.toString('hex')}`));
  return fromDigits(unscaled < 0n, (unscaled < 0n ? -unscaled : unscaled).toString(), scale);
}

function fromSafeInteger(unscaled: number, scale: number): string {
  const magnitude = Math.abs(unscaled);
  const unit = POWERS_OF_TEN[scale]!;
  const fraction = magnitude % unit;
  const whole = (magnitude - fraction) / unit;
  const sign = unscaled < 0 ? '-' : '';
  if (fraction === 0) return `${sign}${whole}`;
  return `${sign}${whole}.${trimEnd(String(fraction).padStart(scale, '0'))}`;
}

/** `digits` × 10^-scale in canonical form. */
function fromDigits(negative: boolean, digits: string, scale: number): string {
  const padded = digits.padStart(scale + 1, '0');
  const whole = padded.slice(0, padded.length - scale).replace(/^0+(?=\d)/, '');
  const fraction = trimEnd(padded.slice(padded.length - scale));
  const magnitude = fraction === '' ? whole : `${whole}.${fraction}`;
  return negative && magnitude !== '0' ? `-${magnitude}` : magnitude;
}

function trimEnd(fraction: string): string {
  let end = fraction.length;
  while (end > 0 && fraction.charCodeAt(end - 1) === 48) end -= 1;
  return fraction.slice(0, end);
}

/**
 * The shortest two's complement of `decimal` × 10^scale. Digits beyond the scale are rounded half away from zero.
 * `decimal` must be canonical.
 */
export function decimalToBytes(decimal: string, scale: number): Buffer {
  const negative = decimal.startsWith('-');
  const [whole = '0', fraction = ''] = (negative ? decimal.slice(1) : decimal).split('.');
  const digits = whole + fraction.slice(0, scale).padEnd(scale, '0');
  const roundsUp = fraction.charCodeAt(scale) >= 53;
  if (digits.length <= SAFE_DIGITS) {
    const small = Number(digits) + (roundsUp ? 1 : 0);
    return ofSmall(negative ? -small : small);
  }
  const magnitude = BigInt(digits) + (roundsUp ? 1n : 0n);
  return ofLarge(negative ? -magnitude : magnitude);
}

/** Of a number that takes six bytes at most, which is what `writeIntBE` takes. */
function ofSmall(value: number): Buffer {
  let length = 1;
  while (value >= 2 ** (8 * length - 1) || value < -(2 ** (8 * length - 1))) length += 1;
  const bytes = Buffer.allocUnsafe(length);
  bytes.writeIntBE(value, 0, length);
  return bytes;
}

function ofLarge(value: bigint): Buffer {
  let length = 1;
  while (BigInt.asIntN(length * 8, value) !== value) length += 1;
  const hex = BigInt.asUintN(length * 8, value).toString(16);
  return Buffer.from(hex.padStart(length * 2, '0'), 'hex');
}

/**
 * The canonical form of what a person or a JSON file gave: "19.90", 19.9, "1e3", -0. `null` for anything that is not
 * a finite decimal of sensible size.
 */
export function parseDecimal(input: unknown): string | null {
  if (typeof input !== 'number' && typeof input !== 'string') return null;
  const match = /^([+-]?)(\d{1,60})(?:\.(\d{0,60}))?(?:e([+-]?\d{1,2}))?$/i.exec(String(input).trim());
  if (match === null) return null;
  const [, sign, whole = '0', fraction = '', exponent = '0'] = match;
  const scale = fraction.length - Number(exponent);
  const digits = (whole + fraction).padEnd(whole.length + fraction.length + Math.max(0, -scale), '0');
  return fromDigits(sign === '-', digits, Math.max(0, scale));
}
