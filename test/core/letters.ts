/** Letters as records of the dead-letter topic, written by the service's own rule for headers. */

import { type DeadLetter, deadLetterHeaders } from '../../src/core/dead-letter.ts';
import type { RecordHeaders, SourceRecord } from '../../src/core/record.ts';

const WRITER = { appVersion: '1.2.3', instance: 'pod-1' };

export const FAILED_AT = Date.UTC(2026, 10, 22, 10);

export interface LetterChanges extends Partial<Omit<DeadLetter, 'source'>> {
  readonly source?: Partial<DeadLetter['source']>;
}

/** What the pipeline hands over to be written. */
export function deadLetter({ source, ...changes }: LetterChanges = {}): DeadLetter {
  return {
    source: {
      topic: 'sourceloop.conversions',
      partition: 3,
      offset: 42,
      timestamp: FAILED_AT - 60_000,
      key: Buffer.from('key'),
      value: Buffer.from('value'),
      headers: {},
      bytes: 64,
      ...source,
    },
    reason: 'refused_by_tiktok',
    detail: 'TikTok refuses the event',
    eventId: 'conv-1',
    connectionId: 'c-1',
    mappingId: 'm-1',
    schemaId: 7,
    attempts: 2,
    firstAttemptAt: null,
    failedAt: FAILED_AT,
    httpStatus: 200,
    apiCode: 40_002,
    requestId: 'req-1',
    ...changes,
  };
}

/** A letter as it stands at `offset` of partition 0 of the topic. */
export function letterRecord(changes: LetterChanges = {}, offset = 0, headers: RecordHeaders = {}): SourceRecord {
  const letter = deadLetter(changes);
  return {
    topic: 'dead-letter',
    partition: 0,
    offset,
    timestamp: letter.failedAt + 5,
    key: letter.source.key,
    value: letter.source.value,
    headers: { ...deadLetterHeaders(letter, WRITER), ...headers },
  };
}
