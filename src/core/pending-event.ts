/**
 * An event between its claim and its settlement.
 *
 * Guarantee: it carries all that its end will need: the claim, the ledger ticket, and one copy of the source record
 * (shared by the events of that record) for a dead letter.
 */

import type { Claim } from './deduplicate.ts';
import type { Verdict } from './judge-response.ts';
import type { Ticket } from './offset-ledger.ts';
import type { RecordCopy, TikTokEvent } from './tiktok-event.ts';
import type { Windowed } from './window.ts';

export interface PendingEvent extends Windowed {
  readonly event: TikTokEvent;
  readonly ticket: Ticket;
  readonly source: RecordCopy;
  readonly schemaId: number | null;
  /** The pending claim as it stands in the store. */
  readonly claim: Claim;
  /** The earliest time an attempt can have been made; epoch milliseconds. Attempts end when it is too old. */
  readonly claimedAt: number;
  /** What it takes from the buffer budget. */
  readonly bytes: number;
  /** Requests that held it, in this life of the process. */
  attempts: number;
  /** Epoch milliseconds of the first attempt TikTok may have taken; null when there can have been none. */
  firstAttemptAt: number | null;
  /** What TikTok answered to the last request that held it, in this life of the process. */
  lastAnswer: Verdict | null;
}
