/**
 * Where access tokens come from: a file in one folder, or an environment variable with one prefix.
 *
 * A config entry names its token and so must not be able to name anything else: no path out of the folder (a link
 * counts by where it leads), no other variable. A reference that is neither may be a token in clear, put there by
 * mistake, so no problem text repeats it.
 */

import { createHash } from 'node:crypto';
import { readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { tokenReferenceProblem } from '../core/token-reference.ts';
import type { TokenLookup, Tokens } from '../ports.ts';

/** What an HTTP header takes, without blanks. */
const TOKEN = /^[\x21-\x7e]+$/;
/** TikTok's tokens have 40 to 60 characters. */
const LONGEST_TOKEN_BYTES = 4_096;

interface CachedFile {
  readonly inode: number;
  readonly modified: number;
  readonly size: number;
  readonly lookup: TokenLookup;
}

/** Looks tokens up in `dir` and in `env`; a file is read again when it has changed, after one `stat` per lookup. */
export function createTokens(dir: string, env: Readonly<Record<string, string | undefined>>): Tokens {
  const files = new Map<string, CachedFile>();

  function fromFile(name: string): TokenLookup {
    const stat = statSync(join(dir, name), { throwIfNoEntry: false });
    if (!stat?.isFile()) return missing(`there is no file "${name}" in tokens.dir`);
    const cached = files.get(name);
    if (cached && isUnchanged(cached, stat)) return cached.lookup;
    const lookup = readToken(dir, name, stat);
    files.set(name, { inode: stat.ino, modified: stat.mtimeMs, size: stat.size, lookup });
    return lookup;
  }

  return {
    lookup(reference) {
      const problem = tokenReferenceProblem(reference);
      if (problem !== null) return missing(problem);
      const name = reference.slice(reference.indexOf(':') + 1);
      return reference.startsWith('file:') ? guarded(name, () => fromFile(name)) : fromEnvironment(name, env[name]);
    },
  };
}

function isUnchanged(cached: CachedFile, stat: Stats): boolean {
  return cached.inode === stat.ino && cached.modified === stat.mtimeMs && cached.size === stat.size;
}

/** An unreadable file is a missing token, with the system's code as the reason. */
function guarded(name: string, look: () => TokenLookup): TokenLookup {
  try {
    return look();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return missing(`the file "${name}" in tokens.dir cannot be read (${code})`);
  }
}

function readToken(dir: string, name: string, stat: Stats): TokenLookup {
  const path = realpathSync(join(dir, name));
  if (!path.startsWith(realpathSync(dir) + sep)) return missing(`the file "${name}" is a link out of tokens.dir`);
  if (stat.size > LONGEST_TOKEN_BYTES) return missing(`the file "${name}" is too large for a token`);
  return found(readFileSync(path, 'utf8').replace(/\r?\n$/, ''), `the file "${name}"`);
}

function fromEnvironment(name: string, value: string | undefined): TokenLookup {
  return value === undefined ? missing(`the variable ${name} is not set`) : found(value, `the variable ${name}`);
}

function found(token: string, where: string): TokenLookup {
  if (!TOKEN.test(token)) return missing(`${where} is empty or holds blanks or other characters no token has`);
  return { kind: 'token', token, digest: createHash('sha256').update(token).digest('hex').slice(0, 16) };
}

function missing(problem: string): TokenLookup {
  return { kind: 'missing', problem };
}
