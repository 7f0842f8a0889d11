import { describe, expect, it } from 'vitest';
import * as lists from '../../src/core/event-name-lists.ts';

const PUBLISHED = Object.entries(lists).flatMap(([name, list]) =>
  typeof list === 'object' && 'source' in list ? [[name, list as lists.Published<unknown>] as const] : [],
);

describe('a list of event names', () => {
  it.each(PUBLISHED)('%s says where it stands and since when', (_, { source, date }) => {
    expect(source).toMatch(/^[a-z]+(-[a-z]+)+$/);
    expect(date).toMatch(/^202[56]-(0[1-9]|1[0-2])(-\d\d)?$/);
  });

  it('is there for every kind of name', () => {
    expect(PUBLISHED).toHaveLength(7);
  });

  it('never has a name as reserved and as standard', () => {
    for (const name of Object.keys(lists.RESERVED.names)) expect(lists.STANDARD.names).not.toContain(name);
  });

  it('of an earlier edition differs from the newest', () => {
    for (const [name, before] of Object.entries(lists.RESERVED_BEFORE.names)) {
      expect([undefined, before]).not.toContain(lists.RESERVED.names[name]);
    }
  });

  it('has a nearest name only where TikTok leaves one without a standard name, and that is standard', () => {
    for (const [name, nearest] of Object.entries(lists.NEAREST_NAMES)) {
      const becomes = lists.RESERVED.names[name] ?? lists.CHANGED.names[name]?.becomes;
      expect(lists.STANDARD.names).not.toContain(becomes);
      expect(lists.STANDARD.names).toContain(nearest);
    }
  });
});

it('the month of a list is told in words', () => {
  expect([lists.monthOf(lists.CHANGED), lists.monthOf(lists.RESERVED)]).toEqual(['May 2025', 'September 2025']);
});
