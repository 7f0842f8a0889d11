import { describe, expect, test } from 'vitest';
import { type EndedEvents, RedriveTally } from '../../src/core/redrive-tally.ts';

const ENDED: readonly EndedEvents[] = [
  { connectionId: 'c-1', outcome: 'delivered', reason: 'accepted', events: 5 },
  { connectionId: 'c-2', outcome: 'delivered', reason: 'accepted', events: 2 },
  { connectionId: 'c-1', outcome: 'delivered', reason: 'replayed', events: 3 },
  { connectionId: 'c-1', outcome: 'duplicate', reason: 'sent_before', events: 1 },
  { connectionId: 'c-1', outcome: 'skipped', reason: 'no_mapping', events: 1 },
  { connectionId: 'c-2', outcome: 'dead_lettered', reason: 'too_old', events: 4 },
  { connectionId: 'c-2', outcome: 'handed_over', reason: 'rebalance', events: 9 },
];

describe('the tally of a redrive', () => {
  test('counts each event once, by what became of it', () => {
    const tally = new RedriveTally();
    tally.taken(16);
    tally.passed('not_selected', 3);
    tally.passed('not_selected', 2);
    tally.ended(ENDED);
    expect([tally.letters, tally.open, tally.sent]).toEqual([16, 16, 7]);
    expect(tally.counts()).toEqual({
      letters: 16,
      passed: { not_selected: 5 },
      delivered: 7,
      alreadyDelivered: 4,
      failed: 4,
      skipped: 1,
      failedByReason: { too_old: 4 },
      skippedByReason: { no_mapping: 1 },
      deliveredByConnection: { 'c-1': 5, 'c-2': 2 },
      failedByConnection: { 'c-2': 4 },
    });
  });
});
