/**
 * The config topic as a table: the latest state of every connection and mapping, and what is wrong with which.
 *
 * Guarantee: validity is per entry, so one bad entry never hides another; references between entries are looked up
 * when an event asks, so a mapping may arrive before its connection. An entry that cannot be decoded leaves its last
 * good version in force; where there is none, the table is not ready and names the key.
 */

import type { ConfigEntry, Connection, UnusableConnection } from './config-entry.ts';
import type { ConfigChange } from './decode-config.ts';
import { MappingDirectory } from './mapping-directory.ts';
import type { Candidates } from './mapping-index.ts';
import type { Trigger } from './record.ts';

/** Something an operator should repair. */
export interface ConfigProblem {
  readonly key: string;
  readonly offset: number;
  /** `missing`: the topic has been made anew, or was cut off, and does not hold it. */
  readonly kind: 'undecodable' | 'config_invalid' | 'missing';
  readonly problem: string;
  /** Whether an earlier version of the entry is in force. */
  readonly earlierVersionInForce: boolean;
}

const MISSING =
  'the topic was made anew or cut off, and does not hold it; the version that was known stays in force for now';

interface Entry {
  readonly offset: number;
  /** The version in force; `null` when none could be decoded. */
  readonly inForce: ConfigEntry | null;
}

export class ConfigTable {
  readonly #ignored: ReadonlySet<string>;
  readonly #entries = new Map<string, Entry>();
  readonly #problems = new Map<string, ConfigProblem>();
  readonly #inForce = new MappingDirectory();
  #generation = 0;
  #lastOffset = -1;

  /** `ignored`: keys (`connection:<id>`, `mapping:<id>`) that may be undecodable without keeping the table from being ready. */
  constructor(ignored: Iterable<string> = []) {
    this.#ignored = new Set(ignored);
  }

  /** Grows with every change. */
  get generation(): number {
    return this.#generation;
  }

  /** The highest offset taken in; -1 before the first. */
  get lastOffset(): number {
    return this.#lastOffset;
  }

  /** Number of entries on the topic, usable or not. */
  get size(): number {
    return this.#entries.size;
  }

  /** Takes in the record of `key` at `offset`. Records of one key must come in their order on the topic. */
  apply(offset: number, key: string, change: ConfigChange): void {
    this.#generation += 1;
    this.#lastOffset = Math.max(this.#lastOffset, offset);
    const previous = this.#entries.get(key)?.inForce ?? null;
    this.#problems.delete(key);
    if (change.kind === 'undecodable') {
      this.#entries.set(key, { offset, inForce: previous });
      const earlierVersionInForce = previous !== null;
      this.#problems.set(key, { key, offset, kind: 'undecodable', problem: change.problem, earlierVersionInForce });
      return;
    }
    if (previous !== null) this.#inForce.remove(previous);
    if (change.kind === 'tombstone') {
      this.#entries.delete(key);
      return;
    }
    this.#entries.set(key, { offset, inForce: change.entry });
    this.#inForce.add(change.entry);
    const problem = problemOf(change.entry);
    if (problem === null) return;
    this.#problems.set(key, { key, offset, kind: 'config_invalid', problem, earlierVersionInForce: false });
  }

  /**
   * The topic has become another one, which ends at `lastOffset` (-1 for an empty one) and does not hold these keys: what
   * was in force under them stays so, as a problem.
   */
  topicReplaced(missing: Iterable<string>, lastOffset: number): void {
    this.#generation += 1;
    this.#lastOffset = lastOffset;
    for (const key of missing) {
      const entry = this.#entries.get(key);
      this.#problems.delete(key);
      if (entry === undefined || entry.inForce === null) this.#entries.delete(key);
      else
        this.#problems.set(key, {
          ...{ key, offset: entry.offset, kind: 'missing', problem: MISSING, earlierVersionInForce: true },
        });
    }
  }

  /** Keys without which the table is incomplete: undecodable, no earlier version, and not ignored. Empty means ready. */
  blockingKeys(): readonly string[] {
    const keys: string[] = [];
    for (const { key, kind, earlierVersionInForce } of this.#problems.values()) {
      if (kind === 'undecodable' && !earlierVersionInForce && !this.#ignored.has(key)) keys.push(key);
    }
    return keys;
  }

  /** What is wrong with one entry; `null` when nothing is. */
  problem(key: string): ConfigProblem | null {
    return this.#problems.get(key) ?? null;
  }

  /** Everything that is wrong, the newest last. */
  problems(): readonly ConfigProblem[] {
    return [...this.#problems.values()];
  }

  /** Number of entries with a problem. */
  get problemCount(): number {
    return this.#problems.size;
  }

  /** A usable connection, enabled or not; `null` when there is none of this id. */
  connection(connectionId: string): Connection | null {
    return this.#inForce.connection(connectionId);
  }

  /** All usable connections, enabled or not. */
  connections(): IterableIterator<Connection> {
    return this.#inForce.connections();
  }

  /** Connections that are known and cannot be used. */
  unusableConnections(): IterableIterator<UnusableConnection> {
    return this.#inForce.unusableConnections();
  }

  /** Offset of a connection's newest record on the config topic; `null` when there is none. */
  connectionOffset(connectionId: string): number | null {
    return this.#entries.get(`connection:${connectionId}`)?.offset ?? null;
  }

  /** The mappings that may want an event; `null` when its workspace has no connection. Two look-ups. */
  candidates(workspaceId: string, trigger: Trigger): Candidates | null {
    return this.#inForce.candidates(workspaceId, trigger);
  }
}

function problemOf(entry: ConfigEntry): string | null {
  if (entry.kind === 'unusable_connection') return entry.connection.problem;
  return entry.kind === 'unusable_mapping' ? entry.mapping.problem : null;
}
