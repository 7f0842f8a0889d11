/** The arithmetic of docs/scaling.md: how full requests are, how many events wait, what a rate costs. Pure. */

/** Arrivals of a connection at one replica are taken as a Poisson process; a window closes by the clock. */
export interface Load {
  /** Mean events of one connection that one replica gets in one window. */
  readonly perWindow: number;
  /** Most events of a request. */
  readonly cap: number;
}

/** Mean requests of a window: full batches leave at once, the rest at its close, so `n` events make ⌈n / cap⌉. */
export function requestsPerWindow({ cap, perWindow }: Load): number {
  let sum = 0;
  for (const [events, probability] of poisson(perWindow)) sum += probability * Math.ceil(events / cap);
  return sum;
}

/** Mean events of a request. */
export function eventsPerRequest(load: Load): number {
  return load.perWindow / requestsPerWindow(load);
}

/** Mean events that wait in the connection's window, over time: arrivals as an even flow, `cap` at most. */
export function eventsWaiting({ cap, perWindow }: Load): number {
  const full = Math.floor(perWindow / cap);
  const rest = perWindow - full * cap;
  return (full * cap ** 2 + rest ** 2) / (2 * perWindow);
}

/** Events a second by events a day. */
export function perSecond(eventsPerDay: number): number {
  return eventsPerDay / 86_400;
}

/** Claims that Redis holds, and what they take. */
export function claimsHeld(eventsPerDay: number, lifeDays: number, bytesPerClaim: number) {
  const claims = eventsPerDay * lifeDays;
  return { claims, bytes: claims * bytesPerClaim };
}

/** Numbers of events with their probabilities, from so few to so many that the rest does not matter. */
function* poisson(mean: number): Iterable<readonly [events: number, probability: number]> {
  const reach = 12 * Math.sqrt(mean) + 30;
  const from = Math.max(0, Math.floor(mean - reach));
  let logarithm = from * Math.log(mean) - mean - logFactorial(from);
  for (let events = from; events <= mean + reach; events++) {
    yield [events, Math.exp(logarithm)];
    logarithm += Math.log(mean) - Math.log(events + 1);
  }
}

function logFactorial(of: number): number {
  let sum = 0;
  for (let factor = 2; factor <= of; factor++) sum += Math.log(factor);
  return sum;
}
