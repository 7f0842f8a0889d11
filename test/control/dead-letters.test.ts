import { describe, expect, test } from 'vitest';
import { DEAD_LETTER_TEXTS, textOfReason } from '../../src/control/dead-letter-texts.ts';
import {
  LIST_HEADER,
  letterJson,
  listLine,
  statisticsJson,
  statisticsLines,
  type WholeLetter,
  wholeLetterJson,
  wholeLetterLines,
} from '../../src/control/dead-letters.ts';
import { readLetter, sourceHeadersOf } from '../../src/core/letter.ts';
import { LetterCounter } from '../../src/core/letter-statistics.ts';
import { maskEvent } from '../../src/core/mask-event.ts';
import { DEAD_LETTER_REASONS } from '../../src/core/outcome.ts';
import { conversion } from '../core/business-events.ts';
import { FAILED_AT, letterRecord } from '../core/letters.ts';

const CANARIES = {
  email: 'canary-mail@example.com',
  phone: '+49 170 7654321',
  first_name: 'Canaria',
  last_name: 'Canarysson',
  contact_id: 'canary-contact',
};

function whole(event: WholeLetter['event'] = maskEvent(conversion(CANARIES))): WholeLetter {
  const headers = { ce_type: Buffer.from('conversion'), 'x-user': Buffer.from(CANARIES.email) };
  const record = letterRecord({}, 12, headers);
  return {
    letter: readLetter(record)!,
    sourceHeaders: sourceHeadersOf(record.headers),
    keyBytes: 3,
    valueBytes: 5,
    event,
  };
}

describe('the list', () => {
  test('has a line for each letter, its columns under those of the header', () => {
    const line = listLine(readLetter(letterRecord({}, 12))!);
    expect(line).toBe(
      '2026-11-22T10:00:00.000Z  refused_by_tiktok        c-1                       conv-1                                40002   0:12',
    );
    for (const [title, cell] of [
      ['reason', 'refused_by_tiktok'],
      ['event id', 'conv-1'],
      ['partition:offset', '0:12'],
    ] as const) {
      expect(LIST_HEADER.indexOf(title)).toBe(line.indexOf(cell));
    }
  });

  test('shows a dash for what is not known', () => {
    const bare = readLetter(letterRecord({ connectionId: null, eventId: null, apiCode: null }))!;
    expect(listLine(bare).split(/ {2,}/)).toEqual([expect.any(String), 'refused_by_tiktok', '-', '-', '-', '0:0']);
  });

  test('is made of plain objects for scripts', () => {
    expect(letterJson(readLetter(letterRecord({}, 12))!)).toMatchObject({
      partition: 0,
      offset: 12,
      failed_at: new Date(FAILED_AT).toISOString(),
      reason: 'refused_by_tiktok',
      api_code: 40_002,
      source: { topic: 'sourceloop.conversions', partition: 3, offset: 42 },
      first_attempt_at: null,
    });
  });
});

describe('a whole letter', () => {
  test('holds headers, the event and what to do, and nothing of who the contact is', () => {
    const texts = [JSON.stringify(wholeLetterJson(whole())), wholeLetterLines(whole()).join('\n')];
    for (const text of texts) {
      for (const expected of [
        'refused_by_tiktok',
        'req-1',
        'conversion-1',
        'ce_type',
        '129.95',
        'tiktok-sync.api.code',
      ])
        expect(text).toContain(expected);
      for (const canary of Object.values(CANARIES)) expect(text).not.toContain(canary);
    }
  });

  test('says why its event cannot be read', () => {
    expect(wholeLetterJson(whole('truncated'))).toMatchObject({ event: null, undecodable: 'truncated' });
    expect(wholeLetterLines(whole('truncated')).join('\n')).toMatch(/undecodable +truncated/);
  });

  test('has advice for every reason, and says when it does not know one', () => {
    for (const reason of DEAD_LETTER_REASONS) expect(textOfReason(reason)).toBe(DEAD_LETTER_TEXTS[reason]);
    expect(textOfReason('source_too_large')?.remedy).toContain('max.message.bytes');
    for (const unknown of ['new_reason', 'toString']) expect(textOfReason(unknown)).toBeNull();
    const strange = { ...whole(), letter: { ...whole().letter, reason: 'new_reason' } };
    expect(wholeLetterLines(strange).at(-1)).toContain('does not know the reason "new_reason"');
  });
});

describe('the statistics', () => {
  test('are printed with the largest counts first, and a bounded number of rows', () => {
    const counter = new LetterCounter(FAILED_AT);
    for (let n = 0; n < 30; n++) counter.add(readLetter(letterRecord({ connectionId: `c-${n}` }))!);
    counter.addForeign();
    const text = statisticsLines(counter.statistics()).join('\n');
    expect(text).toContain('30 letters, 2026-11-22T10:00:00.000Z to 2026-11-22T10:00:00.000Z');
    expect(text).toContain('        30  refused_by_tiktok');
    expect(text).toContain('and 10 more');
    expect(text).toContain('1 records of the topic are no letters');
    expect(statisticsJson(counter.statistics())).toMatchObject({
      letters: 30,
      by_reason: { refused_by_tiktok: 30 },
      by_age: { under_1h: 30 },
    });
  });
});
