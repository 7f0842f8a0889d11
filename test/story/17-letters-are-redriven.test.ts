import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type CommandRun, runCommand } from '../../sandbox/command-run.ts';
import { readConnectionStatus } from '../../sandbox/connection-status.ts';
import { eventually } from '../../sandbox/eventually.ts';
import { total } from '../../sandbox/service-process.ts';
import { apiCode, hang } from '../../sandbox/tiktok-faults.ts';
import { tokenOf, type World } from '../../sandbox/world.ts';
import { createRedisClient } from '../../src/adapters/redis-client.ts';
import { createRedisRedriveRegister } from '../../src/adapters/redis-redrive-register.ts';
import { EVERY_LETTER } from '../../src/core/letter-filter.ts';
import { useStack } from '../stack.ts';
import { balanceOf } from './books.ts';
import { conversion, countedIds, createWorld, ids, repeats } from './business.ts';

const stack = await useStack();
const CONNECTION = 'expired';
/** A request that hangs does so for the whole story. */
const PATIENT = {
  TIKTOK_SYNC_DELIVERY_REQUEST_TIMEOUT_MS: '60000',
  TIKTOK_SYNC_KAFKA_REBALANCE_TIMEOUT_MS: '120000',
};
const BY_ITSELF = { TIKTOK_SYNC_REDRIVE_ENABLED: 'true' };

describe('dead letters of a connection whose token was refused', () => {
  let world: World;
  afterEach(() => world.close());

  /** A world in which the connection's events have become letters, and whose service has ended. */
  async function withLetters(name: string, count: number): Promise<void> {
    world = await createWorld(stack, name, { connections: [CONNECTION] });
    writeToken('a-token-of-last-year');
    await world.connect(CONNECTION, { access_token: 'file:token' });
    const service = await world.startService();
    await world.producer.conversions(ids('c', count).map(id => conversion(CONNECTION, id)));
    await world.allCommitted();
    await service.process.stop();
    expect(await world.read(world.topics.deadLetter)).toHaveLength(count);
  }

  function writeToken(token: string): void {
    writeFileSync(join(world.folder, 'token'), `${token}\n`);
  }

  function redrive(...flags: string[]): CommandRun {
    return runCommand(['dead-letters', 'redrive', ...flags], world.env);
  }

  it('stay while it is wrong, and are sent once it is right; a dry run and another redrive send nothing', async () => {
    await withLetters('redriven', 30);
    const before = world.simulator.ledger().requests().length;
    const inVain = await redrive('--all', '--json').ended;
    expect([inVain.exitCode, JSON.parse(inVain.out)]).toMatchObject([10, { plan: { connection_parked: 30 } }]);
    writeToken(tokenOf(CONNECTION));

    const dry = await redrive('--dry-run', '--json').ended;
    expect([dry.exitCode, JSON.parse(dry.out)]).toMatchObject([0, { letters: 30, would_send: 30 }]);
    expect(world.simulator.ledger().requests()).toHaveLength(before);

    const done = await redrive('--all', '--json').ended;
    expect([done.exitCode, JSON.parse(done.out)]).toMatchObject([0, { end: 'finished', delivered: 30, failed: 0 }]);
    expect(countedIds(world.simulator)).toEqual(ids('c', 30).sort());

    const again = await redrive('--all', '--json').ended;
    expect([again.exitCode, JSON.parse(again.out)]).toMatchObject([
      0,
      { already_delivered: 30, failed: 0, plan: { would_send: 0, already_delivered: 30 } },
    ]);
    const none = await redrive('--reason', 'too_old', '--json').ended;
    expect([none.exitCode, JSON.parse(none.out), none.err]).toMatchObject([
      5,
      { letters: 0, plan: { letters: 0 } },
      '',
    ]);
    const noneDry = await redrive('--reason', 'too_old', '--dry-run', '--json').ended;
    expect([noneDry.exitCode, JSON.parse(noneDry.out), noneDry.err]).toMatchObject([
      5,
      { letters: 0, would_send: 0 },
      '',
    ]);
    expect(repeats(world.simulator)).toBe(0);
    expect(await world.read(world.topics.deadLetter)).toHaveLength(30);
    for (const { err, out } of [inVain, dry, done, again]) expect(out + err).not.toMatch(/visitor|contact of|token-of/);
  });

  it('are sent on by a second run when the first is killed half way, twice only what was under way', async () => {
    await withLetters('redrive-killed', 60);
    writeToken(tokenOf(CONNECTION));
    const killed = runCommand(['dead-letters', 'redrive', '--all', '--name', 'killed', '--rate', '10'], {
      ...world.env,
      ...PATIENT,
    });
    await eventually('a part of the letters sent', () => countedIds(world.simulator).length >= 20);
    world.simulator.faults.add({ ...hang({ taken: true }), count: 1 });
    const underWay = () =>
      world.simulator
        .ledger()
        .requests()
        .find(({ answered }) => !answered);
    await eventually('a request under way', () => underWay() !== undefined);

    const other = await redrive('--all').ended;
    expect([other.exitCode, other.err]).toEqual([11, expect.stringContaining('the redrive job killed on')]);
    killed.kill('SIGKILL');
    await killed.ended;
    expect(countedIds(world.simulator).length).toBeLessThan(60);
    const mistyped = await redrive('--job', 'kiled').ended;
    expect([mistyped.exitCode, mistyped.err]).toEqual([5, expect.stringContaining('no job kiled (known: killed)')]);
    const second = await redrive('--job', 'killed', '--json').ended;

    expect([second.exitCode, JSON.parse(second.out)]).toMatchObject([0, { job: 'killed', end: 'finished' }]);
    expect(countedIds(world.simulator)).toEqual(ids('c', 60).sort());
    expect(repeats(world.simulator)).toBe(underWay()?.events);
  });

  it('are not taken by a second new job of one name, which another one was started under while it waited', async () => {
    await withLetters('redrive-twin', 2);
    writeToken(tokenOf(CONNECTION));
    const redis = createRedisClient({
      ...{ mode: 'standalone', url: stack.redisUrl, nodes: [], sentinelName: null, username: null, password: null },
      ...{ tls: { rejectUnauthorized: true }, connectTimeoutMs: 5_000, commandTimeoutMs: 2_000 },
    });
    await redis.connect();
    const register = createRedisRedriveRegister(redis, `tiktok-sync:${world.groupId}:`);
    const first = { job: 'twin', run: 'first', host: 'elsewhere', since: Date.now() };
    expect(await register.lock(first, 60_000)).toBeNull();

    const second = redrive('--all', '--name', 'twin');
    await eventually('the second waits', () => second.err().includes('Waiting for the lock'));
    const others = { ...EVERY_LETTER, connectionId: 'another' };
    await register.remember({ job: 'twin', startedAt: first.since, filter: others, ends: [] }, 60_000);
    await register.unlock(first);
    const { err, exitCode } = await second.ended;
    await redis.close();

    expect([exitCode, err]).toEqual([2, expect.stringContaining('there is a job twin already')]);
    expect(countedIds(world.simulator)).toEqual([]);
  });

  it('come back by themselves after a new token without a test code, though no event comes', async () => {
    world = await createWorld(stack, 'redriven-unasked', { connections: [CONNECTION] });
    writeToken('a-token-of-last-year');
    await world.connect(CONNECTION, { access_token: 'file:token' });
    await world.startService('service', { ...BY_ITSELF, TIKTOK_SYNC_TOKENS_CHECK: 'true' });
    await world.producer.conversions(ids('c', 10).map(id => conversion(CONNECTION, id)));
    await eventually('10 letters', async () => (await world.read(world.topics.deadLetter)).length === 10);

    writeToken(tokenOf(CONNECTION));

    await eventually('all events with TikTok', () => countedIds(world.simulator).length === 10);
    expect(countedIds(world.simulator)).toEqual(ids('c', 10).sort());
    const entries = async () => (await world.read(world.topics.connectionStatus)).map(readConnectionStatus);
    const released = await eventually('the success told', async () => {
      const releases = (await entries()).filter(entry => entry?.release_cause != null);
      return releases.at(-1)?.state === 'active' && releases;
    });
    // The batch without events released it, and the letters' own success was no second release.
    expect(released[0]).toMatchObject({ state: 'undecided', release_cause: 'new_token' });
    expect(new Set(released.map(entry => entry?.revision)).size).toBe(1);
    expect(repeats(world.simulator)).toBe(0);
  });

  it('come back by themselves after a new token, once, and not again after a restart', async () => {
    world = await createWorld(stack, 'redriven-by-itself', { connections: [CONNECTION] });
    writeToken('a-token-of-last-year');
    await world.connect(CONNECTION, { access_token: 'file:token' });
    const service = await world.startService('service', BY_ITSELF);
    await world.producer.conversions(ids('c', 20).map(id => conversion(CONNECTION, id)));
    await eventually('20 letters', async () => (await world.read(world.topics.deadLetter)).length === 20);

    writeToken(tokenOf(CONNECTION));

    // The token is noticed by the next event; without one the service would ask TikTok by itself.
    await world.producer.conversions([conversion(CONNECTION, 'next')]);
    const wanted = [...ids('c', 20), 'next'].sort();
    await eventually('all events with TikTok', () => countedIds(world.simulator).length === wanted.length);
    expect(countedIds(world.simulator)).toEqual(wanted);
    const finished = async () =>
      total(await service.metrics(), 'tiktok_sync_redrive_rounds_total', ['result="finished"']);
    await eventually('the round finished', async () => (await finished()) === 1);
    const delivered = total(await service.metrics(), 'tiktok_sync_redrive_events_total', ['reason="accepted"']);
    expect(delivered).toBe(20);
    expect(await balanceOf(service)).toEqual([
      { connection: CONNECTION, consumed: 21, delivered: 1, dead_lettered: 20, inFlight: 0, missing: 0 },
    ]);
    await service.process.stop();
    const again = await world.startService('service-again', BY_ITSELF);
    // A round would have begun two windows after the start.
    for (const id of ids('later', 3)) {
      await world.producer.conversions([conversion(CONNECTION, id)]);
      await world.allCommitted();
    }
    expect(total(await again.metrics(), 'tiktok_sync_redrive_rounds_total')).toBe(0);
    expect(repeats(world.simulator)).toBe(0);
  });
});

describe('dead letters of a connection that failed for itself', () => {
  let world: World;
  afterEach(() => world.close());

  it('come back by themselves once it has recovered, though the service that wrote them was killed', async () => {
    world = await createWorld(stack, 'held-back', { connections: [CONNECTION] });
    await world.connect(CONNECTION);
    const env = { ...BY_ITSELF, TIKTOK_SYNC_DELIVERY_MAX_HOLD_MS: '3000' };
    const statuses = async () => (await world.read(world.topics.connectionStatus)).map(readConnectionStatus);
    world.simulator.faults.add(apiCode(40202));
    const service = await world.startService('service', env);
    await world.producer.conversions(ids('c', 10).map(id => conversion(CONNECTION, id)));
    await eventually('10 letters', async () => (await world.read(world.topics.deadLetter)).length === 10);
    await world.allCommitted();
    // Told before the letters counted: from here on a kill takes nothing along.
    expect((await statuses()).at(-1)?.troubled_since).not.toBeNull();
    await service.process.stop('SIGKILL');
    world.simulator.faults.clear();

    await world.startService('service-again', env);
    await world.producer.conversions([conversion(CONNECTION, 'next')]);
    const wanted = [...ids('c', 10), 'next'].sort();
    await eventually('all events with TikTok', () => countedIds(world.simulator).length === wanted.length);

    expect(countedIds(world.simulator)).toEqual(wanted);
    const causes = (await statuses()).flatMap(status => status?.release_cause ?? []);
    expect([causes, repeats(world.simulator)]).toEqual([['recovered'], 0]);
  });
});
