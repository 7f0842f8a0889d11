/**
 * A file of connections and mappings: YAML (or JSON, which is YAML) with the lists `connections` and `mappings`, in
 * one document or several. Every problem is told with its line and column, all at once.
 */

import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  type YAMLMap,
} from 'yaml';
import { looksLikeToken } from '../core/access-token.ts';
import { parseDecimal } from '../core/decimal.ts';
import type { ConfigSchemas } from '../core/decode-config.ts';
import { didYouMean } from '../core/did-you-mean.ts';
import {
  decimalFields,
  type EntryKind,
  type EntryName,
  type EntryRead,
  entryFromJson,
  fieldNames,
  ID_FIELD,
  keyOf,
} from '../core/entry-fields.ts';

/** Counted from 1, as editors do. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Something to be said about a place of the file. */
export interface Remark extends Place {
  /** `mapping m-1`; `mapping #2` where it has no id; null where no entry is meant. */
  readonly entry: string | null;
  readonly field: string | null;
  readonly message: string;
}

/** An entry of the file with no problem in itself. */
export interface FileEntry extends EntryName, EntryRead {
  /** Where the field stands; where the entry begins when it does not name the field. */
  placeOf(field: string | null): Place;
}

export interface ConfigFile {
  readonly entries: readonly FileEntry[];
  readonly problems: readonly Remark[];
}

const LISTS = { connections: 'connection', mappings: 'mapping' } as const;
const START: Place = { line: 1, column: 1 };

export function readConfigFile(text: string, schemas: ConfigSchemas): ConfigFile {
  return new FileReading(schemas).read(text);
}

class FileReading {
  readonly #schemas: ConfigSchemas;
  readonly #lines = new LineCounter();
  readonly #entries = new Map<string, FileEntry>();
  readonly #problems: Remark[] = [];
  readonly #counts = { connection: 0, mapping: 0 };
  #lists = 0;

  constructor(schemas: ConfigSchemas) {
    this.#schemas = schemas;
  }

  read(text: string): ConfigFile {
    const options = { lineCounter: this.#lines, prettyErrors: false, stringKeys: true, merge: true } as const;
    const documents = parseAllDocuments(text, options);
    if ('empty' in documents) return this.#nothing();
    for (const { errors, warnings } of documents) {
      for (const { message, pos } of [...errors, ...warnings]) {
        this.#report(this.#at(pos[0]), null, null, `not valid YAML: ${withoutQuotes(message)}`);
      }
    }
    if (this.#problems.length > 0) return { entries: [], problems: this.#problems };
    for (const document of documents) this.#document(document);
    if (this.#lists === 0 && this.#problems.length === 0) return this.#nothing();
    return { entries: [...this.#entries.values()], problems: this.#problems };
  }

  #nothing(): ConfigFile {
    const message = 'holds nothing to apply: the lists "connections" and "mappings" are wanted';
    return { entries: [], problems: [{ ...START, entry: null, field: null, message }] };
  }

  #document(document: Document.Parsed): void {
    const { contents } = document;
    if (contents === null || (isScalar(contents) && contents.value === null)) return;
    if (!isMap<Node, Node | null>(contents)) {
      this.#report(this.#of(contents), null, null, 'the lists "connections" and "mappings" are wanted here');
      return;
    }
    for (const { key, value } of contents.items) {
      const name = scalarText(key);
      const place = this.#of(key);
      if (!Object.hasOwn(LISTS, name)) this.#unknownList(name, place);
      else this.#list(LISTS[name as keyof typeof LISTS], name, value, place, document);
    }
  }

  #unknownList(name: string, place: Place): void {
    const guess = didYouMean(name, Object.keys(LISTS));
    const isField = Object.values(LISTS).some(kind => fieldNames(this.#schemas[kind]).includes(name));
    const advice = isField
      ? 'is a field of an entry: put the entry into the list "connections" or "mappings"'
      : `is neither "connections" nor "mappings"${guess === null ? '' : `; did you mean ${guess}?`}`;
    this.#report(place, null, name, advice);
  }

  #list(kind: EntryKind, name: string, value: Node | null, place: Place, document: Document): void {
    this.#lists += 1;
    const list = isAlias(value) ? value.resolve(document) : value;
    if (list === null || list === undefined || (isScalar(list) && list.value === null)) return;
    if (isSeq<Node>(list)) for (const item of list.items) this.#entry(kind, item, document);
    else this.#report(place, null, name, 'must be a list');
  }

  #entry(kind: EntryKind, item: Node, document: Document): void {
    this.#counts[kind] += 1;
    const node = isAlias(item) ? item.resolve(document) : item;
    const unnamed = `${kind} #${this.#counts[kind]}`;
    if (!isMap<Node, Node | null>(node)) {
      this.#report(this.#of(item), unnamed, null, `must be a ${kind} with its fields`);
      return;
    }
    const json = this.#plain(kind, node, document);
    if (typeof json === 'string') {
      this.#report(this.#of(item), unnamed, null, json);
      return;
    }
    const id = json[ID_FIELD[kind]];
    const isNamed = typeof id === 'string' && id.trim() !== '';
    const read = entryFromJson(kind, json, this.#schemas);
    const label = isNamed ? labelOf({ kind, id }) : unnamed;
    const placeOf = (field: string | null): Place => this.#placeOf(node, field, this.#of(item));
    for (const { path, message } of read.problems) {
      this.#report(placeOf(path), label, path, message + quotingHint(message, json[path]));
    }
    if (isNamed) this.#add({ kind, id, ...read, placeOf });
  }

  #add(entry: FileEntry): void {
    const first = this.#entries.get(keyOf(entry));
    if (first === undefined) {
      this.#entries.set(keyOf(entry), entry);
      return;
    }
    const field = ID_FIELD[entry.kind];
    const message = `is given twice, first in line ${first.placeOf(field).line}`;
    this.#report(entry.placeOf(field), labelOf(entry), field, message);
  }

  /** The entry as JSON, or why it is none. */
  #plain(kind: EntryKind, node: YAMLMap<Node, Node | null>, document: Document): Record<string, unknown> | string {
    let json: Record<string, unknown>;
    try {
      json = node.toJS(document) as Record<string, unknown>;
    } catch (error) {
      // An alias without its anchor, or one too many of them.
      return `not valid YAML: ${withoutQuotes(error instanceof Error ? error.message : '')}`;
    }
    for (const field of decimalFields(this.#schemas[kind])) {
      const value = node.get(field, true);
      const written = isScalar(value) && typeof value.value === 'number' ? value.source : undefined;
      // An amount as it was typed: a floating-point number has too few digits for all of them.
      if (written !== undefined && parseDecimal(written) !== null) json[field] = written;
    }
    return json;
  }

  #placeOf(node: YAMLMap<Node, Node | null>, field: string | null, entry: Place): Place {
    const pair = node.items.find(({ key }: Pair<Node, Node | null>) => scalarText(key) === field);
    return pair === undefined ? entry : this.#of(pair.key);
  }

  #of(node: Node): Place {
    return this.#at(node.range?.[0] ?? 0);
  }

  #at(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  #report(place: Place, entry: string | null, field: string | null, message: string): void {
    const shown = field !== null && looksLikeToken(field) ? UNTOLD : field;
    this.#problems.push({ ...place, entry, field: shown === '' ? null : shown, message });
  }
}

/** Instead of a name that may be a token in the wrong place; its line and column are told. */
const UNTOLD = '(a name that looks like a token)';

/** How an entry is called in messages. */
export function labelOf({ kind, id }: EntryName): string {
  return `${kind} ${printable(id)}`;
}

/** An id as it is, or quoted: a terminal must not be told what to do by an entry that somebody else wrote. */
export function printable(id: string): string {
  return /[\p{C}\p{Zl}\p{Zp}]/u.test(id) ? JSON.stringify(id) : id;
}

/** The parser's words up to where it quotes the file, which may hold a token. */
function withoutQuotes(message: string): string {
  return (message.split(/(?<!^The): |"|(?<=escape sequence) |\n/)[0] ?? '').trim();
}

function quotingHint(message: string, value: unknown): string {
  return message === 'must be a string' && typeof value === 'number' ? ': put it in quotes' : '';
}

function scalarText(key: Node): string {
  return String(isScalar(key) ? key.value : key);
}
