import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { latency } from '../../sandbox/tiktok-faults.ts';
import type { World } from '../../sandbox/world.ts';
import { useStack } from '../stack.ts';
import { unbalanced } from '../story/books.ts';
import { createWorld, ids } from '../story/business.ts';
import { Instance } from './instance.ts';
import { killAtRandom } from './kills.ts';
import { Load } from './load.ts';
import { seededRandom } from './seeded-random.ts';
import { judge } from './verdict.ts';

const stack = await useStack();
const CONNECTIONS = ids('connection', 6);
const KILLS = 5;
const KILLS_WITHIN_MS = 18_000;
/** The moments of the kills; what they hit is up to the machine. */
const SEED = 9;

describe('five kill -9 at random moments, with two instances under load', () => {
  let world: World;
  let instances: readonly Instance[];

  beforeAll(async () => {
    world = await createWorld(stack, 'kill-9', { connections: CONNECTIONS, partitions: 8 });
    world.simulator.faults.add(latency(60));
    instances = [new Instance(await world.service('one')), new Instance(await world.service('two'))];
  });
  afterAll(async () => {
    await Promise.all(instances.map(instance => instance.stop()));
    await world.close();
  });

  it('lose nothing, and repeat only what was in flight', async () => {
    const random = seededRandom(SEED);
    const load = new Load(world, { connections: CONNECTIONS, eventsPerSecond: 150, duplicates: 0.05, random });
    load.start();
    const kills = await killAtRandom(instances, { kills: KILLS, withinMs: KILLS_WITHIN_MS, random, onKill: () => {} });
    await load.stop();
    await world.allCommitted();

    const verdict = judge(world.simulator.ledger(), load.expected, kills);
    expect(kills).toHaveLength(KILLS);
    expect(verdict.expected).toBeGreaterThan(1_000);
    expect(verdict).toMatchObject({ lost: [], surplus: [], doubled: [] });
    expect(verdict.repeats.unexplained).toBe(0);
    expect(verdict.repeatedRequests).toBeLessThanOrEqual(KILLS * CONNECTIONS.length);
    expect(instances.flatMap(instance => instance.ownEnds)).toEqual([]);
  });

  it('leave balanced books', async () => {
    expect(await unbalanced(instances.map(({ service }) => service))).toEqual([]);
  });
});
