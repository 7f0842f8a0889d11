import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decimalFromBytes, decimalToBytes, isSupportedScale, parseDecimal } from '../../src/core/decimal.ts';

/** The obvious way, slowly: BigInt and string surgery. */
function reference(unscaled: bigint, scale: number): string {
  const negative = unscaled < 0n;
  const unit = 10n ** BigInt(scale);
  const magnitude = negative ? -unscaled : unscaled;
  const fraction = (magnitude % unit).toString().padStart(scale, '0').replace(/0+$/, '');
  return `${negative ? '-' : ''}${magnitude / unit}${scale > 0 && fraction !== '' ? `.${fraction}` : ''}`;
}

function bytesOf(unscaled: bigint, length: number): Buffer {
  return Buffer.from(
    BigInt.asUintN(length * 8, unscaled)
      .toString(16)
      .padStart(length * 2, '0'),
    'hex',
  );
}

const anyUnscaled = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -(2n ** 47n), max: 2n ** 47n }),
  fc.bigInt({ min: -300n, max: 300n }),
);

describe('decimalFromBytes', () => {
  test.each([
    ['00', 4, '0'],
    ['01', 4, '0.0001'],
    ['ff', 4, '-0.0001'],
    ['030958', 4, '19.9'],
    ['8119', 2, '-324.87'],
    ['7f', 0, '127'],
    ['80', 0, '-128'],
    ['00000000000000030958', 4, '19.9'],
    ['7fffffffffff', 4, '14073748835.5327'],
    ['008000000000000000', 4, '922337203685477.5808'],
  ])('reads %s at scale %i as %s', (hex, scale, decimal) => {
    expect(decimalFromBytes(Buffer.from(hex, 'hex'), scale)).toBe(decimal);
  });

  test('agrees with BigInt for any value, length and scale', () => {
    fc.assert(
      fc.property(anyUnscaled, fc.integer({ min: 8, max: 20 }), fc.integer({ min: 0, max: 20 }), (n, length, scale) => {
        expect(decimalFromBytes(bytesOf(n, length), scale)).toBe(reference(n, scale));
      }),
      { numRuns: 3000 },
    );
  });

  test('agrees with BigInt on the short numbers that take the quick path', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 6 }), fc.integer({ min: 0, max: 20 }), (raw, scale) => {
        const bytes = Buffer.from(raw);
        const unscaled = BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`));
        expect(decimalFromBytes(bytes, scale)).toBe(reference(unscaled, scale));
      }),
      { numRuns: 3000 },
    );
  });

  test('refuses what no writer of a decimal produces', () => {
    expect(() => decimalFromBytes(Buffer.alloc(0), 4)).toThrow('no bytes');
    expect(() => decimalFromBytes(Buffer.alloc(33), 4)).toThrow('33 bytes');
  });
});

describe('decimalToBytes', () => {
  test('and back gives the same decimal, in as few bytes as Java writes', () => {
    fc.assert(
      fc.property(anyUnscaled, fc.integer({ min: 0, max: 12 }), (n, scale) => {
        const decimal = reference(n, scale);
        const bytes = decimalToBytes(decimal, scale);
        expect(decimalFromBytes(bytes, scale)).toBe(decimal);
        const shorter = bytes.length - 1;
        if (shorter > 0) expect(BigInt.asIntN(shorter * 8, n)).not.toBe(n);
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    ['1.00005', '1.0001'],
    ['1.00004999', '1'],
    ['-1.00005', '-1.0001'],
    ['0.00001', '0'],
    ['-0.00001', '0'],
    ['99999.99995', '100000'],
  ])('rounds %s half away from zero to %s at scale 4', (given, rounded) => {
    expect(decimalFromBytes(decimalToBytes(given, 4), 4)).toBe(rounded);
  });
});

describe('parseDecimal', () => {
  test.each([
    ['19.90', '19.9'],
    [19.9, '19.9'],
    [-0, '0'],
    ['-0.000', '0'],
    ['+7', '7'],
    ['007.50', '7.5'],
    ['1e3', '1000'],
    ['1.5E-3', '0.0015'],
    [1e21, '1000000000000000000000'],
    [1e-7, '0.0000001'],
    [' 3.25 ', '3.25'],
    ['5.', '5'],
  ])('reads %j as %s', (given, decimal) => {
    expect(parseDecimal(given)).toBe(decimal);
  });

  test.each([
    ['1,5'],
    [''],
    ['abc'],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [null],
    [true],
    ['0x10'],
    ['1e999'],
    [{}],
  ])('does not take %j for a decimal', given => {
    expect(parseDecimal(given)).toBeNull();
  });

  test('leaves a canonical decimal as it is', () => {
    fc.assert(
      fc.property(anyUnscaled, fc.integer({ min: 0, max: 12 }), (n, scale) => {
        const decimal = reference(n, scale);
        expect(parseDecimal(decimal)).toBe(decimal);
      }),
    );
  });
});

test('a scale is a small natural number', () => {
  expect([0, 4, 60].every(isSupportedScale)).toBe(true);
  expect([-1, 61, 1.5, '4', null].some(isSupportedScale)).toBe(false);
});
