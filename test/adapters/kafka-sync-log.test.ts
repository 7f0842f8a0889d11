import { describe, expect, it } from 'vitest';
import { KafkaWriteError, type OutgoingRecord } from '../../src/adapters/kafka-producer.ts';
import { KafkaSyncLog } from '../../src/adapters/kafka-sync-log.ts';
import type { SyncLogEntry } from '../../src/core/sync-log-entry.ts';
import { entry } from '../core/sync-log-entries.ts';

const TOPIC = 'sourceloop.tiktok.sync-log';

/** A topic that takes records of `maxBytes` at most, and so many bytes in one write. */
function topicOf({ maxBytes = 20_000, maxWriteBytes = Number.POSITIVE_INFINITY } = {}) {
  const written: SyncLogEntry[] = [];
  const keys: OutgoingRecord['key'][] = [];
  const failures: Error[] = [];
  let writes = 0;
  const producer = {
    async write(topic: string, records: readonly OutgoingRecord[]): Promise<void> {
      writes++;
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      const sizes = records.map(({ key, value }) => (value?.length ?? 0) + Buffer.byteLength(key ?? ''));
      if (sizes.some(size => size > maxBytes)) throw new KafkaWriteError(topic, 'MESSAGE_TOO_LARGE', null);
      const total = sizes.reduce((sum, size) => sum + size, 0);
      if (total > maxWriteBytes) throw new KafkaWriteError(topic, 'RECORD_LIST_TOO_LARGE', null);
      written.push(...records.map(({ value }) => JSON.parse(String(value)) as SyncLogEntry));
      keys.push(...records.map(({ key }) => key));
    },
  };
  const syncLog = new KafkaSyncLog(producer, TOPIC, each => Buffer.from(JSON.stringify(each)));
  return { syncLog, written, keys, failures, writes: () => writes };
}

describe('the sync log topic', () => {
  it('gets ordinary entries in one write, keyed by their event', async () => {
    const { syncLog, written, keys, writes } = topicOf();
    const entries = [entry(1), entry(2, { event_id: null })];
    await syncLog.write(entries);
    expect([written, keys, writes()]).toEqual([entries, ['event-1', null], 1]);
  });

  it('gets an entry that is too large with its texts cut short, and the others whole', async () => {
    const { syncLog, written, keys } = topicOf();
    const long = 'x'.repeat(30_000);
    const large = entry(2, { event_id: long, conversion_id: long, detail: long });
    await syncLog.write([entry(1), large, entry(3)]);
    const cut = 'x'.repeat(256);
    expect(written).toEqual([entry(1), { ...large, event_id: cut, conversion_id: cut, detail: cut }, entry(3)]);
    expect(keys).toEqual(['event-1', cut, 'event-3']);
  });

  it('gets entries whole that are only together too large', async () => {
    const { syncLog, written } = topicOf({ maxWriteBytes: 1_000 });
    const entries = [entry(1), entry(2), entry(3)];
    await syncLog.write(entries);
    expect(written).toEqual(entries);
  });

  it('with texts of any letters cut short takes less than 16 KiB', async () => {
    const { syncLog, written } = topicOf({ maxBytes: 16_384 });
    const long = '\u6771'.repeat(20_000);
    const everything = Object.fromEntries(
      Object.entries(entry(1)).map(([name, value]) => [
        name,
        typeof value === 'string' || value === null ? long : value,
      ]),
    );
    await syncLog.write([{ ...entry(1), ...everything }]);
    expect(written).toHaveLength(1);
  });

  it.each([1, 2, 3])('that cannot be written at the write number %d is a failure to be tried again', async number => {
    const { syncLog, failures } = topicOf();
    const away = new KafkaWriteError(TOPIC, 'NOT_ENOUGH_REPLICAS', null);
    failures.push(...new Array<Error>(number - 1).fill(new KafkaWriteError(TOPIC, 'MESSAGE_TOO_LARGE', null)), away);
    await expect(syncLog.write([entry(1)])).rejects.toBe(away);
    await syncLog.write([entry(1)]);
  });
});
