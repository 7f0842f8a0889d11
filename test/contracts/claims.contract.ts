/**
 * What every claim store must do, run on the fake and on Redis, so that the fake cannot drift from the truth.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Claim, type Claims, ClaimsUnavailable } from '../../src/ports.ts';

/** A claim store that can be hurt. */
export interface ClaimsUnderTest {
  readonly claims: Claims;
  /** What is stored now, past the port. */
  peek(key: string): Promise<string | null>;
  ttlOf(key: string): Promise<number | null>;
  /** Runs a call whose request never arrives. */
  whileAway<T>(call: () => Promise<T>): Promise<T>;
  /** Runs a call that takes effect and whose reply does not come in time. */
  whileMute<T>(call: () => Promise<T>): Promise<T>;
  /** Makes the store forget what is not data, such as scripts. */
  forgetScripts(): Promise<void>;
  close(): Promise<void>;
}

const HOUR = 3_600_000;
const ours = 'p|conversions|0|41|1764000000000';
const theirs = 'p|conversions|7|3|1763999990000';
const oursSent = 's|conversions|0|41|1764000005000';

export function claimsContract(name: string, open: () => Promise<ClaimsUnderTest>): void {
  describe(`Claims: ${name}`, { timeout: 30_000 }, () => {
    let store: ClaimsUnderTest;
    let claims: Claims;
    let count = 0;
    const freshKey = () => `tiktok-sync:contract:20:C4ABC:p:10:SubmitForm:${name}-${++count}`;
    const claimOf = (key: string, value = ours, ttlMs = 72 * HOUR): Claim => ({ key, value, ttlMs });

    beforeAll(async () => {
      store = await open();
      ({ claims } = store);
    });
    afterAll(() => store?.close());

    describe('claim', () => {
      it('takes a key nobody holds and says so by null', async () => {
        const key = freshKey();
        expect(await claims.claim([claimOf(key)])).toEqual([null]);
        expect(await store.peek(key)).toBe(ours);
      });

      it('answers with what is held and leaves it alone', async () => {
        const key = freshKey();
        await claims.claim([claimOf(key, theirs)]);
        expect(await claims.claim([claimOf(key, ours)])).toEqual([theirs]);
        expect(await store.peek(key)).toBe(theirs);
      });

      it('answers in the order of the claims, whatever their time to live', async () => {
        const [a, b, c] = [freshKey(), freshKey(), freshKey()];
        await claims.claim([claimOf(b, theirs)]);
        const replies = await claims.claim([claimOf(a), claimOf(b), claimOf(c, ours, 48 * HOUR), claimOf(a, theirs)]);
        expect(replies).toEqual([null, theirs, null, ours]);
      });

      it('gives each key its own time to live', async () => {
        const [short, long] = [freshKey(), freshKey()];
        await claims.claim([claimOf(short, ours, 48 * HOUR), claimOf(long, ours, 72 * HOUR)]);
        expect(await store.ttlOf(short)).toSatisfy((ttl: number) => ttl > 47 * HOUR && ttl <= 48 * HOUR);
        expect(await store.ttlOf(long)).toSatisfy((ttl: number) => ttl > 71 * HOUR && ttl <= 72 * HOUR);
      });

      it('takes more claims than fit one command', async () => {
        const many = Array.from({ length: 1_203 }, (_, i) => claimOf(freshKey(), `p|conversions|0|${i}|1`));
        await claims.claim([many[700]!, many[1_202]!].map(({ key }) => claimOf(key, theirs)));
        const replies = await claims.claim(many);
        expect(replies).toHaveLength(1_203);
        expect(replies.flatMap((reply, i) => (reply === null ? [] : [[i, reply]]))).toEqual([
          [700, theirs],
          [1_202, theirs],
        ]);
        expect(await store.peek(many[1_201]!.key)).toBe('p|conversions|0|1201|1');
      });

      it('keeps names and values byte for byte', async () => {
        const key = `${freshKey()}:Zażółć {gęślą} 字 🧾\n"'\\`;
        const value = 'p|töpic|0|1|2';
        await claims.claim([claimOf(key, value)]);
        expect(await claims.claim([claimOf(key, theirs)])).toEqual([value]);
        expect(await store.peek(key)).toBe(value);
      });
    });

    describe('takeOver', () => {
      it('replaces the expected value', async () => {
        const key = freshKey();
        await claims.claim([claimOf(key, theirs)]);
        expect(await claims.takeOver([{ ...claimOf(key), expected: theirs }])).toEqual([true]);
        expect(await store.peek(key)).toBe(ours);
        expect(await store.ttlOf(key)).toBeGreaterThan(71 * HOUR);
      });

      it('fails where somebody else was quicker, or nothing is held any more, and goes on with the rest', async () => {
        const [lost, gone, won] = [freshKey(), freshKey(), freshKey()];
        await claims.claim([claimOf(lost, theirs), claimOf(won, theirs)]);
        const expected = 'p|conversions|2|2|2';
        const asked = [
          { ...claimOf(lost), expected },
          { ...claimOf(gone), expected },
          { ...claimOf(won), expected: theirs },
        ];
        expect(await claims.takeOver(asked)).toEqual([false, false, true]);
        expect(await store.peek(lost)).toBe(theirs);
        expect(await store.peek(gone)).toBeNull();
      });

      it('is true again when repeated', async () => {
        const key = freshKey();
        await claims.claim([claimOf(key, theirs)]);
        await claims.takeOver([{ ...claimOf(key), expected: theirs }]);
        expect(await claims.takeOver([{ ...claimOf(key), expected: theirs }])).toEqual([true]);
      });
    });

    describe('markSent', () => {
      it('writes whatever was there, with the full time to live', async () => {
        const [held, absent] = [freshKey(), freshKey()];
        await claims.claim([claimOf(held, ours, HOUR)]);
        await claims.markSent([claimOf(held, oursSent), claimOf(absent, oursSent, 48 * HOUR)]);
        expect(await store.peek(held)).toBe(oursSent);
        expect(await store.ttlOf(held)).toBeGreaterThan(71 * HOUR);
        expect(await store.peek(absent)).toBe(oursSent);
        expect(await store.ttlOf(absent)).toSatisfy((ttl: number) => ttl > 47 * HOUR && ttl <= 48 * HOUR);
      });
    });

    describe('release', () => {
      it('deletes what still holds the value, and nothing else', async () => {
        const [mine, other, absent] = [freshKey(), freshKey(), freshKey()];
        await claims.claim([claimOf(mine), claimOf(other, theirs)]);
        await claims.release([mine, other, absent].map(key => ({ key, value: ours })));
        expect(await store.peek(mine)).toBeNull();
        expect(await store.peek(other)).toBe(theirs);
      });
    });

    it('does nothing for empty lists', async () => {
      expect(await claims.claim([])).toEqual([]);
      expect(await claims.takeOver([])).toEqual([]);
      await claims.markSent([]);
      await claims.release([]);
    });

    it('works on after the store has forgotten its scripts', async () => {
      const [a, b] = [freshKey(), freshKey()];
      await claims.claim([claimOf(a, theirs)]);
      await store.forgetScripts();
      expect(await claims.claim([claimOf(a), claimOf(b)])).toEqual([theirs, null]);
      await store.forgetScripts();
      expect(await claims.takeOver([{ ...claimOf(a), expected: theirs }])).toEqual([true]);
      await store.forgetScripts();
      await claims.markSent([claimOf(a, oursSent)]);
      await store.forgetScripts();
      await claims.release([{ key: b, value: ours }]);
      expect([await store.peek(a), await store.peek(b)]).toEqual([oursSent, null]);
    });

    describe('while it is away', () => {
      const calls: Record<keyof Claims, (key: string) => Promise<unknown>> = {
        claim: key => claims.claim([claimOf(key)]),
        takeOver: key => claims.takeOver([{ ...claimOf(key), expected: theirs }]),
        markSent: key => claims.markSent([claimOf(key, oursSent)]),
        release: key => claims.release([{ key, value: ours }]),
      };

      it('refuses every call with the one error callers know', async () => {
        const key = freshKey();
        const refusals = await store.whileAway(() =>
          Promise.all(Object.values(calls).map(call => call(key).then(String, (error: unknown) => error))),
        );
        for (const refused of refusals) {
          expect(refused).toBeInstanceOf(ClaimsUnavailable);
          expect(String(refused)).not.toContain(key);
        }
      });

      it('has no effect, so that the first claim afterwards is fresh', async () => {
        const key = freshKey();
        await store.whileAway(() => calls.claim(key).catch(() => undefined));
        expect(await claims.claim([claimOf(key)])).toEqual([null]);
      });
    });

    describe('when a reply does not come in time', () => {
      it('rejects, and the repeated claim finds its own value', async () => {
        const key = freshKey();
        const claim = () => claims.claim([claimOf(key)]);
        const refused = await store.whileMute(() => claim().catch((error: unknown) => error));
        expect(refused).toBeInstanceOf(ClaimsUnavailable);
        expect(await claim()).toEqual([ours]);
      });

      it('lets a take-over, a mark and a release be repeated', async () => {
        const key = freshKey();
        await claims.claim([claimOf(key, theirs)]);
        const takeOver = () => claims.takeOver([{ ...claimOf(key), expected: theirs }]);
        await store.whileMute(() => takeOver().catch(() => undefined));
        expect(await takeOver()).toEqual([true]);

        const mark = () => claims.markSent([claimOf(key, oursSent)]);
        await store.whileMute(() => mark().catch(() => undefined));
        await mark();
        expect(await store.peek(key)).toBe(oursSent);

        const release = () => claims.release([{ key, value: oursSent }]);
        await store.whileMute(() => release().catch(() => undefined));
        await release();
        expect(await store.peek(key)).toBeNull();
      });
    });
  });
}
