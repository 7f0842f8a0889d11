/**
 * Build: one business event + one mapping + its connection → one TikTok event, or the reason why there is none.
 *
 * Guarantee: pure and total. The same input gives the same bytes; nothing it is given makes it throw. Pixel, test code
 * and payload are fixed here; the event's JSON (Events API 2.0, one element of `data[]`) is serialised once, here.
 */

import { chooseTouch } from './attribution.ts';
import type { BuildNote } from './build-notes.ts';
import type { Connection, Mapping } from './config-entry.ts';
import { createDestinations, type FindDestination } from './destination.ts';
import { present } from './normalise.ts';
import type { DeadLetterReason, Refusal, Skip } from './outcome.ts';
import type { BusinessEvent, Touch } from './record.ts';
import type { MatchKey, TikTokEvent } from './tiktok-event.ts';
import { pageJson } from './tiktok-page.ts';
import { propertiesJson } from './tiktok-properties.ts';
import { contactFields, matchKeysOf, touchFields, type UserFields } from './tiktok-user.ts';
import { durationWords, momentWords } from './time-words.ts';
import { decideValue } from './value.ts';

export interface BuildOptions {
  /** Milliseconds; an older event is `too_old`. */
  readonly maxEventAgeMs: number;
  /** Milliseconds that a producer's clock may be ahead; beyond it an event is `in_future`. */
  readonly maxFutureMs: number;
  /** Most bytes of one event's JSON, so that no event makes a request too large for everybody in it. */
  readonly maxEventBytes: number;
}

/** `now` is epoch milliseconds. */
export type BuildEvent = (event: BusinessEvent, mapping: Mapping, connection: Connection, now: number) => Built;

/** Told apart by `'skip' in built` and `'deadLetter' in built`. */
export type Built = TikTokEvent | Skip | Refusal;

const CONSENT_DENIED: Skip = { skip: 'consent_denied' };
const NO_TOUCH: UserFields = { fields: '', matchBits: 0, notes: [] };
const NO_NOTES: readonly BuildNote[] = Object.freeze([]);
const MS_PER_MINUTE = 60_000;
/** Epoch milliseconds of 1973; as a time of the event, it is surely seconds in the wrong field. */
const SURELY_SECONDS = 100_000_000_000;

/**
 * Makes the build function. What it remembers (destinations, and the contact's digests of the event it saw last, which
 * the event's other mappings share) only saves work: the result depends on the arguments alone.
 */
export function createBuilder(options: BuildOptions): BuildEvent {
  const tools = { options, findDestination: createDestinations(), fieldsOfContact: rememberLast() };
  return (event, mapping, connection, now) => {
    try {
      return build(event, mapping, connection, now, tools);
    } catch (error) {
      // The class only: the message may quote the event.
      const name = error instanceof Error ? error.constructor.name : typeof error;
      return refuse('build_failed', `Building for mapping ${mapping.mapping_id} failed unexpectedly (${name}).`);
    }
  };
}

interface Tools {
  readonly options: BuildOptions;
  readonly findDestination: FindDestination;
  readonly fieldsOfContact: typeof contactFields;
}

function build(...[event, mapping, connection, now, tools]: [...Parameters<BuildEvent>, Tools]): Built {
  if (event.consent === 'DENIED') return CONSENT_DENIED;
  const eventId = eventIdOf(event, mapping);
  const time = timeOf(event, mapping);
  const refusal = checkNames(eventId, mapping, connection) ?? checkTime(time, now, tools.options);
  if (refusal !== null) return refusal;
  const value = decideValue(event, mapping);
  if (!('withPrices' in value)) return value;

  const notes: BuildNote[] = value.note === null ? [] : [value.note];
  const eventTime = Math.trunc(time / 1000);
  const user = userOf(event, mapping, notes, tools.fieldsOfContact(event, connection.default_country));
  const json =
    `{"event":${JSON.stringify(mapping.tiktok_event_name)},"event_time":${eventTime}` +
    `,"event_id":${JSON.stringify(eventId)}${user.json}` +
    member('properties', propertiesJson(value, event.contents, notes)) +
    member('page', pageJson(user.touch, connection, notes)) +
    `${limitedDataUse(event)}}`;
  if (exceeds(json, tools.options.maxEventBytes)) {
    return refuse('invalid_event', `The TikTok event is larger than ${tools.options.maxEventBytes} bytes.`);
  }
  return {
    destination: tools.findDestination(connection, event.test_event_code),
    workspaceId: event.workspace_id,
    mappingId: mapping.mapping_id,
    conversionId: event.conversion_id,
    eventName: mapping.tiktok_event_name,
    eventId,
    eventTime,
    json,
    value: value.amount,
    currency: value.currency,
    matchKeys: user.matchKeys,
    notes: distinct(notes),
    dedupWindowMs: mapping.dedup_window_minutes * MS_PER_MINUTE,
  };
}

/** Byte for byte, so that it meets the browser pixel's; a conversion has no other id than its own. */
function eventIdOf(event: BusinessEvent, mapping: Mapping): string {
  if (mapping.event_id_source === 'UPDATE' && event.trigger !== 'CONVERSION_CREATED') return event.update_id;
  return event.conversion_id;
}

/** Epoch milliseconds of what happened: the conversion, or (unless the mapping says otherwise) its update. */
function timeOf(event: BusinessEvent, mapping: Mapping): number {
  if (mapping.event_time === 'TRIGGER' && event.trigger !== 'CONVERSION_CREATED') return event.updated_at;
  return event.occurred_at;
}

function checkNames(eventId: string, mapping: Mapping, connection: Connection): Refusal | null {
  if (connection.wire !== 'V2' || connection.event_source !== 'WEB') {
    const asked = `wire ${connection.wire} with event_source ${connection.event_source}`;
    return refuse(
      'config_invalid',
      `Connection ${connection.connection_id} asks for ${asked}; only V2 with WEB is built.`,
    );
  }
  if (present(eventId) === null) return refuse('invalid_event', 'The id that is to be the event_id is empty.');
  if (present(mapping.tiktok_event_name) === null) {
    return refuse('invalid_event', `Mapping ${mapping.mapping_id} has an empty tiktok_event_name.`);
  }
  return null;
}

function checkTime(time: number, now: number, options: BuildOptions): Refusal | null {
  if (!Number.isFinite(time)) return refuse('invalid_event', 'The time of the event is not a number of milliseconds.');
  if (now - time > options.maxEventAgeMs) {
    const hint = time < SURELY_SECONDS ? ' Is it in seconds? Milliseconds are expected.' : '';
    return refuse(
      'too_old',
      `The event is older than ${durationWords(options.maxEventAgeMs)} (${momentWords(time)}).${hint}`,
    );
  }
  if (time - now > options.maxFutureMs) {
    const ahead = durationWords(options.maxFutureMs);
    return refuse('in_future', `The event is more than ${ahead} in the future (${momentWords(time)}).`);
  }
  return null;
}

interface User {
  /** `,"user":{…}`, or empty. */
  readonly json: string;
  readonly touch: Touch | null;
  readonly matchKeys: readonly MatchKey[];
}

function userOf(event: BusinessEvent, mapping: Mapping, notes: BuildNote[], contact: UserFields): User {
  const touch = chooseTouch(event, mapping, notes);
  const visit = touch === null ? NO_TOUCH : touchFields(touch);
  notes.push(...contact.notes, ...visit.notes);
  const matchBits = contact.matchBits | visit.matchBits;
  if (matchBits === 0) notes.push('no_match_key');
  const fields = contact.fields + visit.fields;
  const json = fields === '' ? '' : `,"user":{${fields.slice(1)}}`;
  return { json, touch, matchKeys: matchKeysOf(matchBits) };
}

function limitedDataUse(event: BusinessEvent): string {
  return event.limited_data_use === null ? '' : `,"limited_data_use":${event.limited_data_use}`;
}

function member(name: string, json: string): string {
  return json === '' ? '' : `,"${name}":${json}`;
}

/** UTF-8 takes at most three bytes per UTF-16 unit, so most events need no counting. */
function exceeds(json: string, maxBytes: number): boolean {
  return json.length * 3 > maxBytes && Buffer.byteLength(json) > maxBytes;
}

function distinct(notes: readonly BuildNote[]): readonly BuildNote[] {
  if (notes.length === 0) return NO_NOTES;
  return notes.length === 1 ? notes : [...new Set(notes)];
}

function refuse(deadLetter: DeadLetterReason, detail: string): Refusal {
  return { deadLetter, detail };
}

/** One slot is enough: an event's mappings are built one after another. */
function rememberLast(): typeof contactFields {
  let lastEvent: BusinessEvent | null = null;
  let lastCountry: string | null = null;
  let last: UserFields = NO_TOUCH;
  return (event, defaultCountry) => {
    if (event !== lastEvent || defaultCountry !== lastCountry) {
      last = contactFields(event, defaultCountry);
      lastEvent = event;
      lastCountry = defaultCountry;
    }
    return last;
  };
}
