import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../sandbox/eventually.ts';
import { type ServiceProcess, total } from '../../sandbox/service-process.ts';
import { latency } from '../../sandbox/tiktok-faults.ts';
import type { World } from '../../sandbox/world.ts';
import { useStack } from '../stack.ts';
import { balanceOf } from './books.ts';
import { conversion, countedIds, createWorld, ids, repeats } from './business.ts';

const stack = await useStack();
const CONNECTIONS = ids('connection', 4);

describe('a group that grows from one instance to two and shrinks to one again, under load', () => {
  let world: World;
  let first: ServiceProcess;
  const produced: string[] = [];

  beforeAll(async () => {
    world = await createWorld(stack, 'rebalance', { connections: CONNECTIONS, partitions: 8 });
    world.simulator.faults.add(latency(30));
    first = await world.startService('first');
  });
  afterAll(() => world.close());

  async function partitionsOf(service: ServiceProcess): Promise<number> {
    return total(await service.metrics(), 'tiktok_sync_assigned_partitions');
  }

  /** Produces without a pause until `done`. */
  async function produceUntil(done: Promise<unknown>): Promise<void> {
    let going = true;
    const stopped = done.finally(() => {
      going = false;
    });
    while (going) {
      const serial = produced.length;
      const batch = CONNECTIONS.map((connection, index) => ({ connection, id: `c-${serial + index}` }));
      await world.producer.conversions(batch.map(({ connection, id }) => conversion(connection, id)));
      produced.push(...batch.map(({ id }) => id));
    }
    await stopped;
  }

  it('loses nothing and sends nothing twice', async () => {
    const arrivedBy = (count: number) =>
      eventually(`${count} events with TikTok`, () => countedIds(world.simulator).length >= count);

    await produceUntil(arrivedBy(200));
    const second = await world.service('second');
    await produceUntil(second.process.start());
    const shared = eventually('both have partitions', async () => {
      return (await partitionsOf(first)) === 8 && (await partitionsOf(second)) === 8;
    });
    await produceUntil(shared);
    await produceUntil(arrivedBy(countedIds(world.simulator).length + 200));
    expect((await balanceOf(second)).filter(({ missing }) => missing !== 0)).toEqual([]);

    await produceUntil(second.process.stop('SIGTERM'));
    await produceUntil(eventually('one has all', async () => (await partitionsOf(first)) === 16));
    await produceUntil(arrivedBy(countedIds(world.simulator).length + 200));
    await world.allCommitted();

    expect(countedIds(world.simulator)).toEqual([...produced].sort());
    expect(repeats(world.simulator)).toBe(0);
  });

  it('balances the books of the one that stayed', async () => {
    const books = await balanceOf(first);

    expect(books).toHaveLength(CONNECTIONS.length);
    expect(books.filter(({ missing, inFlight }) => missing !== 0 || inFlight !== 0)).toEqual([]);
  });
});
