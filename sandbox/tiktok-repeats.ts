/** TikTok's memory for repeats. Bounded: beyond its room it forgets what it has heard of first, and says so. */

/** TikTok drops a repeat of (source id, event, event_id) within 48 h of the first (help page on deduplication). */
export const DEDUP_MEMORY_MS = 48 * 3_600_000;

export class RepeatMemory {
  /** True once something was forgotten before its 48 h were over: a later repeat of it would count. */
  forgetful = false;
  /** Key → event_id → time of the first. Nested, so that an id is held once. */
  readonly #firsts = new Map<string, Map<string, number>>();
  readonly #max: number;
  #held = 0;

  /** `max` is how many ids are remembered. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Whether `id` under `key` was met within the 48 h before `at`; if not, this is its first time. */
  isRepeat(key: string, id: string, at: number): boolean {
    const ids = this.#firsts.get(key) ?? new Map<string, number>();
    if (ids.size === 0) this.#firsts.set(key, ids);
    const first = ids.get(id);
    if (first !== undefined && at - first < DEDUP_MEMORY_MS) return true;
    if (first === undefined) this.#held++;
    // Set anew, so that a map's order is that of its times.
    ids.delete(id);
    ids.set(id, at);
    if (this.#held > this.#max) this.#forgetOldest(at);
    return false;
  }

  clear(): void {
    this.#firsts.clear();
    this.#held = 0;
    this.forgetful = false;
  }

  #forgetOldest(now: number): void {
    let oldest: { readonly key: string; readonly id: string; readonly at: number } | null = null;
    for (const [key, ids] of this.#firsts) {
      for (const [id, at] of ids) {
        if (oldest === null || at < oldest.at) oldest = { key, id, at };
        break;
      }
    }
    if (oldest === null) return;
    const ids = this.#firsts.get(oldest.key);
    ids?.delete(oldest.id);
    if (ids?.size === 0) this.#firsts.delete(oldest.key);
    this.#held--;
    this.forgetful ||= now - oldest.at < DEDUP_MEMORY_MS;
  }
}
