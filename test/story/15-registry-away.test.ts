import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../sandbox/eventually.ts';
import { Gate } from '../../sandbox/gate.ts';
import { type ServiceProcess, total } from '../../sandbox/service-process.ts';
import type { World } from '../../sandbox/world.ts';
import { useStack } from '../stack.ts';
import { balanceOf } from './books.ts';
import { conversion, countedIds, createWorld, ids, repeats } from './business.ts';

const shared = await useStack();
const MAIN = 'main';

describe('when the schema registry is away', () => {
  let gate: Gate;
  let world: World;
  let service: ServiceProcess;

  beforeAll(async () => {
    const registry = new URL(shared.registryUrl);
    gate = await Gate.before(registry.host);
    world = await createWorld({ ...shared, registryUrl: `http://${gate.address}${registry.pathname}` }, 'registry', {
      connections: [MAIN],
    });
    service = await world.startService();
  });
  afterAll(async () => {
    await world.close();
    await gate.close();
  });

  it('a record whose schema is not known yet waits with its partition, and is no dead letter', async () => {
    await gate.close();
    await world.producer.conversions(
      ids('c', 10).map(id => conversion(MAIN, id)),
      { partition: 1 },
    );

    await eventually('the partition waits', async () => {
      return total(await service.metrics(), 'tiktok_sync_consumer_paused_partitions', ['reason="schema_registry"']) > 0;
    });
    expect(await world.uncommitted()).toBe(10);
    expect(world.simulator.ledger().requests()).toEqual([]);
  });

  it('and goes on once it is back', async () => {
    await gate.open();
    await world.allCommitted();

    expect(countedIds(world.simulator)).toEqual(ids('c', 10).sort());
    expect(repeats(world.simulator)).toBe(0);
    expect(await world.read(world.topics.deadLetter)).toEqual([]);
    expect(await balanceOf(service)).toEqual([
      { connection: MAIN, consumed: 10, delivered: 10, inFlight: 0, missing: 0 },
    ]);
  });

  it('records whose schema is known already do not even notice', async () => {
    await gate.close();
    await world.producer.conversions([conversion(MAIN, 'unaffected')]);
    await world.allCommitted();

    expect(countedIds(world.simulator)).toContain('unaffected');
  });
});
