/** What every record source keeps to, whatever stands behind it. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RecordSource } from '../../src/ports.ts';
import { numbered, type RecordingConsumer, until } from '../adapters/kafka-harness.ts';

/** One member of a group that reads one topic of two partitions. */
export interface RecordSourceHarness {
  readonly topic: string;
  readonly source: RecordSource;
  readonly consumer: RecordingConsumer;
  append(partition: number, values: readonly string[]): Promise<void>;
  /** Ends the assignment and has the same partitions assigned anew, to `source` and `consumer` as they are then. */
  reassign(): Promise<void>;
  /** The group's committed offset; null for none. */
  committed(partition: number): Promise<number | null>;
  close(): Promise<void>;
}

export function recordSourceContract(name: string, open: () => Promise<RecordSourceHarness>): void {
  describe(`a record source: ${name}`, () => {
    let harness: RecordSourceHarness;
    beforeEach(async () => {
      harness = await open();
      await harness.source.start(harness.consumer);
    });
    afterEach(() => harness.close());

    const reads = (count: number) => until(`${count} records`, () => harness.consumer.received === count);
    const at = (partition: number, offset: number) => ({ topic: harness.topic, partition, offset });

    it('has told the first assignment, with all positions, once it has started', () => {
      expect(harness.consumer.signals).toEqual([`assigned ${harness.consumer.epoch}`]);
      expect(harness.consumer.assignments).toEqual([[at(0, 0), at(1, 0)]]);
      expect(harness.source.status()).toMatchObject({ joined: true, epoch: harness.consumer.epoch, suspended: false });
      expect(harness.source.holdsLease()).toBe(true);
    });

    it('hands over the records of each partition in order, in batches that follow one another', async () => {
      const ends = new Map<number, number>();
      harness.consumer.admit = ({ partition, records, nextOffset }) => {
        expect(records[0]!.offset).toBe(ends.get(partition) ?? 0);
        expect(nextOffset).toBe(records.at(-1)!.offset + 1);
        ends.set(partition, nextOffset);
        return { kind: 'accepted' };
      };
      await harness.append(0, numbered('a', 20));
      await harness.append(1, numbered('b', 5));
      await reads(25);
      await harness.append(0, ['last']);
      await reads(26);
      expect(harness.consumer.values().toSorted()).toEqual(
        [...numbered('a', 20), ...numbered('b', 5), 'last'].toSorted(),
      );
    });

    it('commits, and begins there when it is assigned anew', async () => {
      await harness.append(0, numbered('a', 10));
      await reads(10);
      const { epoch } = harness.consumer;
      expect(await harness.source.commit(epoch, [at(0, 6)])).toBe('committed');
      expect(await harness.committed(0)).toBe(6);
      await harness.reassign();
      await reads(4);
      expect(harness.consumer.epoch).toBeGreaterThan(epoch);
      expect(harness.consumer.values()).toEqual(['a6', 'a7', 'a8', 'a9']);
      expect(harness.consumer.assignments.at(-1)).toEqual([at(0, 6), at(1, 0)]);
    });

    it('refuses a commit under an epoch that is over, and one of a partition it does not own', async () => {
      await harness.append(0, numbered('a', 4));
      await reads(4);
      const { epoch } = harness.consumer;
      expect(await harness.source.commit(epoch, [at(9, 1)])).toBe('fenced');
      await harness.reassign();
      expect(await harness.source.commit(epoch, [at(0, 2)])).toBe('fenced');
      expect([null, 0]).toContain(await harness.committed(0));
    });

    it('hands a held batch over again, and goes on with other partitions meanwhile', async () => {
      let released = false;
      harness.consumer.admit = ({ partition }) => {
        if (partition === 1 || released) return { kind: 'accepted' };
        return { kind: 'held', reason: 'claims', retryAfterMs: 400 };
      };
      const isHeld = () => harness.source.status().partitions.find(({ partition }) => partition === 0)?.held;
      await harness.append(0, numbered('a', 5));
      await until('a held batch', () => isHeld() === 'claims');
      await harness.append(1, numbered('b', 5));
      await reads(5);
      expect(harness.consumer.values()).toEqual(numbered('b', 5));
      released = true;
      await reads(10);
      expect(harness.consumer.values()).toEqual([...numbered('b', 5), ...numbered('a', 5)]);
    });

    it('stands still while anybody wants it to, and misses nothing', async () => {
      harness.source.pause('buffer');
      harness.source.pause('claims');
      await harness.append(0, numbered('a', 5));
      harness.source.resume('claims');
      expect(harness.source.status().paused).toEqual(['buffer']);
      const before = harness.source.status().sinceHeartbeatMs ?? 0;
      await until('the next heartbeat', () => (harness.source.status().sinceHeartbeatMs ?? 0) <= before);
      expect(harness.consumer.received).toBe(0);
      harness.source.resume('buffer');
      await reads(5);
    });

    it('stays a member, and can commit, once it has stopped fetching', async () => {
      await harness.append(0, numbered('a', 5));
      await reads(5);
      harness.source.quiesce();
      expect(await harness.source.commit(harness.consumer.epoch, [at(0, 5)])).toBe('committed');
      expect(harness.source.holdsLease()).toBe(true);
    });
  });
}
