/** A topic that is only written to: the dead letters or the sync log, in memory, with failures on demand. */

export class MemoryTopic<T> {
  readonly written: T[] = [];
  /** How many items each successful write held. */
  readonly writes: number[] = [];
  /** Every write fails while this is set. */
  away = false;

  async write(items: readonly T[]): Promise<void> {
    if (this.away) throw new Error('the topic cannot be written');
    this.writes.push(items.length);
    this.written.push(...items);
  }
}
