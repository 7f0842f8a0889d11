/** The claim store as an operator sees it: keys and values of one service. */

import { Redis } from 'ioredis';

/** Values of all claims of the group, by key; `p|…` is pending, `s|…` is sent. */
export async function claimsOf(redisUrl: string, groupId: string): Promise<ReadonlyMap<string, string>> {
  const redis = new Redis(redisUrl);
  try {
    const all = await redis.keys(`tiktok-sync:${groupId}:*`);
    const keys = all.filter(key => !key.includes('{rate}'));
    const values = keys.length === 0 ? [] : await redis.mget(keys);
    return new Map(keys.map((key, index) => [key, values[index] ?? '']));
  } finally {
    redis.disconnect();
  }
}

/** How many claims stand for events that are not yet marked as sent, and how many for those that are. */
export async function claimCounts(redisUrl: string, groupId: string): Promise<{ pending: number; sent: number }> {
  const values = [...(await claimsOf(redisUrl, groupId)).values()];
  const sent = values.filter(value => value.startsWith('s|')).length;
  return { pending: values.length - sent, sent };
}
