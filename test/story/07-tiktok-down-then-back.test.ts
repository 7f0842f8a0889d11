import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../sandbox/eventually.ts';
import { type ServiceProcess, total } from '../../sandbox/service-process.ts';
import { htmlError, notJson, resetAfterTaking } from '../../sandbox/tiktok-faults.ts';
import { tokenOf, type World } from '../../sandbox/world.ts';
import { useStack } from '../stack.ts';
import { balanceOf } from './books.ts';
import { conversion, countedIds, createWorld, ids, repeats } from './business.ts';

const stack = await useStack();
const [ONE, TWO] = ['one', 'two'] as const;

describe('when TikTok is away', () => {
  let world: World;
  let service: ServiceProcess;

  beforeAll(async () => {
    world = await createWorld(stack, 'outage', { connections: [ONE, TWO] });
    service = await world.startService();
  });
  afterAll(() => world.close());

  async function convert(connection: string, conversions: readonly string[]): Promise<void> {
    await world.producer.conversions(conversions.map(id => conversion(connection, id)));
  }

  async function retries(): Promise<number> {
    return total(await service.metrics(), 'tiktok_sync_api_retries_total');
  }

  it('events wait uncommitted and are all delivered once it is back', async () => {
    await world.simulator.down();
    await convert(ONE, ids('down-one', 20));
    await convert(TWO, ids('down-two', 20));
    await eventually('several attempts', async () => (await retries()) >= 4);
    expect(await world.uncommitted()).toBe(40);

    await world.simulator.up();
    await world.allCommitted();

    expect(countedIds(world.simulator)).toEqual([...ids('down-one', 20), ...ids('down-two', 20)].sort());
    expect(repeats(world.simulator)).toBe(0);
  });

  it('a gateway’s error page means the same ids again', async () => {
    world.simulator.faults.add({ ...htmlError(502), count: 3, token: tokenOf(ONE) });
    const before = world.simulator.ledger().requests().length;

    await convert(ONE, ids('html', 5));
    await world.allCommitted();

    const requests = world.simulator.ledger().requests().slice(before);
    expect(requests.filter(({ http_status }) => http_status === 502)).toHaveLength(3);
    expect(countedIds(world.simulator)).toEqual(expect.arrayContaining(ids('html', 5)));
    expect(repeats(world.simulator)).toBe(0);
  });

  it('a connection that breaks after TikTok took the events, or an answer that says nothing, makes repeats that do not count', async () => {
    world.simulator.faults.add({ ...resetAfterTaking(), count: 1, token: tokenOf(ONE) });
    world.simulator.faults.add({ ...notJson(200, { taken: true }), count: 1, token: tokenOf(TWO) });

    await world.producer.conversions([conversion(ONE, 'reset-1'), conversion(ONE, 'reset-2')], { partition: 0 });
    await world.producer.conversions(
      ids('mute', 3).map(id => conversion(TWO, id)),
      { partition: 1 },
    );
    await world.allCommitted();

    expect(countedIds(world.simulator)).toEqual(expect.arrayContaining(['reset-1', 'reset-2', ...ids('mute', 3)]));
    expect(repeats(world.simulator)).toBe(5);
    const repeated = world.simulator
      .ledger()
      .events()
      .filter(({ deduplicated }) => deduplicated);
    expect(repeated.map(({ event_id }) => event_id).sort()).toEqual([...ids('mute', 3), 'reset-1', 'reset-2']);
  });

  it('nothing is lost, no letter is written, and the books balance', async () => {
    const log = await world.syncLog();
    expect(log.filter(({ outcome }) => outcome !== 'delivered')).toEqual([]);
    expect(log).toHaveLength(50);
    expect(countedIds(world.simulator)).toHaveLength(50);
    expect(await balanceOf(service)).toEqual([
      { connection: ONE, consumed: 27, delivered: 27, inFlight: 0, missing: 0 },
      { connection: TWO, consumed: 23, delivered: 23, inFlight: 0, missing: 0 },
    ]);
  });
});
