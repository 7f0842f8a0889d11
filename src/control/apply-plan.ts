/**
 * What a file of connections and mappings would change on the config topic, and what its author should know: it is
 * judged together with everything else that is there.
 */

import { adviceOn } from '../core/config-advice.ts';
import { changeTo, type EntryChange } from '../core/config-change.ts';
import type { Connection, Mapping } from '../core/config-entry.ts';
import { didYouMean } from '../core/did-you-mean.ts';
import { compileFields, type Fields, keyOf } from '../core/entry-fields.ts';
import { judgeEventName } from '../core/event-names.ts';
import type { InputProblem } from '../core/json-record.ts';
import type { StoredConfig } from '../core/stored-config.ts';
import { type FileEntry, labelOf, type Remark } from './apply-file.ts';

export interface PlannedChange extends EntryChange {
  /** The entry as it shall be. */
  readonly wanted: Fields;
}

export interface Plan {
  /** One for each entry of the file, connections before the mappings that belong to them. */
  readonly changes: readonly PlannedChange[];
  readonly problems: readonly Remark[];
  readonly warnings: readonly Remark[];
}

/** All usable entries there will be, by id. */
interface Future {
  readonly connections: Map<string, Connection>;
  readonly mappings: Map<string, Mapping>;
  /** Connections there will be, usable or not. */
  readonly connectionIds: Set<string>;
}

/** `entries`: without a problem in themselves. */
export function planApply(entries: readonly FileEntry[], stored: StoredConfig): Plan {
  const inOrder = [...ofKind(entries, 'connection'), ...ofKind(entries, 'mapping')];
  const changes = inOrder.map(entry => ({ ...changeTo(entry, entry.fields, stored), wanted: entry.fields }));
  const future = futureOf(entries, stored);
  const problems = entries.flatMap(entry => toRemarks(entry, offlineProblems(entry, future)));
  const warnings = entries.flatMap(entry =>
    toRemarks(entry, [...entry.warnings, ...nameAdvice(entry, future), ...missingConnection(entry, future)]),
  );
  const byKey = new Map(entries.map(entry => [keyOf(entry), entry]));
  for (const { key, field, message } of adviceOn(future.connections.values(), future.mappings.values())) {
    const entry = byKey.get(key);
    if (entry !== undefined) warnings.push(...toRemarks(entry, [{ path: field, message }]));
  }
  return { changes, problems: inFileOrder(problems), warnings: inFileOrder(warnings) };
}

function futureOf(entries: readonly FileEntry[], stored: StoredConfig): Future {
  const future: Future = { connections: new Map(), mappings: new Map(), connectionIds: new Set() };
  for (const key of stored.unreadable.keys()) {
    if (key.startsWith('connection:')) future.connectionIds.add(key.slice('connection:'.length));
  }
  const onTopic = [...stored.entries.values()].map(({ kind, id, fields }) => {
    return { kind, id, entry: compileFields(kind, fields, 'topic').entry };
  });
  for (const { kind, id, entry } of [...onTopic, ...entries]) {
    if (kind === 'connection') future.connectionIds.add(id);
    future.connections.delete(kind === 'connection' ? id : '');
    future.mappings.delete(kind === 'mapping' ? id : '');
    if (entry.kind === 'connection') future.connections.set(id, entry.connection);
    if (entry.kind === 'mapping') future.mappings.set(id, entry.mapping);
  }
  return future;
}

/** What only the connection tells: offline event sets take fewer names. */
function offlineProblems({ entry }: FileEntry, future: Future): InputProblem[] {
  if (entry.kind !== 'mapping' || sourceOf(entry.mapping, future) !== 'OFFLINE') return [];
  const { problems } = judgeEventName(entry.mapping.tiktok_event_name, 'OFFLINE');
  return problems.map(message => ({ path: 'tiktok_event_name', message }));
}

function nameAdvice({ entry }: FileEntry, future: Future): InputProblem[] {
  if (entry.kind !== 'mapping') return [];
  const { advice } = judgeEventName(entry.mapping.tiktok_event_name, sourceOf(entry.mapping, future));
  return advice.map(message => ({ path: 'tiktok_event_name', message }));
}

function sourceOf({ connection_id }: Mapping, { connections }: Future): Connection['event_source'] {
  return connections.get(connection_id)?.event_source ?? 'WEB';
}

/** It may come later, and until then its events have no mapping. */
function missingConnection({ entry }: FileEntry, { connectionIds }: Future): InputProblem[] {
  if (entry.kind !== 'mapping' || connectionIds.has(entry.mapping.connection_id)) return [];
  const guess = didYouMean(entry.mapping.connection_id, connectionIds);
  const message =
    'there is no connection of this id, neither in the file nor on the topic; nothing is sent until there is one' +
    (guess === null ? '' : `. Did you mean ${guess}?`);
  return [{ path: 'connection_id', message }];
}

function ofKind(entries: readonly FileEntry[], kind: FileEntry['kind']): readonly FileEntry[] {
  return entries.filter(entry => entry.kind === kind);
}

function toRemarks(entry: FileEntry, problems: readonly InputProblem[]): Remark[] {
  return problems.map(({ path, message }) => {
    return { ...entry.placeOf(path), entry: labelOf(entry), field: path, message };
  });
}

/** As somebody reads who corrects the file from top to bottom. */
export function inFileOrder(remarks: readonly Remark[]): Remark[] {
  return remarks.toSorted((a, b) => a.line - b.line || a.column - b.column);
}
