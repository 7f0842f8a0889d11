/**
 * Which rows of a request failed, from the `data` of an answer that was taken in part (20001).
 *
 * Guarantee: all failed rows or null, never some of them; never throws. No document shows such a list (facts 3.4), so
 * any likely one is read, and a list with an entry that names no row counts as none.
 */

import { namedRow } from './named-row.ts';

const LISTS = [
  'failed_events',
  'failed_rows',
  'failed_list',
  'failures',
  'failed',
  'errors',
  'error_list',
  'partial_failure',
  'partial_failures',
];
const ROW_FIELDS = ['index', 'row', 'event_index', 'row_index', 'position'];
const TEXT_FIELDS = ['message', 'error_message', 'error', 'field', 'path'];
/** Twice what any request holds. */
const MOST_ROWS = 2_000;

/** Zero-based, ascending, each once; null where there is no list that names a row with every entry. */
export function failedRows(data: unknown): readonly number[] | null {
  if (!isObject(data)) return null;
  const list = LISTS.map(name => data[name]).find(value => Array.isArray(value) && value.length > 0);
  if (!Array.isArray(list) || list.length > MOST_ROWS) return null;
  const rows = new Set<number>();
  for (const entry of list) {
    const row = rowOf(entry);
    if (row === null) return null;
    rows.add(row);
  }
  return [...rows].toSorted((a, b) => a - b);
}

/** Whether the list parts a request of `count` events: it names some of its rows, and none that it does not have. */
export function partsRequest(rows: readonly number[] | null, count: number): rows is readonly number[] {
  return rows !== null && rows.length > 0 && rows.length < count && rows.every(row => row < count);
}

function rowOf(entry: unknown): number | null {
  if (typeof entry === 'string') return namedRow(entry);
  if (!isObject(entry)) return rowNumber(entry);
  for (const field of ROW_FIELDS) {
    const row = rowNumber(entry[field]);
    if (row !== null) return row;
  }
  for (const field of TEXT_FIELDS) {
    const text = entry[field];
    const row = typeof text === 'string' ? namedRow(text) : null;
    if (row !== null) return row;
  }
  return null;
}

function rowNumber(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < MOST_ROWS ? value : null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
