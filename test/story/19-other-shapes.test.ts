import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pixelOf, type World } from '../../sandbox/world.ts';
import { useStack } from '../stack.ts';
import { conversion, createWorld, lead } from './business.ts';

const stack = await useStack();

const [OLD, STORE] = ['old-wire', 'store'];

describe('a conversion in another shape', () => {
  let world: World;

  beforeAll(async () => {
    world = await createWorld(stack, 'shapes', { connections: [OLD, STORE] });
    await world.connect(OLD, { wire: 'V1' });
    await world.connect(STORE, { event_source: 'OFFLINE' });
    await world.producer.mapping(lead(STORE, { mapping_id: 'custom', tiktok_event_name: 'StoreVisit' }));
    await world.startService();
    await world.producer.conversions([
      conversion(OLD, 'a-test', { test_event_code: 'TEST1' }),
      ...Array.from({ length: 60 }, (_, n) => conversion(OLD, `old-${n}`)),
      conversion(STORE, 'visit'),
    ]);
    await world.allCommitted();
  });
  afterAll(() => world.close());

  it('of 1.0 is taken by TikTok in requests of at most 50, tests apart', () => {
    const requests = world.simulator
      .ledger()
      .requests()
      .filter(each => each.event_source_id === pixelOf(OLD));
    expect(requests.map(({ code, events, test_event_code }) => [code, events, test_event_code]).toSorted()).toEqual(
      [
        [0, 1, 'TEST1'],
        [0, 10, null],
        [0, 50, null],
      ].toSorted(),
    );
    expect(world.simulator.ledger().counted(pixelOf(OLD))).toHaveLength(60);
  });

  it('of an offline event set is taken too, and its custom names are refused before TikTok sees them', async () => {
    const events = world.simulator.ledger().counted(pixelOf(STORE));
    expect(events.map(({ event_source, event, event_id }) => [event_source, event, event_id])).toEqual([
      ['offline', 'Lead', 'visit'],
    ]);
    const log = await world.syncLog();
    const refused = log.filter(({ mapping_id }) => mapping_id === 'custom');
    expect(refused.map(({ outcome, reason }) => [outcome, reason])).toEqual([['dead_lettered', 'config_invalid']]);
  });
});
