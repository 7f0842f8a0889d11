import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../sandbox/eventually.ts';
import { type ServiceProcess, total } from '../../sandbox/service-process.ts';
import { type Stack, startStack } from '../../sandbox/stack.ts';
import { htmlError } from '../../sandbox/tiktok-faults.ts';
import type { World } from '../../sandbox/world.ts';
import { useStack } from '../stack.ts';
import { balanceOf } from './books.ts';
import { conversion, countedIds, createWorld, ids, repeats } from './business.ts';

const shared = await useStack();
const CONNECTIONS = ids('connection', 6);

describe('a process that is frozen beyond its session, with events it was about to send', () => {
  let own: Stack;
  let world: World;
  let frozen: ServiceProcess;
  let successor: ServiceProcess;

  beforeAll(async () => {
    own = await startStack({ registry: false, redis: false });
    const stack = { ...shared, brokers: own.brokers };
    world = await createWorld(stack, 'frozen', { connections: CONNECTIONS, partitions: 2 });
    frozen = await world.startService('frozen');
  });
  afterAll(async () => {
    frozen.process.kill('SIGCONT');
    own.broker().kill('SIGCONT');
    await world.close();
    await own.stop();
  });

  it('is replaced: another instance delivers them', async () => {
    const fault = world.simulator.faults.add(htmlError(503));
    const wanted = CONNECTIONS.flatMap(connection => ids(connection, 10).map(id => conversion(connection, id)));
    await world.producer.conversions(wanted);
    await eventually('every connection retries', () => {
      const pixels = world.simulator
        .ledger()
        .requests()
        .map(request => request.event_source_id);
      return new Set(pixels).size === CONNECTIONS.length;
    });
    frozen.process.kill('SIGSTOP');

    successor = await world.startService('successor');
    // Not before: a request that was already on its way when the process froze would be taken.
    world.simulator.faults.remove(fault);
    await world.allCommitted();

    expect(countedIds(world.simulator)).toEqual(CONNECTIONS.flatMap(connection => ids(connection, 10)).sort());
  });

  it('sends nothing when it thaws, although nobody has told it yet that its partitions are gone', async () => {
    const requests = world.simulator.ledger().requests().length;
    own.broker().kill('SIGSTOP');

    frozen.process.kill('SIGCONT');
    const thawedAt = await eventually('it has thawed', () => uptimeOf(frozen));
    // Several times its longest wait before a retry.
    await eventually('time to send in', async () => (await uptimeOf(frozen)) > thawedAt + 1.5);

    expect(world.simulator.ledger().requests()).toHaveLength(requests);
    own.broker().kill('SIGCONT');
  });

  it('goes on with new events when it has joined anew', async () => {
    const requests = world.simulator.ledger().requests().length;
    await eventually('it has joined anew', async () => {
      return total(await frozen.metrics(), 'tiktok_sync_rebalances_total', ['kind="assigned"']) >= 2;
    });
    await world.producer.conversions([conversion('connection-1', 'afterwards')], { partition: 0 });
    await world.producer.conversions([conversion('connection-1', 'afterwards-too')], { partition: 1 });
    await world.allCommitted();

    const later = world.simulator.ledger().requests().slice(requests);
    expect(later.reduce((sum, { events }) => sum + events, 0)).toBe(2);
    expect(repeats(world.simulator)).toBe(0);
    expect(countedIds(world.simulator)).toHaveLength(CONNECTIONS.length * 10 + 2);
  });

  it('counts as handed over what it gave up', async () => {
    const books = [...(await balanceOf(frozen)), ...(await balanceOf(successor))];
    const handedOver = books.reduce((sum, { handed_over = 0 }) => sum + handed_over, 0);

    expect(handedOver).toBe(CONNECTIONS.length * 10);
    expect(books.filter(({ missing }) => missing !== 0)).toEqual([]);
  });
});

async function uptimeOf(service: ServiceProcess): Promise<number> {
  return Number((await service.status())['uptime_seconds']);
}
