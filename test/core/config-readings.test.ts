import { describe, expect, test } from 'vitest';
import { ConfigReadings, type ReadEntry } from '../../src/core/config-readings.ts';
import type { ConfigChange } from '../../src/core/decode-config.ts';
import { connectionChange } from './config-records.ts';

const TOMBSTONE: ConfigChange = { kind: 'tombstone' };
const UNDECODABLE: ConfigChange = { kind: 'undecodable', problem: 'truncated' };

function entry(offset: number, key: string, digest: string | null, partition = 0): ReadEntry {
  const change = digest === null ? TOMBSTONE : digest === 'bad' ? UNDECODABLE : connectionChange();
  return { partition, offset, key, digest, change };
}

/** What was read first: a at 4, b at 7. */
function read(): ConfigReadings {
  const readings = new ConfigReadings();
  expect(readings.take(entry(4, 'a', 'A'))).toBe(true);
  expect(readings.take(entry(7, 'b', 'B'))).toBe(true);
  return readings;
}

function reread(readings: ConfigReadings, ...entries: readonly ReadEntry[]) {
  readings.begin(0);
  for (const each of entries) expect(readings.take(each)).toBe(false);
  const { changed, ...rest } = readings.end(0);
  return { ...rest, changed: changed.map(({ key, offset }) => `${key}@${offset}`) };
}

describe('a second reading', () => {
  test.each([
    ['of the same records changes nothing', [entry(4, 'a', 'A'), entry(7, 'b', 'B')], [], [], false, 7],
    [
      'passes over versions that were followed by others',
      [entry(1, 'a', 'Z'), entry(4, 'a', 'A'), entry(7, 'b', 'B')],
      [],
      [],
      false,
      7,
    ],
    [
      'brings what was written since',
      [entry(4, 'a', 'A'), entry(7, 'b', 'B'), entry(8, 'a', 'C')],
      ['a@8'],
      [],
      false,
      8,
    ],
    ['brings what was deleted since', [entry(7, 'b', 'B'), entry(8, 'a', null)], ['a@8'], [], false, 8],
    [
      'passes over deletions of what was unknown',
      [entry(2, 'c', null), entry(4, 'a', 'A'), entry(7, 'b', 'B')],
      [],
      [],
      false,
      7,
    ],
    [
      'of a topic made anew brings what it holds',
      [entry(0, 'b', 'B'), entry(1, 'a', 'A')],
      ['b@0', 'a@1'],
      [],
      true,
      1,
    ],
    [
      'of a topic made anew sees other contents in the same places',
      [entry(4, 'a', 'X'), entry(7, 'b', 'B')],
      ['a@4'],
      [],
      true,
      7,
    ],
    [
      'of a topic that was cut off brings the older version back',
      [entry(2, 'b', 'Y'), entry(4, 'a', 'A')],
      ['b@2'],
      [],
      true,
      4,
    ],
    ['names what is missing', [entry(4, 'a', 'A')], [], ['b'], true, 4],
    ['of an empty topic misses everything', [], [], ['a', 'b'], true, -1],
    [
      'keeps the readable version before an unreadable one',
      [entry(4, 'a', 'A'), entry(7, 'b', 'B'), entry(8, 'b', 'bad')],
      ['b@7', 'b@8'],
      [],
      false,
      8,
    ],
  ] as const)('%s', (_, entries, changed, missing, isReplaced, lastOffset) => {
    expect(reread(read(), ...entries)).toEqual({ changed, missing, isReplaced, lastOffset });
  });

  test('is about one partition', () => {
    const readings = read();
    readings.take(entry(90, 'c', 'C', 1));
    expect(reread(readings, entry(4, 'a', 'A'), entry(7, 'b', 'B'))).toMatchObject({
      isReplaced: false,
      lastOffset: 90,
    });
    expect(reread(readings, entry(4, 'a', 'A'))).toMatchObject({ missing: ['b'], lastOffset: 90 });
  });

  test('of the partition a key has left, as partitions were added, brings no outdated version back', () => {
    const readings = read();
    readings.take(entry(0, 'a', 'NEWER', 1));
    readings.take(entry(1, 'b', null, 1));
    const same = { changed: [], missing: [], isReplaced: false };
    expect(reread(readings, entry(4, 'a', 'A'), entry(7, 'b', 'B'))).toMatchObject(same);
    expect(reread(readings, entry(7, 'b', 'B'))).toMatchObject(same);
  });

  test('that begins again forgets what it had', () => {
    const readings = read();
    readings.begin(0);
    readings.take(entry(0, 'z', 'Z'));
    expect(reread(readings, entry(4, 'a', 'A'), entry(7, 'b', 'B'))).toMatchObject({ changed: [], isReplaced: false });
  });
});

describe('what a replaced topic does not hold', () => {
  test('is missing until it is written or deleted, also by a third reading, and is told once', () => {
    const readings = read();
    reread(readings);
    expect([[...readings.missing], readings.isEmpty]).toEqual([['a', 'b'], true]);
    expect(reread(readings, entry(0, 'a', null))).toMatchObject({ changed: ['a@0'], missing: [], isReplaced: false });
    expect([...readings.missing]).toEqual(['b']);
    expect(readings.take(entry(1, 'b', 'B'))).toBe(true);
    expect([[...readings.missing], readings.isEmpty]).toEqual([[], false]);
  });

  test('can be let go of', () => {
    const readings = read();
    reread(readings, entry(4, 'a', 'A'));
    readings.letGo();
    expect([...readings.missing]).toEqual([]);
  });
});
