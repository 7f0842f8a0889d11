import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ClaimDecision,
  claimKey,
  claimTtlMs,
  judgeClaim,
  parseClaimValue,
  pendingValue,
  sentValue,
} from '../../src/core/deduplicate.ts';
import { destinationOf, tiktokEvent } from './pending-events.ts';

const HOUR = 3_600_000;
const NOW = 1_760_000_000_000;
const OURS = { topic: 'sourceloop.conversions', partition: 3, offset: 42 };
const OTHERS = { topic: 'sourceloop.conversions', partition: 1, offset: 7 };
const WINDOW = 24 * HOUR;
const OPTIONS = { pendingTakeoverMs: HOUR };

/** The design's table, one row a line: what stands there, whose it is, how old, and what follows. */
const TABLE: readonly (readonly [string, string | null, ClaimDecision])[] = [
  ['nothing', null, { kind: 'send', claimedAt: NOW, attemptedBefore: false }],
  [
    'our own pending claim, however old',
    pendingValue(OURS, NOW - 60 * HOUR),
    { kind: 'send', claimedAt: NOW - 60 * HOUR, attemptedBefore: true },
  ],
  ['our own sent mark', sentValue(OURS, NOW - 50 * HOUR), { kind: 'replayed', sentAt: NOW - 50 * HOUR }],
  [
    'a sent mark of another record just inside the dedup window',
    sentValue(OTHERS, NOW - WINDOW + 1),
    { kind: 'duplicate', reason: 'sent_before', claimant: OTHERS },
  ],
  [
    'a sent mark of another record as old as the dedup window',
    sentValue(OTHERS, NOW - WINDOW),
    takeOver(sentValue(OTHERS, NOW - WINDOW), NOW, false),
  ],
  [
    'a pending claim of another record just younger than the takeover age',
    pendingValue(OTHERS, NOW - HOUR + 1),
    { kind: 'duplicate', reason: 'pending_elsewhere', claimant: OTHERS },
  ],
  [
    'a pending claim of another record as old as the takeover age',
    pendingValue(OTHERS, NOW - HOUR),
    takeOver(pendingValue(OTHERS, NOW - HOUR), NOW - HOUR, true),
  ],
  ['a value that nobody of us wrote', '1', takeOver('1', NOW, true)],
];

function takeOver(expected: string, claimedAt: number, attemptedBefore: boolean): ClaimDecision {
  return { kind: 'take-over', expected, value: pendingValue(OURS, claimedAt), claimedAt, attemptedBefore };
}

describe('the reply to a claim', () => {
  it.each(TABLE)('is judged by the design: %s', (_, reply, decision) => {
    expect(judgeClaim(reply, OURS, WINDOW, NOW, OPTIONS)).toEqual(decision);
  });

  it('takes a claim from the future for a young one', () => {
    expect(judgeClaim(pendingValue(OTHERS, NOW + HOUR), OURS, WINDOW, NOW, OPTIONS).kind).toBe('duplicate');
    expect(judgeClaim(sentValue(OTHERS, NOW + HOUR), OURS, WINDOW, NOW, OPTIONS).kind).toBe('duplicate');
  });

  it.each(['topic', 'partition', 'offset'] as const)('knows a record by its %s too', part => {
    const other = { ...OURS, [part]: part === 'topic' ? 'sourceloop.revenue-updates' : 41 };
    expect(judgeClaim(sentValue(other, NOW), OURS, WINDOW, NOW, OPTIONS).kind).toBe('duplicate');
  });

  it('never lets a takeover from a pending claim forget the first possible attempt', () => {
    fc.assert(
      fc.property(fc.integer({ min: HOUR, max: 90 * HOUR }), age => {
        const decision = judgeClaim(pendingValue(OTHERS, NOW - age), OURS, WINDOW, NOW, OPTIONS);
        expect(decision).toMatchObject({ kind: 'take-over', claimedAt: NOW - age, attemptedBefore: true });
      }),
    );
  });
});

describe('the reply to a claim for the event of a dead letter', () => {
  const ATTEMPTED = NOW - 20 * HOUR;
  const judge = (reply: string | null, options = {}, attemptedAt: number | null = ATTEMPTED) =>
    judgeClaim(reply, OURS, WINDOW, NOW, { ...OPTIONS, ...options }, { attemptedAt, failedAt: NOW });
  const taken = (reply: string, claimedAt: number) => takeOver(reply, claimedAt, true);

  it('counts from the attempt that the letter tells of, or from an earlier one that the store knows of', () => {
    expect(judge(null)).toEqual({ kind: 'send', claimedAt: ATTEMPTED, attemptedBefore: true });
    for (const held of [NOW - 30 * HOUR, NOW - HOUR]) {
      const claimedAt = Math.min(held, ATTEMPTED);
      expect(judge(pendingValue(OURS, held))).toEqual({ kind: 'send', claimedAt, attemptedBefore: true });
      const others = pendingValue(OTHERS, held);
      expect(judge(others)).toEqual(taken(others, claimedAt));
    }
    const old = sentValue(OTHERS, NOW - WINDOW);
    expect(judge(old)).toEqual(taken(old, ATTEMPTED));
  });

  it('still says that it was delivered, or stands in for a copy that was', () => {
    expect(judge(sentValue(OURS, NOW - HOUR)).kind).toBe('replayed');
    expect(judge(sentValue(OTHERS, NOW - HOUR)).kind).toBe('duplicate');
  });

  it('goes by when the letter failed, not by how long it has lain: a copy that was no repetition then is none now', () => {
    const delivered = sentValue(OTHERS, NOW - 5 * WINDOW);
    const judgedAs = (failedAt: number) =>
      judgeClaim(delivered, OURS, WINDOW, NOW, OPTIONS, { attemptedAt: null, failedAt }).kind;
    expect(judgedAs(NOW - 6 * WINDOW)).toBe('duplicate');
    expect(judgedAs(NOW - 4 * WINDOW - 1)).toBe('duplicate');
    expect(judgedAs(NOW - 4 * WINDOW)).toBe('take-over');
    const vanished = pendingValue(OTHERS, NOW - 2 * HOUR);
    expect(judgeClaim(vanished, OURS, WINDOW, NOW, OPTIONS, { attemptedAt: null, failedAt: 0 }).kind).toBe('take-over');
  });

  it('forgets an attempt beyond the horizon only where an operator accepts that it may count twice', () => {
    const [ours, others] = [pendingValue(OURS, NOW - 50 * HOUR), pendingValue(OTHERS, NOW - 50 * HOUR)];
    const accepted = { forgiveAfterMs: 47 * HOUR };
    expect(judge(ours, {}, null)).toMatchObject({ kind: 'send', claimedAt: NOW - 50 * HOUR });
    expect(judge(ours, accepted, null)).toEqual(taken(ours, NOW));
    expect(judge(others, accepted, null)).toEqual(taken(others, NOW));
    const young = pendingValue(OURS, NOW - 46 * HOUR);
    expect(judge(young, accepted, null)).toMatchObject({ kind: 'send', claimedAt: NOW - 46 * HOUR });
  });
});

const anyCoordinates = fc.record({
  topic: fc.stringMatching(/^[A-Za-z0-9._-]{1,40}$/),
  partition: fc.nat(10_000),
  offset: fc.maxSafeNat(),
});

describe('a claim value', () => {
  it('is read back as it was written', () => {
    fc.assert(
      fc.property(anyCoordinates, fc.maxSafeNat(), (coordinates, at) => {
        expect(parseClaimValue(pendingValue(coordinates, at))).toEqual({ ...coordinates, state: 'pending', at });
        expect(parseClaimValue(sentValue(coordinates, at))).toEqual({ ...coordinates, state: 'sent', at });
      }),
    );
  });

  it.each(['', '1', 'p', 'p||0|1|2', 'x|t|0|1|2', 'p|t|0|1', 'p|t|0|1|2|3', 'p|t|a|1|2', 'p|t|0|1.5|2', 's|t|0|1|NaN'])(
    'is not read into %j',
    stored => {
      expect(parseClaimValue(stored)).toBeNull();
    },
  );
});

describe('a claim key', () => {
  const anyClaimant = fc.record({
    pixel: fc.string(),
    test: fc.boolean(),
    name: fc.string(),
    id: fc.oneof(fc.string(), fc.constantFrom('a', 'a:t:0:1', '1:a:t:0:1')),
    once: fc.boolean(),
    source: fc.constantFrom({ topic: 't', partition: 0, offset: 1 }, { topic: 't', partition: 0, offset: 2 }),
  });
  type Claimant = typeof anyClaimant extends fc.Arbitrary<infer T> ? T : never;
  const keyOf = ({ pixel, test, name, id, once, source }: Claimant) =>
    claimKey(
      'p:',
      tiktokEvent({
        destination: destinationOf({ eventSourceId: pixel, testEventCode: test ? 'TEST1' : null }),
        eventName: name,
        eventId: id,
        dedupWindowMs: once ? 0 : WINDOW,
      }),
      source,
    );
  const identityOf = ({ source, once, ...same }: Claimant) =>
    JSON.stringify(once ? { ...same, source } : { ...same, source: null });

  it('is the same for two events exactly when they are one to TikTok', () => {
    fc.assert(
      fc.property(anyClaimant, anyClaimant, (a, b) => {
        expect(keyOf(a) === keyOf(b)).toBe(identityOf(a) === identityOf(b));
      }),
      { numRuns: 2_000 },
    );
  });

  it('is not that of another event whose id ends like coordinates', () => {
    const source = { topic: 't', partition: 0, offset: 1 };
    const once = claimKey('', tiktokEvent({ eventId: 'a', dedupWindowMs: 0 }), source);
    expect(claimKey('', tiktokEvent({ eventId: 'a:t:0:1' }), source)).not.toBe(once);
  });

  it('leaves out the connection, the mapping and the test code itself', () => {
    const source = { topic: 't', partition: 0, offset: 1 };
    const one = tiktokEvent({ destination: destinationOf({ testEventCode: 'TEST1' }) });
    const two = tiktokEvent({ destination: destinationOf({ connectionId: 'x', testEventCode: 'T2' }), mappingId: 'y' });
    expect(claimKey('', one, source)).toBe(claimKey('', two, source));
  });

  it('carries the claimant only where there is no dedup window', () => {
    const event = tiktokEvent({ eventId: 'id', dedupWindowMs: 0 });
    const first = claimKey('', event, OURS);
    expect(claimKey('', event, OTHERS)).not.toBe(first);
    expect(claimKey('', event, OURS)).toBe(first);
  });
});

it('a claim lives for the longest of dedup window, TikTok’s memory and replay horizon', () => {
  expect(claimTtlMs(0, 0)).toBe(48 * HOUR);
  expect(claimTtlMs(WINDOW, 72 * HOUR)).toBe(72 * HOUR);
  expect(claimTtlMs(100 * HOUR, 72 * HOUR)).toBe(100 * HOUR);
});
