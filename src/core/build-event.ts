/**
 * Build: one business event + one mapping + its connection → one TikTok event, or the reason why there is none.
 *
 * Guarantee: pure and total. The same input gives the same bytes; nothing it is given makes it throw. Pixel, test code
 * and payload are fixed here; the event's JSON (an element of `data[]` of 2.0, or of `batch[]` of 1.0) is serialised
 * once, here.
 */

import { chooseTouch } from './attribution.ts';
import type { BuildNote } from './build-notes.ts';
import type { Connection, Mapping } from './config-entry.ts';
import { createDestinations, type FindDestination } from './destination.ts';
import type { ExternalIdCase } from './normalise.ts';
import type { Refusal, Skip } from './outcome.ts';
import { checkNames, checkTime, refuse, type TimeLimits, tooLarge, withoutMatchKey } from './preflight.ts';
import { createParameterFilter, type WithoutParameters } from './query-parameters.ts';
import type { BusinessEvent } from './record.ts';
import type { TikTokEvent } from './tiktok-event.ts';
import { pageJson, pageUrl } from './tiktok-page.ts';
import { propertiesJson } from './tiktok-properties.ts';
import { SHAPES, type Shape, shapeOf } from './tiktok-shape.ts';
import { contactFields, matchKeysOf, touchFields, type UserFields, type VisitFields } from './tiktok-user.ts';
import { v1EventJson } from './tiktok-v1-event.ts';
import { decideValue, type NegativeValue, type ValueDecision } from './value.ts';

export interface BuildOptions extends TimeLimits {
  /** Most bytes of one event's JSON, so that no event makes a request too large for everybody in it. */
  readonly maxEventBytes: number;
  /** Whether contact ids are hashed as they are, or in lower case, as some browser tags do. */
  readonly externalIdCase: ExternalIdCase;
  /** Names of query parameters that are taken out of page and referrer. */
  readonly removeQueryParameters: readonly string[];
  readonly negativeValue: NegativeValue;
  /** Whether a web event without a page address is a dead letter. */
  readonly requirePageUrl: boolean;
  /** Goes at the top of 2.0 requests; null sends none. */
  readonly partnerName: string | null;
}

/** `now` is epoch milliseconds. */
export type BuildEvent = (event: BusinessEvent, mapping: Mapping, connection: Connection, now: number) => Built;

/** Told apart by `'skip' in built` and `'deadLetter' in built`. */
export type Built = TikTokEvent | Skip | Refusal;

const CONSENT_DENIED: Skip = { skip: 'consent_denied' };
const NO_VISIT: VisitFields = { fields: '', ttclid: null, matchBits: 0, notes: [] };
const NO_NOTES: readonly BuildNote[] = Object.freeze([]);
const MS_PER_MINUTE = 60_000;

/**
 * Makes the build function. What it remembers (destinations, and the contact's digests of the event it saw last, which
 * the event's other mappings share) only saves work: the result depends on the arguments alone.
 */
export function createBuilder(options: BuildOptions): BuildEvent {
  const tools: Tools = {
    options,
    findDestination: createDestinations(options.partnerName),
    withoutParameters: createParameterFilter(options.removeQueryParameters),
    fieldsOfContact: rememberLast(options.externalIdCase),
  };
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
  readonly withoutParameters: WithoutParameters;
  readonly fieldsOfContact: FieldsOfContact;
}

function build(...[event, mapping, connection, now, tools]: [...Parameters<BuildEvent>, Tools]): Built {
  if (event.consent === 'DENIED') return CONSENT_DENIED;
  const { options } = tools;
  const eventId = eventIdOf(event, mapping);
  const time = timeOf(event, mapping);
  const shape = shapeOf(connection);
  const refusal = checkNames(eventId, mapping, connection, shape) ?? checkTime(time, now, options);
  if (refusal !== null) return refusal;
  const value = decideValue(event, mapping, options.negativeValue);
  if (!('withPrices' in value)) return value;

  const eventTime = Math.trunc(time / 1000);
  const said = say({ event, mapping, connection, eventId, eventTime, value, shape: shape ?? 'web' }, tools);
  if ('deadLetter' in said) return said;
  // Counted at once: it joins the pieces of the text, which would outlive a collection of garbage otherwise.
  const jsonBytes = Buffer.byteLength(said.json);
  if (jsonBytes > options.maxEventBytes) {
    return tooLarge(said.json, options.maxEventBytes);
  }
  return {
    destination: tools.findDestination(connection, event.test_event_code),
    workspaceId: event.workspace_id,
    mappingId: mapping.mapping_id,
    conversionId: event.conversion_id,
    eventName: mapping.tiktok_event_name,
    eventId,
    eventTime,
    json: said.json,
    jsonBytes,
    value: value.amount,
    currency: value.currency,
    matchKeys: matchKeysOf(said.matchBits),
    notes: distinct(said.notes),
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

/** What is decided of an event before it is put into words. */
interface Subject {
  readonly event: BusinessEvent;
  readonly mapping: Mapping;
  readonly connection: Connection;
  readonly eventId: string;
  /** Epoch seconds. */
  readonly eventTime: number;
  readonly value: ValueDecision;
  readonly shape: Shape;
}

interface Said {
  readonly json: string;
  readonly matchBits: number;
  readonly notes: readonly BuildNote[];
}

function say(subject: Subject, tools: Tools): Said | Refusal {
  const { event, mapping, connection, value, shape } = subject;
  const notes: BuildNote[] = value.note === null ? [] : [value.note];
  // Offline events have nothing of a visit.
  const touch = shape === 'offline' ? null : chooseTouch(event, mapping, notes);
  const contact = tools.fieldsOfContact(event, connection.default_country, shape);
  const visit = touch === null || shape === 'offline' ? NO_VISIT : touchFields(touch, shape);
  notes.push(...contact.notes, ...visit.notes);
  const matchBits = contact.matchBits | visit.matchBits;
  if (matchBits === 0) return withoutMatchKey(shape, notes);

  const carries = SHAPES[shape];
  const properties = propertiesJson(value, event.contents, carries.contents, notes);
  const url = carries.page ? pageUrl(touch, connection, tools.withoutParameters, notes) : null;
  if (carries.page && url === null && tools.options.requirePageUrl) {
    return refuse(
      'invalid_event',
      'The event has no page address, which events.requirePageUrl asks for, and its connection no fallback_page_url.',
    );
  }
  if (event.limited_data_use === true && !carries.limitedDataUse) notes.push('limited_data_use_omitted');
  const { eventId, eventTime } = subject;
  const userFields = contact.fields + visit.fields;
  if (shape === 'web_v1') {
    const name = mapping.tiktok_event_name;
    const json = v1EventJson({
      event: name,
      eventId,
      eventTime,
      ttclid: visit.ttclid,
      pageUrl: url,
      userFields,
      properties,
    });
    return { json, matchBits, notes };
  }
  const json =
    `{"event":${JSON.stringify(mapping.tiktok_event_name)},"event_time":${eventTime}` +
    `,"event_id":${JSON.stringify(eventId)},"user":{${userFields.slice(1)}}` +
    member('properties', properties) +
    member('page', pageJson(url, touch, tools.withoutParameters, notes)) +
    `${carries.limitedDataUse ? limitedDataUse(event) : ''}}`;
  return { json, matchBits, notes };
}

function limitedDataUse(event: BusinessEvent): string {
  return event.limited_data_use === null ? '' : `,"limited_data_use":${event.limited_data_use}`;
}

function member(name: string, json: string): string {
  return json === '' ? '' : `,"${name}":${json}`;
}

function distinct(notes: readonly BuildNote[]): readonly BuildNote[] {
  if (notes.length === 0) return NO_NOTES;
  return notes.length === 1 ? notes : [...new Set(notes)];
}

type FieldsOfContact = (event: BusinessEvent, defaultCountry: string | null, shape: Shape) => UserFields;

/** One slot is enough: an event's mappings are built one after another. */
function rememberLast(externalIdCase: ExternalIdCase): FieldsOfContact {
  let lastEvent: BusinessEvent | null = null;
  let lastCountry: string | null = null;
  let lastShape: Shape = 'web';
  let last: UserFields = NO_VISIT;
  return (event, defaultCountry, shape) => {
    if (event !== lastEvent || defaultCountry !== lastCountry || shape !== lastShape) {
      last = contactFields(event, { defaultCountry, shape, externalIdCase });
      lastEvent = event;
      lastCountry = defaultCountry;
      lastShape = shape;
    }
    return last;
  };
}
