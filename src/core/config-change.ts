/**
 * What a wanted entry changes against the one on the config topic, field by field.
 *
 * Guarantee: a token reference is never shown, only of which kind it is; two of one kind are still told apart.
 */

import { type EntryName, type Fields, keyOf } from './entry-fields.ts';
import type { StoredConfig } from './stored-config.ts';

/** As people see them: a text, a number, true or false; null where the field is not set. */
export interface FieldChange {
  readonly field: string;
  readonly from: Fields[string];
  readonly to: Fields[string];
}

export interface EntryChange extends EntryName {
  /** `replaced`: what is there cannot be read. */
  readonly change: 'added' | 'changed' | 'replaced' | 'unchanged' | 'deleted';
  /** Of an added entry the fields that are set. */
  readonly fields: readonly FieldChange[];
}

/** The field whose value is never shown. */
export const TOKEN_FIELD = 'access_token';

/** What writing `fields` under this name would change. */
export function changeTo(name: EntryName, fields: Fields, stored: StoredConfig): EntryChange {
  const { kind, id } = name;
  const key = keyOf(name);
  const before = stored.entries.get(key)?.fields;
  const changed = Object.keys(fields)
    .filter(field => (fields[field] ?? null) !== (before?.[field] ?? null))
    .map(field => shownChange(field, before?.[field] ?? null, fields[field] ?? null));
  if (before !== undefined)
    return { kind, id, change: changed.length === 0 ? 'unchanged' : 'changed', fields: changed };
  return { kind, id, change: stored.unreadable.has(key) ? 'replaced' : 'added', fields: changed };
}

function shownChange(field: string, from: Fields[string], to: Fields[string]): FieldChange {
  if (field !== TOKEN_FIELD) return { field, from, to };
  const [before, after] = [tokenKind(from), tokenKind(to)];
  return { field, from: before, to: before === after ? `another ${after}` : after };
}

/** Of which kind a token reference is, without the reference; null where there is none. */
export function tokenKind(reference: Fields[string]): string | null {
  if (reference === null || reference === '') return null;
  const [, scheme] = /^(file|env|aesgcm):/.exec(String(reference)) ?? [];
  if (scheme === undefined) return 'token in clear';
  return scheme === 'aesgcm' ? 'aesgcm: envelope' : `${scheme}: reference`;
}
