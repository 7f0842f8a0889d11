/**
 * The key file of token envelopes: one key per line, `KEY-ID: 32 bytes in base64`. `#` begins a comment line.
 *
 * Guarantee: a file is taken as a whole or not at all; no problem text repeats any part of a key. Every key opens; the
 * first one seals unless another is named, so that a new key can be handed out before it is used.
 */

/** A key of AES-256. */
export interface TokenKey {
  readonly id: string;
  readonly bytes: Buffer;
}

export const KEY_BYTES = 32;

/** In the order of the file, at least one; or what is wrong with it. */
export type TokenKeys = { readonly keys: readonly TokenKey[] } | { readonly problem: string };

/** Shorter than a token of TikTok's, so that none can stand there by mistake. */
export function isKeyId(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/.test(text);
}

/** Reads the text of a key file. Never throws. */
export function parseTokenKeys(text: string): TokenKeys {
  const keys = new Map<string, TokenKey>();
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [, id = '', base64 = ''] = /^\s*([^\s:]+):\s*["']?([\w+/-]+={0,2})["']?\s*$/.exec(line) ?? [];
    if (!isKeyId(id)) return { problem: `line ${index + 1} is not KEY-ID: BASE64` };
    if (keys.has(id)) return { problem: `line ${index + 1} has the id of an earlier key` };
    const bytes = Buffer.from(base64, 'base64');
    if (bytes.length !== KEY_BYTES || !isWholly(base64, bytes)) {
      return { problem: `the key in line ${index + 1} is not ${KEY_BYTES} bytes in base64` };
    }
    keys.set(id, { id, bytes });
  }
  return keys.size === 0 ? { problem: 'it holds no key' } : { keys: [...keys.values()] };
}

/** The key that seals: the one named, else the first; null where there is none of that id. */
export function sealingKey(keys: readonly TokenKey[], named: string | null): TokenKey | null {
  return (named === null ? keys[0] : keys.find(({ id }) => id === named)) ?? null;
}

/** A line for the key file. */
export function keyLine({ id, bytes }: TokenKey): string {
  return `${id}: ${bytes.toString('base64')}`;
}

/** Whether the text says these bytes and nothing else; both alphabets are taken, with or without padding. */
function isWholly(base64: string, bytes: Buffer): boolean {
  return (
    base64.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '') === bytes.toString('base64').replace(/=+$/, '')
  );
}
