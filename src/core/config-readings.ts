/**
 * What of the config topic has been read, and how a second reading of it differs from the first: the topic may have been
 * cut off, or deleted and made anew, which no answer of Kafka's tells.
 *
 * Guarantee: what a second reading brings is kept back until its end, and then holds the newest of each key, so nobody
 * sees half of it or a version that is not in force any more. A second reading of the same topic changes nothing.
 */

import type { ConfigChange } from './decode-config.ts';

/** A record of the config topic, decoded. */
export interface ReadEntry {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  /** Tells two values apart; null for a tombstone. */
  readonly digest: string | null;
  readonly change: ConfigChange;
}

/** What a second reading changes. */
export interface Rereading {
  /** Records to be applied, those of one key in their order. */
  readonly changed: readonly ReadEntry[];
  /** Keys that were on the topic and are not there now, nor a tombstone for them: those found by this reading. */
  readonly missing: readonly string[];
  /** The topic is not the one that was read before, or not all of it. */
  readonly isReplaced: boolean;
  /** The highest offset read of the topic as it is now; -1 for none. */
  readonly lastOffset: number;
}

type Mark = Pick<ReadEntry, 'offset' | 'digest'>;

export class ConfigReadings {
  /** By partition: what it holds under each key. Where partitions were added, an older one may hold what is outdated. */
  readonly #marks = new Map<number, Map<string, Mark>>();
  readonly #missing = new Set<string>();
  /** By partition. */
  readonly #lastOffsets = new Map<number, number>();
  /** By partition: the newest record of each key, behind the readable one before it where it is unreadable itself. */
  readonly #kept = new Map<number, Map<string, ReadEntry[]>>();

  /** Keys that were on the topic, and that it has neither held nor deleted since it was replaced. */
  get missing(): ReadonlySet<string> {
    return this.#missing;
  }

  /** Those count as deleted. */
  letGo(): void {
    this.#missing.clear();
  }

  /** Whether the topic holds nothing. */
  get isEmpty(): boolean {
    return [...this.#marks.values()].every(marks => marks.size === 0);
  }

  /** The partition is read anew, from its first record. */
  begin(partition: number): void {
    this.#kept.set(partition, new Map());
  }

  /** Takes a record; true when it is to be applied now, false when it waits for the end of a second reading. */
  take(entry: ReadEntry): boolean {
    const kept = this.#kept.get(entry.partition);
    if (kept === undefined) this.#note(entry);
    else if (entry.change.kind !== 'undecodable') kept.set(entry.key, [entry]);
    else kept.set(entry.key, [...(kept.get(entry.key)?.slice(0, 1) ?? []), entry]);
    return kept === undefined;
  }

  /** The second reading of the partition is at its end; what it changes counts as applied from here on. */
  end(partition: number): Rereading {
    const kept = this.#kept.get(partition) ?? new Map<string, ReadEntry[]>();
    this.#kept.delete(partition);
    const gone = [...this.#marksOf(partition).keys()].filter(key => !kept.has(key));
    for (const key of gone) this.#marksOf(partition).delete(key);
    const missing = gone.filter(key => ![...this.#marks.values()].some(marks => marks.has(key)));
    const changed = [...kept.values()].filter(entries => this.#isNews(entries));
    const isOlder = changed.some(entries => this.#isBehind(entries.at(-1)));
    this.#lastOffsets.delete(partition);
    for (const key of missing) this.#missing.add(key);
    for (const entry of [...kept.values()].flat()) this.#note(entry);
    const lastOffset = Math.max(-1, ...this.#lastOffsets.values());
    return { changed: changed.flat(), missing, isReplaced: missing.length > 0 || isOlder, lastOffset };
  }

  #note({ digest, key, offset, partition }: ReadEntry): void {
    this.#lastOffsets.set(partition, Math.max(offset, this.#lastOffsets.get(partition) ?? -1));
    this.#missing.delete(key);
    if (digest === null) this.#marksOf(partition).delete(key);
    else this.#marksOf(partition).set(key, { offset, digest });
  }

  #marksOf(partition: number): Map<string, Mark> {
    const marks = this.#marks.get(partition) ?? new Map<string, Mark>();
    this.#marks.set(partition, marks);
    return marks;
  }

  #isNews(entries: readonly ReadEntry[]): boolean {
    const newest = entries.at(-1);
    if (newest === undefined) return false;
    const mark = this.#marksOf(newest.partition).get(newest.key);
    if (mark === undefined) return newest.digest !== null || this.#missing.has(newest.key);
    return mark.offset !== newest.offset || mark.digest !== newest.digest;
  }

  /** Of one topic, what is newer has the higher offset. */
  #isBehind(newest: ReadEntry | undefined): boolean {
    const mark = newest === undefined ? undefined : this.#marksOf(newest.partition).get(newest.key);
    return newest !== undefined && mark !== undefined && newest.offset <= mark.offset;
  }
}
