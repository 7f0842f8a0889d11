import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../sandbox/eventually.ts';
import { hang } from '../../sandbox/tiktok-faults.ts';
import type { World } from '../../sandbox/world.ts';
import { useStack } from '../stack.ts';
import { conversion, countedIds, createWorld, ids, repeats } from './business.ts';
import { claimCounts } from './claim-store.ts';
import { connectionWithOpenWindow, LONG_WINDOW_MS } from './long-window.ts';

const stack = await useStack();
const TERMINATED = 'exit code 143';

describe('a service that is asked to stop', () => {
  let world: World;
  afterEach(() => world.close());

  it('in mid-window: delivers what waits, commits, leaves the group and ends with exit code 0', async () => {
    const connection = connectionWithOpenWindow('patient');
    world = await createWorld(stack, 'stop', { connections: [connection], windowMs: LONG_WINDOW_MS });
    const service = await world.startService();
    await world.producer.conversions(ids('c', 25).map(id => conversion(connection, id)));
    await eventually('25 claims', async () => (await claimCounts(stack.redisUrl, world.groupId)).pending === 25);
    expect(world.simulator.ledger().requests()).toEqual([]);

    service.process.kill('SIGTERM');

    expect(await service.process.exited).toBe('exit code 0');
    expect(countedIds(world.simulator)).toEqual(ids('c', 25).sort());
    expect(repeats(world.simulator)).toBe(0);
    expect(await world.uncommitted()).toBe(0);
    const { groups } = await world.admin.describeGroups([world.groupId]);
    expect(groups[0]?.members).toEqual([]);
  });

  it('twice: ends at once, although TikTok has not answered, and nothing is lost', async () => {
    world = await createWorld(stack, 'stop-twice', { connections: ['main'] });
    const service = await world.startService();
    const fault = world.simulator.faults.add(hang());
    await world.producer.conversions(
      ids('c', 5).map(id => conversion('main', id)),
      { partition: 0 },
    );
    await eventually('the request with TikTok', () => world.simulator.ledger().requests().length === 1);

    service.process.kill('SIGTERM');
    await eventually('it is stopping', async () => !(await service.isReady()));
    service.process.kill('SIGTERM');

    expect(await service.process.exited).toBe(TERMINATED);
    expect(await world.uncommitted()).toBe(5);
    world.simulator.faults.remove(fault);
    await world.startService('service-again');
    await world.allCommitted();
    expect(countedIds(world.simulator)).toEqual(ids('c', 5));
    expect(repeats(world.simulator)).toBe(0);
  });
});
