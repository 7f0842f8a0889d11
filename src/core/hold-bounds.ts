/**
 * How much of the buffer connections in trouble may hold while their events wait.
 *
 * Guarantee: none of them keeps more than its share, and where a bound is given for all of them together, they keep no
 * more than that: the largest yield first. What goes are the oldest batches, whole, and no more than needed: they hold
 * the lowest offsets, so the commit moves on. The batch that is being tried goes last, for the common bound only.
 */

/** What a connection in trouble holds; shares of the buffer. */
export interface Holding {
  /** Of the batch that is being tried. */
  readonly tried: number;
  /** Whether that one waits between two attempts, so that it can go. */
  readonly mayYield: boolean;
  /** Of the batches behind it, oldest first. */
  readonly queued: readonly number[];
}

export interface Going {
  /** How many batches of the queue, from the oldest. */
  readonly batches: number;
  /** The one that is being tried as well. */
  readonly tried: boolean;
}

interface Rest {
  held: number;
  batches: number;
  tried: boolean;
}

/** What must go, for each holding; `maxTogether` is endless where there is no common bound. */
export function whatGoes(holdings: readonly Holding[], maxShare: number, maxTogether: number): readonly Going[] {
  const rests = holdings.map(({ queued, tried }): Rest => {
    return { held: queued.reduce((sum, share) => sum + share, tried), batches: 0, tried: false };
  });
  rests.forEach((rest, index) => {
    const { queued } = holdings[index] as Holding;
    while (rest.held > maxShare && rest.batches < queued.length) dropOldest(rest, queued);
  });
  let together = rests.reduce((sum, { held }) => sum + held, 0);
  while (together > maxTogether) {
    const index = largestThatCanYield(holdings, rests);
    const rest = rests[index];
    const holding = holdings[index];
    if (rest === undefined || holding === undefined) break;
    const before = rest.held;
    if (rest.batches < holding.queued.length) dropOldest(rest, holding.queued);
    else {
      rest.tried = true;
      rest.held -= holding.tried;
    }
    together -= before - rest.held;
  }
  return rests.map(({ batches, tried }) => ({ batches, tried }));
}

function dropOldest(rest: Rest, queued: readonly number[]): void {
  rest.held -= queued[rest.batches] ?? 0;
  rest.batches++;
}

/** -1 where none can. */
function largestThatCanYield(holdings: readonly Holding[], rests: readonly Rest[]): number {
  let found = -1;
  let most = Number.NEGATIVE_INFINITY;
  rests.forEach(({ batches, held, tried }, index) => {
    const { mayYield, queued } = holdings[index] as Holding;
    const canYield = batches < queued.length || (mayYield && !tried);
    if (!canYield || held <= most) return;
    most = held;
    found = index;
  });
  return found;
}
