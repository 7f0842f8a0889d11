import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redact } from '../../src/core/redact.ts';

const DIGEST = '29f06acfbd9f1dcbd6c1d24fe7c4eb1a6b2d2c5b0d4e0ce5d4e0c4a4e3b0c442';

describe('a redacted message', () => {
  it.each([
    ['Not a valid e-mail: alice.b+c@shop.example.', 'Not a valid e-mail: [e-mail]'],
    ['email=alice@shop.example, code 3', 'email=[e-mail], code 3'],
    ['page https://shop.example/?e=alice%40shop.example', 'page https://shop.example/?e=[e-mail]'],
    ['phone "+1 (213) 373-4253" is not hashed', 'phone "[number]" is not hashed'],
    ['phone 012133734253', 'phone [number]'],
    [`user.email ${DIGEST} is bad`, 'user.email [redacted] is bad'],
    [`token ${DIGEST.slice(0, 40)}!`, 'token [redacted]!'],
  ])('hides personal data and secrets: %s', (message, clean) => {
    expect(redact(message)).toBe(clean);
  });

  it.each([
    'data.3.event_id: Not a valid string.',
    'Invalid value for event_source_id: not a valid string.',
    'No permission to operate pixel code C4LE5V1U9KT2JLQDJ3D0. You must be admin or operator',
    'HTTP 502 without TikTok’s JSON',
    '',
  ])('keeps what helps: %j', message => {
    expect(redact(message)).toBe(message);
  });

  it('has no control characters, so that it stays on one line of a log', () => {
    expect(redact('a\r\nb\u0000\u001b[31mc')).toBe('a b [31mc');
  });

  it('is no longer than 300 characters and says that it was cut', () => {
    const long = redact('word '.repeat(200));
    expect(long).toHaveLength(300);
    expect(long.endsWith('…')).toBe(true);
  });
});

const anySecret = fc.oneof(
  fc.constantFrom('alice.bravo@shop.example', DIGEST, DIGEST.slice(0, 40), '+12133734253', '+49 151 2345 6789'),
);

it('holds no part of a secret, wherever it stands and wherever the message is cut', () => {
  const anyText = fc.oneof(
    fc.nat(1_400).map(length => 'lorem ipsum '.repeat(120).slice(0, length)),
    fc.nat(40).map(count => `${DIGEST} `.repeat(count)),
  );
  fc.assert(
    fc.property(anyText, anySecret, anyText, (before, secret, after) => {
      const clean = redact(`${before} ${secret} ${after}`);
      expect(clean.length).toBeLessThanOrEqual(300);
      expect(clean).not.toContain(secret.slice(0, 9));
      expect(clean).not.toMatch(/[0-9a-f]{16}/);
    }),
    { numRuns: 2_000 },
  );
});

it('cuts a long message without a blank, and is quick with it', () => {
  expect(redact('a'.repeat(1_000_000))).toBe('[redacted]…');
  expect(redact(`Invalid value: ${'a'.repeat(2_000)}`)).toBe('Invalid value: [redacted]…');
  expect(redact('a/'.repeat(1_000))).toBe(`${'a/'.repeat(149)}a…`);
});
