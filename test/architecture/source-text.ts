/** Reads TypeScript just well enough for the architecture rules: imports, and code without comments and texts. */

import { posix } from 'node:path';

/** Source texts by path from the root of the repository, e.g. `src/core/window.ts`. */
export type Sources = ReadonlyMap<string, string>;

/** Modules a file imports or re-exports from, type imports included: paths for its own, names for packages. */
export function importsOf(path: string, text: string): string[] {
  const statements = /^(?:import|export)\b[^;'"]*?\bfrom\s*['"]([^'"]+)['"]|^import\s*['"]([^'"]+)['"]/gm;
  const dynamic = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;
  const found = [...text.matchAll(statements), ...withoutComments(text).matchAll(dynamic)];
  return found.map(([, from, bare]) => {
    const specifier = from ?? bare ?? '';
    return specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier;
  });
}

/** `kafkajs` of `kafkajs/src/x`, `@scope/name` of `@scope/name/x`, `node:fs` of `node:fs/promises`. */
export function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '');
}

const COMMENT = /\/\*[\s\S]*?\*\/|\/\/[^\n]*/;
const TEXT = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/;
const TEMPLATE = /`(?:\\.|[^`\\])*`/;
/** A slash begins a pattern where a value may begin. */
const PATTERN = /(?<=(?:[=(,:[!&|?{};\n]|=>|\breturn)\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/;
const TOKEN = new RegExp([COMMENT, TEMPLATE, TEXT, PATTERN].map(({ source }) => `(${source})`).join('|'), 'g');

/** The code alone: comments, texts and patterns are blank, line breaks and what stands in `${…}` stay. */
export function codeOf(text: string): string {
  return text.replace(TOKEN, (token, comment, template) => {
    if (comment !== undefined || template === undefined) return blank(token);
    return token.replace(/\$\{([^{}]*)\}|[\s\S]/g, (part: string, inside?: string) => inside ?? blank(part));
  });
}

function withoutComments(text: string): string {
  return text.replace(TOKEN, (token, comment) => (comment === undefined ? token : blank(token)));
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}

/** Where a pattern occurs in the code of a file, as `path:line`. */
export function findIn(path: string, code: string, pattern: RegExp): string[] {
  const global = new RegExp(pattern.source, pattern.flags.includes('g') ? pattern.flags : `${pattern.flags}g`);
  return [...code.matchAll(global)].map(match => `${path}:${code.slice(0, match.index).split('\n').length}`);
}
