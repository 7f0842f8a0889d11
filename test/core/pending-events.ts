/** Built and waiting events for tests of everything behind `build`. */

import type { PartitionAccount, Ticket } from '../../src/core/offset-ledger.ts';
import { OffsetLedger } from '../../src/core/offset-ledger.ts';
import type { PendingEvent } from '../../src/core/pending-event.ts';
import type { Destination, RecordCopy, TikTokEvent } from '../../src/core/tiktok-event.ts';

export const TOPIC = 'sourceloop.conversions';

export function destinationOf(changes: Partial<Destination> = {}): Destination {
  const parts = {
    connectionId: 'connection-1',
    wire: 'V2',
    eventSource: 'web',
    eventSourceId: 'PIXEL1',
    testEventCode: null,
    ...changes,
  } as const;
  return { key: JSON.stringify(Object.values(parts)), ...parts };
}

export function tiktokEvent(changes: Partial<TikTokEvent> = {}): TikTokEvent {
  const eventId = changes.eventId ?? 'conversion-1';
  const json = JSON.stringify({ event: 'Purchase', event_id: eventId });
  return {
    destination: destinationOf(),
    workspaceId: 'workspace-1',
    mappingId: 'mapping-1',
    conversionId: eventId,
    eventName: 'Purchase',
    eventId,
    eventTime: 1_760_000_000,
    json,
    jsonBytes: Buffer.byteLength(json),
    value: '19.9',
    currency: 'USD',
    matchKeys: ['email'],
    notes: [],
    dedupWindowMs: 24 * 3_600_000,
    ...changes,
  };
}

export function recordCopy(offset: number, changes: Partial<RecordCopy> = {}): RecordCopy {
  return {
    topic: TOPIC,
    partition: 0,
    offset,
    timestamp: 1_760_000_000_000,
    key: null,
    value: Buffer.from('value'),
    headers: {},
    bytes: 165,
    ...changes,
  };
}

/** The account of one partition that begins at offset 0. */
export function accountOf(partition = 0): PartitionAccount {
  const ledger = new OffsetLedger([{ topic: TOPIC, partition, offset: 0 }]);
  return ledger.account(TOPIC, partition)!;
}

/** An event that waits for delivery since `claimedAt`. */
export function pendingOf(
  ticket: Ticket,
  offset: number,
  changes: Partial<PendingEvent> = {},
  event: TikTokEvent = tiktokEvent({ eventId: `conversion-${offset}` }),
): PendingEvent {
  const claimedAt = changes.claimedAt ?? 0;
  return {
    connectionId: event.destination.connectionId,
    destinationKey: event.destination.key,
    jsonBytes: Buffer.byteLength(event.json),
    maxPerRequest: 1_000,
    event,
    ticket,
    source: recordCopy(offset),
    schemaId: 7,
    claim: { key: `k:${event.eventId}`, value: `p|${TOPIC}|0|${offset}|${claimedAt}`, ttlMs: 259_200_000 },
    claimedAt,
    bytes: 1_000,
    attempts: 0,
    firstAttemptAt: null,
    lastAnswer: null,
    ...changes,
  };
}
