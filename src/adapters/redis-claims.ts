/**
 * The claim store on Redis. The client neither queues nor resends, so a call that fails may have taken effect; the
 * caller repeats it, which is safe because a claim's value says who made it.
 */

import { Cluster, type Redis } from 'ioredis';
import type { Claims } from '../ports.ts';
import { type Command, createPipelineClaims } from './claim-pipelines.ts';
import { createScriptClaims } from './claim-scripts.ts';
import type { RedisClient } from './redis-client.ts';

export function createRedisClaims({ raw, answer }: RedisClient): Claims {
  const claims = raw instanceof Cluster ? claimsOnCluster(raw) : claimsOnClient(raw);
  return {
    claim: list => answer(claims.claim(list)),
    takeOver: list => answer(claims.takeOver(list)),
    markSent: list => answer(claims.markSent(list)),
    release: list => answer(claims.release(list)),
  };
}

function claimsOnClient(client: Redis): Claims {
  return createScriptClaims((name, args) => client.call(name, args as string[]));
}

function claimsOnCluster(cluster: Cluster): Claims {
  return createPipelineClaims({
    nodeOf: slot => cluster.slots[slot]?.[0],
    async pipeline(commands: readonly Command[]) {
      const replies = await cluster.pipeline(commands.map(command => [...command])).exec();
      if (replies === null) throw new Error('the pipeline was discarded');
      return replies.map(([error, reply]) => error ?? reply);
    },
  });
}
