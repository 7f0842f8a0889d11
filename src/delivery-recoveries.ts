/**
 * Sees to it that the letters of a connection that failed for itself are followed by its recovery.
 *
 * Its trouble is part of the state that all replicas share, so whoever serves the connection takes it up, after a restart
 * too: a connection has recovered once it was seen to work since its trouble became known here, and has not been in
 * trouble again for as long as it may fail. That nothing fails where nothing is sent proves nothing.
 */

import { type ConnectionState, hasOpenTrouble } from './core/connection-state.ts';
import type { DeliveryPace } from './delivery-pace.ts';
import type { DeliveryParts } from './delivery-parts.ts';

/** A connection that fails, or is throttled, for less is not in trouble. */
export const TROUBLE_AFTER_MS = 10_000;

/** Epoch milliseconds. */
interface Letters {
  readonly troubledSince: number;
  readonly lastAt: number;
}

interface Watched {
  /** The state that tells of the trouble. */
  readonly trouble: ConnectionState;
  worksSince: number | null;
}

export type RecoveryParts = Pick<DeliveryParts, 'clock' | 'options' | 'outage' | 'states'>;
/** How the connections fare with this process's own requests. */
export type RecoveryPace = Pick<DeliveryPace, 'failing' | 'throttledSpell'>;

export class DeliveryRecoveries {
  readonly #parts: RecoveryParts;
  readonly #pace: RecoveryPace;
  /** By connection, what was written here and no release has followed yet. */
  readonly #letters = new Map<string, Letters>();
  readonly #watched = new Map<string, Watched>();

  constructor(parts: RecoveryParts, pace: RecoveryPace) {
    this.#parts = parts;
    this.#pace = pace;
  }

  /** The connection, failing for itself since then, becomes letters. */
  letGo(connectionId: string, troubledSince: number): void {
    this.#letters.set(connectionId, { troubledSince, lastAt: this.#parts.clock.now() });
    this.#parts.states.troubled(connectionId, troubledSince);
  }

  /** TikTok judged events of the connection: it works. */
  passed(connectionId: string): void {
    const trouble = this.#parts.states.toRecover().get(connectionId);
    if (trouble === undefined || this.#pace.throttledSpell(connectionId) !== null) return;
    this.#watch(connectionId, trouble).worksSince ??= this.#parts.clock.now();
  }

  /** Called again and again, with the milliseconds that a connection has been in trouble for. */
  look(troubledForMs: (connectionId: string) => number): void {
    this.#keepTold();
    const { clock, options, outage, states } = this.#parts;
    const troubles = states.toRecover();
    for (const connectionId of this.#watched.keys())
      if (!troubles.has(connectionId)) this.#watched.delete(connectionId);
    // A redrive that waits for its connection sees only what it sends itself.
    if (options.backpressure === 'wait') return;
    const now = clock.now();
    for (const [connectionId, trouble] of troubles) {
      const watched = this.#watch(connectionId, trouble);
      if (outage.active || troubledForMs(connectionId) >= TROUBLE_AFTER_MS) watched.worksSince = null;
      if (watched.worksSince === null || now - watched.worksSince < options.maxHoldMs) continue;
      if (!this.#fails(connectionId)) states.recovered(connectionId, now);
    }
  }

  /** The connection is gone. */
  forget(connectionId: string): void {
    this.#letters.delete(connectionId);
    this.#watched.delete(connectionId);
  }

  /** Letters that are younger than the newest release wait for another: a replica that had not heard of them told it. */
  #keepTold(): void {
    const { states } = this.#parts;
    for (const [connectionId, { lastAt, troubledSince }] of this.#letters) {
      const state = states.of(connectionId);
      const releasedAt = states.releasedAt(connectionId);
      if (releasedAt !== null && releasedAt >= lastAt) this.#letters.delete(connectionId);
      else if (state !== null && !hasOpenTrouble(state)) states.troubled(connectionId, troubledSince);
    }
  }

  #watch(connectionId: string, trouble: ConnectionState): Watched {
    const watched = this.#watched.get(connectionId);
    if (watched?.trouble === trouble) return watched;
    const anew = { trouble, worksSince: null };
    this.#watched.set(connectionId, anew);
    return anew;
  }

  #fails(connectionId: string): boolean {
    return this.#pace.failing(connectionId) !== null || this.#pace.throttledSpell(connectionId) !== null;
  }
}
