/**
 * Finds the events that TikTok refuses in a batch that it refused as a whole.
 *
 * Guarantee: an event is poison only if it was refused alone, or was named and everything else passed without it. A
 * batch of n with one bad event costs at most 2·⌈log2 n⌉ + 1 requests, the refused one included, and two more when
 * the message named a wrong row. Everything else is sent exactly once.
 *
 * `event/track/` is all or nothing; a refusal may name a row in its message, zero-based as far as known (facts 3.4).
 */

/** TikTok's answer to a part: taken, or refused with the zero-based row its message named, if any. */
export type PartAnswer = { readonly accepted: true } | { readonly accepted: false; readonly row: number | null };

interface Trust {
  naming: boolean;
}

/** Yields the parts to send, takes the answer to each; returns the events that are poison. */
export type Isolation<T> = Generator<readonly T[], readonly T[], PartAnswer>;

/** `batch` was refused; `row` is the row that the message named. */
export function* isolatePoison<T>(batch: readonly T[], row: number | null): Isolation<T> {
  const poison: T[] = [];
  yield* refused(batch, row, { naming: true }, poison);
  return poison;
}

type Search<T> = Generator<readonly T[], void, PartAnswer>;

function* refused<T>(part: readonly T[], row: number | null, trust: Trust, poison: T[]): Search<T> {
  if (part.length === 1) {
    poison.push(...part);
    return;
  }
  const named = trust.naming && row !== null ? part[row] : undefined;
  if (row === null || named === undefined) {
    yield* bisect(part, trust, poison);
    return;
  }
  const rest = part.filter((_, index) => index !== row);
  const answer = yield rest;
  if (answer.accepted) {
    poison.push(named);
    return;
  }
  // The rest is refused too: either there is a second bad event, or the message named a good one.
  const alone = yield [named];
  if (alone.accepted) trust.naming = false;
  else poison.push(named);
  yield* refused(rest, answer.row, trust, poison);
}

/** `part` is known to be refused and has at least two events. */
function* bisect<T>(part: readonly T[], trust: Trust, poison: T[]): Search<T> {
  const middle = Math.ceil(part.length / 2);
  const left = part.slice(0, middle);
  const right = part.slice(middle);
  const answer = yield left;
  if (!answer.accepted) {
    yield* refused(left, answer.row, trust, poison);
    yield* unknown(right, trust, poison);
  } else if (right.length > 1) {
    // The left half passed, so the refusal came from the right half: no need to send that as a whole again.
    yield* bisect(right, trust, poison);
  } else {
    yield* unknown(right, trust, poison);
  }
}

function* unknown<T>(part: readonly T[], trust: Trust, poison: T[]): Search<T> {
  const answer = yield part;
  if (!answer.accepted) yield* refused(part, answer.row, trust, poison);
}
