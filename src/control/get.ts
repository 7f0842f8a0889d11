/** `get`: connections and mappings of the config topic, in the form that `apply` takes. */

import { Document } from 'yaml';
import { TOKEN_FIELD } from '../core/config-change.ts';
import { didYouMean } from '../core/did-you-mean.ts';
import { compileFields, type EntryKind, type Fields, keyOf } from '../core/entry-fields.ts';
import { CodedError } from '../core/error-codes.ts';
import type { StoredConfig, StoredEntry } from '../core/stored-config.ts';
import { tokenReferenceProblem } from '../core/token-reference.ts';
import type { ConfigTopic } from '../ports.ts';
import { labelOf, printable } from './apply-file.ts';
import { MASK } from './check.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Host } from './host.ts';

export interface GetRequest {
  /** Null: both kinds. */
  readonly kind: EntryKind | null;
  /** Null: all of the kind. */
  readonly id: string | null;
  readonly workspace: string | null;
  readonly output: 'yaml' | 'json';
}

/**
 * Answers `foundWrong` when something on the topic cannot be read; what can be is printed all the same.
 * @throws CodedError `ENTRY_UNKNOWN`, or when Kafka or the registry is away.
 */
export async function runGet(request: GetRequest, topic: ConfigTopic, host: Host): Promise<ExitCode> {
  const stored = await topic.read();
  const entries = select(request, stored);
  const unreadable = [...stored.unreadable].filter(([key]) => isAskedFor(request, key));
  if (request.id !== null && request.kind !== null && entries.length + unreadable.length === 0) {
    throw unknownEntry(request.kind, request.id, stored);
  }
  host.out.write(request.output === 'json' ? asJson(entries) : asYaml(entries));
  for (const [key, { offset, problem }] of unreadable) {
    host.err.write(`${printable(key)} (offset ${offset}) cannot be read: ${problem}\n`);
  }
  for (const entry of entries) warnOf(entry, host);
  return unreadable.length > 0 ? EXIT.foundWrong : EXIT.ok;
}

/** Says which of those that there are looks like the one asked for; a `key` is one as it stands on the topic. */
export function unknownEntry(kind: EntryKind | 'key', id: string, stored: StoredConfig): CodedError {
  const keys = [...stored.entries.keys(), ...stored.unreadable.keys()];
  const ids =
    kind === 'key' ? keys : keys.flatMap(key => (key.startsWith(`${kind}:`) ? [key.slice(kind.length + 1)] : []));
  const guess = didYouMean(id, ids);
  const hint = guess === null ? 'tiktok-sync get lists what there is.' : `Did you mean ${guess}?`;
  return new CodedError('ENTRY_UNKNOWN', `There is no ${kind} ${printable(id)} on the config topic. ${hint}`);
}

function select({ kind, id, workspace }: GetRequest, { entries }: StoredConfig): StoredEntry[] {
  const workspaceOf = (entry: StoredEntry): unknown => {
    const connection = entry.kind === 'connection' ? entry : entries.get(`connection:${entry.fields['connection_id']}`);
    return connection?.fields['workspace_id'];
  };
  return [...entries.values()]
    .filter(entry => (kind === null || entry.kind === kind) && (id === null || entry.id === id))
    .filter(entry => workspace === null || workspaceOf(entry) === workspace)
    .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** Whose workspace an unreadable entry is, nobody can tell: it is named for every one. */
function isAskedFor({ kind, id }: GetRequest, key: string): boolean {
  return id === null ? kind === null || key.startsWith(`${kind}:`) : key === `${kind}:${id}`;
}

function listsOf(entries: readonly StoredEntry[]): Record<string, Record<string, unknown>[]> {
  const list = (kind: EntryKind) => entries.filter(entry => entry.kind === kind).map(({ fields }) => setFields(fields));
  return { connections: list('connection'), mappings: list('mapping') };
}

function setFields(fields: Fields): Record<string, unknown> {
  const set = Object.entries(fields).filter(([, value]) => value !== null);
  return Object.fromEntries(set.map(([field, value]) => [field, field === TOKEN_FIELD ? shownToken(value) : value]));
}

/** A reference, or the mask: somebody may have written a token in clear. */
function shownToken(reference: Fields[string]): string {
  return tokenReferenceProblem(String(reference)) === null ? String(reference) : MASK;
}

function asJson(entries: readonly StoredEntry[]): string {
  return `${JSON.stringify(listsOf(entries), null, 2)}\n`;
}

function asYaml(entries: readonly StoredEntry[]): string {
  return new Document(listsOf(entries)).toString({ lineWidth: 0 });
}

/** What keeps an entry from being used, as the service would find it. */
function warnOf({ kind, id, fields }: StoredEntry, host: Host): void {
  for (const { field, message } of compileFields(kind, fields, 'topic').problems) {
    host.err.write(`${labelOf({ kind, id })} cannot be used: ${field}: ${message}\n`);
  }
}
