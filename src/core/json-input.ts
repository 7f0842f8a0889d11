/**
 * Events, connections and mappings given as JSON files with the field names of the Avro schemas, as `preview` takes
 * them: absent fields have the schema's default, times are ISO 8601 or epoch milliseconds, decimals numbers or strings,
 * an event's ids may be numbers.
 *
 * Guarantee: what comes out is what the same record would be had it come from Kafka, but that a slip in a symbol is a
 * problem. All problems are told at once.
 */

import { UNSPECIFIED } from './avro-types.ts';
import {
  compileConnection,
  compileMapping,
  describeProblems,
  type EntryProblem,
  type RawEntry,
} from './compile-entry.ts';
import type { Connection, Mapping } from './config-entry.ts';
import { type EventSchemas, finishConversion, finishRevenueUpdate } from './decode.ts';
import type { ConfigSchemas } from './decode-config.ts';
import { type InputProblem, readRecord } from './json-record.ts';
import type { Refusal } from './outcome.ts';
import type { BusinessEvent, Consent } from './record.ts';

const CONSENTS: readonly string[] = [UNSPECIFIED, 'GRANTED', 'DENIED'] satisfies readonly Consent[];

/**
 * The value, with what should be looked at all the same; or what does not fit the schema, to be corrected in the file; or the reason for which the service would
 * dead-letter the event (`config_invalid`, `unknown_symbol`, `undecodable`); or why `apply` would not take the entry, which
 * from the config topic would be taken with a warning.
 */
export type FromJson<T> =
  | { readonly value: T; readonly warnings: readonly EntryProblem[] }
  | { readonly problems: readonly InputProblem[] }
  | { readonly refusal: Refusal }
  | { readonly unapplied: string };

/** An event is a `RevenueUpdated` if its `"type"` says so, or if it has a field that only this type has. */
export function eventFromJson(json: unknown, schemas: EventSchemas): FromJson<BusinessEvent> {
  if (!isObject(json)) return notAnObject('event');
  const { type, ...fields } = json;
  const isUpdate =
    type === undefined ? ['update_id', 'kind', 'updated_at'].some(name => name in fields) : type === 'RevenueUpdated';
  if (type !== undefined && !isUpdate && type !== 'ConversionCreated') {
    return { problems: [{ path: 'type', message: 'must be "ConversionCreated" or "RevenueUpdated"' }] };
  }
  const schema = isUpdate ? schemas.revenueUpdated : schemas.conversionCreated;
  const { record, problems } = readRecord(schema, fields, 'taken');
  const misread = [...problems, ...consentProblems(record['consent'])];
  if (misread.length > 0) return { problems: misread };
  record['trigger'] = 'CONVERSION_CREATED';
  const event = isUpdate ? finishRevenueUpdate(record) : finishConversion(record);
  return 'deadLetter' in event ? { refusal: event } : { value: event, warnings: [] };
}

/** On a topic an unknown symbol reads as unspecified, for a newer writer's sake; in a file it is somebody's slip. */
function consentProblems(consent: unknown): readonly InputProblem[] {
  if (typeof consent !== 'string' || CONSENTS.includes(consent)) return [];
  return [{ path: 'consent', message: `is not a known symbol; known are ${CONSENTS.join(', ')}` }];
}

/** The token reference may be left out: nothing is sent. */
export function connectionFromJson(json: unknown, schemas: ConfigSchemas): FromJson<Connection> {
  if (!isObject(json)) return notAnObject('connection');
  const { record, problems } = readRecord(schemas.connection, json);
  if (problems.length > 0) return { problems };
  const compiled = compileConnection(record as unknown as RawEntry<Connection>, 'preview');
  if (compiled.entry.kind === 'connection') return { value: compiled.entry.connection, warnings: compiled.warnings };
  const onTopic = compileConnection(record as unknown as RawEntry<Connection>, 'topic');
  return unusable('connection', compiled.problems, onTopic.problems);
}

/** The trigger may be left out: then the mapping matches the event. */
export function mappingFromJson(json: unknown, schemas: ConfigSchemas): FromJson<Mapping> {
  if (!isObject(json)) return notAnObject('mapping');
  const { record, problems } = readRecord(schemas.mapping, json);
  if (problems.length > 0) return { problems };
  const compiled = compileMapping(record as unknown as RawEntry<Mapping>, 'preview');
  if (compiled.entry.kind === 'mapping') return { value: compiled.entry.mapping, warnings: compiled.warnings };
  const onTopic = compileMapping(record as unknown as RawEntry<Mapping>, 'topic');
  return unusable('mapping', compiled.problems, onTopic.problems);
}

/** Some problems are none on the topic, where an entry is taken as far as it can be used. */
function unusable(
  what: string,
  problems: readonly EntryProblem[],
  onTopic: readonly EntryProblem[],
): { readonly refusal: Refusal } | { readonly unapplied: string } {
  const isOnTopic = ({ field, message }: EntryProblem) =>
    onTopic.some(other => other.field === field && other.message === message);
  const detail = `${what}: ${describeProblems(problems)}`;
  return problems.some(isOnTopic) ? { refusal: { deadLetter: 'config_invalid', detail } } : { unapplied: detail };
}

function notAnObject(what: string): { readonly problems: readonly InputProblem[] } {
  return { problems: [{ path: '', message: `the ${what} must be a JSON object` }] };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
