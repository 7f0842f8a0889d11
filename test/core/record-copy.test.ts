import { describe, expect, it } from 'vitest';
import type { SourceRecord } from '../../src/core/record.ts';
import { retainRecord } from '../../src/core/record-copy.ts';

function record(parts: Partial<SourceRecord>): SourceRecord {
  return { topic: 't', partition: 1, offset: 7, timestamp: 1234, key: null, value: null, headers: {}, ...parts };
}

describe('retainRecord', () => {
  it('copies key, value and every value of every header byte for byte', () => {
    const headers = { trace: Buffer.from('a'), tags: [Buffer.from('x'), Buffer.alloc(0), Buffer.from('yy')] };
    const copy = retainRecord(record({ key: Buffer.from('key'), value: Buffer.from([0, 255, 1]), headers }));
    expect(copy).toMatchObject({ topic: 't', partition: 1, offset: 7, timestamp: 1234 });
    expect(copy.key).toEqual(Buffer.from('key'));
    expect(copy.value).toEqual(Buffer.from([0, 255, 1]));
    expect({ ...copy.headers }).toEqual(headers);
  });

  it('tells null from empty', () => {
    expect(retainRecord(record({ key: null, value: Buffer.alloc(0) }))).toMatchObject({ key: null });
    expect(retainRecord(record({ key: null, value: Buffer.alloc(0) })).value).toHaveLength(0);
    expect(retainRecord(record({ value: null })).value).toBeNull();
  });

  it('shares no memory with the fetched batch', () => {
    const fetched = Buffer.from('0123456789'.repeat(1000));
    const source = record({
      key: fetched.subarray(0, 4),
      value: fetched.subarray(4, 24),
      headers: { h: fetched.subarray(30, 36) },
    });
    const copy = retainRecord(source);
    fetched.fill(0);
    expect(copy.key!.toString()).toBe('0123');
    expect(copy.value!.toString()).toBe('45678901234567890123');
    expect((copy.headers.h as Buffer).toString()).toBe('012345');
    expect(copy.bytes).toBeGreaterThanOrEqual(30);
  });

  it('holds no buffer until it is read, and gives out a new one each time', () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const before = process.memoryUsage().arrayBuffers;
    const copies = Array.from({ length: 1_000 }, () => retainRecord(record({ key: all, value: all })));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(copies.length);
    const [copy] = copies;
    copy!.value!.fill(0);
    expect(copy!.value).toEqual(all);
  });

  it('takes a header of any name', () => {
    const named = Object.fromEntries([
      ['__proto__', Buffer.from('p')],
      ['constructor', Buffer.from('c')],
    ]);
    const headers: Record<string, Buffer> = Object.assign(Object.create(null), named);
    const copy = retainRecord(record({ headers }));
    expect(Object.keys(copy.headers)).toEqual(['__proto__', 'constructor']);
    expect(Object.values(copy.headers)).toEqual([Buffer.from('p'), Buffer.from('c')]);
  });
});
