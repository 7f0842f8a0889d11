/**
 * The checks behind readiness, each with its reason and since when.
 *
 * Ready means: joined the group, configuration read, not draining. Zero assigned partitions are fine: a spare replica
 * must not block a rollout. Kafka, Redis and TikTok being away later does not make a replica unready, since another
 * one would be no better off.
 */

import type { Clock } from './ports.ts';

export const CHECKS = ['redis', 'registry', 'producer', 'config', 'group', 'serving'] as const;
export type CheckName = (typeof CHECKS)[number];

export interface CheckState {
  readonly name: CheckName;
  readonly ok: boolean;
  readonly reason: string;
  /** Epoch milliseconds. */
  readonly since: number;
}

export class Readiness {
  readonly #clock: Clock;
  readonly #states = new Map<CheckName, CheckState>();

  constructor(clock: Clock) {
    this.#clock = clock;
    for (const name of CHECKS) this.#states.set(name, { name, ok: false, reason: 'not started', since: clock.now() });
  }

  pass(name: CheckName): void {
    this.#set(name, true, 'ok');
  }

  fail(name: CheckName, reason: string): void {
    this.#set(name, false, reason);
  }

  get checks(): readonly CheckState[] {
    return [...this.#states.values()];
  }

  #set(name: CheckName, ok: boolean, reason: string): void {
    const before = this.#states.get(name);
    if (before?.ok === ok && before.reason === reason) return;
    this.#states.set(name, { name, ok, reason, since: this.#clock.now() });
  }
}
