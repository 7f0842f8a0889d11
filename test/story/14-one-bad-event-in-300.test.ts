import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RowNaming } from '../../sandbox/tiktok-strictness.ts';
import type { World } from '../../sandbox/world.ts';
import { useStack } from '../stack.ts';
import { conversion, createWorld, ids, repeats } from './business.ts';
import { connectionWithOpenWindow, LONG_WINDOW_MS } from './long-window.ts';

const stack = await useStack();
const SHOP = connectionWithOpenWindow('shop');
const BATCH = 300;
const BISECTION = 2 * Math.ceil(Math.log2(BATCH)) + 1;

describe('one event that TikTok refuses, in a batch of 300', () => {
  let world: World;

  beforeAll(async () => {
    world = await createWorld(stack, 'poison', {
      connections: [SHOP],
      windowMs: LONG_WINDOW_MS,
      env: { TIKTOK_SYNC_DELIVERY_BATCH_MAX_EVENTS_COUNT: String(BATCH) },
    });
    await world.startService();
  });
  afterAll(() => world.close());

  const cases: readonly { naming: RowNaming; how: string; atMost: number }[] = [
    { naming: 'dotted', how: 'the message names its row', atMost: 2 },
    { naming: 'none', how: 'the message names no row', atMost: BISECTION },
    { naming: 'wrong', how: 'the message names a wrong row', atMost: BISECTION + 2 },
  ];

  it.each(cases)('is found and dead-lettered alone when $how', async ({ naming, atMost }) => {
    world.simulator.set({ rowNaming: naming });
    const before = world.simulator.ledger().requests().length;
    const good = ids(naming, BATCH - 1);
    const bad = `poison-${naming}`;
    const batch = [...good.slice(0, 123), bad, ...good.slice(123)];

    await world.producer.conversions(
      batch.map(id => conversion(SHOP, id)),
      { partition: 0 },
    );
    await world.allCommitted();

    const requests = world.simulator.ledger().requests().slice(before);
    expect(requests[0]).toMatchObject({ events: BATCH, taken: false });
    expect(requests.length).toBeLessThanOrEqual(atMost);
    const counted = world.simulator
      .ledger()
      .counted()
      .map(({ event_id }) => event_id ?? '');
    expect(counted.filter(id => id.startsWith(naming)).sort()).toEqual(good.sort());
    expect(repeats(world.simulator)).toBe(0);
    const letters = (await world.read(world.topics.deadLetter)).filter(
      ({ headers }) => headers['tiktok-sync.event.id'] === bad,
    );
    expect(letters).toHaveLength(1);
    expect(letters[0]?.headers).toMatchObject({
      'tiktok-sync.stage': 'deliver',
      'tiktok-sync.reason': 'refused_by_tiktok',
      'tiktok-sync.api.code': '40002',
      'tiktok-sync.retryable': 'false',
    });
    const refused = requests.filter(({ code }) => code === 40002).map(({ request_id }) => request_id);
    expect(refused).toContain(letters[0]?.headers['tiktok-sync.api.request_id']);
  });

  it('makes no other letter', async () => {
    expect(await world.read(world.topics.deadLetter)).toHaveLength(cases.length);
  });
});
