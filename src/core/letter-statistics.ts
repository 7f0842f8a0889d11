/**
 * Counts letters by reason, connection, TikTok's code and age.
 *
 * Guarantee: memory is bounded whatever is counted: of each kind the first `MAX_KEYS` names are counted apart, the
 * rest together as `other`.
 */

import type { Letter } from './letter.ts';

export interface LetterStatistics {
  readonly letters: number;
  /** Records of the topic that are no letters of this service. */
  readonly foreign: number;
  readonly byReason: Readonly<Record<string, number>>;
  /** `none` where the letter names no connection. */
  readonly byConnection: Readonly<Record<string, number>>;
  /** TikTok's code; `none` where it gave none. */
  readonly byCode: Readonly<Record<string, number>>;
  readonly byAge: Readonly<Record<AgeBand, number>>;
  /** Epoch milliseconds of the failures. */
  readonly oldest: number | null;
  readonly newest: number | null;
}

const MAX_KEYS = 1_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Upper bounds of a letter's age; the last one has none. */
const AGE_BANDS = [
  ['under_1h', HOUR_MS],
  ['under_1d', DAY_MS],
  ['under_7d', 7 * DAY_MS],
  ['under_28d', 28 * DAY_MS],
  ['28d_and_over', Number.POSITIVE_INFINITY],
] as const;
type AgeBand = (typeof AGE_BANDS)[number][0];

export class LetterCounter {
  readonly #now: number;
  readonly #reasons = new Map<string, number>();
  readonly #connections = new Map<string, number>();
  readonly #codes = new Map<string, number>();
  readonly #ages = new Map<string, number>(AGE_BANDS.map(([band]) => [band, 0]));
  #letters = 0;
  #foreign = 0;
  #oldest: number | null = null;
  #newest: number | null = null;

  /** `now` is epoch milliseconds; ages count from it. */
  constructor(now: number) {
    this.#now = now;
  }

  add({ reason, connectionId, apiCode, failedAt }: Letter): void {
    this.#letters++;
    count(this.#reasons, reason);
    count(this.#connections, connectionId ?? 'none');
    count(this.#codes, apiCode === null ? 'none' : String(apiCode));
    const band = AGE_BANDS.find(([, below]) => this.#now - failedAt < below);
    count(this.#ages, band?.[0] ?? '28d_and_over');
    if (this.#oldest === null || failedAt < this.#oldest) this.#oldest = failedAt;
    if (this.#newest === null || failedAt > this.#newest) this.#newest = failedAt;
  }

  /** A record that is no letter of this service. */
  addForeign(): void {
    this.#foreign++;
  }

  get letters(): number {
    return this.#letters;
  }

  statistics(): LetterStatistics {
    return {
      letters: this.#letters,
      foreign: this.#foreign,
      byReason: sorted(this.#reasons),
      byConnection: sorted(this.#connections),
      byCode: sorted(this.#codes),
      byAge: Object.fromEntries(this.#ages) as Record<AgeBand, number>,
      oldest: this.#oldest,
      newest: this.#newest,
    };
  }
}

/** Counts one more of `key`, or of `other` once there are too many keys. */
export function count(counts: Map<string, number>, key: string, more = 1): void {
  const name = counts.has(key) || counts.size < MAX_KEYS ? key : 'other';
  counts.set(name, (counts.get(name) ?? 0) + more);
}

/** The largest first. */
export function sorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)));
}
