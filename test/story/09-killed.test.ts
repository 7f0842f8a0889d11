import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../sandbox/eventually.ts';
import { hang } from '../../sandbox/tiktok-faults.ts';
import type { World } from '../../sandbox/world.ts';
import { useStack } from '../stack.ts';
import { conversion, countedIds, createWorld, ids, repeats } from './business.ts';
import { claimCounts } from './claim-store.ts';
import { connectionWithOpenWindow, LONG_WINDOW_MS } from './long-window.ts';

const stack = await useStack();
const NEVER = '60000';

describe('a service that is killed with SIGKILL and started again', () => {
  let world: World;
  afterEach(() => world.close());

  async function outcomes(): Promise<string[]> {
    return (await world.syncLog()).map(({ event_id, outcome, reason }) => `${event_id} ${outcome} ${reason}`).sort();
  }

  it('after the claim: recognises its own claims and delivers what was in memory', async () => {
    const connection = connectionWithOpenWindow('patient');
    world = await createWorld(stack, 'killed-claimed', { connections: [connection] });
    const service = await world.startService('service', { TIKTOK_SYNC_WINDOW_MS: String(LONG_WINDOW_MS) });
    const { conversions } = world.topics;
    const waiting = ids('c', 20).map(id => conversion(connection, id));
    await world.producer.conversions(waiting, { partition: 1 });
    await eventually('20 claims', async () => (await claimCounts(stack.redisUrl, world.groupId)).pending === 20);

    // What is settled behind them must not take them along: nothing of this partition may be committed yet.
    await world.producer.raw(conversions, [null], { partition: 1 });
    await eventually('a tombstone behind them settled', async () => (await world.syncLog()).length === 1);
    await world.producer.raw(conversions, [null], { partition: 2 });
    await eventually('a commit of another partition', async () => (await world.uncommitted()) <= 21);
    expect(await world.uncommitted()).toBe(21);
    await service.process.stop('SIGKILL');
    expect(world.simulator.ledger().events()).toEqual([]);

    await world.startService('service-again');
    await world.allCommitted();

    expect(countedIds(world.simulator)).toEqual(ids('c', 20).sort());
    expect(repeats(world.simulator)).toBe(0);
    expect((await outcomes()).filter(line => !line.endsWith('tombstone'))).toEqual(
      ids('c', 20)
        .map(id => `${id} delivered accepted`)
        .sort(),
    );
  });

  it('in mid-request: sends those events again with the same ids, and TikTok drops them', async () => {
    world = await createWorld(stack, 'killed-sending', { connections: ['main'] });
    const service = await world.startService();
    world.simulator.faults.add({ ...hang({ taken: true }), count: 1 });
    await world.producer.conversions(
      ids('c', 20).map(id => conversion('main', id)),
      { partition: 1 },
    );
    await eventually('20 events with TikTok', () => countedIds(world.simulator).length === 20);
    await service.process.stop('SIGKILL');
    expect(await world.uncommitted()).toBe(20);

    await world.startService('service-again');
    await world.allCommitted();

    expect(countedIds(world.simulator)).toEqual(ids('c', 20).sort());
    expect(repeats(world.simulator)).toBe(20);
    const [first, second, ...more] = world.simulator.ledger().requests();
    expect(first).toMatchObject({ events: 20, taken: true, answered: false });
    expect(second).toMatchObject({ events: 20, taken: true, answered: true, code: 0 });
    expect(more).toEqual([]);
    expect(await outcomes()).toEqual(
      ids('c', 20)
        .map(id => `${id} delivered accepted`)
        .sort(),
    );
  });

  it('before the commit: finds its events marked as sent, logs them again and sends nothing', async () => {
    world = await createWorld(stack, 'killed-uncommitted', { connections: ['main'] });
    const service = await world.startService('service', { TIKTOK_SYNC_KAFKA_COMMIT_INTERVAL_MS: NEVER });
    await world.producer.conversions(ids('c', 20).map(id => conversion('main', id)));
    await eventually('20 marks', async () => (await claimCounts(stack.redisUrl, world.groupId)).sent === 20);
    await eventually('20 entries', async () => (await world.syncLog()).length === 20);
    expect(await world.uncommitted()).toBe(20);
    await service.process.stop('SIGKILL');
    const before = world.simulator.ledger().requests().length;

    await world.startService('service-again');
    await world.allCommitted();

    expect(world.simulator.ledger().requests()).toHaveLength(before);
    expect(countedIds(world.simulator)).toEqual(ids('c', 20).sort());
    expect(repeats(world.simulator)).toBe(0);
    expect(await outcomes()).toEqual(
      ids('c', 20)
        .flatMap(id => [`${id} delivered accepted`, `${id} delivered replayed`])
        .sort(),
    );
  });
});
