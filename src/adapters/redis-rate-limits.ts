/**
 * The request rates of all replicas together, on Redis: one script call for each request to TikTok, on Redis' clock.
 *
 * The rules are those of core/rate-limit.ts, in Lua, so its bound on any second holds for all replicas together. While
 * Redis is away each process limits itself alone, which is counted: with n replicas the rate may then be n times too
 * high until TikTok says so.
 */

import type { Permit, RateOptions, RateState, Throttled } from '../core/rate-limit.ts';
import { acquirePermit, afterThrottling, LONGEST_BLOCK_MS } from '../core/rate-limit.ts';
import { ClaimsUnavailable, type Clock, type RequestLimits, type Telemetry } from '../ports.ts';
import type { RedisClient } from './redis-client.ts';

/** What is not asked for that long is forgotten and starts anew. */
const FORGET_MS = 600_000;
/** After a failed call Redis is left alone for so long, or every request would wait for its timeout. */
const AVOID_MS = 1_000;

const BUCKET = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function burst(rate) return math.max(1, rate / 10) end
local function load(key, start)
  local found = redis.call('HMGET', key, 'rate', 'permits', 'at', 'blocked', 'lowered')
  if not found[1] then return {rate = start, permits = burst(start), at = now, blocked = now, lowered = 0} end
  return {rate = tonumber(found[1]), permits = tonumber(found[2]), at = tonumber(found[3]),
    blocked = tonumber(found[4]), lowered = tonumber(found[5])}
end
local function store(key, state)
  redis.call('HSET', key, 'rate', string.format('%.9f', state.rate), 'permits', string.format('%.9f', state.permits),
    'at', string.format('%.0f', state.at), 'blocked', string.format('%.0f', state.blocked),
    'lowered', string.format('%.0f', state.lowered))
  redis.call('PEXPIRE', key, ${FORGET_MS} + math.floor(math.max(0, state.blocked - now)))
end
local function refill(state, increase, ceiling)
  local seconds = math.max(0, now - state.at) / 1000
  state.rate = math.min(ceiling, state.rate + increase * math.min(1, seconds))
  state.permits = math.min(burst(state.rate), state.permits + state.rate * seconds)
  state.at = now
end
local function wait(state)
  local blocked = math.min(math.max(0, state.blocked - now), ${LONGEST_BLOCK_MS})
  if state.permits >= 1 then return blocked end
  return math.max(blocked, math.ceil((1 - state.permits) / state.rate * 1000))
end
`;

/** KEYS: connection, everybody. ARGV: start, increase, ceiling, everybody's rate. Replies: wait in ms, rate as text. */
const ACQUIRE = `${BUCKET}
local ceiling, total = tonumber(ARGV[3]), tonumber(ARGV[4])
local own, all = load(KEYS[1], tonumber(ARGV[1])), load(KEYS[2], total)
refill(own, tonumber(ARGV[2]), ceiling)
refill(all, 0, total)
local ms = math.max(wait(own), wait(all))
if ms == 0 then
  own.permits = own.permits - 1
  all.permits = all.permits - 1
end
store(KEYS[1], own)
store(KEYS[2], all)
return {ms, string.format('%.9f', own.rate)}`;

/** KEYS: connection. ARGV: start, what is left of the rate, floor, wait asked for, milliseconds since the request. */
const THROTTLED = `${BUCKET}
local state = load(KEYS[1], tonumber(ARGV[1]))
state.blocked = math.max(state.blocked, now + math.min(tonumber(ARGV[4]), ${LONGEST_BLOCK_MS}))
if now - tonumber(ARGV[5]) >= state.lowered then
  state.rate = math.min(state.rate, math.max(tonumber(ARGV[3]), state.rate * tonumber(ARGV[2])))
  state.permits, state.at, state.lowered = 0, now, now
end
store(KEYS[1], state)
return 1`;

export interface RateLimitParts {
  readonly client: Pick<RedisClient, 'runScript'>;
  readonly keyPrefix: string;
  readonly options: RateOptions;
  readonly clock: Clock;
  readonly telemetry: Pick<Telemetry, 'rateLimitsUnavailable'>;
}

/** Limits shared over Redis, and this process's own while Redis is away. */
export function createRedisRateLimits(parts: RateLimitParts): RequestLimits {
  const { client, clock, keyPrefix, options, telemetry } = parts;
  const alone = createProcessRateLimits(options, clock);
  // One hash tag, so that both keys of a call are in one slot of a cluster.
  const keyOf = (connectionId: string): string => `${keyPrefix}{rate}:connection:${connectionId}`;
  const everybody = `${keyPrefix}{rate}:all`;
  let avoidUntil = Number.NEGATIVE_INFINITY;

  async function shared<T>(ask: () => Promise<T>, otherwise: () => Promise<T>): Promise<T> {
    if (clock.monotonic() < avoidUntil) return otherwise();
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ClaimsUnavailable)) throw error;
      avoidUntil = clock.monotonic() + AVOID_MS;
      telemetry.rateLimitsUnavailable(error.message);
      return otherwise();
    }
  }

  return {
    acquire(connectionId, ceilingPerSecond) {
      const { maxRequestsPerSecond, rateCeilingPerSecond, rateIncreasePerSecond, rateStartPerSecond } = options;
      const ceiling = Math.min(rateCeilingPerSecond, ceilingPerSecond ?? Number.POSITIVE_INFINITY);
      const args = [rateStartPerSecond, rateIncreasePerSecond, ceiling, maxRequestsPerSecond];
      const ask = async () => readPermit(await client.runScript(ACQUIRE, [keyOf(connectionId), everybody], args));
      return shared(ask, () => alone.acquire(connectionId, ceilingPerSecond));
    },
    async throttled(connectionId, answer) {
      const { rateDecreaseRatio, rateFloorPerSecond, rateStartPerSecond } = options;
      const asked = [Math.ceil(answer.retryAfterMs ?? 0), Math.ceil(answer.sinceMs)];
      const args = [rateStartPerSecond, rateDecreaseRatio, rateFloorPerSecond, ...asked];
      // Both: should Redis go away, the answer must not be forgotten.
      await alone.throttled(connectionId, answer);
      await shared(
        async () => void (await client.runScript(THROTTLED, [keyOf(connectionId)], args)),
        () => Promise.resolve(),
      );
    },
  };
}

/** The limits of this process alone. */
export function createProcessRateLimits(options: RateOptions, clock: Clock): RequestLimits {
  const connections = new Map<string, RateState>();
  let everybody: RateState | null = null;
  let forgotAt = clock.monotonic();

  function known(connectionId: string): RateState | null {
    const now = clock.monotonic();
    const isForgotten = ({ at, blockedUntil }: RateState): boolean => now - Math.max(at, blockedUntil) > FORGET_MS;
    if (now - forgotAt > FORGET_MS) {
      forgotAt = now;
      for (const [id, state] of connections) if (isForgotten(state)) connections.delete(id);
    }
    const state = connections.get(connectionId) ?? null;
    return state === null || isForgotten(state) ? null : state;
  }

  return {
    async acquire(connectionId, ceilingPerSecond) {
      const result = acquirePermit(known(connectionId), everybody, options, ceilingPerSecond, clock.monotonic());
      connections.set(connectionId, result.connection);
      everybody = result.everybody;
      return result;
    },
    async throttled(connectionId, answer: Throttled) {
      connections.set(connectionId, afterThrottling(known(connectionId), options, answer, clock.monotonic()));
    },
  };
}

function readPermit(reply: unknown): Permit {
  if (!Array.isArray(reply)) throw new Error('the rate script gave no list');
  return { waitMs: Number(reply[0]), ratePerSecond: Number(reply[1]) };
}
