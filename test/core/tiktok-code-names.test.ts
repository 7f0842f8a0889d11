import { expect, it } from 'vitest';
import { unclassedName } from '../../src/core/tiktok-code-names.ts';
import { ruleOfCode } from '../../src/core/tiktok-codes.ts';

it.each([
  [40114, 'ADVERTISER_LOGOUT'],
  [41002, 'FIELDS_OFFLINE'],
  [49999, null],
])('%i is called %s, which gives it no class', (code, name) => {
  expect(unclassedName(code)).toBe(name);
  expect(ruleOfCode(code)).toMatchObject({ name, class: 'ambiguous', limitedAttempts: true });
});
