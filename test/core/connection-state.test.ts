import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterChange,
  afterNews,
  afterNoRefusal,
  afterRecovery,
  afterRefusal,
  afterSuccess,
  afterTrouble,
  type ConnectionState,
  hasOpenTrouble,
  isRefused,
  isSameSubject,
  type Known,
  newerOf,
  nowInForce,
  RELEASE_CAUSES,
  refusedStateOf,
  releaseOf,
  STATE_NAMES,
  type StateAnswer,
  type StateSubject,
  stillUndecided,
  unanswered,
  waitsForRecovery,
} from '../../src/core/connection-state.ts';

const SUBJECT: StateSubject = { configOffset: 5, tokenDigest: 'old' };
const OTHER: StateSubject = { configOffset: 5, tokenDigest: 'new' };
const refusal = (apiCode: number | null = 40105, httpStatus = 200): StateAnswer => {
  return { apiCode, httpStatus, requestId: 'request-1', message: 'no' };
};
const undecided = unanswered('undecided', SUBJECT, null, 100);
const refused = afterRefusal(undecided, refusal(), 200);

const someState: fc.Arbitrary<ConnectionState> = fc.record({
  state: fc.constantFrom(...STATE_NAMES),
  configOffset: fc.integer({ min: 0, max: 2 }),
  tokenDigest: fc.constantFrom(null, 'a', 'b'),
  since: fc.integer({ min: 0, max: 3 }),
  reason: fc.constantFrom(null, 'x', 'y'),
  httpStatus: fc.constantFrom(null, 200),
  apiCode: fc.constantFrom(null, 40001, 40105),
  requestId: fc.constantFrom(null, 'r1', 'r2'),
  revision: fc.integer({ min: 0, max: 3 }),
  troubledSince: fc.constantFrom(null, 1, 2),
  releaseCause: fc.constantFrom(null, ...RELEASE_CAUSES),
});

describe('a refusal', () => {
  it.each([
    [40102, 200, 'token_invalid'],
    [40104, 200, 'token_invalid'],
    [40105, 200, 'token_invalid'],
    [40001, 200, 'parked'],
    [40007, 400, 'parked'],
    [40300, 200, 'parked'],
    [40001, 401, 'parked'],
    [null, 401, 'token_invalid'],
    [null, 403, 'token_invalid'],
  ] as const)('with code %s in HTTP %s makes it %s', (apiCode, httpStatus, state) => {
    expect(refusedStateOf(refusal(apiCode, httpStatus))).toBe(state);
    expect(afterRefusal(undecided, refusal(apiCode, httpStatus), 200)).toMatchObject({ state, since: 200, apiCode });
  });

  it('made again changes nothing, so the state is as old as its first', () => {
    expect(afterRefusal(refused, { ...refusal(), requestId: 'request-2' }, 900)).toBe(refused);
  });

  it('of another kind is told, and the trouble is as old as before', () => {
    const parked = afterRefusal(refused, refusal(40001), 300);
    expect(parked).toMatchObject({ state: 'parked', since: 300, troubledSince: 200, revision: 2 });
    expect(afterRefusal(parked, refusal(40007), 400)).toMatchObject({ state: 'parked', since: 300, apiCode: 40007 });
  });

  it('after a release is a trouble of its own', () => {
    const released = afterSuccess(refused, 300);
    expect(afterRefusal(released, refusal(), 400)).toMatchObject({ troubledSince: 400, releaseCause: null });
  });
});

describe('a success', () => {
  it('always means active', () => {
    fc.assert(
      fc.property(someState, fc.nat(), (current, now) => {
        const after = afterSuccess(current, now);
        expect(after.state).toBe('active');
        expect(newerOf(current, after)).toBe(after);
        if (current.state !== 'active') expect([after.since, after.reason]).toEqual([now, null]);
      }),
    );
  });

  it('releases what TikTok refused: with the same token by a probe, with another as a new token', () => {
    const probed = afterSuccess(refused, 300);
    expect(releaseOf('c', probed)).toEqual({
      ...{ connectionId: 'c', ...SUBJECT, since: 300, cause: 'probe', releaseId: 'c@5.2.200' },
    });
    const renewed = nowInForce({ current: refused, latest: refused }, 'undecided', OTHER, 300).current;
    expect(renewed).toMatchObject({ state: 'undecided', ...OTHER, reason: null, troubledSince: 200 });
    expect(releaseOf('c', renewed)).toBeNull();
    expect(releaseOf('c', afterSuccess(renewed, 400))).toMatchObject({ since: 400, ...OTHER, cause: 'new_token' });
  });

  it('of a token that follows a working one, or comes first, releases nothing', () => {
    const active = afterSuccess(undecided, 200);
    expect(releaseOf('c', active)).toBeNull();
    const renewed = nowInForce({ current: active, latest: active }, 'undecided', OTHER, 300).current;
    expect(releaseOf('c', afterSuccess(renewed, 400))).toBeNull();
  });

  it('after the release releases nothing more', () => {
    const released = afterSuccess(refused, 300);
    expect(afterSuccess(released, 400)).toBe(released);
    const renewed = nowInForce({ current: released, latest: released }, 'undecided', OTHER, 500).current;
    expect(releaseOf('c', afterSuccess(renewed, 600))).toBeNull();
  });
});

describe('recovery', () => {
  it('releases an active connection, and no other', () => {
    const recovered = afterRecovery(afterTrouble(afterSuccess(undecided, 200), 250), 900);
    expect(releaseOf('c', recovered)).toMatchObject({ cause: 'recovered', since: 900 });
    expect(afterRecovery(refused, 900)).toBe(refused);
  });
});

describe('a connection that fails for itself', () => {
  const active = afterSuccess(undecided, 200);
  const troubled = afterTrouble(active, 250);

  it('is as active as before, and its trouble is told once, until it is told to have ended', () => {
    expect(troubled).toEqual({ ...active, revision: active.revision + 1, troubledSince: 250 });
    expect([hasOpenTrouble(active), hasOpenTrouble(troubled), waitsForRecovery(troubled)]).toEqual([false, true, true]);
    expect(afterTrouble(troubled, 300)).toBe(troubled);
    const recovered = afterRecovery(troubled, 900);
    expect(hasOpenTrouble(recovered)).toBe(false);
    expect(afterRecovery(recovered, 950)).toBe(recovered);
    expect(afterTrouble(recovered, 800)).toMatchObject({ troubledSince: 800, releaseCause: null });
  });

  it('has nothing to recover from where it never let go of events', () => {
    expect(afterRecovery(active, 900)).toBe(active);
  });

  it('is released at the first success of its next token, and not again', () => {
    const renewed = nowInForce({ current: troubled, latest: troubled }, 'undecided', OTHER, 250).current;
    const released = afterSuccess(renewed, 400);
    expect(releaseOf('c', released)).toMatchObject({ since: 400, ...OTHER, cause: 'new_token' });
    expect(afterRecovery(released, 900)).toBe(released);
  });

  it.each([100, 50, 150])(
    'before its first answer (since %i) is not released by one success, but by recovery',
    since => {
      const failing = afterTrouble(undecided, since);
      expect(waitsForRecovery(failing)).toBe(false);
      const passed = afterSuccess(failing, 200);
      expect([releaseOf('c', passed), waitsForRecovery(passed)]).toEqual([null, true]);
      expect(releaseOf('c', afterRecovery(passed, 900))).toMatchObject({ cause: 'recovered' });
    },
  );

  it('and is refused is released by the probe that ends the refusal, for both', () => {
    const parked = afterRefusal(troubled, refusal(), 300);
    expect(parked).toMatchObject({ state: 'token_invalid', troubledSince: 250 });
    expect(afterTrouble(refused, 300)).toBe(refused);
    expect(releaseOf('c', afterSuccess(parked, 400))).toMatchObject({ cause: 'probe' });
  });

  it('always changes to a state that holds over the one before', () => {
    fc.assert(
      fc.property(someState, fc.nat(), (current, since) => {
        const after = afterTrouble(current, since);
        expect(newerOf(current, after)).toBe(after);
        expect(hasOpenTrouble(after)).toBe(true);
        expect(after.state).toBe(current.state);
      }),
    );
  });
});

describe('a probe without a verdict', () => {
  it('leaves the state undecided and says why, once', () => {
    const asked = stillUndecided(undecided, { ...refusal(40002), message: 'data: empty' });
    expect(asked).toMatchObject({ state: 'undecided', since: 100, reason: 'data: empty', apiCode: 40002, revision: 1 });
    expect(stillUndecided(asked, { ...refusal(40002), message: 'data: empty' })).toBe(asked);
    expect(stillUndecided(refused, refusal(40100))).toBe(refused);
  });
});

describe('an answer that is no refusal, and no success', () => {
  const renewed = nowInForce({ current: refused, latest: refused }, 'undecided', OTHER, 300).current;
  const notRefused = { ...refusal(40002), message: 'data: empty' };

  it('releases new credentials whose predecessors were in trouble, and the success later is no second release', () => {
    const released = afterNoRefusal(renewed, notRefused, 400);
    expect(released).toMatchObject({ state: 'undecided', since: 400, apiCode: 40002, reason: 'data: empty' });
    expect(releaseOf('c', released)).toMatchObject({ cause: 'new_token', ...OTHER, since: 400 });
    const passed = afterSuccess(released, 900);
    expect(passed).toMatchObject({ state: 'active', reason: null, apiCode: null });
    expect(releaseOf('c', passed)?.releaseId).toBe(releaseOf('c', released)?.releaseId);
    expect(newerOf(released, passed)).toBe(passed);
  });

  it('is the same release as the success that another replica saw at that time', () => {
    const released = releaseOf('c', afterNoRefusal(renewed, notRefused, 400));
    expect(releaseOf('c', afterSuccess(renewed, 405))?.releaseId).toBe(released?.releaseId);
  });

  it('releases credentials that were refused, as a probe; but not with the code that parked them', () => {
    expect(releaseOf('c', afterNoRefusal(refused, notRefused, 400))).toMatchObject({ cause: 'probe', ...SUBJECT });
    const parked = afterRefusal(undecided, refusal(40002), 200);
    expect(afterNoRefusal(parked, notRefused, 400)).toBe(parked);
  });

  it('says nothing where nothing waits for it', () => {
    expect(releaseOf('c', afterNoRefusal(undecided, notRefused, 400))).toBeNull();
    const itsOwn = afterTrouble(undecided, 300);
    expect(hasOpenTrouble(afterNoRefusal(itsOwn, notRefused, 400))).toBe(true);
    const active = afterTrouble(afterSuccess(undecided, 200), 250);
    expect(afterNoRefusal(active, notRefused, 400)).toBe(active);
    const disabled = unanswered('disabled', OTHER, refused, 300);
    expect(afterNoRefusal(disabled, notRefused, 400)).toBe(disabled);
  });

  it('heard again changes nothing, and a refusal after it is a trouble of its own', () => {
    const released = afterNoRefusal(refused, notRefused, 400);
    expect(afterNoRefusal(released, { ...notRefused, message: 'another' }, 500)).toBe(released);
    const again = afterRefusal(released, refusal(), 600);
    expect(again).toMatchObject({ state: 'token_invalid', since: 600, troubledSince: 600, releaseCause: null });
    expect(releaseOf('c', afterSuccess(again, 700))?.releaseId).not.toBe(releaseOf('c', released)?.releaseId);
  });

  it('always leads to a state that holds over the one before, and never to one that is refused', () => {
    fc.assert(
      fc.property(someState, fc.nat(), (current, now) => {
        const after = afterNoRefusal(current, notRefused, now);
        expect(newerOf(current, after)).toBe(after === current ? current : after);
        if (after !== current) expect(after.state).toBe('undecided');
      }),
    );
  });
});

describe('news', () => {
  it('counts the same whatever order it comes in, however often', () => {
    fc.assert(
      fc.property(someState, someState, someState, (a, b, c) => {
        expect(newerOf(a, b)).toEqual(newerOf(b, a));
        expect(newerOf(newerOf(a, b), c)).toEqual(newerOf(a, newerOf(b, c)));
        expect(newerOf(a, newerOf(a, b))).toEqual(newerOf(a, b));
      }),
    );
  });

  it('has replicas agree on what is newest, and on the credentials in force, in whatever order each heard it', () => {
    const hear = (news: readonly ConnectionState[]) =>
      news.reduce<Known>(afterNews, { current: undecided, latest: undecided });
    fc.assert(
      fc.property(fc.array(someState, { maxLength: 6 }), fc.nat(), (news, turn) => {
        const turned = [...news.slice(turn % 7), ...news.slice(0, turn % 7)];
        expect(hear(turned)).toEqual(hear(news));
      }),
    );
  });

  it('about other credentials never changes the state of those in force', () => {
    fc.assert(
      fc.property(someState, fc.array(someState), (current, news) => {
        const others = news.filter(each => !isSameSubject(each, current));
        expect(others.reduce<Known>(afterNews, { current, latest: current }).current).toBe(current);
      }),
    );
  });

  it('never makes way for older news', () => {
    fc.assert(
      fc.property(fc.array(someState, { minLength: 1 }), news => {
        let known: Known | null = null;
        for (const each of news) {
          const before: Known | null = known;
          known = afterNews(known, each);
          if (before !== null) expect(newerOf(before.latest, known.latest)).toEqual(known.latest);
          expect(newerOf(known.latest, each)).toEqual(known.latest);
        }
      }),
    );
  });
});

describe('the credentials in force', () => {
  it('are undecided when they are new, whatever the ones before them were', () => {
    fc.assert(
      fc.property(someState, someState, (current, latest) => {
        const subject = { configOffset: 9, tokenDigest: 'c' };
        const after = nowInForce({ current, latest }, 'undecided', subject, 50);
        expect(after.current).toMatchObject({ state: 'undecided', since: 50, ...subject, reason: null });
        expect(isRefused(after.current)).toBe(false);
        expect(nowInForce(after, 'undecided', subject, 60)).toBe(after);
      }),
    );
  });

  it('have the state that another replica found out before the token came here', () => {
    const news = { ...afterSuccess(unanswered('undecided', OTHER, refused, 300), 350) };
    const known = afterNews({ current: refused, latest: refused }, news);
    expect(known.current).toBe(refused);
    expect(nowInForce(known, 'undecided', OTHER, 400).current).toBe(news);
  });

  it('do not count what was once known of a token that comes back', () => {
    const active = afterSuccess(undecided, 150);
    const other = nowInForce({ current: active, latest: active }, 'undecided', OTHER, 200);
    const known = afterChange(other, afterRefusal(other.current, refusal(), 210));
    expect(nowInForce(known, 'undecided', SUBJECT, 300).current).toMatchObject({ state: 'undecided', since: 300 });
  });

  it('keep the trouble of the ones before through news of another replica’s old token', () => {
    const renewed = nowInForce({ current: refused, latest: refused }, 'undecided', OTHER, 300);
    const working = afterChange(renewed, afterSuccess(renewed.current, 350));
    const stale = { ...afterRefusal(working.latest, refusal(), 360), ...SUBJECT };
    const known = afterNews(working, stale);
    expect([known.current, known.latest]).toEqual([working.current, stale]);
    const restarted = nowInForce({ current: null, latest: stale }, 'undecided', OTHER, 400).current;
    expect(releaseOf('c', afterSuccess(restarted, 450))).toMatchObject({ cause: 'new_token' });
  });

  it('may be none, where the entry disables the connection', () => {
    const subject = { configOffset: 7, tokenDigest: null };
    const known = nowInForce({ current: refused, latest: refused }, 'disabled', subject, 300);
    expect(known.current).toMatchObject({ state: 'disabled', since: 300, troubledSince: 200 });
    expect(known.current.reason).toBe('disabled by its entry');
  });
});
