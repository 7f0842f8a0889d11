import { describe, expect, test } from 'vitest';
import { readLetter } from '../../src/core/letter.ts';
import { LetterCounter } from '../../src/core/letter-statistics.ts';
import { FAILED_AT, type LetterChanges, letterRecord } from './letters.ts';

const HOUR = 3_600_000;

function count(...letters: LetterChanges[]) {
  const counter = new LetterCounter(FAILED_AT);
  for (const changes of letters) counter.add(readLetter(letterRecord(changes))!);
  return counter;
}

describe('the statistics of letters', () => {
  test('count by reason, connection and code, the most frequent first', () => {
    const { byReason, byConnection, byCode, letters } = count(
      { reason: 'undecodable', connectionId: null, apiCode: null },
      { reason: 'connection_parked', apiCode: 40_105 },
      { reason: 'connection_parked', connectionId: 'c-2', apiCode: 40_105 },
    ).statistics();
    expect(letters).toBe(3);
    expect(Object.entries(byReason)).toEqual([
      ['connection_parked', 2],
      ['undecodable', 1],
    ]);
    expect(byConnection).toEqual({ 'c-1': 1, 'c-2': 1, none: 1 });
    expect(Object.entries(byCode)[0]).toEqual(['40105', 2]);
  });

  test('sort ages into bands, a bound belonging to the older one', () => {
    const ages = [0, HOUR - 1, HOUR, 24 * HOUR, 7 * 24 * HOUR, 28 * 24 * HOUR];
    const { byAge, oldest, newest } = count(...ages.map(age => ({ failedAt: FAILED_AT - age }))).statistics();
    expect(byAge).toEqual({ under_1h: 2, under_1d: 1, under_7d: 1, under_28d: 1, '28d_and_over': 1 });
    expect([oldest, newest]).toEqual([FAILED_AT - 28 * 24 * HOUR, FAILED_AT]);
  });

  test('of nothing have no oldest letter, and count foreign records apart', () => {
    const counter = count();
    counter.addForeign();
    expect(counter.statistics()).toMatchObject({ letters: 0, foreign: 1, oldest: null, newest: null });
  });

  test('hold a bounded number of names, and count the rest together', () => {
    const many = Array.from({ length: 1_500 }, (_, n) => ({ connectionId: `c-${n}` }));
    const { byConnection, letters } = count(...many).statistics();
    expect(Object.keys(byConnection)).toHaveLength(1_001);
    expect([byConnection['other'], letters]).toEqual([500, 1_500]);
  });
});
