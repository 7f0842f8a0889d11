/** `connections list`: every connection of the config topic, with the state that the service last told of. */

import { type ConnectionState, DISABLED_REASON, isRefused } from '../core/connection-state.ts';
import { compileFields, type Fields } from '../core/entry-fields.ts';
import type { StoredConfig, StoredEntry } from '../core/stored-config.ts';
import { printable } from './apply-file.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Host } from './host.ts';
import { highlight } from './terminal.ts';

export interface ListRequest {
  /** Null for those of every workspace. */
  readonly workspace: string | null;
  /** Null for those in any state. */
  readonly state: ListedState | null;
  readonly json: boolean;
}

/** What a connection may be listed as. */
export const LISTED_STATES = [
  'active',
  'undecided',
  'token_invalid',
  'parked',
  'disabled',
  'unusable',
  'unknown',
] as const satisfies readonly Listed['state'][];
export type ListedState = (typeof LISTED_STATES)[number];

/** What both topics hold. */
export interface ListedTopics {
  readonly stored: StoredConfig;
  /** By connection; null where there is no status topic. */
  readonly states: ReadonlyMap<string, ConnectionState> | null;
}

interface Listed {
  readonly connection_id: string;
  readonly workspace_id: Fields[string];
  readonly pixel_id: Fields[string];
  /** `unknown`: the service has not told of this version of the entry, or there is no status topic. */
  readonly state: ConnectionState['state'] | 'unusable' | 'unknown';
  /** ISO 8601. */
  readonly since: string | null;
  readonly reason: string | null;
  readonly api_code: number | null;
  readonly request_id: string | null;
}

const NONE_MATCHES = 'No connection matches.';
const NONE_THERE = 'There are no connections on the config topic: tiktok-sync apply -f FILE writes them.';
const NO_STATE = { since: null, reason: null, api_code: null, request_id: null } as const;

export function runList(request: ListRequest, { states, stored }: ListedTopics, host: Host): ExitCode {
  const { json } = request;
  const usable = [...stored.entries.values()].filter(({ kind }) => kind === 'connection');
  const unreadable = [...stored.unreadable].filter(([key]) => key.startsWith('connection:'));
  const all = [
    ...usable.map(entry => listedEntry(entry, states?.get(entry.id) ?? null)),
    ...unreadable.map(([key, { problem }]) => unreadableEntry(key.slice('connection:'.length), problem)),
  ].toSorted((a, b) => (a.connection_id < b.connection_id ? -1 : 1));
  const listed = all.filter(each => isAskedFor(each, request));
  const text = json ? JSON.stringify(listed, null, 2) : listed.map(each => lineOf(each, host)).join('\n');
  host.out.write(listed.length === 0 && !json ? '' : `${text}\n`);
  if (listed.length === 0 && !json) host.err.write(`${all.length > 0 ? NONE_MATCHES : NONE_THERE}\n`);
  if (states === null) host.err.write('There is no status topic, so no state is known: tiktok-sync topics ensure\n');
  return listed.length === 0 ? EXIT.nothingMatched : EXIT.ok;
}

/** Whose workspace an unreadable entry is, nobody can tell: it is listed for every one. */
function isAskedFor(listed: Listed, { state, workspace }: ListRequest): boolean {
  const isOfWorkspace = workspace === null || listed.workspace_id === workspace || listed.workspace_id === null;
  return isOfWorkspace && (state === null || listed.state === state);
}

function listedEntry({ fields, id, offset }: StoredEntry, known: ConnectionState | null): Listed {
  const about = {
    connection_id: id,
    workspace_id: fields['workspace_id'] ?? null,
    pixel_id: fields['pixel_id'] ?? null,
  };
  const { entry, problems } = compileFields('connection', fields, 'topic');
  if (entry.kind !== 'connection') {
    const reason = problems.map(({ field, message }) => `${field}: ${message}`).join('; ');
    return { ...about, ...NO_STATE, state: 'unusable', reason };
  }
  // News of an earlier version says nothing about this one.
  const isNews = known !== null && known.configOffset === offset;
  if (!entry.connection.enabled) {
    const since = isNews && known.state === 'disabled' ? new Date(known.since).toISOString() : null;
    return { ...about, ...NO_STATE, state: 'disabled', since, reason: DISABLED_REASON };
  }
  if (!isNews) return { ...about, ...NO_STATE, state: 'unknown' };
  const { apiCode: api_code, reason, requestId: request_id, since, state } = known;
  return { ...about, state, since: new Date(since).toISOString(), reason, api_code, request_id };
}

function unreadableEntry(connection_id: string, reason: string): Listed {
  return { connection_id, workspace_id: null, pixel_id: null, ...NO_STATE, state: 'unusable', reason };
}

function lineOf({ connection_id, pixel_id, reason, request_id, since, state }: Listed, { out }: Host): string {
  const isWrong = state === 'unusable' || (state !== 'unknown' && isRefused({ state }));
  // Padded before it is coloured.
  const word = isWrong ? highlight(state, out) + ' '.repeat(STATE_WIDTH - state.length) : state.padEnd(STATE_WIDTH);
  const details = [
    since === null ? null : `since ${since}`,
    reason,
    request_id === null ? null : `request ${request_id}`,
  ];
  const told = printable(details.filter(detail => detail !== null).join(', '));
  const pixel = pixel_id === null ? '-' : printable(String(pixel_id));
  return `${word}  ${printable(connection_id)}  pixel ${pixel}${told === '' ? '' : `  ${told}`}`;
}

const STATE_WIDTH = 'token_invalid'.length;
