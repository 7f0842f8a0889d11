import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../sandbox/eventually.ts';
import { type ServiceProcess, total } from '../../sandbox/service-process.ts';
import { tooManyRequests } from '../../sandbox/tiktok-faults.ts';
import { pixelOf, tokenOf, type World } from '../../sandbox/world.ts';
import { useStack } from '../stack.ts';
import { balanceOf } from './books.ts';
import { conversion, countedIds, createWorld, ids, repeats } from './business.ts';

const stack = await useStack();
const [SLOW, QUICK] = ['slow', 'quick'] as const;
const RETRY_AFTER_S = 3;

describe('a connection that TikTok throttles, served by two instances', () => {
  let world: World;
  let instances: readonly ServiceProcess[];

  beforeAll(async () => {
    world = await createWorld(stack, 'throttled', { connections: [SLOW, QUICK], partitions: 4 });
    const first = await world.startService('first');
    const second = await world.startService('second');
    instances = [first, second];
    for (const instance of instances) {
      await eventually('both have partitions', async () => {
        return total(await instance.metrics(), 'tiktok_sync_assigned_partitions') === 4;
      });
    }
  });
  afterAll(() => world.close());

  it('is asked by neither before Retry-After has ended, while the other connection goes on', async () => {
    world.simulator.faults.add({ ...tooManyRequests(RETRY_AFTER_S), count: 1, token: tokenOf(SLOW) });
    const produce = async (connection: string, prefix: string) => {
      for (let partition = 0; partition < 4; partition++) {
        const conversions = ids(`${prefix}-${partition}`, 5).map(id => conversion(connection, id));
        await world.producer.conversions(conversions, { partition });
      }
    };
    await produce(SLOW, 'slow-a');
    const requestsOf = (connection: string) =>
      world.simulator
        .ledger()
        .requests()
        .filter(({ event_source_id }) => event_source_id === pixelOf(connection));
    await eventually('the throttled answer', () => requestsOf(SLOW).some(({ http_status }) => http_status === 429));
    await produce(SLOW, 'slow-b');
    await produce(QUICK, 'quick');
    await eventually('the quick ones', () => requestsOf(QUICK).reduce((sum, { events }) => sum + events, 0) === 20);
    await world.allCommitted();

    const throttledAt = requestsOf(SLOW).find(({ http_status }) => http_status === 429)?.at ?? 0;
    const early = requestsOf(SLOW).filter(({ at }) => at > throttledAt && at < throttledAt + RETRY_AFTER_S * 1_000);
    // Requests that the other instance had under way when the answer was written could not know of it.
    expect(early.filter(({ at }) => at > throttledAt + 500)).toEqual([]);
    expect(requestsOf(QUICK).some(({ at }) => at < throttledAt + RETRY_AFTER_S * 1_000)).toBe(true);
    expect(countedIds(world.simulator)).toHaveLength(60);
    expect(repeats(world.simulator)).toBe(0);
  });

  it('ends without a letter, and the books balance', async () => {
    expect((await world.syncLog()).filter(({ outcome }) => outcome !== 'delivered')).toEqual([]);
    for (const instance of instances) {
      expect((await balanceOf(instance)).filter(({ missing }) => missing !== 0)).toEqual([]);
    }
  });
});
