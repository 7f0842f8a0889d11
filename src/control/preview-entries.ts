/** Where `preview` has a connection and a mapping from: a JSON file of each, or one file as `apply` takes it. */

import type { EntryProblem } from '../core/compile-entry.ts';
import type { Connection, Mapping } from '../core/config-entry.ts';
import type { ConfigSchemas } from '../core/decode-config.ts';
import { didYouMean } from '../core/did-you-mean.ts';
import { CodedError } from '../core/error-codes.ts';
import { connectionFromJson, type FromJson, mappingFromJson } from '../core/json-input.ts';
import { type FileEntry, readConfigFile } from './apply-file.ts';
import { remarkLine } from './change-report.ts';

/** Paths of two JSON files; or of one file for `apply`, and the id of one of its mappings where it has several. */
export type PreviewEntries =
  | { readonly connection: string; readonly mapping: string }
  | { readonly file: string; readonly mapping: string | null };

export interface Pair {
  readonly connection: FromJson<Connection>;
  readonly mapping: FromJson<Mapping>;
}

/** The two, or every problem of the file that holds them, a line each. */
export type PairRead = Pair | { readonly problems: readonly string[] };

/** How the texts of files are come by; each throws where its file cannot be read. */
export interface Reading {
  readonly json: (path: string) => unknown;
  readonly text: (path: string) => string;
}

/** @throws CodedError `USAGE` where the file does not say which mapping is meant, or has not got it. */
export function readPair(entries: PreviewEntries, schemas: ConfigSchemas, read: Reading): PairRead {
  if ('connection' in entries) {
    const connection = connectionFromJson(read.json(entries.connection), schemas);
    return { connection, mapping: mappingFromJson(read.json(entries.mapping), schemas) };
  }
  const { entries: found, problems } = readConfigFile(read.text(entries.file), schemas);
  if (problems.length > 0) return { problems: problems.map(problem => remarkLine(entries.file, problem)) };
  const mapping = chosen(entries.file, entries.mapping, found);
  const owner = mapping.entry.connection_id;
  for (const { entry, warnings } of found) {
    if (entry.kind !== 'connection' || entry.connection.connection_id !== owner) continue;
    const connection = { value: entry.connection, warnings: warnings.map(asEntryProblem) };
    return { connection, mapping: { value: mapping.entry, warnings: mapping.warnings.map(asEntryProblem) } };
  }
  throw new CodedError(
    'USAGE',
    `${entries.file} has no connection ${owner}, which its mapping ${mapping.id} belongs to`,
  );
}

interface Chosen {
  readonly id: string;
  readonly entry: Mapping;
  readonly warnings: FileEntry['warnings'];
}

function chosen(file: string, wanted: string | null, found: readonly FileEntry[]): Chosen {
  const mappings = found.flatMap(({ entry, id, warnings }): Chosen[] =>
    entry.kind === 'mapping' ? [{ id, entry: entry.mapping, warnings }] : [],
  );
  const ids = mappings.map(({ id }) => id);
  const [mapping, another] = wanted === null ? mappings : mappings.filter(({ id }) => id === wanted);
  if (mapping !== undefined && another === undefined) return mapping;
  const guess = wanted === null ? null : didYouMean(wanted, ids);
  const hint = guess === null ? `its mappings are ${ids.join(', ')}` : `did you mean ${guess}?`;
  if (mappings.length === 0) throw new CodedError('USAGE', `${file} has no mapping`);
  if (wanted === null)
    throw new CodedError('USAGE', `say with --mapping ID which mapping of ${file} is meant; ${hint}`);
  throw new CodedError('USAGE', `${file} has no mapping ${wanted}; ${hint}`);
}

function asEntryProblem({ path, message }: FileEntry['warnings'][number]): EntryProblem {
  return { field: path, message };
}
