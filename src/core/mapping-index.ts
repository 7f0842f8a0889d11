/**
 * Which mappings an event of one workspace sets off, worked out before the events come.
 *
 * Guarantee: the same configuration gives the same matches in the same order (by mapping id), so that a replay makes
 * the same events. Matches are shared objects: resolving an event makes no garbage.
 */

import type { Connection, Mapping, UnusableConnection, UnusableMapping } from './config-entry.ts';
import type { Refusal } from './outcome.ts';
import type { Trigger } from './record.ts';

/** A mapping that wants the event, or one that would if it or its connection were usable. */
export type Match =
  | { readonly connection: Connection; readonly mapping: Mapping }
  | { readonly connectionId: string; readonly mappingId: string; readonly refusal: Refusal };

export type MappingState = Mapping | UnusableMapping;

/** One connection of the workspace with its mappings. */
export interface ConnectionState {
  readonly connection: Connection | UnusableConnection;
  readonly mappings: readonly MappingState[];
}

/** The mappings for one trigger, by the event name they ask for. */
export interface Candidates {
  /** Event name → the mappings that ask for it and those that take every name. */
  readonly byEventName: ReadonlyMap<string, readonly Match[]>;
  /** For every other name: the mappings that take every name. */
  readonly anyEventName: readonly Match[];
}

export type WorkspaceIndex = Readonly<Record<Trigger, Candidates>>;

interface Row {
  readonly mapping: MappingState;
  readonly match: Match;
}

export function buildWorkspaceIndex(states: readonly ConnectionState[]): WorkspaceIndex {
  const rows = states
    .filter(({ connection }) => connection.enabled)
    .flatMap(({ connection, mappings }) =>
      mappings.filter(({ enabled }) => enabled).map(mapping => ({ mapping, match: matchOf(connection, mapping) })),
    )
    .sort((a, b) => (a.mapping.mapping_id < b.mapping.mapping_id ? -1 : 1));
  return {
    CONVERSION_CREATED: candidatesFor('CONVERSION_CREATED', rows),
    EXPECTED_REVENUE_UPDATED: candidatesFor('EXPECTED_REVENUE_UPDATED', rows),
    REALIZED_REVENUE_UPDATED: candidatesFor('REALIZED_REVENUE_UPDATED', rows),
  };
}

/** A mapping without a trigger is one whose trigger could not be read: it may be meant for any. */
function candidatesFor(trigger: Trigger, rows: readonly Row[]): Candidates {
  const fitting = rows.filter(({ mapping }) => mapping.trigger === trigger || mapping.trigger === null);
  const names = new Set(fitting.map(({ mapping }) => mapping.event_name_filter).filter(name => name !== ''));
  const matchesFor = (name: string) =>
    fitting
      .filter(({ mapping }) => mapping.event_name_filter === '' || mapping.event_name_filter === name)
      .map(({ match }) => match);
  return {
    byEventName: new Map([...names].map(name => [name, matchesFor(name)])),
    anyEventName: matchesFor(''),
  };
}

function matchOf(connection: Connection | UnusableConnection, mapping: MappingState): Match {
  if (!('problem' in connection) && !('problem' in mapping)) return { connection, mapping };
  const what =
    'problem' in connection
      ? `connection ${connection.connection_id}: ${connection.problem}`
      : `mapping ${mapping.mapping_id}: ${'problem' in mapping ? mapping.problem : ''}`;
  return {
    connectionId: connection.connection_id,
    mappingId: mapping.mapping_id,
    refusal: { deadLetter: 'config_invalid', detail: what },
  };
}
