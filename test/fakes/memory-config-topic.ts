/** A config topic in memory; what was written can be made to show up late, not at all, or overwritten. */

import { type EntryName, type Fields, keyOf } from '../../src/core/entry-fields.ts';
import type { StoredConfig, StoredEntry, UnreadableEntry } from '../../src/core/stored-config.ts';
import type { ConfigTopic, EntryToWrite } from '../../src/ports.ts';

export class MemoryConfigTopic implements ConfigTopic {
  readonly entries = new Map<string, StoredEntry>();
  readonly unreadable = new Map<string, UnreadableEntry>();
  /** Every write, in order: `connection:c-1`, `-mapping:m-1` for a deletion. */
  readonly writes: string[] = [];
  reads = 0;
  /** Called after each write, before it shows. */
  onWritten: (entry: EntryToWrite) => 'show' | 'hide' = () => 'show';
  /** Called at each read. */
  onRead: () => void = () => {};
  #offset = 0;

  async read(): Promise<StoredConfig> {
    this.reads += 1;
    this.onRead();
    return { entries: new Map(this.entries), unreadable: new Map(this.unreadable) };
  }

  async write(entries: readonly EntryToWrite[]): Promise<void> {
    for (const entry of entries) {
      const { key, record } = entry;
      this.writes.push(record === null ? `-${key}` : key);
      if (this.onWritten(entry) === 'hide') continue;
      const kind = record?.kind ?? 'mapping';
      if (record !== null) this.put({ kind, id: key.slice(kind.length + 1) }, record.fields);
      else {
        this.entries.delete(key);
        this.unreadable.delete(key);
      }
    }
  }

  put({ kind, id }: EntryName, fields: Fields): void {
    const key = keyOf({ kind, id });
    this.unreadable.delete(key);
    this.entries.set(key, { kind, id, fields, offset: this.#offset++ });
  }
}
