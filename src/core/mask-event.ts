/**
 * A decoded event as an operator may see it: enough to find out what is wrong, nothing that tells who the contact is.
 *
 * Guarantee: only fields on the list below are shown as they are; of every other text nothing but its length is, also
 * of a field that a later schema adds. Whether something is null or empty stays visible.
 */

import type { BusinessEvent, Touch } from './record.ts';
import { momentWords } from './time-words.ts';

const SHOWN: ReadonlySet<string> = new Set([
  'trigger',
  'kind',
  'conversion_id',
  'update_id',
  'workspace_id',
  'event_name',
  'country',
  'quote_value',
  'sales_value',
  'currency',
  'contents',
  'consent',
  'limited_data_use',
  'test_event_code',
]);
const TIMES: ReadonlySet<string> = new Set(['occurred_at', 'updated_at']);
const PAGES: ReadonlySet<string> = new Set(['page_url', 'referrer']);

export type Masked = Readonly<Record<string, unknown>>;

/** The event's fields in their order, masked. */
export function maskEvent(event: BusinessEvent): Masked {
  return maskFields(event);
}

function maskFields(fields: object): Masked {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, maskField(name, value)]));
}

function maskField(name: string, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (SHOWN.has(name)) return value;
  if (TIMES.has(name) && typeof value === 'number') return momentWords(value);
  if (name === 'first_touch' || name === 'last_touch') return maskFields(value as Touch);
  if (PAGES.has(name)) return maskPage(String(value));
  return maskText(String(value));
}

/** `[24 characters]`; what is empty or blank is told apart, for that is often what is wrong. */
export function maskText(text: string): string {
  if (text === '') return '';
  if (text.trim() === '') return `[blank, ${text.length} characters]`;
  return `[${text.length} characters]`;
}

/** Host and names of the parameters stay: a `ttclid` that is missing or cut is looked for there. */
function maskPage(url: string): string {
  if (!URL.canParse(url)) return maskText(url);
  const { host, pathname, protocol, searchParams } = new URL(url);
  const path = pathname === '/' ? '/' : `/${maskText(pathname.slice(1))}`;
  const names = [...searchParams].map(([name, value]) => `${name}=${maskText(value)}`);
  return `${protocol}//${host}${path}${names.length === 0 ? '' : `?${names.join('&')}`}`;
}
