/**
 * Claiming for a redrive: two letters may stand for one event, and only one of them is on its way at a time.
 *
 * The claim store cannot tell them apart where they come from one record (the letter was written, the commit was lost,
 * and it was written again): the second would find its own claim and go on. So what this process has on its way is
 * remembered here, until it is settled.
 */

import { type Claimant, Claiming, type ClaimingOptions, type Decided } from './claiming.ts';
import { claimKey } from './core/deduplicate.ts';
import type { Coordinates } from './core/record.ts';
import type { Settled } from './core/settled.ts';
import type { Claims, Clock, Telemetry } from './ports.ts';

export class RedriveClaiming extends Claiming {
  readonly #keyPrefix: string;
  /** Claim keys on their way, with the record each is for. */
  readonly #holders = new Map<string, Coordinates>();
  /** The keys by what a settled event tells of itself. */
  readonly #keys = new Map<string, string>();

  constructor(claims: Claims, clock: Clock, telemetry: Telemetry, options: ClaimingOptions) {
    super(claims, clock, telemetry, options);
    this.#keyPrefix = options.keyPrefix;
  }

  override async claim(claimants: readonly Claimant[]): Promise<readonly Decided[] | null> {
    const seats = claimants.map(claimant => this.#seat(claimant));
    const free = claimants.filter((_, index) => seats[index] === null);
    const decided = await super.claim(free);
    if (decided === null) {
      for (const claimant of free) this.#leave(identity(claimant.source, claimant.event.mappingId));
      return null;
    }
    let next = 0;
    return seats.map(taken => taken ?? (decided[next++] as Decided));
  }

  /** What was settled is on its way no more. */
  settled(items: readonly Settled[]): void {
    for (const { entry, outcome } of items) {
      if (entry === null) continue;
      const { claimant, mapping_id, offset, partition, topic } = entry;
      // It stood back for another letter of its own record, which is still on its way.
      if (outcome === 'duplicate' && claimant === `${topic}|${partition}|${offset}`) continue;
      this.#leave(identity({ topic, partition, offset }, mapping_id ?? ''));
    }
  }

  /** A new assignment: everything that is not settled is read again. */
  forget(): void {
    this.#holders.clear();
    this.#keys.clear();
  }

  /** Takes the event's seat; where another letter has it, the decision that says so. */
  #seat({ event, source }: Claimant): Decided | null {
    const key = claimKey(this.#keyPrefix, event, source);
    const claimant = this.#holders.get(key);
    if (claimant !== undefined) {
      const decision = { kind: 'duplicate', reason: 'pending_elsewhere', claimant } as const;
      return { decision, claim: { key, value: '', ttlMs: 0 }, takenOver: false };
    }
    this.#holders.set(key, source);
    this.#keys.set(identity(source, event.mappingId), key);
    return null;
  }

  #leave(of: string): void {
    const key = this.#keys.get(of);
    if (key === undefined) return;
    this.#keys.delete(of);
    this.#holders.delete(key);
  }
}

function identity({ topic, partition, offset }: Coordinates, mappingId: string): string {
  return `${topic}|${partition}|${offset}|${mappingId}`;
}
