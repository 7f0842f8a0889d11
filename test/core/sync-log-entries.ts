/** Entries of the sync log, to be bent by the tests. */

import type { SyncLogEntry } from '../../src/core/sync-log-entry.ts';

/** Of a delivered event, whose record stands at `offset`. */
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
