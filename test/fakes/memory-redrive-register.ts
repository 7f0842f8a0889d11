/** What redrive jobs share, in memory, under a clock that a test moves; `isAway` makes every call fail. */

import {
  ClaimsUnavailable,
  type Clock,
  type JobHolder,
  type JobRecord,
  type RedriveRegister,
  type RoundRecord,
} from '../../src/ports.ts';
import type { MemoryClaims } from './memory-claims.ts';

interface Held<T> {
  readonly value: T;
  readonly until: number;
}

export class MemoryRedriveRegister implements RedriveRegister {
  isAway = false;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #claims: MemoryClaims;
  readonly #jobs = new Map<string, Held<JobRecord>>();
  readonly #rounds = new Map<string, RoundRecord>();
  #lock: Held<JobHolder> | null = null;

  constructor(clock: Pick<Clock, 'now'>, claims: MemoryClaims) {
    this.#clock = clock;
    this.#claims = claims;
  }

  /** Who has the lock; null for nobody. */
  get holder(): JobHolder | null {
    return this.#lock !== null && this.#lock.until > this.#clock.now() ? this.#lock.value : null;
  }

  async lock(holder: JobHolder, ttlMs: number): Promise<JobHolder | null> {
    this.#answer();
    const other = this.holder;
    if (other !== null && other.run !== holder.run) return other;
    this.#lock = { value: holder, until: this.#clock.now() + ttlMs };
    return null;
  }

  async unlock(holder: JobHolder): Promise<void> {
    this.#answer();
    if (this.holder?.run === holder.run) this.#lock = null;
  }

  async remember(record: JobRecord, ttlMs: number): Promise<JobRecord> {
    this.#answer();
    const value = (await this.recall(record.job)) ?? record;
    this.#jobs.set(record.job, { value, until: this.#clock.now() + ttlMs });
    return value;
  }

  async recall(job: string): Promise<JobRecord | null> {
    this.#answer();
    const held = this.#jobs.get(job);
    return held !== undefined && held.until > this.#clock.now() ? held.value : null;
  }

  async jobs(): Promise<readonly string[]> {
    this.#answer();
    const held = [...this.#jobs.values()].filter(({ until }) => until > this.#clock.now()).map(({ value }) => value);
    const newest = held.toSorted((a, b) => b.startedAt - a.startedAt);
    return newest.slice(0, 10).map(({ job }) => job);
  }

  async finishRound(connectionId: string, record: RoundRecord): Promise<void> {
    this.#answer();
    this.#rounds.set(connectionId, record);
  }

  async lastRound(connectionId: string): Promise<RoundRecord | null> {
    this.#answer();
    return this.#rounds.get(connectionId) ?? null;
  }

  async peek(claimKeys: readonly string[]): Promise<readonly (string | null)[]> {
    this.#answer();
    return claimKeys.map(key => this.#claims.peek(key));
  }

  #answer(): void {
    if (this.isAway) throw new ClaimsUnavailable('the register is away');
  }
}
