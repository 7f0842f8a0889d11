import { expect, it } from 'vitest';
import { ruleOfStatus, STATUS_ROWS } from '../../src/core/http-statuses.ts';

const ALL = Array.from({ length: 900 }, (_, index) => index + 100);

it('gives every status that HTTP can carry a class, and blames or pays no event for any', () => {
  for (const status of ALL) expect(['delivered', 'poison', 'partial']).not.toContain(ruleOfStatus(status).class);
});

it.each([
  ['connection-refused', [401, 403]],
  ['split', [413]],
  ['throttled', [429]],
  ['retry', ALL.filter(status => status >= 400 && status < 500 && ![401, 403, 413, 429].includes(status))],
  ['ambiguous', ALL.filter(status => status < 400 || status >= 500)],
])('%s is for %j', (verdict, statuses) => {
  expect(ALL.filter(status => ruleOfStatus(status).class === verdict)).toEqual(statuses);
});

it('holds 5xx, and the 4xx that are retried, to be about everybody', () => {
  const vendorWide = ALL.filter(status => ruleOfStatus(status).vendorWide);
  expect(vendorWide).toEqual(ALL.filter(status => status >= 400 && ![401, 403, 413, 429].includes(status)));
});

it('tells of each row what to do and where that comes from', () => {
  for (const { advice, source } of STATUS_ROWS) {
    expect(advice).toMatch(/^[A-Z].{20,}\.$/);
    expect(source).not.toBe('');
  }
});

it('takes what is no status for an answer without a code', () => {
  expect([Number.NaN, -1].map(status => ruleOfStatus(status).class)).toEqual(['ambiguous', 'ambiguous']);
});
