import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OFFLINE_EVENTS as SIMULATOR_OFFLINE } from '../../sandbox/tiktok-vocabulary.ts';
import {
  countedAs,
  currentNameFor,
  DEPRECATED_EVENTS,
  FORMER_STANDARD_EVENTS,
  judgeEventName,
  OFFLINE_EVENTS,
  RESERVED_EVENTS,
  STANDARD_EVENTS,
} from '../../src/core/event-names.ts';

describe('the lists of names', () => {
  it('are as long as TikTok published them, and hold no name twice', () => {
    expect([STANDARD_EVENTS, FORMER_STANDARD_EVENTS, OFFLINE_EVENTS].map(list => new Set(list).size)).toEqual([
      18, 14, 13,
    ]);
    expect([STANDARD_EVENTS.length, FORMER_STANDARD_EVENTS.length, OFFLINE_EVENTS.length]).toEqual([18, 14, 13]);
    expect(Object.keys(RESERVED_EVENTS)).toHaveLength(14);
  });

  it('call exactly those former names deprecated that are not standard any more', () => {
    const gone = FORMER_STANDARD_EVENTS.filter(name => !STANDARD_EVENTS.includes(name));
    expect(Object.keys(DEPRECATED_EVENTS).toSorted()).toEqual(gone.toSorted());
  });
});

describe('a name for web events', () => {
  it.each(STANDARD_EVENTS)('%s is standard, and nothing is to be said', name => {
    expect(judgeEventName(name, 'WEB')).toEqual({ kind: 'standard', problems: [], advice: [] });
  });

  it.each([
    ['CompletePayment', 'Purchase'],
    ['SubmitForm', 'Lead'],
    ['PlaceAnOrder', 'until 2027'],
    ['ClickButton', 'until 2027'],
  ])('%s is taken as it is, with the advice %s', (name, advice) => {
    expect(judgeEventName(name, 'WEB')).toEqual({
      kind: 'deprecated',
      problems: [],
      advice: [expect.stringContaining(advice)],
    });
  });

  it.each(['DemoBooked', 'a', 'x'.repeat(50), 'Demo_booked-2', 'Pageview', 'PageView'])('%s is a custom one', name => {
    expect(judgeEventName(name, 'WEB')).toEqual({
      kind: 'custom',
      problems: [],
      advice: [expect.stringContaining('optimised')],
    });
  });

  it.each([
    ['x'.repeat(51), ['longer than 50']],
    ['Demo booked', ['may hold letters']],
    ['Démo', ['may hold letters']],
    ['DemoBooked ', ['blank']],
    [' DemoBooked', ['blank', 'begin with a letter']],
    ['2ndPurchase', ['begin with a letter']],
    ['_demo', ['begin with a letter']],
    ['', ['begin with a letter']],
    ['Demo.Booked', ['may hold letters']],
    ['Demo\n', ['blank']],
  ])('%j is not a custom one', (name, expected) => {
    const { kind, problems } = judgeEventName(name, 'WEB');
    expect([kind, problems]).toEqual(['custom', expected.map(part => expect.stringContaining(part))]);
  });

  it.each(Object.entries(RESERVED_EVENTS).filter(([name]) => name !== 'CompletePayment'))(
    '%s is reserved and refused with the name TikTok makes of it: %s',
    (name, becomes) => {
      expect(judgeEventName(name, 'WEB').problems).toEqual([expect.stringContaining(becomes)]);
    },
  );

  it('is never advised to be replaced by another than a current standard one', () => {
    for (const name of [...Object.keys(RESERVED_EVENTS), ...Object.keys(DEPRECATED_EVENTS)]) {
      const { problems, advice } = judgeEventName(name, 'WEB');
      expect(STANDARD_EVENTS).toContain(currentNameFor(name));
      expect([...problems, ...advice].join()).toMatch(new RegExp(`(use|is|and use) ${currentNameFor(name)}\\b`));
    }
  });

  it.each([
    ['Checkout', 'turns it into PlaceAnOrder (by the page of September 2025); use Purchase'],
    ['ClickForm', 'turns it into SubmitForm (by the page of September 2025, Lead by that of May 2025); use Lead'],
    ['ClickInDownloadPage', 'turns it into ClickButton (by the page of September 2025); use Download'],
    ['Browse', 'turns it into PageView (by the page of September 2025); use ViewContent'],
    ['Registration', 'use CompleteRegistration'],
  ])('%s %s', (name, told) => {
    expect(judgeEventName(name, 'WEB').problems.join()).toContain(told);
  });

  it.each([
    ['PlaceAnOrder', 'no standard event since May 2025', "nearest of TikTok's current names is Purchase"],
    ['ClickButton', 'no standard event since May 2025', "nearest of TikTok's current names is Contact"],
    ['SubmitForm', 'since May 2025', 'use Lead'],
  ])('%s is told since when it is former, and what to use', (name, since, use) => {
    const [advice] = judgeEventName(name, 'WEB').advice;
    expect(advice).toContain(since);
    expect(advice).toContain(use);
  });

  it.each([
    ['purchase', 'Purchase'],
    ['SUBMITFORM', 'SubmitForm'],
  ])('%s in other letters is a custom one, with a hint at %s', (name, meant) => {
    const { kind, problems, advice } = judgeEventName(name, 'WEB');
    expect([kind, problems]).toEqual(['custom', []]);
    expect(advice.join()).toContain(`did you mean ${meant}?`);
  });
});

describe('a name for offline events', () => {
  it('is a standard or former one, as the simulator has it, with advice where TikTok documents disagree', () => {
    for (const name of SIMULATOR_OFFLINE) {
      const { problems, advice } = judgeEventName(name, 'OFFLINE');
      expect(problems).toEqual([]);
      expect(advice.some(text => text.includes('does not list'))).toBe(!OFFLINE_EVENTS.includes(name));
    }
  });

  it.each(['DemoBooked', 'purchase', 'Checkout'])('is not %s', name => {
    const { kind, problems } = judgeEventName(name, 'OFFLINE');
    expect([kind, problems[0]]).toEqual(['custom', expect.stringContaining('offline event sets take no other')]);
  });

  it('without a problem is one the simulator takes, and the other way round', () => {
    const anyName = fc.oneof(
      fc.constantFrom(...SIMULATOR_OFFLINE, ...Object.keys(RESERVED_EVENTS), 'constructor', '__proto__'),
      fc.string(),
    );
    fc.assert(
      fc.property(anyName, name => {
        expect(judgeEventName(name, 'OFFLINE').problems.length === 0).toBe(SIMULATOR_OFFLINE.has(name));
      }),
    );
  });
});

it('custom and inherited names have no current name to use instead', () => {
  expect(['DemoBooked', 'constructor', '__proto__', 'PageView'].map(currentNameFor)).toEqual([null, null, null, null]);
});

describe('the name TikTok counts under', () => {
  it.each([
    ['CompletePayment', 'Purchase'],
    ['SubmitForm', 'Lead'],
    ['PlaceAnOrder', 'PlaceAnOrder'],
    ['Purchase', 'Purchase'],
    ['constructor', 'constructor'],
  ])('of %s is %s', (name, counted) => expect(countedAs(name)).toBe(counted));
});
