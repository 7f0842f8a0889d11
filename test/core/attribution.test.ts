import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseTouch } from '../../src/core/attribution.ts';
import type { BuildNote } from '../../src/core/build-notes.ts';
import type { Touch } from '../../src/core/record.ts';
import { anyEvent, anyMapping, conversion, FIRST_TOUCH, LAST_TOUCH, mappingOf, NO_TOUCH } from './business-events.ts';

function chosen(attribution: 'FIRST_TOUCH' | 'LAST_TOUCH', first: Touch | null, last: Touch | null) {
  const notes: BuildNote[] = [];
  const touch = chooseTouch(conversion({ first_touch: first, last_touch: last }), mappingOf({ attribution }), notes);
  return { touch, notes };
}

const BLANK: Touch = { ...NO_TOUCH, ttclid: ' ', page_url: '\t', user_agent: '', occurred_at: 1 };

describe('the touch that gets the credit', () => {
  it.each([
    ['LAST_TOUCH', FIRST_TOUCH, LAST_TOUCH, LAST_TOUCH, []],
    ['FIRST_TOUCH', FIRST_TOUCH, LAST_TOUCH, FIRST_TOUCH, []],
    ['LAST_TOUCH', FIRST_TOUCH, null, FIRST_TOUCH, ['touch_fallback']],
    ['FIRST_TOUCH', null, LAST_TOUCH, LAST_TOUCH, ['touch_fallback']],
    ['LAST_TOUCH', FIRST_TOUCH, NO_TOUCH, FIRST_TOUCH, ['touch_fallback']],
    ['FIRST_TOUCH', BLANK, LAST_TOUCH, LAST_TOUCH, ['touch_fallback']],
    ['LAST_TOUCH', null, null, null, []],
    ['LAST_TOUCH', BLANK, NO_TOUCH, null, []],
    ['FIRST_TOUCH', null, BLANK, null, []],
  ] as const)(
    'under %s, case %#, is the one asked for, else the other, else none',
    (attribution, first, last, touch, notes) => {
      expect(chosen(attribution, first, last)).toEqual({ touch, notes });
    },
  );

  it.each(['ttclid', 'ttp', 'page_url', 'referrer', 'ip', 'user_agent'] as const)(
    'says something with nothing but %s',
    field => {
      const touch = { ...NO_TOUCH, [field]: 'x' };
      expect(chosen('LAST_TOUCH', FIRST_TOUCH, touch)).toEqual({ touch, notes: [] });
    },
  );

  it('is one of the two as a whole, never a mixture', () => {
    fc.assert(
      fc.property(anyEvent, anyMapping, (event, mapping) => {
        const touch = chooseTouch(event, mapping, []);
        expect([event.first_touch, event.last_touch, null]).toContain(touch);
      }),
    );
  });
});
