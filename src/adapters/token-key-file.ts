/** The key file of token envelopes, read again whenever it has changed: a key that is added opens at the next attempt. */

import { readFileSync, type Stats, statSync } from 'node:fs';
import { CodedError, systemCodeOf } from '../core/error-codes.ts';
import { parseTokenKeys, type TokenKeys } from '../core/token-keys.ts';
import { type FileLook, isUnchanged, lookAt } from './file-look.ts';

/** Some thousand keys. */
const LARGEST_FILE_BYTES = 256 * 1024;

export interface TokenKeyFile {
  /** The keys as they are now, after one `stat`; or why there are none. */
  current(): TokenKeys;
}

/**
 * `path` is null where no key file is configured: then no envelope opens.
 * @throws CodedError `TOKEN_KEYS_UNUSABLE` for a file that cannot be used from the beginning
 */
export function openTokenKeyFile(path: string | null): TokenKeyFile {
  if (path === null) return { current: () => ({ problem: 'tokens.keyFile is not set' }) };
  let seen: FileLook | null = null;
  let keys: TokenKeys = { problem: '' };
  const current = (): TokenKeys => {
    try {
      const stat = statSync(path);
      if (seen !== null && isUnchanged(seen, stat)) return keys;
      seen = null;
      const look = lookAt(stat);
      keys = readKeys(path, stat);
      seen = look;
      return keys;
    } catch (error) {
      const code = systemCodeOf(error) ?? 'unreadable';
      return { problem: `tokens.keyFile ${path} cannot be read (${code})` };
    }
  };
  const first = current();
  if ('problem' in first) throw new CodedError('TOKEN_KEYS_UNUSABLE', `${first.problem}.`);
  return { current };
}

function readKeys(path: string, stat: Stats): TokenKeys {
  if (stat.size > LARGEST_FILE_BYTES) return { problem: `tokens.keyFile ${path} is too large for keys` };
  const parsed = parseTokenKeys(readFileSync(path, 'utf8'));
  return 'problem' in parsed ? { problem: `tokens.keyFile ${path}: ${parsed.problem}` } : parsed;
}
