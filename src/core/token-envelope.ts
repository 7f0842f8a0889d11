/**
 * The envelope that holds an access token on the config topic: `aesgcm:v1:<key id>:<base64url(nonce | ciphertext | tag)>`,
 * AES-256-GCM with the connection's id as additional data (NIST SP 800-38D; nonce 12 bytes, tag 16).
 *
 * Guarantee: it opens only with its key, for its connection, and unchanged in every character; no problem text repeats
 * any part of token, key or ciphertext. The nonce is the caller's and must never be used twice with one key.
 */

import { createCipheriv, createDecipheriv } from 'node:crypto';
import { isKeyId, type TokenKey } from './token-keys.ts';

export const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const PREFIX = 'aesgcm:v1:';

/** What was in an envelope, or why it cannot be opened. */
export type Opened = { readonly token: string } | { readonly problem: string };

/** Puts a token into an envelope for one connection. */
export function sealToken(token: string, connectionId: string, key: TokenKey, nonce: Buffer): string {
  const cipher = createCipheriv('aes-256-gcm', key.bytes, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(connectionId));
  const sealed = [nonce, cipher.update(token, 'utf8'), cipher.final(), cipher.getAuthTag()];
  return `${PREFIX}${key.id}:${Buffer.concat(sealed).toString('base64url')}`;
}

/** Takes the token out again. Never throws. */
export function openEnvelope(envelope: string, connectionId: string, keys: readonly TokenKey[]): Opened {
  const read = readEnvelope(envelope);
  if (read === null) return { problem: MALFORMED };
  const { keyId, sealed } = read;
  const key = keys.find(({ id }) => id === keyId);
  if (key === undefined) return { problem: `there is no key "${keyId}" in the key file` };
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key.bytes, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(connectionId));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    const token = Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    return { token: token.toString('utf8') };
  } catch {
    // The cipher cannot tell these apart.
    const causes = 'it was sealed for another connection or with another key of this id, or it was changed';
    return { problem: `the envelope does not open with the key "${keyId}": ${causes}` };
  }
}

/** What is wrong with an envelope's form; null where it may be one. */
export function envelopeProblem(envelope: string): string | null {
  return readEnvelope(envelope) === null ? MALFORMED : null;
}

const MALFORMED =
  'the envelope is malformed: aesgcm:v1:<key id>:<base64url of nonce, ciphertext and tag>, as `tiktok-sync tokens seal` prints it';

interface Envelope {
  readonly keyId: string;
  /** Nonce, ciphertext, tag. */
  readonly sealed: Buffer;
}

function readEnvelope(envelope: string): Envelope | null {
  if (!envelope.startsWith(PREFIX)) return null;
  const [keyId = '', text = '', ...more] = envelope.slice(PREFIX.length).split(':');
  if (!isKeyId(keyId) || more.length > 0) return null;
  const sealed = Buffer.from(text, 'base64url');
  // Node.js passes over what is not base64url, and over the last character's spare bits: neither may go unnoticed.
  if (sealed.toString('base64url') !== text) return null;
  return sealed.length > NONCE_BYTES + TAG_BYTES ? { keyId, sealed } : null;
}
