import { expect, it } from 'vitest';
import { STATUS_ROWS } from '../../src/core/http-statuses.ts';
import { CODE_ROWS } from '../../src/core/tiktok-codes.ts';

it('uses every class in some rule', () => {
  const used = [...CODE_ROWS, ...STATUS_ROWS].map(rule => rule.class);
  expect([...new Set(used)].toSorted()).toEqual([
    'ambiguous',
    'connection-refused',
    'delivered',
    'partial',
    'poison',
    'retry',
    'split',
    'throttled',
  ]);
});
