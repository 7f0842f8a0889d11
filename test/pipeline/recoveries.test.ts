import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConnectionHealth } from '../../src/core/connection-health.ts';
import { hasOpenTrouble, type Release } from '../../src/core/connection-state.ts';
import { VendorOutage } from '../../src/core/vendor-outage.ts';
import { DeliveryRecoveries } from '../../src/delivery-recoveries.ts';
import { DELIVERY_OPTIONS } from './delivery-options.ts';
import { C, HEARD_MS, NEW, OLD, shareTopic } from './replicas.ts';

const HOLD_MS = 60_000;
const LOOK_MS = 5_000;

/** Replicas that deliver for one connection; each has its own luck with TikTok. */
function deliverers() {
  const { clock, start, topic } = shareTopic();
  const releases = new Map<string, Release>();
  const letters: number[] = [];
  const running = new Set<Awaited<ReturnType<typeof deliverer>>>();
  const now = { inForce: OLD };

  async function deliverer(name: string) {
    const replica = await start(name, now.inForce);
    const { states } = replica;
    states.onReleased(release => releases.set(release.releaseId, release));
    let failsSince: number | null = null;
    const pace = {
      failing: () => (failsSince === null ? null : new ConnectionHealth(1)),
      throttledSpell: () => null,
    };
    const options = { ...DELIVERY_OPTIONS, maxHoldMs: HOLD_MS };
    const recoveries = new DeliveryRecoveries({ clock, options, outage: new VendorOutage(), states }, pace);
    const fails = () => {
      failsSince ??= clock.now();
    };
    return {
      ...replica,
      fails,
      letsGo: () => {
        fails();
        letters.push(clock.now());
        recoveries.letGo(C, failsSince ?? clock.now());
      },
      works: () => {
        failsSince = null;
        replica.accepted();
        recoveries.passed(C);
      },
      isRefused: () => {
        failsSince = null;
        letters.push(clock.now());
        replica.refused();
      },
      look: () => recoveries.look(() => (failsSince === null ? 0 : clock.now() - failsSince)),
    };
  }

  /** A replica starts, or the one of that name is killed and started again. */
  async function run(name: string) {
    const started = await deliverer(name);
    running.add(started);
    return started;
  }

  function kill(replica: Awaited<ReturnType<typeof deliverer>>): void {
    replica.sharing.stop();
    running.delete(replica);
  }

  /** Time passes, and every replica looks again and again. */
  async function pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= LOOK_MS) {
      await clock.advance(Math.min(left, LOOK_MS));
      for (const { look } of running) look();
    }
    await clock.idle();
  }

  const causes = () => [...releases.values()].map(({ cause }) => cause);
  return { clock, topic, releases, letters, now, run, kill, pass, causes };
}

describe('the trouble of a connection', () => {
  it('is told on the status topic, and its end by the replica that sees it', async () => {
    const { causes, pass, run, topic } = deliverers();
    const a = await run('a');
    a.works();
    a.letsGo();
    await pass(HEARD_MS);
    expect(topic.written.at(-1)?.[1]).toMatchObject({ state: 'active', release_cause: null, instance: 'a' });
    expect(topic.written.at(-1)?.[1]?.troubled_since).not.toBeNull();
    a.works();
    await pass(HOLD_MS - LOOK_MS);
    expect(causes()).toEqual([]);
    await pass(2 * LOOK_MS);
    expect(causes()).toEqual(['recovered']);
  });

  it('is taken up by the process that starts after the one that wrote the letters was killed', async () => {
    const { causes, kill, pass, run } = deliverers();
    const a = await run('a');
    a.works();
    a.letsGo();
    await pass(HEARD_MS);
    kill(a);
    await pass(5 * HOLD_MS);
    const b = await run('b');
    await pass(5 * HOLD_MS);
    expect(causes()).toEqual([]);
    b.works();
    await pass(HOLD_MS + LOOK_MS);
    expect(causes()).toEqual(['recovered']);
  });

  it('ends under one id where two replicas see it end', async () => {
    const { pass, releases, run } = deliverers();
    const [a, b] = [await run('a'), await run('b')];
    a.works();
    await pass(HEARD_MS);
    a.letsGo();
    b.letsGo();
    await pass(HEARD_MS);
    a.works();
    b.works();
    await pass(HOLD_MS + LOOK_MS);
    expect(releases.size).toBe(1);
    expect(a.releases).toHaveLength(1);
    expect(b.states.of(C)).toEqual(a.states.of(C));
  });

  it('is another one, with a release of its own, for a replica that still fails when the other tells of its end', async () => {
    const { causes, pass, run } = deliverers();
    const [a, b] = [await run('a'), await run('b')];
    a.works();
    await pass(HEARD_MS);
    a.letsGo();
    await pass(HEARD_MS);
    b.works();
    await pass(HOLD_MS + LOOK_MS);
    expect(causes()).toEqual(['recovered']);
    a.letsGo();
    await pass(HEARD_MS);
    expect(hasOpenTrouble(b.states.of(C)!)).toBe(true);
    a.works();
    await pass(HOLD_MS + LOOK_MS);
    expect(causes()).toEqual(['recovered', 'recovered']);
  });

  it('is not over for a replica that failed again meanwhile', async () => {
    const { causes, pass, run } = deliverers();
    const a = await run('a');
    a.works();
    a.letsGo();
    a.works();
    await pass(HOLD_MS / 2);
    a.fails();
    await pass(3 * LOOK_MS);
    a.works();
    await pass(HOLD_MS - LOOK_MS);
    expect(causes()).toEqual([]);
    await pass(2 * LOOK_MS);
    expect(causes()).toEqual(['recovered']);
  });

  it('that began anew since a replica last looked has to end anew there', async () => {
    const { causes, clock, pass, run } = deliverers();
    const a = await run('a');
    a.works();
    a.states.troubled(C, clock.now());
    a.works();
    await pass(HOLD_MS / 2);
    // As when both are read from the topic at once.
    a.states.recovered(C, clock.now());
    a.states.troubled(C, clock.now());
    await pass(3 * HOLD_MS);
    expect(causes()).toEqual(['recovered']);
    a.works();
    await pass(HOLD_MS + LOOK_MS);
    expect(causes()).toEqual(['recovered', 'recovered']);
  });

  it('before the first answer of all is not over at the first success', async () => {
    const { causes, pass, run } = deliverers();
    const a = await run('a');
    await pass(HEARD_MS);
    a.letsGo();
    await pass(HEARD_MS);
    a.works();
    expect([a.state(), causes()]).toEqual(['active', []]);
    await pass(HOLD_MS + LOOK_MS);
    expect(causes()).toEqual(['recovered']);
  });

  it('ends once with a new token that works, whoever had noted it', async () => {
    const { causes, pass, run } = deliverers();
    const [a, b] = [await run('a'), await run('b')];
    a.works();
    await pass(HEARD_MS);
    a.letsGo();
    await pass(HEARD_MS);
    for (const replica of [a, b]) replica.renew(NEW);
    b.works();
    a.works();
    await pass(3 * HOLD_MS);
    expect(causes()).toEqual(['new_token']);
  });

  it('ends once where a new token is not refused, whoever hears its first success, and begins anew with a refusal', async () => {
    const { causes, pass, releases, run } = deliverers();
    const [a, b] = [await run('a'), await run('b')];
    a.isRefused();
    await pass(HEARD_MS);
    for (const replica of [a, b]) replica.renew(NEW);
    a.unrefused();
    await pass(HOLD_MS);
    expect([a.state(), b.state(), causes()]).toEqual(['undecided', 'undecided', ['new_token']]);
    b.works();
    await pass(HOLD_MS);
    expect([a.state(), b.state(), causes()]).toEqual(['active', 'active', ['new_token']]);
    a.isRefused();
    await pass(HEARD_MS);
    b.unrefused();
    await pass(HOLD_MS);
    a.isRefused();
    await pass(HEARD_MS);
    expect([b.state(), causes()]).toEqual(['token_invalid', ['new_token', 'probe']]);
    expect(hasOpenTrouble(b.states.of(C)!)).toBe(true);
    b.works();
    await pass(HEARD_MS);
    expect([a.state(), causes(), releases.size]).toEqual(['active', ['new_token', 'probe', 'probe'], 3]);
  });
});

type Act =
  | {
      readonly kind: 'letsGo' | 'works' | 'fails' | 'isRefused' | 'unrefused' | 'restarts' | 'renews';
      readonly who: number;
    }
  | { readonly kind: 'waits'; readonly ms: number };

const anAct: fc.Arbitrary<Act> = fc.oneof(
  fc.record({
    kind: fc.constantFrom(
      ...(['letsGo', 'letsGo', 'works', 'works', 'fails', 'isRefused', 'unrefused', 'restarts', 'renews'] as const),
    ),
    who: fc.nat(2),
  }),
  fc.record({ kind: fc.constant('waits' as const), ms: fc.constantFrom(100, 700, 2_000, 20_000, HOLD_MS + LOOK_MS) }),
);

describe('replicas that let go, work, are refused, ask without events, get new tokens and are restarted as it comes', () => {
  it('agree in the end, and every letter has been followed by a release, and every release follows letters', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anAct, { maxLength: 14 }), async acts => {
        const { kill, letters, now, pass, releases, run } = deliverers();
        const replicas = [await run('0'), await run('1'), await run('2')];
        for (const act of acts) {
          if (act.kind === 'waits') {
            await pass(act.ms);
            continue;
          }
          const replica = replicas[act.who]!;
          if (act.kind === 'restarts') {
            // What it found out last is on the topic, and told again where another's news of that moment wrote over it.
            await pass(LOOK_MS + 2 * HEARD_MS);
            kill(replica);
            replicas[act.who] = await run(`${act.who}'`);
          } else if (act.kind === 'renews') {
            now.inForce = { configOffset: now.inForce.configOffset + 1, tokenDigest: 'new' };
            await pass(HEARD_MS);
            for (const each of replicas) {
              each.renew(now.inForce);
              each.sharing.announce(C);
            }
            await pass(HEARD_MS);
          } else if (act.kind === 'isRefused') {
            // Of a refusal and a success at the same time the success holds, and the next request tells.
            await pass(HEARD_MS);
            replica.isRefused();
            await pass(HEARD_MS);
          } else replica[act.kind]();
        }
        await pass(2 * HEARD_MS);
        for (let turn = 0; turn < 2; turn++) {
          for (const { works } of replicas) works();
          await pass(HOLD_MS + LOOK_MS);
        }
        await pass(2 * HEARD_MS);
        const [first, ...others] = replicas.map(({ states }) => states.of(C));
        for (const other of others) expect(other).toEqual(first);
        expect(first?.state).toBe('active');
        expect(hasOpenTrouble(first!)).toBe(false);
        let from = Number.NEGATIVE_INFINITY;
        for (const { since } of [...releases.values()].sort((a, b) => a.since - b.since)) {
          expect(letters.some(at => at > from - 2 * HEARD_MS && at <= since)).toBe(true);
          from = since;
        }
        expect(letters.every(at => at <= from + 2 * HEARD_MS)).toBe(true);
        for (const replica of replicas) kill(replica);
      }),
      { numRuns: 80 },
    );
  });
});
