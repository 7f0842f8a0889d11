/** What the look at Redis means. */

import type { RedisLook } from '../ports-doctor.ts';
import { type Finding, fine, found, skipped, troubled } from './doctor-findings.ts';

/** Above this share of maxmemory the next hours' claims may not fit. */
const NEARLY_FULL = 0.8;

/** `address`: without credentials. */
export function judgeRedis(
  look: RedisLook,
  mode: 'standalone' | 'sentinel' | 'cluster',
  address: string,
): readonly Finding[] {
  if (look.trouble !== null) return [troubled('redis', address, look.trouble)];
  const version = look.version === null ? 'does not tell its version' : `is version ${look.version}`;
  return [
    fine('redis', `${address} answers and ${version}`),
    ...judgeMode(look, mode),
    judgePolicy(look.maxmemoryPolicy),
    ...judgeMemory(look),
    judgeWriting(look.writeProblem),
  ];
}

function judgeMode({ clusterState, mode: actual, role }: RedisLook, mode: string): Finding[] {
  const check = 'redis.mode';
  if (actual === 'cluster' && mode !== 'cluster') {
    return [found(check, 'wrong', 'REDIS_IS_CLUSTER', 'the server is part of a cluster', 'Set redis.mode to cluster.')];
  }
  if (actual === 'sentinel') {
    const advice = 'Set redis.mode to sentinel and redis.sentinelName to the name of the master.';
    return [found(check, 'wrong', 'REDIS_IS_SENTINEL', 'the server is a sentinel, which holds no data', advice)];
  }
  if (clusterState !== null && clusterState !== 'ok') {
    const advice = 'Some slots have no master: events of their keys would wait. Look at: redis-cli cluster info';
    return [found(check, 'wrong', 'REDIS_CLUSTER_DOWN', `cluster_state is ${clusterState}`, advice)];
  }
  if (role === 'slave' || role === 'replica') {
    const advice = 'Set redis.url to the master, or use redis.mode sentinel, which finds it.';
    return [found(check, 'wrong', 'REDIS_IS_REPLICA', 'the server is a replica, where nothing can be written', advice)];
  }
  return [fine(check, clusterState === null ? `${mode}, and it is a master` : `${mode}, cluster_state is ok`)];
}

function judgePolicy(policy: string | null): Finding {
  const check = 'redis.policy';
  if (policy === null) return skipped(check, 'the user may not run INFO: see that maxmemory-policy is noeviction');
  if (policy === 'noeviction') return fine(check, 'maxmemory-policy is noeviction');
  const advice =
    'A claim that is evicted lets a duplicate through. Set maxmemory-policy noeviction; then a full Redis pauses the service instead.';
  return found(check, 'wrong', 'REDIS_EVICTS', `maxmemory-policy is ${policy}`, advice);
}

function judgeMemory({ maxBytes, usedBytes }: RedisLook): Finding[] {
  if (!maxBytes || usedBytes === null || usedBytes < NEARLY_FULL * maxBytes) return [];
  const share = Math.round((100 * usedBytes) / maxBytes);
  const advice = 'A full Redis pauses the service. Raise maxmemory.';
  return [found('redis.memory', 'warning', 'REDIS_NEARLY_FULL', `${share} % of maxmemory is used`, advice)];
}

function judgeWriting(problem: string | null): Finding {
  const check = 'redis.write';
  if (problem === null) return fine(check, 'a claim could be made and was taken back');
  const [code, advice] = adviceOnWriting(problem);
  return found(check, 'wrong', code, problem, advice);
}

function adviceOnWriting(problem: string): readonly [code: string, advice: string] {
  if (problem.includes('NOPERM')) {
    return ['REDIS_DENIES', 'Allow the user SET, GET, EVALSHA, EVAL and SCRIPT LOAD on the keys of redis.keyPrefix.'];
  }
  if (problem.includes('READONLY')) return ['REDIS_IS_REPLICA', 'Set redis.url to the master.'];
  if (problem.includes('OOM')) return ['REDIS_FULL', 'Raise maxmemory: the service pauses until there is room.'];
  if (problem.includes('MISCONF')) return ['REDIS_CANNOT_SAVE', 'Redis cannot write to its disk: look at its log.'];
  return ['REDIS_UNWRITABLE', 'Look at the log of Redis.'];
}
