import { webcrypto } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { envelopeProblem, openEnvelope, sealToken } from '../../src/core/token-envelope.ts';
import type { TokenKey } from '../../src/core/token-keys.ts';

const KEY: TokenKey = { id: 'k1', bytes: Buffer.from(Array.from({ length: 32 }, (_, index) => index)) };
const OTHER: TokenKey = { id: 'k2', bytes: Buffer.alloc(32, 7) };
const NONCE = Buffer.from('000102030405060708090a0b', 'hex');
const TOKEN = 'CANARY-0123456789abcdef0123456789abcdef';
const SEALED = sealToken(TOKEN, 'acme-main', KEY, NONCE);

/** Token, connection, and what Python's cryptography makes of them with the key 00 01 … 1f and the nonce 00 01 … 0b. */
const VECTORS = [
  ['a', 'c', 'AAECAwQFBgcICQoLJvlt0aQ6m8TFY3Fb8t74tPw'],
  [
    'CANARY-0123456789abcdef0123456789abcdef',
    'acme-main',
    'AAECAwQFBgcICQoLBEOYWpe87yu8c6S_hN9PVbq35VeUHjlMCVXWsShfN4o4ccyfy6R0iWGqdp5fVfe8chCJLKWFDA',
  ],
  ['token', 'zażółć', 'AAECAwQFBgcICQoLM229fqt9baWG0_hIv4hJI7xHVdLt'],
] as const;

describe('an envelope', () => {
  it.each(VECTORS)('of %j for %j is the known one', (token, connectionId, sealed) => {
    const envelope = sealToken(token, connectionId, KEY, NONCE);
    expect(envelope).toBe(`aesgcm:v1:k1:${sealed}`);
    expect(openEnvelope(envelope, connectionId, [OTHER, KEY])).toEqual({ token });
  });

  it('is what another implementation of AES-GCM makes', async () => {
    const key = await webcrypto.subtle.importKey('raw', new Uint8Array(KEY.bytes), 'AES-GCM', false, ['encrypt']);
    const algorithm = { name: 'AES-GCM', iv: new Uint8Array(NONCE), additionalData: Buffer.from('acme-main') };
    const sealed = await webcrypto.subtle.encrypt(algorithm, key, Buffer.from(TOKEN));
    expect(SEALED).toBe(`aesgcm:v1:k1:${Buffer.concat([NONCE, Buffer.from(sealed)]).toString('base64url')}`);
  });

  it('opens whatever token and connection it was made of', () => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), bytes(32), bytes(12), (token, connection, key, nonce) => {
        const sealingKey = { id: 'k', bytes: Buffer.from(key) };
        const envelope = sealToken(token.toWellFormed(), connection, sealingKey, Buffer.from(nonce));
        expect(openEnvelope(envelope, connection, [sealingKey])).toEqual({ token: token.toWellFormed() });
      }),
    );
  });

  it('hides its token', () => {
    const [, , , text = ''] = SEALED.split(':');
    expect(Buffer.from(text, 'base64url').toString('latin1')).not.toContain('CANARY');
  });
});

describe('an envelope does not open', () => {
  const problemOf = (envelope: string, connectionId = 'acme-main', keys: readonly TokenKey[] = [KEY]) => {
    const opened = openEnvelope(envelope, connectionId, keys);
    expect(opened).toHaveProperty('problem');
    expect(JSON.stringify(opened)).not.toContain('CANARY');
    return 'problem' in opened ? opened.problem : '';
  };

  it('for another connection', () => {
    expect(problemOf(SEALED, 'acme-other')).toContain('sealed for another connection or with another key of this id');
    expect(problemOf(SEALED, '')).toContain('sealed for another connection');
  });

  it('with another key of its id', () => {
    expect(problemOf(SEALED, 'acme-main', [{ id: 'k1', bytes: OTHER.bytes }])).toContain('another key of this id');
  });

  it('without a key of its id', () => {
    expect(problemOf(SEALED, 'acme-main', [OTHER])).toBe('there is no key "k1" in the key file');
  });

  it('with any bit of any byte changed', () => {
    const [, , , text = ''] = SEALED.split(':');
    const sealed = Buffer.from(text, 'base64url');
    for (let position = 0; position < sealed.length * 8; position++) {
      const changed = Buffer.from(sealed);
      changed[position >> 3] = (changed[position >> 3] ?? 0) ^ (1 << (position & 7));
      expect(problemOf(`aesgcm:v1:k1:${changed.toString('base64url')}`)).toContain('or it was changed');
    }
  });

  it('with any character changed, added or taken away', () => {
    for (let position = 0; position < SEALED.length; position++) {
      const [before, after] = [SEALED.slice(0, position), SEALED.slice(position + 1)];
      for (const other of ['A', 'Q', '_', '=', ':', '\n', '']) {
        if (SEALED[position] !== other) problemOf(`${before}${other}${after}`);
      }
      problemOf(`${before} ${SEALED.slice(position)}`);
    }
    for (const more of ['=', ' ', '\n', 'A', ':']) problemOf(`${SEALED}${more}`);
  });

  it('with two of its parts from two envelopes', () => {
    const other = sealToken('another-token', 'acme-main', KEY, Buffer.alloc(12, 9));
    const bytesOf = (envelope: string) => Buffer.from(envelope.split(':')[3] ?? '', 'base64url');
    const mixed = Buffer.concat([bytesOf(other).subarray(0, 12), bytesOf(SEALED).subarray(12)]);
    problemOf(`aesgcm:v1:k1:${mixed.toString('base64url')}`);
  });
});

describe('the form of an envelope', () => {
  test.each([SEALED, sealToken('a', 'c', KEY, NONCE)])('%s is right', envelope => {
    expect(envelopeProblem(envelope)).toBeNull();
  });

  test.each([
    'aesgcm:',
    'aesgcm:v1:',
    'aesgcm:v1:k1:',
    'aesgcm:v1:k1:AAAA',
    'aesgcm:v2:k1:AAECAwQFBgcICQoLAAECAwQFBgcICQoLAAECAwQFBgcICQoL',
    'aesgcm:v1::AAECAwQFBgcICQoLAAECAwQFBgcICQoLAAECAwQFBgcICQoL',
    'aesgcm:v1:k 1:AAECAwQFBgcICQoLAAECAwQFBgcICQoLAAECAwQFBgcICQoL',
    `aesgcm:v1:k1:${'A'.repeat(37)}`,
    `aesgcm:v1:k1:${Buffer.alloc(28).toString('base64url')}`,
    `${SEALED}=`,
    `${SEALED}:more`,
    SEALED.replaceAll('_', '/').replace(/.$/, '+'),
    '',
  ])('%j is wrong', envelope => {
    expect(envelopeProblem(envelope)).toContain('the envelope is malformed');
    expect(openEnvelope(envelope, 'acme-main', [KEY])).toHaveProperty('problem');
  });

  it('never makes the opening throw', () => {
    const anyEnvelope = fc.oneof(
      fc.string(),
      fc.base64String().map(text => `aesgcm:v1:k1:${text}`),
      fc.uint8Array({ maxLength: 60 }).map(bytes => `aesgcm:v1:k1:${Buffer.from(bytes).toString('base64url')}`),
    );
    fc.assert(
      fc.property(anyEnvelope, envelope => {
        expect(openEnvelope(envelope, 'acme-main', [KEY])).toHaveProperty('problem');
      }),
    );
  });
});
