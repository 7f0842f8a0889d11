import { expect, test } from 'vitest';
import { RedriveProgress } from '../../src/control/redrive-progress.ts';
import { RedriveTally } from '../../src/core/redrive-tally.ts';

test('the progress of a redrive counts what was sent, what stays and why, and what is to go', () => {
  const said: string[] = [];
  let now = 0;
  const err = { write: (text: string) => void said.push(text), color: false, isTerminal: false };
  const tally = new RedriveTally();
  const progress = new RedriveProgress(50, err, () => now);
  tally.taken(1_700, 0);
  tally.passed('not_selected', 7);
  tally.ended([
    { connectionId: 'a', outcome: 'duplicate', reason: 'sent_before', events: 1_680 },
    { connectionId: 'a', outcome: 'dead_lettered', reason: 'too_old', events: 20 },
  ]);
  now = 12_000;
  progress.at(tally);
  // Nothing was sent yet, so nothing is said of a rate of sending, nor of an end.
  expect(said).toEqual(['0 of 50 events sent, 0/s (50 to go; left as they are: 1,680 delivered before, 20 too_old)\n']);
  tally.taken(30);
  progress.at(tally);
  tally.ended([
    { connectionId: 'a', outcome: 'delivered', reason: 'accepted', events: 19 },
    { connectionId: 'a', outcome: 'dead_lettered', reason: 'refused_by_tiktok', events: 1 },
    { connectionId: 'a', outcome: 'dead_lettered', reason: 'connection_parked', events: 5 },
  ]);
  now += 10_000;
  progress.at(tally);
  // The rate counts from the first letter that was to be sent; five of the thirty are under way.
  expect(said[1]).toMatch(/^20 of 50 events sent, 2\/s, 13s left \(25 to go; left as they are: 1,680 delivered before/);
  expect(said[1]).toContain('5 connection_parked');
});
