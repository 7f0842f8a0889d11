/** One schedule: seeded steps in any order, then a quiet phase in which everything recovers, then the promises. */

import { judgeClaim } from '../../src/core/deduplicate.ts';
import { checkClaimant, claimOf, DEDUP, REPLAY_HORIZON } from './claim-rules.ts';
import { type Coverage, count, Life, type Surroundings, type Weather } from './life.ts';
import type { Mutation } from './mutations.ts';
import { Random } from './random.ts';
import { HOUR, MINUTE, type Rec, TOPIC, Violation, World } from './world.ts';

export interface Course {
  /** What was violated; null when every promise held. */
  readonly violation: string | null;
  readonly trace: readonly string[];
}

interface Process {
  readonly name: string;
  alive: boolean;
  life: Life | null;
  zombies: Life[];
}

const STEPS = 130;
const QUIET_ROUNDS = 400;

/** Runs the schedule of this seed; the same seed makes the same course. */
export function runSchedule(seed: number, mutation: Mutation | null, coverage: Coverage, traced = false): Course {
  const schedule = new Schedule(seed, mutation, coverage, traced);
  try {
    schedule.run();
    return { violation: null, trace: schedule.trace };
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    return { violation: error.message, trace: schedule.trace };
  }
}

class Schedule {
  readonly #random: Random;
  readonly #world: World;
  readonly #weather: Weather = { redis: 'up', kafka: 'up', tiktok: 'up' };
  readonly #around: Surroundings;
  readonly #processes: Process[] = ['P1', 'P2'].map(name => ({ name, alive: true, life: null, zombies: [] }));
  #lives = 0;
  readonly #steps: readonly (readonly [weight: number, step: () => void])[];

  constructor(seed: number, mutation: Mutation | null, coverage: Coverage, traced: boolean) {
    const random = new Random(seed);
    const pace = random.pick([0, 0.3, 1]);
    const windows = [0, HOUR / 2, 24 * HOUR, 24 * HOUR, 72 * HOUR];
    const kinds = Array.from({ length: 2 + random.below(3) }, () => {
      return { windowMs: random.pick(windows), poison: random.chance(0.2) };
    });
    this.#random = random;
    this.#world = new World(kinds, traced);
    this.#around = { world: this.#world, random, weather: this.#weather, mutation, coverage };
    this.#steps = [
      [9, () => this.#world.produce(random.pick(this.#world.kinds), random.below(2))],
      [18, () => this.#life()?.claim()],
      [12, () => this.#life()?.decide()],
      [14, () => this.#life()?.send()],
      [14, () => this.#life()?.answer()],
      [12, () => this.#life()?.mark()],
      [8, () => this.#life()?.writeLetter()],
      [5, () => this.#life()?.writeLog()],
      [18, () => this.#life()?.commit()],
      [6, () => this.#life()?.release()],
      [4, () => this.#changeWeather()],
      [2, () => this.#crash()],
      [5, () => this.#restart()],
      [2, () => this.#rebalance()],
      [4, () => this.#pass(random.between(1, 6) * MINUTE)],
      [3 * pace, () => this.#pass(random.between(HOUR, 3 * HOUR))],
      [2 * pace, () => this.#pass(random.between(3 * HOUR, 50 * HOUR))],
      [0.5, () => this.#stopAll()],
    ];
  }

  get trace(): readonly string[] {
    return this.#world.trace ?? [];
  }

  run(): void {
    this.#rebalance();
    for (let i = 0; i < STEPS; i++) {
      this.#chooseStep()();
      this.#world.now += this.#random.below(2_000);
      for (const { life } of this.#processes) life?.checkConservation();
    }
    this.#recover();
    this.#world.checkNothingLost();
    this.#probeReleased();
  }

  #chooseStep(): () => void {
    let left = this.#random.next() * this.#steps.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, step] of this.#steps) {
      left -= weight;
      if (left < 0) return step;
    }
    return () => {};
  }

  /** A living assignment, or what a former one of the same process has left to do. */
  #life(): Life | null {
    const process = this.#random.pick(this.#processes);
    if (!process.alive) return null;
    process.zombies = process.zombies.filter(life => !life.spent);
    return this.#random.pick([process.life, process.life, ...process.zombies]);
  }

  #changeWeather(): void {
    const { weather, random } = { weather: this.#weather, random: this.#random };
    weather.redis = random.pick(['up', 'up', 'up', 'flaky', 'flaky', 'down']);
    weather.kafka = random.pick(['up', 'up', 'flaky']);
    weather.tiktok = random.pick(['up', 'up', 'up', 'lossy', 'lossy', 'down', 'refusing']);
    this.#world.note(() => `weather: ${JSON.stringify(weather)}`);
  }

  #crash(): void {
    const process = this.#random.pick(this.#processes);
    if (!process.alive) return;
    this.#kill(process);
  }

  #kill(process: Process): void {
    count(this.#around.coverage, 'crash');
    this.#world.note(() => `${process.name} crashes`);
    for (const life of [process.life, ...process.zombies]) life?.crash();
    Object.assign(process, { alive: false, life: null, zombies: [] });
  }

  #restart(): void {
    const dead = this.#processes.filter(({ alive }) => !alive);
    if (dead.length === 0) return;
    this.#random.pick(dead).alive = true;
    this.#rebalance();
  }

  /** The group forms anew: every member reads from the committed offsets, and former owners cannot commit. */
  #rebalance(): void {
    const members = this.#processes.filter(({ alive }) => alive);
    const owners = this.#world.partitions.map(() => (members.length === 0 ? null : this.#random.pick(members)));
    for (const process of members) {
      const old = process.life;
      if (old !== null) {
        old.revoke();
        old.checkConservation();
        process.zombies.push(old);
      }
      const owned = owners.flatMap((owner, partition) => (owner === process ? [partition] : []));
      process.life = new Life(`${process.name}#${++this.#lives}`, owned, this.#around);
      this.#world.note(() => `${process.life?.name} owns [${owned}]`);
    }
    for (const [index, partition] of this.#world.partitions.entries()) partition.owner = owners[index]?.life ?? null;
  }

  /**
   * Time passes, but no further than claims are promised to be remembered: from a record's first claim to its commit
   * no more than the replay horizon.
   */
  #pass(wanted: number): void {
    const { world, mutation } = this.#around;
    const oldest = Math.min(...world.uncommitted.map(({ firstClaimAt }) => firstClaimAt ?? world.now));
    const most = REPLAY_HORIZON - 10 * MINUTE - (world.now - Math.min(oldest, world.now));
    const passing = mutation === 'longer stop' ? wanted : Math.min(wanted, Math.max(0, most));
    if (passing > MINUTE)
      for (const { life, zombies } of this.#processes) for (const each of [life, ...zombies]) each?.arriveAll();
    world.now += passing;
    world.note(() => `${(passing / HOUR).toFixed(1)} h later`);
  }

  #stopAll(): void {
    count(this.#around.coverage, 'stop of all');
    for (const process of this.#processes) if (process.alive) this.#kill(process);
    this.#pass(this.#random.between(HOUR, 71 * HOUR));
    for (const process of this.#processes) process.alive = true;
    this.#rebalance();
  }

  /** All servers answer, all processes live; ends when everything read is committed. */
  #recover(): void {
    const { world } = this.#around;
    world.note(() => 'everything recovers');
    Object.assign(this.#weather, { redis: 'up', kafka: 'up', tiktok: 'up' });
    for (const process of this.#processes) process.alive = true;
    this.#rebalance();
    for (let round = 0; round < QUIET_ROUNDS && !this.#done(); round++) {
      for (const { life, zombies } of this.#processes) for (const each of [life!, ...zombies]) exhaust(each, world);
    }
  }

  #done(): boolean {
    const lives = this.#processes.flatMap(({ life, zombies }) => [life!, ...zombies]);
    return this.#world.uncommitted.length === 0 && lives.every(life => life.spent);
  }

  /** A copy of a dead-lettered event whose claim was released must be free to be sent. */
  #probeReleased(): void {
    const { world, mutation } = this.#around;
    for (const record of world.partitions.flatMap(({ records }) => records)) {
      if (record.releasedAt === null || record.kind.event.dedupWindowMs === 0) continue;
      const copy: Rec = { ...record, partition: 9, topic: TOPIC };
      const reply = world.redis.get(claimOf(copy, world.now, mutation).key);
      if (mutation === 'boolean claim') continue;
      const decision = judgeClaim(reply, copy, record.kind.event.dedupWindowMs, world.now, DEDUP);
      if (decision.kind === 'duplicate') checkClaimant(world, world.record(decision.claimant), world.now);
    }
  }
}

/** Everything a life can do, once around. */
function exhaust(life: Life, world: World): void {
  const steps = ['claim', 'decide', 'send', 'answer', 'mark', 'writeLetter', 'writeLog', 'commit', 'release'] as const;
  for (const step of steps) {
    life[step]();
    world.now += 10;
  }
}
