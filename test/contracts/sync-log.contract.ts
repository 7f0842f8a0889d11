/** What every sync log keeps to. */

import { describe, expect, it } from 'vitest';
import type { SyncLogEntry } from '../../src/core/sync-log-entry.ts';
import type { SyncLog } from '../../src/ports.ts';

export interface SyncLogHarness {
  readonly syncLog: SyncLog;
  /** Everything written so far, `count` entries at least. */
  stored(count: number): Promise<readonly SyncLogEntry[]>;
}

export function entry(offset: number, changes: Partial<SyncLogEntry> = {}): SyncLogEntry {
  return {
    event_id: `event-${offset}`,
    workspace_id: 'workspace',
    connection_id: 'connection',
    mapping_id: 'mapping',
    conversion_id: `conversion-${offset}`,
    tiktok_event_name: 'CompletePayment',
    event_time: 1_700_000_000_000,
    value: '19.9',
    currency: 'EUR',
    test_event_code: null,
    match_keys: ['ttclid', 'email'],
    match_quality: 'near_perfect',
    outcome: 'delivered',
    reason: 'accepted',
    detail: null,
    http_status: 200,
    api_code: 0,
    request_id: 'request',
    attempts: 1,
    topic: 'sourceloop.conversions',
    partition: 0,
    offset,
    claimant: null,
    settled_at: 1_700_000_100_000,
    ...changes,
  };
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
