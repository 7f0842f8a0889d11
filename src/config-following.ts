/**
 * Follows the config topic into the config table: decodes each record and applies it, in the order of the topic.
 *
 * A record whose schema cannot be fetched is read again later, and until the topic has been read once to its end the
 * table counts as incomplete: an event resolved against half a table would be skipped for a mapping not yet read.
 *
 * A topic that was made anew or cut off may be about to be filled again. So what it does not hold any more stays in force
 * until nothing has been written to it for a while, as long as it holds nothing at all, and where records were deleted
 * in front.
 */

import { createHash } from 'node:crypto';
import { describeProblems } from './core/compile-entry.ts';
import { ConfigReadings, type ReadEntry, type Rereading } from './core/config-readings.ts';
import type { ConfigTable } from './core/config-table.ts';
import { type ConfigDecoder, readConfigRecord } from './core/decode-config.ts';
import type { Clock, Telemetry } from './ports.ts';
import type { SchemaLearning } from './schema-learning.ts';

/** A record of the config topic. */
export interface ConfigTopicRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: Buffer | null;
}

/** How long nothing is written to a topic that was made anew before it counts as filled. */
const QUIET_MS = 15 * 60_000;

export class ConfigFollowing {
  readonly table: ConfigTable;
  readonly #decoder: ConfigDecoder;
  readonly #schemas: SchemaLearning;
  readonly #telemetry: Telemetry;
  readonly #clock: Clock;
  readonly #readings = new ConfigReadings();
  #readToEnd = false;
  /** Partitions whose first records were deleted: by a wrong retention or a slip of the hand, not to be forgotten. */
  readonly #beheaded = new Set<number>();
  #cancelLetGo = (): void => {};

  constructor(table: ConfigTable, decoder: ConfigDecoder, schemas: SchemaLearning, telemetry: Telemetry, clock: Clock) {
    this.table = table;
    this.#clock = clock;
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
    if (!(await this.#schemas.learn(this.#decoder, [record]))) return this.#later();
    const change = readConfigRecord(this.#decoder, record);
    if ('needsSchema' in change) return this.#later();
    const { offset, partition, value } = record;
    const digest = value === null ? null : createHash('sha256').update(value).digest('base64');
    const entry = { partition, offset, key: record.key ?? '(no key)', digest, change };
    if (!this.#readings.take(entry)) return 'applied';
    this.#take(entry);
    this.#report();
    this.#letGoLater();
    return 'applied';
  }

  /** The partition is read anew, from this first offset, beside the table. */
  rereading(partition: number, first: number): void {
    if (first > 0) this.#beheaded.add(partition);
    else this.#beheaded.delete(partition);
    this.#readings.begin(partition);
  }

  /** That is at its end: what it changes takes effect at once and all together. */
  reread(partition: number): void {
    const rereading = this.#readings.end(partition);
    const { changed, isReplaced, lastOffset, missing } = rereading;
    if (isReplaced) this.table.topicReplaced(missing, lastOffset);
    for (const entry of changed) this.#take(entry);
    if (isReplaced) this.#tellReplaced(rereading);
    if (isReplaced || changed.length > 0) this.#report();
    this.#letGoLater();
  }

  /** The topic was read to the end it had at the start. */
  caughtUp(): void {
    this.#readToEnd = true;
    this.#report();
  }

  /** What waits for its schema is on the topic: it must not count as silence. */
  #later(): 'retry' {
    this.#letGoLater();
    return 'retry';
  }

  #take({ change, key, offset }: ReadEntry): void {
    this.table.apply(offset, key, change);
    const problem = this.table.problem(key);
    if (problem !== null) this.#telemetry.configRejected(key, problem.kind);
    if (change.kind !== 'entry' || change.warnings === undefined) return;
    const fields = { key, problem: describeProblems(change.warnings) };
    this.#telemetry.notice('warn', 'CONFIG_ENTRY_DOUBTFUL', 'a config entry is used and should be looked at', fields);
  }

  #tellReplaced({ changed }: Rereading): void {
    const { missing } = this.#readings;
    const until = this.#isHeld()
      ? 'they are written again or deleted'
      : `nothing has been written to it for ${QUIET_MS / 60_000} minutes`;
    const what = `the config topic was made anew or cut off; ${changed.length} of its records took effect`;
    const left = `${missing.size} known entries are not on it and stay in force until ${until}`;
    const message = missing.size === 0 ? what : `${what}, and ${left}`;
    const fields = missing.size === 0 ? {} : { problem: `not on the topic: ${someOf(missing)}` };
    this.#telemetry.notice('error', 'CONFIG_TOPIC_REPLACED', message, fields);
  }

  /** Whoever fills a topic again may need several commands. */
  #letGoLater(): void {
    this.#cancelLetGo();
    if (this.#readings.missing.size === 0 || this.#isHeld()) return;
    this.#cancelLetGo = this.#clock.after(QUIET_MS, () => this.#letGo());
  }

  /** Whether what is missing stays for good: an empty topic would skip every event. */
  #isHeld(): boolean {
    return this.#readings.isEmpty || this.#beheaded.size > 0;
  }

  #letGo(): void {
    const { missing } = this.#readings;
    const problem = `gone: ${someOf(missing)}`;
    const message = `no longer in force, since the config topic was made anew or cut off without them: ${missing.size} of the known entries`;
    for (const key of missing) this.table.apply(this.table.lastOffset, key, { kind: 'tombstone' });
    this.#readings.letGo();
    this.#telemetry.notice('error', 'CONFIG_ENTRIES_GONE', message, { problem });
    this.#report();
  }

  #report(): void {
    const { size: entries, generation, lastOffset: offset, problemCount: invalid } = this.table;
    this.#telemetry.configApplied({ entries, invalid, generation, offset, complete: this.complete });
  }
}

function someOf(keys: ReadonlySet<string>): string {
  const some = [...keys].slice(0, 5).join(', ');
  return keys.size > 5 ? `${some} and ${keys.size - 5} more` : some;
}
