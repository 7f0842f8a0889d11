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

/** How all connections are answered, as of a time. */
interface Scene {
  readonly at: number;
  /** How many are in a spell. */
  readonly slow: number;
  /** When those answered quickly had their last answer, the newest first. */
  readonly quickAt: readonly number[];
}

/** Spells last for minutes: so long it may be looked at again and again. */
const SCENE_MS = 1_000;

/** Times are milliseconds of one clock. */
export class SlowAnswers {
  readonly #byConnection = new Map<string, Answers>();
  /** Kept until the next answer: in a crowded buffer every connection that is slow is asked about in one go. */
  #scene: Scene | null = null;

  /** TikTok judged events of the connection. */
  answered(connectionId: string, tookMs: number, now: number): void {
    const before = this.#byConnection.get(connectionId);
    const since = before !== undefined && isSlow(before, now) ? before.slowSince : now;
    const slowSince = tookMs >= SLOW_MS ? since : null;
    this.#byConnection.set(connectionId, { slowSince, lastAt: now, lastTookMs: tookMs });
    this.#scene = null;
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
    this.#scene = null;
  }

  /** Of as many quick answers as there are slow connections, the oldest must be from this spell. */
  #isAlone(since: number, now: number): boolean {
    const { quickAt, slow } = this.#sceneAt(now);
    return (quickAt[slow - 1] ?? Number.NEGATIVE_INFINITY) >= since;
  }

  #sceneAt(now: number): Scene {
    if (this.#scene !== null && now - this.#scene.at < SCENE_MS) return this.#scene;
    const all = [...this.#byConnection.values()];
    const slow = all.filter(answers => isSlow(answers, now)).length;
    const quickAt = all.flatMap(({ lastAt, slowSince }) => (slowSince === null ? [lastAt] : []));
    this.#scene = { at: now, slow, quickAt: quickAt.sort((a, b) => b - a) };
    return this.#scene;
  }
}

function isSlow({ lastAt, slowSince }: Answers, now: number): boolean {
  return slowSince !== null && now - lastAt <= LONGEST_GAP_MS;
}
