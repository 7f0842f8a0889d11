/**
 * Which connections TikTok answers slowly while it answers others quickly, and for how long.
 *
 * Guarantee: a spell goes from the first slow answer to the last, none more than five minutes after the one before; a
 * quick answer ends it, and a single slow one is none yet. It counts only where at least as many connections have been
 * answered quickly since it began as are in a spell: where TikTok is slow for everybody, nobody is to blame.
 */

/** Within it a full request can be expected to be answered, one of 1,000 events too. */
const SLOW_MS = 4_000;
/** Longer than any request may take, and the wait before it. */
const LONGEST_GAP_MS = 5 * 60_000;

interface Answers {
  /** When the first slow answer of the spell came; null after a quick one. */
  readonly slowSince: number | null;
  readonly lastAt: number;
  readonly lastTookMs: number;
}

/** A connection that is slow by itself. */
export interface Slowness {
  readonly forMs: number;
  /** How long its last answer took. */
  readonly lastTookMs: number;
}

/** Times are milliseconds of one clock. */
export class SlowAnswers {
  readonly #byConnection = new Map<string, Answers>();

  /** TikTok judged events of the connection. */
  answered(connectionId: string, tookMs: number, now: number): void {
    const before = this.#byConnection.get(connectionId);
    const since = before !== undefined && isSlow(before, now) ? before.slowSince : now;
    const slowSince = tookMs >= SLOW_MS ? since : null;
    this.#byConnection.set(connectionId, { slowSince, lastAt: now, lastTookMs: tookMs });
  }

  /** Null where the connection is not slow, or others are as well. */
  of(connectionId: string, now: number): Slowness | null {
    const answers = this.#byConnection.get(connectionId);
    if (answers === undefined || answers.slowSince === null || !isSlow(answers, now)) return null;
    if (!this.#isAlone(answers.slowSince, now)) return null;
    return { forMs: answers.lastAt - answers.slowSince, lastTookMs: answers.lastTookMs };
  }

  /** The connection is gone. */
  forget(connectionId: string): void {
    this.#byConnection.delete(connectionId);
  }

  #isAlone(since: number, now: number): boolean {
    let slow = 0;
    let quick = 0;
    for (const answers of this.#byConnection.values()) {
      if (isSlow(answers, now)) slow++;
      else if (answers.slowSince === null && answers.lastAt >= since) quick++;
    }
    return quick >= slow;
  }
}

function isSlow({ lastAt, slowSince }: Answers, now: number): boolean {
  return slowSince !== null && now - lastAt <= LONGEST_GAP_MS;
}
