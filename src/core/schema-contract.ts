/**
 * The schemas of the contract and the subjects they are registered under: `<topic>-value`, and on the config topic,
 * which holds two kinds of record, `<topic>-<record's full name>`.
 *
 * Guarantee: the one place where a subject gets its name, for the service, its commands and its documents alike.
 */

import type { AvroSchemaJson } from './avro-types.ts';
import type { EventSchemas } from './decode.ts';
import type { ConfigSchemas } from './decode-config.ts';
import type { TopicNames, TopicRole } from './topic-contract.ts';

/** Additions and removals of optional fields only, over all versions: producers and readers upgrade in any order. */
export const COMPATIBILITY = 'FULL_TRANSITIVE';

export interface ContractSchemas extends EventSchemas, ConfigSchemas {
  readonly syncLogEntry: AvroSchemaJson;
  readonly connectionStatus: AvroSchemaJson;
}

/** A subject, and the schema of ours that belongs there. */
export interface ContractSubject {
  readonly subject: string;
  readonly topic: string;
  readonly schema: AvroSchemaJson;
  /** The records that may be on its topic, each as it is read there. */
  readonly readers: readonly AvroSchemaJson[];
}

const ROLES: readonly (readonly [TopicRole, readonly (keyof ContractSchemas)[]])[] = [
  ['conversions', ['conversionCreated']],
  ['revenueUpdates', ['revenueUpdated']],
  ['config', ['connection', 'mapping']],
  ['syncLog', ['syncLogEntry']],
  ['connectionStatus', ['connectionStatus']],
];

export function contractSubjects(topics: TopicNames, schemas: ContractSchemas): readonly ContractSubject[] {
  const eventReaders = [schemas.conversionCreated, schemas.revenueUpdated];
  return ROLES.flatMap(([role, names]) => {
    const topic = topics[role];
    const own = names.map(name => schemas[name]);
    return own.map(schema => ({
      subject: own.length > 1 ? recordSubject(topic, schema) : valueSubject(topic),
      topic,
      schema,
      // Either kind of event is understood on either event topic.
      readers: eventReaders.includes(schema) ? eventReaders : own,
    }));
  });
}

/** The subject of a topic that holds one kind of record. */
export function valueSubject(topic: string): string {
  return `${topic}-value`;
}

/** The subject of one kind of record on a topic that holds several. */
export function recordSubject(topic: string, schema: AvroSchemaJson): string {
  return `${topic}-${fullRecordName(schema)}`;
}

/** `com.sourceloop.tiktok.Connection`. */
export function fullRecordName(schema: AvroSchemaJson): string {
  return `${String(schema['namespace'])}.${String(schema['name'])}`;
}
