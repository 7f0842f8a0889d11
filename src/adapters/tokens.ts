/**
 * Where access tokens come from: a file in one folder, an environment variable with one prefix, or an envelope.
 *
 * A config entry names its token and so must not be able to name anything else: no path out of the folder (a link
 * counts by where it leads), no other variable, no envelope of another connection. A reference that is none of these may
 * be a token in clear, put there by mistake, so no problem text repeats it.
 */

import { createHash } from 'node:crypto';
import { readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { LONGEST_TOKEN_BYTES, tokenProblem, withoutLineEnd } from '../core/access-token.ts';
import { systemCodeOf } from '../core/error-codes.ts';
import { openEnvelope } from '../core/token-envelope.ts';
import { tokenReferenceProblem } from '../core/token-reference.ts';
import type { TokenLookup, Tokens } from '../ports.ts';
import { type FileLook, isUnchanged, lookAt } from './file-look.ts';
import { openTokenKeyFile, type TokenKeyFile } from './token-key-file.ts';

export interface TokenPlaces {
  /** Folder of `file:` tokens. */
  readonly dir: string;
  /** Keys of envelopes; null where there are none. */
  readonly keyFile: string | null;
}

interface CachedFile {
  readonly look: FileLook;
  readonly lookup: TokenLookup;
}

/**
 * Looks tokens up; files are read again when they have changed, after one `stat` per lookup.
 * @throws CodedError `TOKEN_KEYS_UNUSABLE` for a key file that cannot be used
 */
export function createTokens({ dir, keyFile }: TokenPlaces, env: Readonly<Record<string, string | undefined>>): Tokens {
  const files = new Map<string, CachedFile>();
  const keys = openTokenKeyFile(keyFile);

  function fromFile(name: string): TokenLookup {
    const stat = statSync(join(dir, name), { throwIfNoEntry: false });
    if (!stat?.isFile()) return missing(`there is no file "${name}" in tokens.dir`);
    const cached = files.get(name);
    if (cached && isUnchanged(cached.look, stat)) return cached.lookup;
    const look = lookAt(stat);
    const lookup = readToken(dir, name, stat);
    files.set(name, { look, lookup });
    return lookup;
  }

  return {
    lookup(reference, connectionId) {
      const problem = tokenReferenceProblem(reference);
      if (problem !== null) return missing(problem);
      if (reference.startsWith('aesgcm:')) return fromEnvelope(reference, connectionId, keys);
      const name = reference.slice(reference.indexOf(':') + 1);
      return reference.startsWith('file:') ? guarded(name, () => fromFile(name)) : fromEnvironment(name, env[name]);
    },
  };
}

/** An unreadable file is a missing token, with the system's code as the reason. */
function guarded(name: string, look: () => TokenLookup): TokenLookup {
  try {
    return look();
  } catch (error) {
    const code = systemCodeOf(error) ?? 'unreadable';
    return missing(`the file "${name}" in tokens.dir cannot be read (${code})`);
  }
}

function readToken(dir: string, name: string, stat: Stats): TokenLookup {
  const path = realpathSync(join(dir, name));
  if (!path.startsWith(realpathSync(dir) + sep)) return missing(`the file "${name}" is a link out of tokens.dir`);
  if (stat.size > LONGEST_TOKEN_BYTES) return missing(`the file "${name}" is too large for a token`);
  return found(withoutLineEnd(readFileSync(path, 'utf8')), `the file "${name}"`);
}

function fromEnvironment(name: string, value: string | undefined): TokenLookup {
  return value === undefined ? missing(`the variable ${name} is not set`) : found(value, `the variable ${name}`);
}

function fromEnvelope(envelope: string, connectionId: string, keyFile: TokenKeyFile): TokenLookup {
  const keys = keyFile.current();
  if ('problem' in keys) return missing(keys.problem);
  const opened = openEnvelope(envelope, connectionId, keys.keys);
  return 'problem' in opened ? missing(opened.problem) : found(opened.token, 'what the envelope holds');
}

function found(token: string, where: string): TokenLookup {
  const problem = tokenProblem(token);
  if (problem !== null) return missing(`${where} ${problem}`);
  return { kind: 'token', token, tokenDigest: createHash('sha256').update(token).digest('hex').slice(0, 16) };
}

function missing(problem: string): TokenLookup {
  return { kind: 'missing', problem };
}
