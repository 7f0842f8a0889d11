/** A sync log in memory; `failures` makes the next writes reject, one each. */

import type { SyncLogEntry } from '../../src/core/sync-log-entry.ts';
import type { SyncLog } from '../../src/ports.ts';

export class MemorySyncLog implements SyncLog {
  readonly entries: SyncLogEntry[] = [];
  readonly failures: Error[] = [];

  async write(entries: readonly SyncLogEntry[]): Promise<void> {
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    this.entries.push(...entries);
  }
}
