/**
 * Finds the events that TikTok refuses in a batch that it refused as a whole.
 *
 * Guarantee: an event is poison only if it was refused alone, or was named and everything else passed without it. A
 * batch of n with one bad event costs at most 2·⌈log2 n⌉ + 1 requests, the refused one included, and two more when
 * the message named a wrong row. Everything else is taken exactly once.
 *
 * `event/track/` is all or nothing; a refusal may name a row in its message, zero-based as far as known (facts 3.4).
 */

import { spread } from './spread.ts';

/** A part was refused: `row` is the zero-based row that the message named, if any. */
export interface PartRefusal {
  readonly row: number | null;
  /** It was too large, which says nothing of its halves. */
  readonly isTooLarge?: boolean;
}

/** TikTok's answer to a part; one that is `unclear` says nothing of the part, and what becomes of it is seen elsewhere. */
export type PartAnswer =
  | { readonly accepted: true }
  | (PartRefusal & { readonly accepted: false })
  | { readonly accepted: 'unclear' };

/** Yields the parts to send, takes the answer to each; returns the events that are poison. */
export type Isolation<T> = Generator<readonly T[], readonly T[], PartAnswer>;

/**
 * How many events are spot checks once it looks as if the refusals were about none of them. The search goes from one
 * bad event to the next and may meet no other for long; these stand far apart.
 */
const SPOT_CHECKS = 12;

/**
 * `batch` was refused. Where `isSuspect` says after an event refused alone, while none was taken, that it may be about
 * none of them, events spread over the others are asked about alone until one is taken. `idOf` tells events apart.
 */
export function* isolatePoison<T>(
  batch: readonly T[],
  refusal: PartRefusal,
  idOf: (event: T) => string,
  isSuspect: () => boolean = () => false,
): Isolation<T> {
  const search = new Search(batch, idOf, isSuspect);
  yield* search.refused(batch, refusal);
  return search.poison;
}

type Parts<T> = Generator<readonly T[], void, PartAnswer>;

class Search<T> {
  readonly poison: T[] = [];
  readonly #batch: readonly T[];
  readonly #idOf: (event: T) => string;
  readonly #isSuspect: () => boolean;
  /** Asked about alone, or in a part with an unclear answer: what the search has not come to yet goes without them. */
  readonly #apart = new Set<T>();
  /** False once a message has named a good row. */
  #trustsRows = true;

  constructor(batch: readonly T[], idOf: (event: T) => string, isSuspect: () => boolean) {
    this.#batch = batch;
    this.#idOf = idOf;
    this.#isSuspect = isSuspect;
  }

  *refused(part: readonly T[], refusal: PartRefusal): Parts<T> {
    const [only, second] = part;
    if (only !== undefined && second === undefined) {
      yield* this.#refusedAlone(only);
      return;
    }
    const { row } = refusal;
    const named = this.#trustsRows && row !== null ? part[row] : undefined;
    if (row === null || named === undefined) {
      yield* this.#bisect(part, refusal);
      return;
    }
    const rest = part.filter((_, index) => index !== row);
    const answer = yield* this.#ask(rest);
    if (answer.accepted === true) {
      this.poison.push(named);
      return;
    }
    // The rest is refused too: either there is a second bad event, or the message named a good one.
    const alone = yield* this.#ask([named]);
    if (alone.accepted === true) this.#trustsRows = false;
    else if (alone.accepted === false) yield* this.#refusedAlone(named);
    if (answer.accepted === 'unclear') return;
    // Without the spot checks among it, it may pass.
    if (rest.some(event => this.#apart.has(event))) yield* this.#unknown(rest);
    else yield* this.refused(rest, answer);
  }

  /** `part` is known to be refused and has at least two events. */
  *#bisect(part: readonly T[], refusal: PartRefusal): Parts<T> {
    const middle = Math.ceil(part.length / 2);
    const left = part.slice(0, middle);
    const right = part.slice(middle);
    const answer = yield* this.#ask(left);
    if (answer.accepted === false) yield* this.refused(left, answer);
    // The left half passed, so the refusal came from the right half: no need to send that as a whole again. Of one that
    // was too large both halves may pass.
    if (answer.accepted === true && refusal.isTooLarge !== true && right.length > 1)
      yield* this.#bisect(right, refusal);
    else yield* this.#unknown(right);
  }

  *#unknown(part: readonly T[]): Parts<T> {
    const left = part.filter(event => !this.#apart.has(event));
    if (left.length === 0) return;
    const answer = yield* this.#ask(left);
    if (answer.accepted === false) yield* this.refused(left, answer);
  }

  *#ask(part: readonly T[]): Generator<readonly T[], PartAnswer, PartAnswer> {
    const answer = yield part;
    if (answer.accepted === 'unclear') for (const event of part) this.#apart.add(event);
    return answer;
  }

  *#refusedAlone(event: T): Parts<T> {
    this.poison.push(event);
    this.#apart.add(event);
    if (!this.#isSuspect()) return;
    const others = this.#batch.filter(other => !this.#apart.has(other));
    for (const spot of spread(others, SPOT_CHECKS, this.#idOf)) {
      const answer = yield [spot];
      this.#apart.add(spot);
      if (answer.accepted === true) return;
      if (answer.accepted === false) this.poison.push(spot);
    }
  }
}
