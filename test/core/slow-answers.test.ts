import { describe, expect, it } from 'vitest';
import { SlowAnswers } from '../../src/core/slow-answers.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** The connection `a` is answered slowly at 10 s and 20 s, `b` quickly in between. */
function aSpell(): SlowAnswers {
  const answers = new SlowAnswers();
  answers.answered('a', 8 * SECOND, 10 * SECOND);
  answers.answered('b', 200, 15 * SECOND);
  answers.answered('a', 9 * SECOND, 20 * SECOND);
  return answers;
}

describe('a spell of slow answers', () => {
  it('goes from its first to its last: a single one is none yet', () => {
    const answers = new SlowAnswers();
    answers.answered('b', 200, 10 * SECOND);
    answers.answered('a', 8 * SECOND, 10 * SECOND);
    expect(answers.of('a', 60 * SECOND)).toEqual({ forMs: 0, lastTookMs: 8 * SECOND });
    expect(aSpell().of('a', 60 * SECOND)).toEqual({ forMs: 10 * SECOND, lastTookMs: 9 * SECOND });
  });

  it('is ended by a quick answer', () => {
    const answers = aSpell();
    answers.answered('a', 3_999, 25 * SECOND);
    expect(answers.of('a', 25 * SECOND)).toBeNull();
    answers.answered('a', 4_000, 30 * SECOND);
    answers.answered('b', 200, 31 * SECOND);
    expect(answers.of('a', 31 * SECOND)).toEqual({ forMs: 0, lastTookMs: 4_000 });
  });

  it('is over five minutes after its last slow answer, and the next one begins another', () => {
    const answers = aSpell();
    expect(answers.of('a', 20 * SECOND + 5 * MINUTE)).not.toBeNull();
    expect(answers.of('a', 20 * SECOND + 5 * MINUTE + 1)).toBeNull();
    answers.answered('a', 8 * SECOND, 6 * MINUTE);
    answers.answered('b', 200, 6 * MINUTE);
    expect(answers.of('a', 6 * MINUTE)?.forMs).toBe(0);
  });

  it('is none of a connection that is answered quickly, or never was, or is gone', () => {
    const answers = aSpell();
    expect([answers.of('b', 20 * SECOND), answers.of('c', 20 * SECOND)]).toEqual([null, null]);
    answers.forget('a');
    expect(answers.of('a', 20 * SECOND)).toBeNull();
  });
});

describe('slow answers', () => {
  it('are nobody’s doing where more connections are slow than were answered quickly since', () => {
    const answers = aSpell();
    answers.answered('c', 8 * SECOND, 21 * SECOND);
    expect([answers.of('a', 22 * SECOND), answers.of('c', 22 * SECOND)]).toEqual([null, null]);
    answers.answered('d', 200, 22 * SECOND);
    expect([answers.of('a', 22 * SECOND)?.forMs, answers.of('c', 22 * SECOND)]).toEqual([10 * SECOND, null]);
  });

  it('are looked at for all of many connections in linear time', () => {
    const answers = new SlowAnswers();
    const ids = Array.from({ length: 60_000 }, (_, index) => `c-${index}`);
    for (const now of [0, 10 * SECOND]) {
      for (const [index, id] of ids.entries()) answers.answered(id, index % 2 === 0 ? 8 * SECOND : 200, now);
    }
    const alone = ids.filter((id, index) => answers.of(id, 10 * SECOND + index / 1_000) !== null);
    expect(alone).toHaveLength(30_000);
    answers.answered('c-0', 8 * SECOND, 10 * SECOND);
    answers.answered('c-1', 8 * SECOND, 10 * SECOND);
    expect(answers.of('c-0', 10 * SECOND)).toBeNull();
    answers.forget('c-1');
    expect(answers.of('c-0', 10 * SECOND)).toBeNull();
    answers.forget('c-2');
    expect(answers.of('c-0', 10 * SECOND)).not.toBeNull();
  }, 6_000);

  it('are nobody’s doing where nobody was answered quickly since they began, though before', () => {
    const answers = new SlowAnswers();
    answers.answered('b', 200, 9 * SECOND);
    answers.answered('a', 8 * SECOND, 10 * SECOND);
    answers.answered('a', 8 * SECOND, 20 * SECOND);
    expect(answers.of('a', 20 * SECOND)).toBeNull();
  });
});
