import { describe, expect, test } from 'vitest';
import { readLetter } from '../../src/core/letter.ts';
import { EVERY_LETTER, filterWords, type LetterFilter, matches } from '../../src/core/letter-filter.ts';
import { FAILED_AT, letterRecord } from './letters.ts';

const letter = readLetter(letterRecord())!;

describe('a filter', () => {
  const fitting: [string, Partial<LetterFilter>][] = [
    ['nothing', {}],
    ['one of its reasons', { reasons: ['too_old', 'refused_by_tiktok'] }],
    ['the connection', { connectionId: 'c-1' }],
    ['the mapping', { mappingId: 'm-1' }],
    ['the event', { eventId: 'conv-1' }],
    ['the time of the failure as the lower bound', { since: FAILED_AT }],
    ['the time of the failure as the upper bound', { until: FAILED_AT }],
    ['all at once', { reasons: ['refused_by_tiktok'], connectionId: 'c-1', since: 0, until: FAILED_AT + 1 }],
  ];
  test.each(fitting)('that names %s matches', (_, filter) => {
    expect(matches(letter, { ...EVERY_LETTER, ...filter })).toBe(true);
  });

  const unfitting: [string, Partial<LetterFilter>][] = [
    ['another reason', { reasons: ['too_old'] }],
    ['another connection', { connectionId: 'c-2' }],
    ['another mapping', { mappingId: 'm-2' }],
    ['another event', { eventId: 'conv-2' }],
    ['a later time', { since: FAILED_AT + 1 }],
    ['an earlier time', { until: FAILED_AT - 1 }],
    ['the connection and another reason', { reasons: ['too_old'], connectionId: 'c-1' }],
  ];
  test.each(unfitting)('that names %s does not', (_, filter) => {
    expect(matches(letter, { ...EVERY_LETTER, ...filter })).toBe(false);
  });

  test('never matches a letter without the field it names', () => {
    const bare = readLetter(letterRecord({ connectionId: null, mappingId: null, eventId: null }))!;
    for (const filter of [{ connectionId: 'c-1' }, { mappingId: 'm-1' }, { eventId: 'conv-1' }]) {
      expect(matches(bare, { ...EVERY_LETTER, ...filter })).toBe(false);
    }
  });

  test('is said in the words of the command line', () => {
    expect(filterWords(EVERY_LETTER)).toBe('');
    const filter = { reasons: ['too_old', 'in_future'], connectionId: 'c-1', mappingId: 'm-1', eventId: 'e' };
    expect(filterWords({ ...filter, since: 0, until: 1_000 })).toBe(
      '--reason too_old --reason in_future --connection c-1 --mapping m-1 ' +
        '--since 1970-01-01T00:00:00.000Z --until 1970-01-01T00:00:01.000Z --event-id e',
    );
  });
});
