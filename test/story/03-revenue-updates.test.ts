import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fields } from '../../sandbox/event-producer.ts';
import type { World } from '../../sandbox/world.ts';
import { useStack } from '../stack.ts';
import { conversion, createWorld, repeats } from './business.ts';

const stack = await useStack();
const MAIN = 'main';
const CONVERTED_AT = Date.now() - 3_600_000;
const UPDATED_AT = Date.now() - 60_000;

function update(id: string, kind: 'EXPECTED' | 'REALIZED', amount: string): Fields {
  const amounts = kind === 'EXPECTED' ? { quote_value: amount } : { sales_value: amount };
  const times = { occurred_at: CONVERTED_AT, updated_at: UPDATED_AT };
  return conversion(MAIN, 'deal', { update_id: id, kind, currency: 'EUR', ...amounts, ...times });
}

function revenueMapping(id: string, more: Fields) {
  return {
    mapping_id: id,
    connection_id: MAIN,
    trigger: 'EXPECTED_REVENUE_UPDATED',
    include_value: true,
    value_source: 'QUOTE_VALUE',
    ...more,
  };
}

describe('two revenue updates of one conversion', () => {
  let world: World;

  beforeAll(async () => {
    world = await createWorld(stack, 'revenue', { connections: [MAIN] });
    const { producer } = world;
    await producer.mapping(
      revenueMapping('by-conversion', { tiktok_event_name: 'SubmitApplication', event_id_source: 'CONVERSION' }),
    );
    await producer.mapping(
      revenueMapping('by-update', {
        tiktok_event_name: 'InitiateCheckout',
        event_id_source: 'UPDATE',
        event_time: 'CONVERSION',
      }),
    );
    await producer.mapping(
      revenueMapping('paid', {
        tiktok_event_name: 'Purchase',
        trigger: 'REALIZED_REVENUE_UPDATED',
        value_source: 'SALES_VALUE',
      }),
    );
    await world.startService();
    const updates = [update('deal-u1', 'EXPECTED', '100'), update('deal-u2', 'EXPECTED', '150.25')];
    await producer.revenueUpdates(updates, { partition: 1 });
    await producer.revenueUpdates([update('deal-paid', 'REALIZED', '149.99')], { partition: 3 });
    await world.allCommitted();
  });
  afterAll(() => world.close());

  function sentAs(name: string) {
    const events = world.simulator.ledger().events();
    return events
      .filter(({ event }) => event === name)
      .map(({ event_id, event_time, value }) => ({ event_id, event_time, value }));
  }

  it('are one event where the conversion lends its id: the first one counts, the second is a duplicate', async () => {
    const event_time = Math.trunc(UPDATED_AT / 1000);
    expect(sentAs('SubmitApplication')).toEqual([{ event_id: 'deal', event_time, value: 100 }]);

    const log = (await world.syncLog()).filter(({ mapping_id }) => mapping_id === 'by-conversion');
    const outcomes = log.map(({ outcome, offset, claimant }) => ({ outcome, offset, claimant }));
    expect(outcomes).toHaveLength(2);
    expect(outcomes).toContainEqual({ outcome: 'delivered', offset: 0, claimant: null });
    expect(outcomes).toContainEqual({
      outcome: 'duplicate',
      offset: 1,
      claimant: `${world.topics.revenueUpdates}|1|0`,
    });
  });

  it('are two events where each lends its own id, at the time of the conversion if the mapping says so', () => {
    const event_time = Math.trunc(CONVERTED_AT / 1000);
    expect(sentAs('InitiateCheckout')).toEqual([
      { event_id: 'deal-u1', event_time, value: 100 },
      { event_id: 'deal-u2', event_time, value: 150.25 },
    ]);
  });

  it('have nothing to do with a payment, which is another trigger', () => {
    const event_time = Math.trunc(UPDATED_AT / 1000);
    expect(sentAs('Purchase')).toEqual([{ event_id: 'deal', event_time, value: 149.99 }]);
    expect(world.simulator.ledger().counted()).toHaveLength(4);
    expect(repeats(world.simulator)).toBe(0);
  });
});
