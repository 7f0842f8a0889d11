/**
 * Where a connection's token is found: `file:NAME`, `env:NAME` or an `aesgcm:` envelope. Only the form is judged here.
 *
 * Guarantee: what is not surely a reference counts as a token in clear and is refused; no message repeats any part
 * of what was given.
 */

import { envelopeProblem } from './token-envelope.ts';

const REFERENCE_HINT =
  'a token is never stored in clear; use file:NAME (in the token folder), env:TIKTOK_TOKEN_NAME, or an envelope from `tiktok-sync tokens seal` instead';

/** What is wrong with a reference; `null` when it can be looked up. */
export function tokenReferenceProblem(reference: string): string | null {
  if (reference.startsWith('aesgcm:')) return envelopeProblem(reference);
  if (reference.startsWith('file:')) return fileProblem(reference.slice('file:'.length));
  if (reference.startsWith('env:')) {
    const name = reference.slice('env:'.length);
    return /^TIKTOK_TOKEN_[A-Za-z0-9_]+$/.test(name) ? null : 'env: takes only names that begin with TIKTOK_TOKEN_';
  }
  return REFERENCE_HINT;
}

function fileProblem(name: string): string | null {
  if (name === '' || name.includes('\0')) return 'file: needs the name of a file in the token folder';
  if (name.startsWith('/') || name.split(/[/\\]/).includes('..')) {
    return 'file: takes a name inside the token folder, without a leading slash and without ..';
  }
  return null;
}
