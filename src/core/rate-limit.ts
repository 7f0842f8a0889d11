/**
 * How many requests a second a connection may make: additive increase while it makes some, multiplicative decrease
 * when TikTok throttles, below a ceiling for all connections together.
 *
 * Guarantee: no permit before a `Retry-After` has ended; in any second at most the rate and one burst (a tenth of the
 * rate, or one permit), also after idleness; one decrease for all throttled answers of one round trip. The Lua script
 * in redis-rate-limits.ts follows the same rules, and one contract suite holds for both.
 */

export interface RateOptions {
  /** Requests a second of a connection that nothing is known of. */
  readonly rateStartPerSecond: number;
  readonly rateCeilingPerSecond: number;
  /** However often it is throttled. */
  readonly rateFloorPerSecond: number;
  /** What a second in which requests are made adds. */
  readonly rateIncreasePerSecond: number;
  /** What a throttled answer leaves of the rate. */
  readonly rateDecreaseRatio: number;
  /** Of all connections together. */
  readonly maxRequestsPerSecond: number;
}

/** A bucket of permits that fills at the rate. Times are milliseconds of one clock. */
export interface RateState {
  readonly ratePerSecond: number;
  readonly permits: number;
  readonly at: number;
  /** Nobody asks before. */
  readonly blockedUntil: number;
  /** When the rate was last lowered. */
  readonly loweredAt: number;
}

/** What a request may do: start (0), or ask again after so many milliseconds. */
export interface Permit {
  readonly waitMs: number;
  /** What the connection may do now. */
  readonly ratePerSecond: number;
}

export interface Throttled {
  /** How long the answer asked us to wait; null where it did not say. */
  readonly retryAfterMs: number | null;
  /** How long ago the throttled request began. */
  readonly sinceMs: number;
}

/** The longest wait that is obeyed: a clock that was set back must not stop a connection for days. */
export const LONGEST_BLOCK_MS = 3_600_000;

/** Takes a permit of both buckets, or of none; null stands for a bucket nothing is known of. */
export function acquirePermit(
  connection: RateState | null,
  everybody: RateState | null,
  options: RateOptions,
  ceilingPerSecond: number | null,
  now: number,
): Permit & { readonly connection: RateState; readonly everybody: RateState } {
  const ceiling = Math.min(options.rateCeilingPerSecond, ceilingPerSecond ?? Number.POSITIVE_INFINITY);
  const own = refill(connection ?? full(options.rateStartPerSecond, now), options.rateIncreasePerSecond, ceiling, now);
  const all = refill(everybody ?? full(options.maxRequestsPerSecond, now), 0, options.maxRequestsPerSecond, now);
  const waitMs = Math.max(waitOf(own, now), waitOf(all, now));
  const taken = waitMs === 0 ? 1 : 0;
  return {
    waitMs,
    ratePerSecond: own.ratePerSecond,
    connection: { ...own, permits: own.permits - taken },
    everybody: { ...all, permits: all.permits - taken },
  };
}

/** TikTok throttled a request of the connection. */
export function afterThrottling(
  connection: RateState | null,
  options: RateOptions,
  { retryAfterMs, sinceMs }: Throttled,
  now: number,
): RateState {
  const before = connection ?? full(options.rateStartPerSecond, now);
  const asked = now + Math.min(retryAfterMs ?? 0, LONGEST_BLOCK_MS);
  const blockedUntil = Math.max(before.blockedUntil, asked);
  // What was sent before the rate was lowered says nothing about the lower one.
  if (now - sinceMs < before.loweredAt) return { ...before, blockedUntil };
  const lower = Math.max(options.rateFloorPerSecond, before.ratePerSecond * options.rateDecreaseRatio);
  return { ratePerSecond: Math.min(before.ratePerSecond, lower), permits: 0, at: now, blockedUntil, loweredAt: now };
}

/**
 * The most permits a bucket holds. A rate is a limit that people rely on, so a full bucket must not nearly double it:
 * up to 10 a second it is kept to in every second, above by a tenth.
 */
function burstOf(ratePerSecond: number): number {
  return Math.max(1, ratePerSecond / 10);
}

function full(ratePerSecond: number, now: number): RateState {
  return {
    ratePerSecond,
    permits: burstOf(ratePerSecond),
    at: now,
    blockedUntil: now,
    loweredAt: Number.NEGATIVE_INFINITY,
  };
}

/** A second without requests raises the rate no more than one with some: who asks for nothing has shown nothing. */
function refill(state: RateState, increasePerSecond: number, ceiling: number, now: number): RateState {
  const seconds = Math.max(0, now - state.at) / 1000;
  const ratePerSecond = Math.min(ceiling, state.ratePerSecond + increasePerSecond * Math.min(1, seconds));
  const permits = Math.min(burstOf(ratePerSecond), state.permits + ratePerSecond * seconds);
  return { ...state, ratePerSecond, permits, at: now };
}

function waitOf({ blockedUntil, permits, ratePerSecond }: RateState, now: number): number {
  const blocked = Math.min(Math.max(0, blockedUntil - now), LONGEST_BLOCK_MS);
  const refilling = permits >= 1 ? 0 : Math.ceil(((1 - permits) / ratePerSecond) * 1000);
  return Math.max(blocked, refilling);
}
