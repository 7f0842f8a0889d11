import { describe, expect, it } from 'vitest';
import type { Release } from '../../src/core/connection-state.ts';
import { RedriveRounds, type Round, type RoundResult, type RunRound } from '../../src/redrive-rounds.ts';
import { MemoryClaims } from '../fakes/memory-claims.ts';
import { MemoryRedriveRegister } from '../fakes/memory-redrive-register.ts';
import { recordingTelemetry } from '../fakes/recording-telemetry.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

const DELAY_MS = 240_000;
const RETRY_MS = 120_000;
const MAX_IDLE_MS = 900_000;
const ENDS = [{ partition: 0, offset: 30 }];
const DONE: RoundResult = { end: 'finished', ends: ENDS, isClean: true, delivered: 3, failed: 0 };

function replicas() {
  const clock = new VirtualClock();
  const register = new MemoryRedriveRegister(clock, new MemoryClaims(clock));
  const telemetry = recordingTelemetry();
  const ran: { readonly host: string; readonly round: Round; readonly at: number }[] = [];
  const startedAt = clock.now();
  /** One replica; `run` stands for its jobs. */
  const replica = (host: string, run: RunRound = async () => DONE): RedriveRounds => {
    const recorded: RunRound = (round, ...rest) => {
      ran.push({ host, round, at: clock.now() - startedAt });
      return run(round, ...rest);
    };
    const options = { delayMs: DELAY_MS, retryMs: RETRY_MS, maxIdleMs: MAX_IDLE_MS };
    const rounds = new RedriveRounds({ register, run: recorded, clock, telemetry, host, options });
    rounds.start();
    return rounds;
  };
  const release = (connectionId = 'c-1', releaseId = 'r-1'): Release => {
    const about = { configOffset: 1, tokenDigest: 'digest', cause: 'new_token' } as const;
    return { ...about, releaseId, connectionId, since: clock.now() };
  };
  return { clock, register, telemetry, ran, replica, release };
}

const hosts = (ran: readonly { readonly host: string }[]) => ran.map(({ host }) => host);

describe('the round of a release', () => {
  it('begins two windows after it, once, and is remembered', async () => {
    const { clock, ran, register, release, replica, telemetry } = replicas();
    const rounds = replica('a');
    rounds.released(release());
    await clock.advance(DELAY_MS - 1);
    expect(ran).toEqual([]);
    await clock.advance(10 * DELAY_MS);
    expect(ran.map(({ at }) => at)).toEqual([DELAY_MS]);
    expect(await register.lastRound('c-1')).toEqual({ releaseId: 'r-1', from: ENDS });
    expect(register.holder).toBeNull();
    expect(telemetry.told('redriveRound')).toEqual([['finished']]);
  });

  it('is run by one of the replicas that hear of it, and not again after a restart', async () => {
    const { clock, ran, release, replica } = replicas();
    const news = release();
    const [a, b] = [replica('a'), replica('b')];
    a.released(news);
    b.released(news);
    await clock.advance(DELAY_MS + 3 * RETRY_MS);
    expect(hosts(ran)).toHaveLength(1);
    const again = replica('again');
    again.released(news);
    await clock.advance(DELAY_MS + RETRY_MS);
    expect(hosts(ran)).toHaveLength(1);
  });

  it('has the same job in every replica, and another one for the next release', async () => {
    const { clock, ran, release, replica } = replicas();
    const interrupted = async (): Promise<RoundResult> => ({ ...DONE, end: 'stopped' });
    const [a, b] = [replica('a', interrupted), replica('b')];
    const news = release('acme/ü');
    a.released(news);
    await clock.advance(DELAY_MS);
    await a.stop();
    b.released(news);
    await clock.advance(DELAY_MS);
    b.released(release('acme/ü', 'r-2'));
    await clock.advance(DELAY_MS);
    const jobs = ran.map(({ round }) => round.job);
    expect(hosts(ran)).toEqual(['a', 'b', 'b']);
    expect([jobs[0] === jobs[1], jobs[1] === jobs[2]]).toEqual([true, false]);
    for (const job of jobs) expect(job).toMatch(/^release\.acme__\.[0-9a-f]{12}$/);
  });

  it('waits while another job has the lock', async () => {
    const { clock, ran, register, release, replica } = replicas();
    await register.lock({ job: 'manual', run: 'x', host: 'laptop', since: 0 }, DELAY_MS + RETRY_MS + 1);
    replica('a').released(release());
    await clock.advance(DELAY_MS + RETRY_MS);
    expect(ran).toEqual([]);
    await clock.advance(RETRY_MS);
    expect(hosts(ran)).toEqual(['a']);
  });

  it('is tried again when something was away', async () => {
    const { clock, ran, register, release, replica, telemetry } = replicas();
    let fails = 1;
    const rounds = replica('a', async () => {
      if (fails-- > 0) throw new Error('Kafka is away');
      return DONE;
    });
    register.isAway = true;
    rounds.released(release());
    await clock.advance(DELAY_MS);
    register.isAway = false;
    await clock.advance(2 * RETRY_MS);
    expect(hosts(ran)).toEqual(['a', 'a']);
    expect(telemetry.told('redriveRound')).toEqual([['failed'], ['failed'], ['finished']]);
  });

  it('looks again only at what an earlier one could not deliver', async () => {
    const { clock, ran, release, replica } = replicas();
    const results: RoundResult[] = [DONE, { ...DONE, ends: [{ partition: 0, offset: 50 }], isClean: false }, DONE];
    const rounds = replica('a', async () => results.shift() as RoundResult);
    for (const releaseId of ['r-1', 'r-2', 'r-3']) {
      rounds.released(release('c-1', releaseId));
      await clock.advance(DELAY_MS + RETRY_MS);
    }
    expect(ran.map(({ round }) => round.from)).toEqual([[], ENDS, ENDS]);
  });

  it('stands for an earlier release whose round has not begun', async () => {
    const { clock, ran, release, replica } = replicas();
    const rounds = replica('a');
    rounds.released(release('c-1', 'r-1'));
    await clock.advance(DELAY_MS / 2);
    rounds.released(release('c-1', 'r-2'));
    await clock.advance(2 * DELAY_MS);
    expect(ran.map(({ round, at }) => [round.release.releaseId, at])).toEqual([['r-2', 1.5 * DELAY_MS]]);
  });

  it('is not forgotten when it comes while the round of an earlier one runs', async () => {
    const { clock, ran, release, replica } = replicas();
    const first = Promise.withResolvers<RoundResult>();
    const results = [first.promise, Promise.resolve(DONE)];
    const rounds = replica('a', () => results.shift() as Promise<RoundResult>);
    rounds.released(release('c-1', 'r-1'));
    await clock.advance(DELAY_MS);
    rounds.released(release('c-1', 'r-2'));
    first.resolve(DONE);
    await clock.advance(DELAY_MS);
    expect(ran.map(({ round }) => round.release.releaseId)).toEqual(['r-1', 'r-2']);
  });

  it('makes way when its connection takes nothing for long, and is gone on with later', async () => {
    const { clock, ran, release, replica } = replicas();
    const untilStopped: RunRound = async (_round, _lock, stop, onProgress) => {
      while (!stop.aborted) {
        await new Promise<void>(resolve => clock.after(1_000, resolve));
        onProgress(7);
      }
      return { ...DONE, end: 'stopped' };
    };
    const rounds = replica('a', (round, ...rest) =>
      round.release.connectionId === 'stuck' ? untilStopped(round, ...rest) : Promise.resolve(DONE),
    );
    rounds.released(release('stuck'));
    await clock.advance(1);
    rounds.released(release('fine'));
    await clock.advance(DELAY_MS + MAX_IDLE_MS + 2_000);
    expect(ran.map(({ round }) => round.release.connectionId)).toEqual(['stuck', 'fine']);
    await clock.advance(MAX_IDLE_MS);
    expect(ran.map(({ round }) => round.release.connectionId)).toEqual(['stuck', 'fine', 'stuck']);
  });

  it('ends with the service, which waits for it, and does not count as done', async () => {
    const { clock, ran, register, release, replica } = replicas();
    let isOver = false;
    const rounds = replica('a', async (_round, _lock, stop) => {
      await new Promise<void>(resolve => stop.addEventListener('abort', () => resolve()));
      isOver = true;
      return { ...DONE, end: 'stopped' };
    });
    rounds.released(release());
    await clock.advance(DELAY_MS);
    await rounds.stop();
    expect([isOver, await register.lastRound('c-1'), register.holder]).toEqual([true, null, null]);
    rounds.released(release('c-2'));
    await clock.advance(2 * DELAY_MS);
    expect(ran).toHaveLength(1);
  });
});
