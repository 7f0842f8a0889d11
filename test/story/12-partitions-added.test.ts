import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../sandbox/eventually.ts';
import type { World } from '../../sandbox/world.ts';
import { useStack } from '../stack.ts';
import { conversion, countedIds, createWorld, ids, repeats } from './business.ts';
import { claimCounts } from './claim-store.ts';
import { connectionWithOpenWindow, LONG_WINDOW_MS } from './long-window.ts';

const stack = await useStack();
const PATIENT = connectionWithOpenWindow('patient');

describe('partitions that are added while windows are open', () => {
  let world: World;

  beforeAll(async () => {
    world = await createWorld(stack, 'partitions', {
      connections: [PATIENT],
      partitions: 2,
      windowMs: LONG_WINDOW_MS,
      env: { TIKTOK_SYNC_KAFKA_METADATA_MAX_AGE_MS: '1000' },
    });
    await world.startService();
  });
  afterAll(() => world.close());

  it('are read from their beginning, and what waited is delivered before the group is joined anew', async () => {
    const early = ids('early', 10);
    await world.producer.conversions(early.map(id => conversion(PATIENT, id)));
    await eventually('10 claims', async () => (await claimCounts(stack.redisUrl, world.groupId)).pending === 10);
    expect(world.simulator.ledger().requests()).toEqual([]);

    await world.addPartitions(world.topics.conversions, 4);
    const late = ids('late', 10);
    await world.producer.conversions(
      late.slice(0, 5).map(id => conversion(PATIENT, id)),
      { partition: 2 },
    );
    await world.producer.conversions(
      late.slice(5).map(id => conversion(PATIENT, id)),
      { partition: 3 },
    );
    await eventually('the new partitions claimed', async () => {
      const { pending, sent } = await claimCounts(stack.redisUrl, world.groupId);
      return pending + sent === 20;
    });

    expect(countedIds(world.simulator)).toEqual(early.sort());
    expect(repeats(world.simulator)).toBe(0);
    expect(await world.uncommitted()).toBe(10);
  });
});
