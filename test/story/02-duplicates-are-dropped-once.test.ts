import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../sandbox/eventually.ts';
import type { ServiceProcess } from '../../sandbox/service-process.ts';
import type { World } from '../../sandbox/world.ts';
import { useStack } from '../stack.ts';
import { balanceOf } from './books.ts';
import { conversion, countedIds, createWorld, lead, repeats } from './business.ts';

const stack = await useStack();
const MAIN = 'main';

describe('a conversion that is produced again', () => {
  let world: World;
  let service: ServiceProcess;

  beforeAll(async () => {
    world = await createWorld(stack, 'duplicates', { connections: [MAIN] });
    service = await world.startService();
  });
  afterAll(() => world.close());

  async function outcomesOf(id: string) {
    const entries = (await world.syncLog()).filter(({ event_id }) => event_id === id);
    return entries.map(({ outcome, reason, partition, offset, claimant }) => {
      return { outcome, reason, at: `${partition}@${offset}`, claimant };
    });
  }

  it('is a duplicate of the one that was sent, whatever the partition, and the sync log names that one', async () => {
    await world.producer.conversions([conversion(MAIN, 'sent')], { partition: 0 });
    await eventually('delivered', () => countedIds(world.simulator).includes('sent'));
    await world.allCommitted();

    await world.producer.conversions([conversion(MAIN, 'sent')], { partition: 1 });
    await world.allCommitted();

    expect(await outcomesOf('sent')).toEqual([
      { outcome: 'delivered', reason: 'accepted', at: '0@0', claimant: null },
      { outcome: 'duplicate', reason: 'sent_before', at: '1@0', claimant: `${world.topics.conversions}|0|0` },
    ]);
    expect(repeats(world.simulator)).toBe(0);
  });

  it('is a duplicate of the one that still waits in its window', async () => {
    await world.producer.conversions([conversion(MAIN, 'waiting'), conversion(MAIN, 'waiting')], { partition: 2 });
    await world.allCommitted();

    const [first, second, ...more] = (await outcomesOf('waiting')).sort((a, b) => a.at.localeCompare(b.at));
    expect(first).toEqual({ outcome: 'delivered', reason: 'accepted', at: '2@0', claimant: null });
    expect(second).toEqual({
      outcome: 'duplicate',
      reason: 'pending_elsewhere',
      at: '2@1',
      claimant: `${world.topics.conversions}|2|0`,
    });
    expect(more).toEqual([]);
    expect(countedIds(world.simulator)).toEqual(['sent', 'waiting']);
  });

  it('is sent once where two mappings make the same TikTok event of it, the one with a value', async () => {
    const value = { include_value: true, value_source: 'QUOTE_VALUE', currency: 'GBP' };
    const before = await service.configGeneration();
    await world.producer.mapping(lead(MAIN, { mapping_id: 'with-value', ...value }));
    await eventually('the mapping read', async () => (await service.configGeneration()) > before);

    await world.producer.conversions([conversion(MAIN, 'collapsed', { quote_value: '12.5' })]);
    await world.allCommitted();

    const log = (await world.syncLog()).filter(({ event_id }) => event_id === 'collapsed');
    expect(log.map(({ mapping_id, outcome, reason }) => [mapping_id, outcome, reason]).sort()).toEqual([
      [`lead-${MAIN}`, 'duplicate', 'same_record'],
      ['with-value', 'delivered', 'accepted'],
    ]);
    const event = world.simulator.ledger().counted().at(-1);
    expect(event).toMatchObject({ event_id: 'collapsed', value: 12.5, currency: 'GBP' });
  });

  it('leaves TikTok with each conversion once, and balanced books', async () => {
    expect(countedIds(world.simulator)).toEqual(['collapsed', 'sent', 'waiting']);
    expect(repeats(world.simulator)).toBe(0);
    expect(await balanceOf(service)).toEqual([
      { connection: MAIN, consumed: 6, delivered: 3, duplicate: 3, inFlight: 0, missing: 0 },
    ]);
  });
});
