/** What a terminal shows: a word that stands out, and whether it wants colour. */

import { styleText } from 'node:util';
import type { Host, Terminal } from './host.ts';

/** A word that a reader's eye should find first, in colour where the terminal wants it. */
export function highlight(word: string, { color }: Terminal): string {
  return color ? styleText(['bold', 'red'], word, { validateStream: false }) : word;
}

/** A failure as programs read it: one line, the only one with `error`. */
export function errorJson(code: string, message: string): string {
  return `${JSON.stringify({ error: { code, message } })}\n`;
}

/** Whether a stream wants colours: a terminal that can show them, and nobody who said no (https://no-color.org). */
export function wantsColor(isTerminal: boolean, env: Host['env']): boolean {
  return isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}
