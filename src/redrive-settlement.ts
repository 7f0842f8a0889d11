/**
 * Settlement for a redrive: writes no letter, for what fails again has one, which stays where it is.
 *
 * Log entries, marks and releases are written as always. A mark lives as long as a letter can: a later redrive that
 * comes upon the same letter finds it and sends nothing.
 */

import type { Assignment } from './assignment.ts';
import type { Settled } from './core/settled.ts';
import type { Claims } from './ports.ts';
import { Settlement, type SettlementParts } from './settlement.ts';

export class RedriveSettlement extends Settlement {
  readonly #onEnded: (items: readonly Settled[]) => void;

  /** `onEnded` hears of what was settled under an assignment that is still valid. */
  constructor(
    parts: Omit<SettlementParts, 'deadLetters' | 'connectionTold'>,
    onEnded: (items: readonly Settled[]) => void,
  ) {
    const deadLetters = { write: () => Promise.reject(new Error('a redrive writes no letter')) };
    super({ ...parts, deadLetters, connectionTold: () => Promise.resolve() });
    this.#onEnded = onEnded;
  }

  override async settle(assignment: Assignment, items: readonly Settled[]): Promise<void> {
    await super.settle(
      assignment,
      items.map(item => (item.letter === null ? item : { ...item, letter: null })),
    );
    if (!assignment.isVoid) this.#onEnded(items);
  }
}

/** The claim store with marks that live for `ttlMs` at least. */
export function withLongMarks(claims: Claims, ttlMs: number): Claims {
  return {
    claim: list => claims.claim(list),
    takeOver: list => claims.takeOver(list),
    markSent: list => claims.markSent(list.map(mark => ({ ...mark, ttlMs: Math.max(mark.ttlMs, ttlMs) }))),
    release: list => claims.release(list),
  };
}
