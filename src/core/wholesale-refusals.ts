/**
 * Tells refusals that are about none of a batch's events by their number: one code for one event after the other.
 *
 * Guarantee: sixteen events refused alone with one code while none was taken, and nothing less; one event taken ends it
 * for the flush. Suspected early, so that most of the sixteen can be chosen far apart (core/isolate-poison.ts): bad
 * events next to each other, or with their rows named, would else be sixteen before a good one is asked about.
 */

/** So many events refused alone with one code, and none taken: then it is not about the events. */
export const WHOLESALE_REFUSALS = 16;
/** From so many on it may be. The other twelve are spot checks. */
const SUSPECT_REFUSALS = 4;

/** Those of one flush. */
export class WholesaleRefusals {
  readonly #byCode = new Map<number | null, number>();
  #anyTaken = false;
  #most = 0;

  /** Events of the flush were taken: the refusals are about events. */
  taken(): void {
    this.#anyTaken = true;
  }

  /** An event was refused by itself with this code of TikTok's, or with none; true where it is now known to be about none. */
  refusedAlone(code: number | null): boolean {
    const refused = (this.#byCode.get(code) ?? 0) + 1;
    this.#byCode.set(code, refused);
    this.#most = Math.max(this.#most, refused);
    return !this.#anyTaken && refused >= WHOLESALE_REFUSALS;
  }

  get anyTaken(): boolean {
    return this.#anyTaken;
  }

  /** Whether it looks as if they were about none. */
  get isSuspect(): boolean {
    return !this.#anyTaken && this.#most >= SUSPECT_REFUSALS;
  }
}
