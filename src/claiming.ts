/**
 * Claims events before they are sent, and repeats until each is decided.
 *
 * A claim that timed out may have been made: the same claim again then finds its own value and goes on. A takeover
 * that loses its race is claimed again, for somebody else holds the key now.
 */

import {
  type ClaimDecision,
  claimKey,
  claimTtlMs,
  type DedupOptions,
  type FirstLife,
  judgeClaim,
  pendingValue,
} from './core/deduplicate.ts';
import type { Coordinates } from './core/record.ts';
import type { TikTokEvent } from './core/tiktok-event.ts';
import { type Claim, type Claims, ClaimsUnavailable, type Clock, type TakeOver, type Telemetry } from './ports.ts';

export interface ClaimingOptions extends DedupOptions {
  readonly keyPrefix: string;
  readonly replayHorizonMs: number;
  /** What to do while the store is away: `pause` holds the batch, `pass_through` sends without a claim. */
  readonly onUnavailable: 'pause' | 'pass_through';
}

/** An event to be claimed, and for which record. */
export interface Claimant extends FirstLife {
  readonly event: TikTokEvent;
  readonly source: Coordinates;
}

/** A decision that needs no more of the store, with the claim as it stands there. */
export interface Decided {
  readonly decision: Exclude<ClaimDecision, { kind: 'take-over' }>;
  readonly claim: Claim;
  readonly takenOver: boolean;
}

/** More rounds than this mean that somebody else fights over the same keys; the batch is read again. */
const MAX_ROUNDS = 5;

export class Claiming {
  readonly #claims: Claims;
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #options: ClaimingOptions;

  constructor(claims: Claims, clock: Clock, telemetry: Telemetry, options: ClaimingOptions) {
    this.#claims = claims;
    this.#clock = clock;
    this.#telemetry = telemetry;
    this.#options = options;
  }

  /** Decisions in the order of `claimants`; null when the store is away and the batch must wait. Never rejects. */
  async claim(claimants: readonly Claimant[]): Promise<readonly Decided[] | null> {
    const decided: (Decided | null)[] = new Array(claimants.length).fill(null);
    try {
      let open = claimants.map((_, index) => index);
      for (let round = 0; open.length > 0; round++) {
        if (round === MAX_ROUNDS) return null;
        open = await this.#round(claimants, open, decided);
      }
    } catch (error) {
      if (!(error instanceof ClaimsUnavailable)) throw error;
      const { onUnavailable } = this.#options;
      this.#telemetry.claimsUnavailable(error.message, decided.filter(one => one === null).length, onUnavailable);
      if (onUnavailable === 'pause') return null;
    }
    // Only with the pass-through policy is any left undecided; what was decided before the store went away holds.
    const complete = decided.map((one, index) => one ?? this.#unclaimed(claimants[index] as Claimant));
    this.#count(complete);
    return complete;
  }

  /** Claims the open ones once, fills in what is decided, and returns those that must be claimed again. */
  async #round(
    claimants: readonly Claimant[],
    open: readonly number[],
    decided: (Decided | null)[],
  ): Promise<number[]> {
    const now = this.#clock.now();
    const claims = open.map(index => this.#fresh(claimants[index] as Claimant, now));
    const replies = await this.#claims.claim(claims);
    const takeOvers: { index: number; takeOver: TakeOver; decision: ClaimDecision & { kind: 'take-over' } }[] = [];
    for (let i = 0; i < open.length; i++) {
      const index = open[i] as number;
      const claimant = claimants[index] as Claimant;
      const { event, source } = claimant;
      const claim = claims[i] as Claim;
      const reply = replies[i] as string | null;
      const decision = judgeClaim(reply, source, event.dedupWindowMs, now, this.#options, claimant);
      if (decision.kind === 'take-over') {
        const { key, ttlMs } = claim;
        takeOvers.push({
          index,
          decision,
          takeOver: { key, ttlMs, value: decision.value, expected: decision.expected },
        });
      } else {
        const held = reply === null ? claim : { ...claim, value: reply };
        decided[index] = { decision, claim: held, takenOver: false };
      }
    }
    if (takeOvers.length === 0) return [];
    const taken = await this.#claims.takeOver(takeOvers.map(({ takeOver }) => takeOver));
    const again: number[] = [];
    for (const [i, { index, takeOver, decision }] of takeOvers.entries()) {
      const { claimedAt, attemptedBefore } = decision;
      if (taken[i]) {
        decided[index] = { decision: { kind: 'send', claimedAt, attemptedBefore }, claim: takeOver, takenOver: true };
      } else again.push(index);
    }
    return again;
  }

  #fresh({ attemptedAt, event, source }: Claimant, now: number): Claim {
    return {
      key: claimKey(this.#options.keyPrefix, event, source),
      value: pendingValue(source, attemptedAt ?? now),
      ttlMs: claimTtlMs(event.dedupWindowMs, this.#options.replayHorizonMs),
    };
  }

  #unclaimed(claimant: Claimant): Decided {
    const now = this.#clock.now();
    const { attemptedAt } = claimant;
    const attemptedBefore = attemptedAt !== null;
    const decision = { kind: 'send', claimedAt: attemptedAt ?? now, attemptedBefore } as const;
    return { decision, claim: this.#fresh(claimant, now), takenOver: false };
  }

  #count(decided: readonly Decided[]): void {
    const counts = { fresh: 0, replay: 0, duplicate: 0, takenOver: 0 };
    for (const { decision, takenOver } of decided) {
      if (takenOver) counts.takenOver++;
      else if (decision.kind === 'duplicate') counts.duplicate++;
      else if (decision.kind === 'replayed' || decision.attemptedBefore) counts.replay++;
      else counts.fresh++;
    }
    this.#telemetry.dedupChecks(counts);
  }
}
