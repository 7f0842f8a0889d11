/** Changes of connections and mappings as people read them: one block for each entry, one line for each field. */

import type { EntryChange, FieldChange } from '../core/config-change.ts';
import { TOKEN_FIELD } from '../core/config-change.ts';
import type { Fields } from '../core/entry-fields.ts';
import { labelOf, type Remark } from './apply-file.ts';

const SIGNS = { added: '+', changed: '~', replaced: '~', unchanged: '=', deleted: '-' } as const;

/** `+ mapping m-1` and its fields below; an unchanged entry is one line. */
export function changeLines(change: EntryChange): string[] {
  const note = change.change === 'replaced' ? ' (what is there cannot be read)' : '';
  const head = `${SIGNS[change.change]} ${labelOf(change)}${note}`;
  return [head, ...change.fields.map(field => `    ${fieldLine(field, change)}`)];
}

function fieldLine({ field, from, to }: FieldChange, { change }: EntryChange): string {
  const after = shown(field, to);
  return change === 'changed' ? `${field}: ${shown(field, from)} -> ${after}` : `${field}: ${after}`;
}

function shown(field: string, value: Fields[string]): string {
  if (value === null) return '(not set)';
  return field === TOKEN_FIELD ? `(${value})` : JSON.stringify(value);
}

/** `FILE:LINE:COLUMN: mapping m-1: tiktok_event_name: what is to be said`, as editors and CI systems understand it. */
export function remarkLine(file: string, { line, column, entry, field, message }: Remark): string {
  const about = [entry, field].filter(part => part !== null).map(part => `${part}: `);
  return `${file}:${line}:${column}: ${about.join('')}${message}`;
}

/** `1 problem`, `2 problems`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
