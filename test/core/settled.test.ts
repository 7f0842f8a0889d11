import { describe, expect, it } from 'vitest';
import { answerText } from '../../src/core/answer-text.ts';
import { judgeResponse, type Verdict } from '../../src/core/judge-response.ts';
import {
  delivered,
  duplicate,
  refused,
  replayed,
  type Settled,
  skipped,
  skippedWaiting,
  subjectOf,
  subjectOfEvent,
  undeliverable,
} from '../../src/core/settled.ts';
import { conversion } from './business-events.ts';
import { accountOf, pendingOf, recordCopy, TOPIC, tiktokEvent } from './pending-events.ts';

const NOW = 1_760_000_500_000;
const ANSWER = { httpStatus: 200, apiCode: 40002, requestId: 'req-1', message: 'OK' };
const REFUSAL = { deadLetter: 'refused_by_tiktok', detail: 'code 40002' } as const;

function verdictOf(code: number, message: string): Verdict {
  const body = JSON.stringify({ code, message });
  return judgeResponse({ kind: 'response', status: 200, headers: {}, body, durationMs: 5 }, NOW);
}

const ticket = accountOf().track(5, 1, 0, 0);
const waiting = () => pendingOf(ticket, 5, { attempts: 3, firstAttemptAt: NOW - 9_000 });
const built = subjectOfEvent(ticket, recordCopy(5), tiktokEvent());

const mark = { key: 'k', value: 's|…', ttlMs: 1 };
const claimant = { topic: TOPIC, partition: 1, offset: 2 };

/** Each way an event can end, with what must be written for it and what becomes of its claim. */
const ENDS: readonly (readonly [string, () => Settled, object])[] = [
  ['delivered', () => delivered(waiting(), ANSWER, mark, NOW), { outcome: 'delivered', reason: 'accepted', mark }],
  ['replayed', () => replayed(built, NOW), { outcome: 'delivered', reason: 'replayed', mark: null, release: null }],
  [
    'a duplicate',
    () => duplicate(built, 'sent_before', claimant, NOW),
    { outcome: 'duplicate', reason: 'sent_before', mark: null, release: null, letter: null },
  ],
  [
    'skipped before its claim',
    () => skipped(built, 'no_mapping', true, NOW),
    { outcome: 'skipped', reason: 'no_mapping', mark: null, release: null, letter: null },
  ],
];

describe('an end', () => {
  it.each(ENDS)('that is %s', (_, end, expected) => {
    const item = end();
    expect(item).toMatchObject({ ticket, ...expected });
    expect(item.entry).toMatchObject({
      outcome: item.outcome,
      reason: item.reason,
      topic: TOPIC,
      partition: 0,
      offset: 5,
      settled_at: NOW,
    });
  });

  it('of a delivered event tells TikTok’s answer, the attempts and what was sent, but nothing of the person', () => {
    const { entry, bytes } = delivered(waiting(), { ...ANSWER, apiCode: 0 }, mark, NOW);
    expect(bytes).toBe(1_000);
    expect(entry).toMatchObject({
      event_id: 'conversion-5',
      tiktok_event_name: 'Purchase',
      event_time: 1_760_000_000_000,
      value: '19.9',
      currency: 'USD',
      match_keys: ['email'],
      match_quality: 'medium',
      attempts: 3,
      http_status: 200,
      api_code: 0,
      request_id: 'req-1',
      detail: 'OK',
    });
    expect(delivered(waiting(), { ...ANSWER, message: '' }, mark, NOW).entry?.detail).toBeNull();
  });

  it('of an event whose connection went away tells TikTok’s last answer to it, where there was one', () => {
    const answered = pendingOf(ticket, 5, { lastAnswer: verdictOf(50_002, 'system busy') });
    const { entry } = skippedWaiting(answered, 'connection_removed', NOW);
    expect(entry).toMatchObject({ api_code: 50_002, detail: 'its last answer: code 50002, HTTP 200, system busy' });
    expect(skippedWaiting(waiting(), 'connection_removed', NOW).entry?.detail).toBeNull();
  });

  it('of a duplicate names the record it lost to', () => {
    expect(duplicate(built, 'pending_elsewhere', claimant, NOW).entry?.claimant).toBe(`${TOPIC}|1|2`);
  });

  it('in a workspace without a connection is counted under `none` and not logged', () => {
    const item = skipped(subjectOf(ticket, recordCopy(5), conversion(), null, null), 'no_connection', false, NOW);
    expect([item.connectionId, item.entry]).toEqual(['none', null]);
  });
});

describe('a dead letter', () => {
  it('of a record that could not be read has its coordinates and nothing that is not known', () => {
    const subject = subjectOf(ticket, recordCopy(5), null, null, null);
    const item = refused(subject, { deadLetter: 'not_framed', detail: 'no magic byte' }, recordCopy(5), 165, null, NOW);
    expect(item).toMatchObject({
      outcome: 'dead_lettered',
      reason: 'not_framed',
      release: null,
      mark: null,
      bytes: 165,
    });
    expect(item.letter).toMatchObject({
      eventId: null,
      attempts: 0,
      firstAttemptAt: null,
      schemaId: null,
      failedAt: NOW,
    });
    expect(item.entry).toMatchObject({ event_id: null, conversion_id: null, detail: 'no magic byte' });
  });

  it('of a record that could be read goes by the conversion’s id where no event was built', () => {
    const subject = subjectOf(ticket, recordCopy(5), conversion(), 'connection-1', 'mapping-1');
    const item = refused(subject, { deadLetter: 'too_old', detail: '' }, recordCopy(5), 0, 7, NOW);
    expect(item.letter).toMatchObject({ eventId: 'conversion-1', connectionId: 'connection-1', schemaId: 7 });
    expect(item.entry?.event_id).toBe('conversion-1');
  });

  it('of a waiting event carries TikTok’s answer and the time of the first possible attempt', () => {
    const item = undeliverable(waiting(), REFUSAL, ANSWER, NOW);
    const { httpStatus, apiCode, requestId } = ANSWER;
    expect(item.letter).toMatchObject({
      ...{ httpStatus, apiCode, requestId },
      reason: 'refused_by_tiktok',
      attempts: 3,
      firstAttemptAt: NOW - 9_000,
    });
    expect(item.letter?.source).toEqual(recordCopy(5));
    expect(item.entry).toMatchObject({ api_code: 40002, request_id: 'req-1', detail: 'code 40002', attempts: 3 });
  });

  it('of a waiting event tells why, and what TikTok answered last where that is another thing', () => {
    const lastAnswer = verdictOf(50_002, 'system busy');
    const past = { deadLetter: 'ambiguous_past_dedup', detail: 'too long ago' } as const;
    const item = undeliverable(pendingOf(ticket, 5, { lastAnswer }), past, lastAnswer, NOW);
    const both = 'too long ago; its last answer: code 50002, HTTP 200, system busy';
    expect([item.letter?.detail, item.entry?.detail]).toEqual([both, both]);
    const said = { deadLetter: 'connection_backpressure', detail: `failed: ${answerText(lastAnswer)}` } as const;
    const once = undeliverable(pendingOf(ticket, 5, { lastAnswer }), said, lastAnswer, NOW);
    expect(once.letter?.detail).toBe('failed: code 50002, HTTP 200, system busy');
  });
});

describe('the claim', () => {
  it('of an event that nothing was sent of is given back', () => {
    const item = pendingOf(ticket, 5);
    const { key, value } = item.claim;
    const parked = { deadLetter: 'connection_parked', detail: '' } as const;
    expect(undeliverable(item, parked, ANSWER, NOW).release).toMatchObject({ key, value });
    expect(skippedWaiting(item, 'connection_removed', NOW).release).toMatchObject({ key, value });
  });

  it('stays where TikTok may have taken the event: given back, a later copy could count twice', () => {
    const parked = { deadLetter: 'connection_parked', detail: '' } as const;
    const past = { deadLetter: 'ambiguous_past_dedup', detail: '' } as const;
    expect(undeliverable(waiting(), parked, ANSWER, NOW).release).toBeNull();
    expect(undeliverable(waiting(), past, ANSWER, NOW).release).toBeNull();
    expect(skippedWaiting(waiting(), 'connection_disabled', NOW).release).toBeNull();
  });

  it('is given back where TikTok refuses the event by itself, whatever happened before', () => {
    const item = waiting();
    expect(undeliverable(item, REFUSAL, ANSWER, NOW).release).toEqual(item.claim);
  });
});
