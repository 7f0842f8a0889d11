/**
 * Follows the config topic into the config table: decodes each record and applies it, in the order of the topic.
 *
 * A record whose schema cannot be fetched is read again later, and until the topic has been read once to its end the
 * table counts as incomplete: an event resolved against half a table would be skipped for a mapping not yet read.
 */

import { describeProblems } from './core/compile-entry.ts';
import type { ConfigTable } from './core/config-table.ts';
import { type ConfigDecoder, readConfigRecord } from './core/decode-config.ts';
import type { Telemetry } from './ports.ts';
import type { SchemaLearning } from './schema-learning.ts';

/** A record of the config topic. */
export interface ConfigTopicRecord {
  readonly offset: number;
  readonly key: string | null;
  readonly value: Buffer | null;
}

export class ConfigFollowing {
  readonly table: ConfigTable;
  readonly #decoder: ConfigDecoder;
  readonly #schemas: SchemaLearning;
  readonly #telemetry: Telemetry;
  #readToEnd = false;

  constructor(table: ConfigTable, decoder: ConfigDecoder, schemas: SchemaLearning, telemetry: Telemetry) {
    this.table = table;
    this.#decoder = decoder;
    this.#schemas = schemas;
    this.#telemetry = telemetry;
  }

  /** Whether events may be resolved: the topic was read to its end and no key is without a readable version. */
  get complete(): boolean {
    return this.#readToEnd && this.table.blockingKeys().length === 0;
  }

  /** Applies one record; `retry` when its schema cannot be had yet. Never rejects. */
  async apply(record: ConfigTopicRecord): Promise<'applied' | 'retry'> {
    if (!(await this.#schemas.learn(this.#decoder, [record]))) return 'retry';
    const change = readConfigRecord(this.#decoder, record);
    if ('needsSchema' in change) return 'retry';
    const key = record.key ?? '(no key)';
    this.table.apply(record.offset, key, change);
    const problem = this.table.problem(key);
    if (problem !== null) this.#telemetry.configRejected(key, problem.kind);
    if (change.kind === 'entry' && change.warnings !== undefined) {
      const fields = { key, problem: describeProblems(change.warnings) };
      this.#telemetry.notice('warn', 'CONFIG_ENTRY_DOUBTFUL', 'a config entry is used and should be looked at', fields);
    }
    this.#report();
    return 'applied';
  }

  /** The topic was read to the end it had at the start. */
  caughtUp(): void {
    this.#readToEnd = true;
    this.#report();
  }

  #report(): void {
    const { size: entries, generation, lastOffset: offset, problemCount: invalid } = this.table;
    this.#telemetry.configApplied({ entries, invalid, generation, offset, complete: this.complete });
  }
}
