import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type CommandRun, runCommand } from '../../sandbox/command-run.ts';
import { eventually } from '../../sandbox/eventually.ts';
import { tokenOf, type World } from '../../sandbox/world.ts';
import { useStack } from '../stack.ts';
import { conversion, countedIds, createWorld, ids, repeats } from './business.ts';

const stack = await useStack();
const CONNECTION = 'expired';

describe('dead letters of a connection whose token was refused', () => {
  let world: World;
  afterEach(() => world.close());

  /** A world in which the connection's events have become letters, and whose service has ended. */
  async function withLetters(name: string, count: number): Promise<void> {
    world = await createWorld(stack, name, { connections: [CONNECTION] });
    writeToken('a-token-of-last-year');
    await world.connect(CONNECTION, { access_token: 'file:token' });
    const service = await world.startService('service', { TIKTOK_SYNC_REDRIVE_ENABLED: 'false' });
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

  it('are sent once the token is right: a dry run sends nothing, a second run finds nothing left', async () => {
    await withLetters('redriven', 30);
    writeToken(tokenOf(CONNECTION));
    const before = world.simulator.ledger().requests().length;

    const dry = await redrive('--dry-run', '--json').ended;
    expect([dry.exitCode, JSON.parse(dry.out)]).toEqual([0, expect.objectContaining({ letters: 30, would_send: 30 })]);
    expect(world.simulator.ledger().requests()).toHaveLength(before);

    const done = await redrive('--job', 'repair', '--json').ended;
    expect([done.exitCode, JSON.parse(done.out)]).toEqual([
      0,
      expect.objectContaining({ job: 'repair', end: 'finished', delivered: 30, failed: 0 }),
    ]);
    expect(countedIds(world.simulator)).toEqual(ids('c', 30).sort());

    expect((await redrive('--job', 'repair').ended).exitCode).toBe(5);
    const another = JSON.parse((await redrive('--json').ended).out) as Record<string, unknown>;
    expect(another).toMatchObject({ delivered: 0, plan: { would_send: 0, already_delivered: 30 } });
    expect(repeats(world.simulator)).toBe(0);
    expect(await world.read(world.topics.deadLetter)).toHaveLength(30);
    for (const text of [dry.out, dry.err, done.out, done.err]) expect(text).not.toMatch(/visitor|contact of|token-of/);
  });

  it('stay where they are while it is still wrong, without a new letter', async () => {
    await withLetters('redriven-in-vain', 5);

    const done = await redrive('--json').ended;

    expect(done.exitCode).toBe(10);
    expect(JSON.parse(done.out)).toMatchObject({ delivered: 0, plan: { connection_parked: 5, would_send: 0 } });
    expect(await world.read(world.topics.deadLetter)).toHaveLength(5);
  });

  it('are sent on by a second run when the first is killed half way, twice only what was under way', async () => {
    await withLetters('redrive-killed', 60);
    writeToken(tokenOf(CONNECTION));
    const killed = redrive('--job', 'killed', '--rate', '10');
    await eventually('a part of the letters sent', () => countedIds(world.simulator).length >= 20);
    killed.kill('SIGKILL');
    await killed.ended;
    const soFar = countedIds(world.simulator).length;
    expect(soFar).toBeLessThan(60);

    const second = await redrive('--job', 'killed', '--json').ended;

    expect(second.exitCode).toBe(0);
    expect(countedIds(world.simulator)).toEqual(ids('c', 60).sort());
    const requests = world.simulator.ledger().requests();
    expect(repeats(world.simulator)).toBeLessThanOrEqual(Math.max(...requests.map(({ events }) => events)));
  });
});
