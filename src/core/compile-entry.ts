/**
 * Entries as their writer gave them → entries the service can use, with every default of the contract filled in.
 *
 * Guarantee: all problems of an entry are found at once, an unknown symbol is never read as another, and an entry
 * with a problem never becomes usable.
 */

import { UNSPECIFIED } from './avro-types.ts';
import type { ConfigEntry, Connection, Mapping } from './config-entry.ts';
import { isSupportedCurrency } from './currencies.ts';
import { judgeEventName } from './event-names.ts';
import { isPhoneCountry } from './phone.ts';
import type { Trigger } from './record.ts';
import { isWebAddress } from './tiktok-page.ts';
import { shapeOf } from './tiktok-shape.ts';
import { tokenReferenceProblem } from './token-reference.ts';
import { isNegative } from './value.ts';

/** Fields of the Avro schema, any of which may be null (a writer's required fields too). */
export type RawEntry<T> = { readonly [K in keyof T]: RawValue<T[K]> | null };
type RawValue<V> = NonNullable<V> extends boolean | number ? NonNullable<V> : string;

export interface EntryProblem {
  readonly field: string;
  readonly message: string;
}

export interface CompiledEntry {
  readonly entry: ConfigEntry;
  /** Empty when the entry is usable. */
  readonly problems: readonly EntryProblem[];
  /** What should be looked at and does not keep the entry from being used. */
  readonly warnings: readonly EntryProblem[];
}

/**
 * `topic`: an entry of the config topic, taken as it is as far as it can be used. `apply`: an entry about to be written,
 * so that what TikTok will not like is refused. `preview`: the same, but nothing is sent, so token and trigger may be
 * left out.
 */
export type CompileFor = 'topic' | 'apply' | 'preview';

const MAX_DEDUP_WINDOW_MINUTES = 30 * 24 * 60;
const DEFAULT_DEDUP_WINDOW_MINUTES = 24 * 60;

export const TRIGGERS = ['CONVERSION_CREATED', 'EXPECTED_REVENUE_UPDATED', 'REALIZED_REVENUE_UPDATED'] as const;

/** Collects what is wrong while values are read. */
class Reading {
  readonly problems: EntryProblem[] = [];
  readonly warnings: EntryProblem[] = [];

  warn(field: string, message: string): void {
    this.warnings.push({ field, message });
  }

  report(field: string, message: string): void {
    this.problems.push({ field, message });
  }

  required(field: string, value: string | null): string {
    if (isBlank(value)) this.report(field, 'is required');
    return value ?? '';
  }

  symbol<S extends string>(field: string, value: string | null, symbols: readonly S[]): S | null {
    if (value === null) return null;
    const known = symbols.find(symbol => symbol === value);
    if (known !== undefined) return known;
    const found = value === UNSPECIFIED ? 'is unspecified or unknown to this version' : 'is not a known symbol';
    this.report(field, `${found}; known are ${symbols.join(', ')}`);
    return null;
  }

  letters(field: string, value: string | null, length: 2 | 3): string | null {
    if (isBlank(value)) return null;
    const code = value.trim().toUpperCase();
    if (!new RegExp(`^[A-Z]{${length}}$`).test(code)) this.report(field, `must be ${length} letters`);
    return code;
  }
}

export function compileConnection(raw: RawEntry<Connection>, purpose: CompileFor): CompiledEntry {
  const reading = new Reading();
  const connection: Connection = {
    connection_id: reading.required('connection_id', raw.connection_id),
    workspace_id: reading.required('workspace_id', raw.workspace_id),
    advertiser_name: raw.advertiser_name,
    pixel_id: reading.required('pixel_id', raw.pixel_id),
    access_token: readToken(reading, raw.access_token, purpose),
    test_event_code: isBlank(raw.test_event_code) ? null : raw.test_event_code,
    event_source: reading.symbol('event_source', raw.event_source, ['WEB', 'OFFLINE']) ?? 'WEB',
    wire: reading.symbol('wire', raw.wire, ['V2', 'V1']) ?? 'V2',
    default_country: reading.letters('default_country', raw.default_country, 2),
    fallback_page_url: readUrl(reading, raw.fallback_page_url, purpose),
    max_requests_per_second: raw.max_requests_per_second,
    enabled: raw.enabled ?? true,
  };
  if (shapeOf(connection) === null) reading.report('wire', 'V1 has web events only; use V2 for event_source OFFLINE');
  const rate = connection.max_requests_per_second;
  if (rate !== null && !(rate > 0 && Number.isFinite(rate))) {
    reading.report('max_requests_per_second', 'must be above 0');
  }
  checkId(reading, 'connection_id', connection.connection_id, purpose);
  checkPixelId(reading, connection);
  checkCountry(reading, connection.default_country);
  const { problems, warnings } = reading;
  if (problems.length === 0) return { entry: { kind: 'connection', connection }, problems, warnings };
  const { connection_id, enabled } = connection;
  const workspace_id = isBlank(raw.workspace_id) ? null : raw.workspace_id;
  const unusable = { connection_id, workspace_id, enabled, problem: describeProblems(problems) };
  return { entry: { kind: 'unusable_connection', connection: unusable }, problems, warnings };
}

/** An id is a label of metrics and a field of logs, where nobody expects personal data. Said to who writes the entry. */
function checkId(reading: Reading, field: 'connection_id' | 'mapping_id', id: string, purpose: CompileFor): void {
  if (purpose === 'topic' || isBlank(id)) return;
  const everywhere = 'and goes into metrics and logs; take a short name instead';
  if (/[^\s@]@[^\s@]+\.[^\s@]/.test(id)) reading.warn(field, `looks like an e-mail address ${everywhere}`);
  if (/[\s\p{C}]/u.test(id)) reading.warn(field, `has blanks or control characters ${everywhere}`);
}

/** A pixel code of today has 20 characters; older ones may not, so this is never more than a warning. */
function checkPixelId(reading: Reading, { event_source, pixel_id }: Connection): void {
  if (event_source !== 'WEB' || isBlank(pixel_id) || /^[A-Za-z0-9]{20}$/.test(pixel_id)) return;
  reading.warn('pixel_id', 'is not the 20 letters and digits that pixel codes have; is it copied whole?');
}

function checkCountry(reading: Reading, country: string | null): void {
  if (country === null || !/^[A-Z]{2}$/.test(country) || isPhoneCountry(country)) return;
  reading.warn(
    'default_country',
    'is no country that has phone numbers: those without + and country code are left out',
  );
}

function readToken(reading: Reading, reference: string | null, purpose: CompileFor): string {
  if (isBlank(reference)) {
    if (purpose !== 'preview') reading.report('access_token', 'is required');
    return '';
  }
  const problem = tokenReferenceProblem(reference);
  if (problem !== null) reading.report('access_token', problem);
  return reference;
}

function readUrl(reading: Reading, text: string | null, purpose: CompileFor): string | null {
  if (isBlank(text)) return null;
  const url = text.trim();
  const problem = 'must be an http or https URL';
  if (!/^https?:\/\/\S+$/i.test(url)) reading.report('fallback_page_url', problem);
  else if (!isWebAddress(url)) {
    // Only a part of the connection's events need it, so from the topic they are sent without a page.
    if (purpose === 'topic') reading.warn('fallback_page_url', problem);
    else reading.report('fallback_page_url', problem);
  }
  return url;
}

export function compileMapping(raw: RawEntry<Mapping>, purpose: CompileFor): CompiledEntry {
  const reading = new Reading();
  const mapping: Mapping = {
    mapping_id: reading.required('mapping_id', raw.mapping_id),
    connection_id: reading.required('connection_id', raw.connection_id),
    trigger: readTrigger(reading, raw.trigger, purpose),
    event_name_filter: raw.event_name_filter ?? '',
    attribution: reading.symbol('attribution', raw.attribution, ['LAST_TOUCH', 'FIRST_TOUCH']) ?? 'LAST_TOUCH',
    tiktok_event_name: reading.required('tiktok_event_name', raw.tiktok_event_name),
    include_value: raw.include_value ?? false,
    value_source: reading.symbol('value_source', raw.value_source, ['QUOTE_VALUE', 'SALES_VALUE', 'FIXED']),
    fixed_value: raw.fixed_value,
    currency: reading.letters('currency', raw.currency, 3),
    currency_policy: reading.symbol('currency_policy', raw.currency_policy, ['OMIT', 'FIXED', 'DEAD_LETTER']) ?? 'OMIT',
    dedup_window_minutes: raw.dedup_window_minutes ?? DEFAULT_DEDUP_WINDOW_MINUTES,
    event_id_source: reading.symbol('event_id_source', raw.event_id_source, ['CONVERSION', 'UPDATE']) ?? 'CONVERSION',
    event_time: reading.symbol('event_time', raw.event_time, ['TRIGGER', 'CONVERSION']) ?? 'TRIGGER',
    enabled: raw.enabled ?? true,
  };
  checkId(reading, 'mapping_id', mapping.mapping_id, purpose);
  checkValue(reading, raw, mapping);
  adviseOnValue(reading, mapping);
  checkDedupWindow(reading, mapping.dedup_window_minutes);
  checkEventName(reading, mapping.tiktok_event_name, purpose);
  if (mapping.currency !== null && !isSupportedCurrency(mapping.currency)) {
    reading.warn('currency', "is not on TikTok's list: currency_policy decides what becomes of values in it");
  }
  const { problems, warnings } = reading;
  if (problems.length === 0) return { entry: { kind: 'mapping', mapping }, problems, warnings };
  const { mapping_id, trigger, event_name_filter, enabled } = mapping;
  const connection_id = isBlank(raw.connection_id) ? null : raw.connection_id;
  const problem = describeProblems(problems);
  const unusable = { mapping_id, connection_id, trigger, event_name_filter, enabled, problem };
  return { entry: { kind: 'unusable_mapping', mapping: unusable }, problems, warnings };
}

/** By the rules for web events, the widest: which source it is for, only the connection says. */
function checkEventName(reading: Reading, name: string, purpose: CompileFor): void {
  if (isBlank(name)) return;
  for (const problem of judgeEventName(name, 'WEB').problems) {
    if (purpose === 'topic') reading.warn('tiktok_event_name', problem);
    else reading.report('tiktok_event_name', problem);
  }
}

function readTrigger(reading: Reading, trigger: string | null, purpose: CompileFor): Trigger | null {
  if (trigger === null && purpose !== 'preview') reading.report('trigger', 'is required');
  return reading.symbol('trigger', trigger, TRIGGERS);
}

function checkValue(reading: Reading, raw: RawEntry<Mapping>, mapping: Mapping): void {
  if (!mapping.include_value) return;
  if (raw.value_source === null) reading.report('value_source', 'is required where include_value is true');
  if (mapping.value_source === 'FIXED' && mapping.fixed_value === null) {
    reading.report('fixed_value', 'is required where value_source is FIXED');
  }
}

/** What is sent all the same, though perhaps not what was meant. */
function adviseOnValue(reading: Reading, mapping: Mapping): void {
  const { currency, currency_policy, fixed_value, include_value, value_source } = mapping;
  if (!include_value) {
    if (value_source !== null) reading.warn('value_source', 'has no effect without include_value: no value is sent');
    return;
  }
  if (fixed_value !== null && isNegative(fixed_value)) {
    reading.warn(
      'fixed_value',
      'is below zero: events.negativeValue decides, and by default such an event is not sent',
    );
  }
  if (value_source === 'FIXED' && currency === null) {
    reading.warn('currency', 'is not set, so fixed_value has none: currency_policy decides what is sent instead');
  }
  if (currency_policy === 'FIXED' && (fixed_value === null || currency === null)) {
    reading.warn('currency_policy', 'FIXED sends fixed_value in currency, and without both of them it is OMIT');
  }
}

function checkDedupWindow(reading: Reading, minutes: number): void {
  if (!Number.isInteger(minutes) || minutes < 0 || minutes > MAX_DEDUP_WINDOW_MINUTES) {
    reading.report('dedup_window_minutes', `must be a whole number from 0 to ${MAX_DEDUP_WINDOW_MINUTES}`);
  }
}

/** One line for logs, letters and status pages. */
export function describeProblems(problems: readonly EntryProblem[]): string {
  return problems.map(({ field, message }) => `${field}: ${message}`).join('; ');
}

function isBlank(value: string | null): value is null | '' {
  return value === null || value.trim() === '';
}
