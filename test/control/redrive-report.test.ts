import { describe, expect, test } from 'vitest';
import { planJson, planLines, resultJson, resultLines, resultOfPlan } from '../../src/control/redrive-report.ts';
import { type RedrivePlan, RedriveTally } from '../../src/core/redrive-tally.ts';

const PLAN: RedrivePlan = {
  letters: 1_200,
  wouldSend: 1_000,
  wouldSendByReason: { connection_parked: 900, config_invalid: 100 },
  wouldSendByConnection: { acme: 1_000 },
  beyondMax: 0,
  alreadyDelivered: 150,
  wouldFail: { too_old: 40, ambiguous_past_dedup: 2 },
  wouldSkip: { no_mapping: 8 },
  passed: { not_selected: 5, no_letter: 1, no_source: 3, connection_parked: 7 },
  parkedByConnection: { globex: 7 },
};

describe('the plan of a redrive', () => {
  test('says what would be sent, and names what is too old or cannot be sent', () => {
    expect(planLines(PLAN)).toEqual([
      '1,200 letters match; 1,000 events would be sent',
      '150 events were delivered meanwhile and will not be sent',
      '40 events would fail again: too_old (too old for TikTok)',
      '2 events would fail again: ambiguous_past_dedup (may have been taken longer ago than TikTok remembers; --accept-double-count sends them)',
      '8 events are not to be sent any more: no_mapping',
      '3 letters cannot be sent: the letter has not the whole record (source_too_large), or not its place',
      '7 letters are left where they are: TikTok refuses their connection (connection_parked)',
      '           7  globex',
      '',
      'by reason',
      '         900  connection_parked',
      '         100  config_invalid',
      '',
      'by connection',
      '       1,000  acme',
    ]);
  });

  test('is an object for scripts', () => {
    expect(planJson(PLAN)).toMatchObject({ would_send: 1_000, would_fail: { too_old: 40 }, connection_parked: 7 });
  });
});

test('the plan says what --max leaves for a later run', () => {
  expect(planLines({ ...PLAN, wouldSend: 100, beyondMax: 900 }).slice(0, 2)).toEqual([
    '1,200 letters match; 100 events would be sent',
    '900 more could be sent by a later run: --max leaves them',
  ]);
});

describe('the result of a redrive', () => {
  const tally = new RedriveTally();
  tally.taken(9);
  tally.ended([
    { connectionId: 'acme', outcome: 'delivered', reason: 'accepted', events: 6 },
    { connectionId: 'acme', outcome: 'dead_lettered', reason: 'refused_by_tiktok', events: 2 },
    { connectionId: 'acme', outcome: 'duplicate', reason: 'sent_before', events: 1 },
  ]);

  test('says how the events ended and how to go on', () => {
    const result = { job: 'j-1', end: 'stopped', wasTried: true, counts: tally.counts() } as const;
    expect(resultLines(result)).toEqual([
      '6 events delivered',
      '1 events had been delivered before; nothing was sent for them',
      '2 events failed again; their letters stay where they are, the sync log says why',
      '           2  refused_by_tiktok',
      'Stopped. What was under way is finished; go on: tiktok-sync dead-letters redrive --job j-1',
    ]);
    for (const [end, words] of [
      ['finished', 'come to its end'],
      ['exhausted', 'more may be left. Go on: --job j-1'],
    ] as const) {
      expect(resultLines({ ...result, end }).at(-1)).toContain(words);
    }
  });

  test('is an object for scripts', () => {
    expect(resultJson({ job: 'j-1', end: 'finished', wasTried: true, counts: tally.counts() })).toMatchObject({
      ...{ job: 'j-1', end: 'finished', letters: 9, delivered: 6, already_delivered: 1, failed: 2 },
      failed_by_reason: { refused_by_tiktok: 2 },
    });
  });
});

describe('the result of a redrive that had nothing to send', () => {
  const plan = { ...PLAN, wouldSend: 0, wouldSendByReason: {}, wouldSendByConnection: {} };

  test('has the counts of its plan', () => {
    const result = resultJson(resultOfPlan('j-1', plan));
    const { already_delivered, connection_parked, without_source } = planJson(plan);
    expect(result).toMatchObject({ already_delivered, connection_parked, without_source });
    expect(result).toMatchObject({
      ...{ job: 'j-1', end: 'finished', letters: 1_190, delivered: 0, already_delivered: 150, failed: 42, skipped: 8 },
      failed_by_reason: plan.wouldFail,
      skipped_by_reason: plan.wouldSkip,
    });
  });

  test('refers to no entry of the sync log, for nothing was written there', () => {
    expect(resultLines(resultOfPlan('j-1', plan))).toEqual([
      '0 events delivered',
      '150 events had been delivered before; nothing was sent for them',
      '42 events cannot be sent; their letters stay where they are',
      '          40  too_old',
      '           2  ambiguous_past_dedup',
      '8 events skipped: no_mapping',
      '3 letters cannot be sent: the letter has not the whole record (source_too_large), or not its place',
      '7 letters are left where they are: TikTok refuses their connection (connection_parked)',
      'The job j-1 has come to its end.',
    ]);
  });
});
