/** What every dead-letter topic keeps to. */

import { describe, expect, it } from 'vitest';
import type { DeadLetter } from '../../src/core/dead-letter.ts';
import type { RecordCopy } from '../../src/core/tiktok-event.ts';
import type { DeadLetters } from '../../src/ports.ts';

/** A letter as it can be read back. */
export interface StoredLetter {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly offset: number;
  readonly reason: string;
}

export interface DeadLettersHarness {
  readonly deadLetters: DeadLetters;
  /** Everything written so far, `count` letters at least. */
  stored(count: number): Promise<readonly StoredLetter[]>;
}

export function letter(offset: number, source: Partial<RecordCopy> = {}): DeadLetter {
  return {
    source: {
      topic: 'sourceloop.conversions',
      partition: 3,
      offset,
      timestamp: 1_700_000_000_000,
      key: Buffer.from(`key-${offset}`),
      value: Buffer.from([0, 0, 0, 0, 7, offset % 256]),
      headers: {},
      bytes: 64,
      ...source,
    },
    reason: 'refused_by_tiktok',
    detail: 'TikTok refused the event',
    eventId: 'event',
    connectionId: 'connection',
    mappingId: 'mapping',
    schemaId: 7,
    attempts: 1,
    firstAttemptAt: null,
    failedAt: 1_700_000_100_000,
    httpStatus: 200,
    apiCode: 40002,
    requestId: 'request',
  };
}

export function deadLettersContract(name: string, open: () => Promise<DeadLettersHarness>): void {
  describe(`dead letters: ${name}`, () => {
    it('have every letter once the write has resolved, key and value byte for byte', async () => {
      const { deadLetters, stored } = await open();
      const letters = Array.from({ length: 50 }, (_, offset) => letter(offset));
      await deadLetters.write(letters);
      const kept = (await stored(50)).toSorted((a, b) => a.offset - b.offset);
      expect(kept).toEqual(
        letters.map(({ source, reason }) => ({ key: source.key, value: source.value, offset: source.offset, reason })),
      );
    });

    it('tell null from empty', async () => {
      const { deadLetters, stored } = await open();
      await deadLetters.write([letter(1, { key: null, value: null }), letter(2, { value: Buffer.alloc(0) })]);
      const [first, second] = (await stored(2)).toSorted((a, b) => a.offset - b.offset);
      expect(first).toMatchObject({ key: null, value: null });
      expect(second!.value).toHaveLength(0);
    });

    it('take an empty list', async () => {
      const { deadLetters } = await open();
      await expect(deadLetters.write([])).resolves.toBeUndefined();
    });
  });
}
