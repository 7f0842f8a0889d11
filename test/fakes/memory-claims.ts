/** The claim store in memory: what Redis would answer, under a clock that a test moves, with failures on demand. */

import { type Claim, type Claims, ClaimsUnavailable, type Clock, type TakeOver } from '../../src/ports.ts';

/** `lost-request`: fails without effect. `lost-reply`: takes effect, and fails all the same. */
export type ClaimsFailure = 'lost-request' | 'lost-reply';

interface Held {
  readonly value: string;
  readonly until: number;
}

export class MemoryClaims implements Claims {
  /** How every call fails from now on; null = none does. */
  failure: ClaimsFailure | null = null;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #held = new Map<string, Held>();
  /** Failures of single calls still to come, first come first served; they go before `failure`. */
  readonly #nextFailures: ClaimsFailure[] = [];

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** Lets the next call fail in this way, and each further call of this method one more. */
  failNext(failure: ClaimsFailure): void {
    this.#nextFailures.push(failure);
  }

  /** The value behind a key as anybody could read it; null when there is none. */
  peek(key: string): string | null {
    const held = this.#held.get(key);
    return held && held.until > this.#clock.now() ? held.value : null;
  }

  /** Milliseconds until the key is forgotten; null when there is none. */
  ttlOf(key: string): number | null {
    return this.peek(key) === null ? null : this.#held.get(key)!.until - this.#clock.now();
  }

  /** Forgets everything, as a Redis without persistence does when it is started again. */
  clear(): void {
    this.#held.clear();
  }

  async claim(claims: readonly Claim[]): Promise<readonly (string | null)[]> {
    return this.#answer(() =>
      claims.map(claim => {
        const held = this.peek(claim.key);
        if (held === null) this.#set(claim);
        return held;
      }),
    );
  }

  async takeOver(takeOvers: readonly TakeOver[]): Promise<readonly boolean[]> {
    return this.#answer(() =>
      takeOvers.map(takeOver => {
        const held = this.peek(takeOver.key);
        const ours = held !== null && (held === takeOver.expected || held === takeOver.value);
        if (ours) this.#set(takeOver);
        return ours;
      }),
    );
  }

  async markSent(claims: readonly Claim[]): Promise<void> {
    this.#answer(() => {
      for (const claim of claims) this.#set(claim);
    });
  }

  async release(claims: readonly Pick<Claim, 'key' | 'value'>[]): Promise<void> {
    this.#answer(() => {
      for (const { key, value } of claims) if (this.peek(key) === value) this.#held.delete(key);
    });
  }

  #set({ key, value, ttlMs }: Claim): void {
    this.#held.set(key, { value, until: this.#clock.now() + ttlMs });
  }

  #answer<T>(effect: () => T): T {
    const failure = this.#nextFailures.shift() ?? this.failure;
    if (failure === 'lost-request') throw new ClaimsUnavailable('the claim store is away');
    const reply = effect();
    if (failure === 'lost-reply') throw new ClaimsUnavailable('the claim store did not answer in time');
    return reply;
  }
}
