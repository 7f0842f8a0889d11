/** What every sync log keeps to. */

import { describe, expect, it } from 'vitest';
import type { SyncLogEntry } from '../../src/core/sync-log-entry.ts';
import type { SyncLog } from '../../src/ports.ts';
import { entry } from '../core/sync-log-entries.ts';

export interface SyncLogHarness {
  readonly syncLog: SyncLog;
  /** Everything written so far, `count` entries at least. */
  stored(count: number): Promise<readonly SyncLogEntry[]>;
}

export function syncLogContract(name: string, open: () => Promise<SyncLogHarness>): void {
  describe(`a sync log: ${name}`, () => {
    it('has every entry once the write has resolved', async () => {
      const { syncLog, stored } = await open();
      const entries = Array.from({ length: 3_000 }, (_, offset) => entry(offset));
      await syncLog.write(entries);
      const kept = (await stored(entries.length)).toSorted((a, b) => a.offset - b.offset);
      expect(kept).toEqual(entries);
    });

    it('takes entries for which no event was built', async () => {
      const { syncLog, stored } = await open();
      const skipped = entry(1, { event_id: null, connection_id: null, outcome: 'skipped', reason: 'tombstone' });
      await syncLog.write([skipped]);
      expect(await stored(1)).toEqual([skipped]);
    });
  });
}
