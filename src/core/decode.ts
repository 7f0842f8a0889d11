/**
 * Event records → business events. Either record type is accepted on either topic.
 *
 * Guarantee: an event is exactly what its writer meant, or it is refused with a reason; nothing is guessed. Its ids
 * are there, and its trigger is known.
 */

import type { AvroSchemaJson } from './avro-types.ts';
import { FramedRecords, type SchemaNeeded } from './framed-records.ts';
import type { Refusal, Skip } from './outcome.ts';
import type { BusinessEvent, ConversionFields, RevenueUpdated, Trigger } from './record.ts';

/** What a record of an event topic is: an event, a dead letter, nothing (a tombstone), or its schema must be learned. */
export type Decoded = BusinessEvent | Refusal | Skip | SchemaNeeded;

/** Learns writer schemas once and decodes records of the event topics: see `FramedRecords`. */
export type EventDecoder = FramedRecords<BusinessEvent>;

/** The schemas of the two event types, as parsed from `schemas/`. */
export interface EventSchemas {
  readonly conversionCreated: AvroSchemaJson;
  readonly revenueUpdated: AvroSchemaJson;
}

/** What avsc makes of a record: our event, except that required fields may be null and the trigger is not yet set. */
type Raw<T> = { -readonly [K in keyof T]: T[K] | null } & { trigger: Trigger; kind?: string | null };

// Declared as a field, so that setting it does not change the shape avsc gave the object.
const TRIGGER_FIELD = { name: 'trigger', type: 'string', default: 'CONVERSION_CREATED' };

const TRIGGER_OF_KIND: ReadonlyMap<unknown, RevenueUpdated['trigger']> = new Map([
  ['EXPECTED', 'EXPECTED_REVENUE_UPDATED'],
  ['REALIZED', 'REALIZED_REVENUE_UPDATED'],
]);

export function createEventDecoder(schemas: EventSchemas): EventDecoder {
  const extraFields = [TRIGGER_FIELD];
  return new FramedRecords<BusinessEvent>([
    { schema: schemas.conversionCreated, extraFields, finish: finishConversion },
    { schema: schemas.revenueUpdated, extraFields, finish: finishRevenueUpdate },
  ]);
}

export function finishConversion(decoded: unknown): BusinessEvent | Refusal {
  const event = decoded as Raw<ConversionFields>;
  return missing(event) ?? (event as BusinessEvent);
}

export function finishRevenueUpdate(decoded: unknown): BusinessEvent | Refusal {
  const event = decoded as Raw<RevenueUpdated>;
  const refusal = missing(event) ?? missingOfUpdate(event);
  if (refusal !== null) return refusal;
  const trigger = TRIGGER_OF_KIND.get(event.kind);
  if (trigger === undefined) {
    return { deadLetter: 'unknown_symbol', detail: 'kind is neither EXPECTED nor REALIZED' };
  }
  event.trigger = trigger;
  return event as BusinessEvent;
}

/**
 * Ids are keys and log entries downstream; without a bound one record could outgrow every topic it is written to. No
 * real id comes near.
 */
const LONGEST_ID = 1_024;

function missing(event: Raw<ConversionFields>): Refusal | null {
  const refusal = unusableId('conversion_id', event.conversion_id) ?? unusableId('workspace_id', event.workspace_id);
  if (refusal !== null) return refusal;
  if (event.occurred_at === null) return isMissing('occurred_at');
  return null;
}

function missingOfUpdate(event: Raw<RevenueUpdated>): Refusal | null {
  const refusal = unusableId('update_id', event.update_id);
  if (refusal !== null) return refusal;
  if (event.updated_at === null) return isMissing('updated_at');
  return null;
}

function unusableId(field: string, id: string | null): Refusal | null {
  if (!id) return isMissing(field);
  if (id.length <= LONGEST_ID) return null;
  return { deadLetter: 'undecodable', detail: `${field} is longer than ${LONGEST_ID} characters` };
}

function isMissing(field: string): Refusal {
  return { deadLetter: 'undecodable', detail: `${field} is null or empty` };
}
