/**
 * A dead letter: the source record byte for byte, and why nothing could be delivered from it.
 *
 * Guarantee: our headers hold no token and no personal data, and are below 4 KiB together.
 */

import type { DeadLetterReason } from './outcome.ts';
import type { RecordCopy } from './tiktok-event.ts';

/** TikTok's last word on an event, where there was one. */
export interface ApiVerdict {
  readonly httpStatus: number | null;
  readonly apiCode: number | null;
  readonly requestId: string | null;
}

export interface DeadLetter extends ApiVerdict {
  readonly source: RecordCopy;
  readonly reason: DeadLetterReason;
  /** At most a sentence, bounded and without personal data. */
  readonly detail: string;
  readonly eventId: string | null;
  readonly connectionId: string | null;
  readonly mappingId: string | null;
  readonly schemaId: number | null;
  readonly attempts: number;
  /** Epoch milliseconds of the first attempt TikTok may have taken; null when there can have been none. */
  readonly firstAttemptAt: number | null;
  /** Epoch milliseconds. */
  readonly failedAt: number;
}
