import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../sandbox/eventually.ts';
import { exchange } from '../../sandbox/exchange.ts';
import { type ServiceProcess, total } from '../../sandbox/service-process.ts';
import { type Stack, startStack } from '../../sandbox/stack.ts';
import { latency } from '../../sandbox/tiktok-faults.ts';
import type { World } from '../../sandbox/world.ts';
import { useStack } from '../stack.ts';
import { balanceOf } from './books.ts';
import { conversion, countedIds, createWorld, ids, repeats } from './business.ts';
import { claimCounts } from './claim-store.ts';

const shared = await useStack();
const MAIN = 'main';

describe('when Redis is away', () => {
  let own: Stack;
  let world: World;
  let service: ServiceProcess;

  beforeAll(async () => {
    own = await startStack({ brokers: 0, registry: false });
    world = await createWorld({ ...shared, redisUrl: own.redisUrl }, 'redis', {
      connections: [MAIN],
      env: { TIKTOK_SYNC_REDIS_COMMAND_TIMEOUT_MS: '300' },
    });
    service = await world.startService();
  });
  afterAll(async () => {
    own.redis.kill('SIGCONT');
    await world.close();
    await own.stop();
  });

  async function convert(conversions: readonly string[]): Promise<void> {
    await world.producer.conversions(conversions.map(id => conversion(MAIN, id)));
  }

  async function pausedFor(reason: string): Promise<number> {
    return total(await service.metrics(), 'tiktok_sync_consumer_paused_partitions', [`reason="${reason}"`]);
  }

  it('partitions wait, and then what is new is sent and what was sent before is not', async () => {
    await convert(ids('early', 5));
    await world.allCommitted();
    const port = Number(own.redis.address.split(':')[1]);
    expect(String(await exchange(port, Buffer.from('SAVE\r\n'), 5))).toBe('+OK\r\n');
    await own.redis.stop();

    await convert([...ids('early', 5), ...ids('late', 5)]);
    await eventually('a partition waits for claims', async () => (await pausedFor('claims')) > 0);
    expect(countedIds(world.simulator)).toEqual(ids('early', 5));
    expect(await world.uncommitted()).toBe(10);

    await own.redis.start();
    await world.allCommitted();

    expect(countedIds(world.simulator)).toEqual([...ids('early', 5), ...ids('late', 5)]);
    const outcomes = (await world.syncLog()).map(({ event_id, outcome }) => `${event_id} ${outcome}`);
    expect(outcomes.filter(line => line.endsWith('duplicate')).sort()).toEqual(
      ids('early', 5).map(id => `${id} duplicate`),
    );
    expect(repeats(world.simulator)).toBe(0);
  });

  it('an answer of TikTok is not committed before it is marked, and not sent again', async () => {
    const slow = world.simulator.faults.add(latency(400));
    await convert(['marked-late']);
    await eventually('the request with TikTok', () => countedIds(world.simulator).includes('marked-late'));
    own.redis.kill('SIGSTOP');
    const logged = async () => (await world.syncLog()).some(({ event_id }) => event_id === 'marked-late');
    await eventually('the delivery logged', logged);
    await eventually('marking fails', async () => {
      return total(await service.metrics(), 'tiktok_sync_settlement_failures_total', ['what="mark"']) > 0;
    });
    expect(await world.uncommitted()).toBe(1);

    own.redis.kill('SIGCONT');
    await world.allCommitted();
    world.simulator.faults.remove(slow);

    expect(await claimCounts(own.redisUrl, world.groupId)).toEqual({ pending: 0, sent: 11 });
    expect(repeats(world.simulator)).toBe(0);
  });

  it('nothing is lost and the books balance', async () => {
    expect(countedIds(world.simulator)).toHaveLength(11);
    expect(await balanceOf(service)).toEqual([
      { connection: MAIN, consumed: 16, delivered: 11, duplicate: 5, inFlight: 0, missing: 0 },
    ]);
  });
});
