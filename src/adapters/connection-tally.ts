/**
 * Counts of events per connection, for metrics whose label is the connection.
 *
 * Kept in plain maps and handed to the registry when it is scraped: a batch may touch every connection there is, and
 * a labelled counter costs twenty times as much. The first connections that come have a label of their own for good;
 * those beyond the limit share `other`, so that a label never changes its meaning.
 */

import { OUTCOMES, type Outcome } from '../core/outcome.ts';

/** The label of connections beyond the limit. */
export const OTHER = 'other';
/** The label of records that belong to no connection. */
export const NONE = 'none';

/** Events of one label. */
export type Tally = Record<'consumed' | Outcome, number>;

export class ConnectionTally {
  readonly #limit: number;
  readonly #labels = new Set<string>();
  readonly #tallies = new Map<string, Tally>();
  readonly #successes = new Map<string, number>();

  constructor(limit: number) {
    this.#limit = limit;
    this.#of(NONE);
  }

  consumed(connectionId: string, events: number): void {
    this.#of(this.label(connectionId)).consumed += events;
  }

  ended(connectionId: string, outcome: Outcome, events: number): void {
    this.#of(this.label(connectionId))[outcome] += events;
  }

  /** TikTok accepted events of it; `at` is epoch milliseconds. */
  succeeded(connectionId: string, at: number): void {
    this.#successes.set(this.label(connectionId), at);
  }

  /** The label a connection has; gives it one of its own while there are some left. */
  label(connectionId: string): string {
    if (connectionId === NONE || this.#labels.has(connectionId)) return connectionId;
    if (this.#labels.size >= this.#limit) return OTHER;
    this.#labels.add(connectionId);
    this.#of(connectionId);
    return connectionId;
  }

  /** The label a connection has without being given one. */
  labelOf(connectionId: string): string {
    return connectionId === NONE || this.#labels.has(connectionId) ? connectionId : OTHER;
  }

  /** Whether so many connections can all have labels of their own. */
  hasRoomFor(connections: number): boolean {
    return connections <= this.#limit;
  }

  /** Every label with what it has counted. */
  entries(): Iterable<readonly [label: string, tally: Tally]> {
    return this.#tallies;
  }

  /** When TikTok last accepted events, for every label it did for. */
  lastSuccesses(): Iterable<readonly [label: string, at: number]> {
    return this.#successes;
  }

  #of(label: string): Tally {
    let tally = this.#tallies.get(label);
    if (tally === undefined) {
      tally = { consumed: 0, delivered: 0, duplicate: 0, skipped: 0, dead_lettered: 0, handed_over: 0 };
      this.#tallies.set(label, tally);
    }
    return tally;
  }
}

/** The five outcomes of a tally, with their names. */
export function outcomesOf(tally: Tally): readonly (readonly [Outcome, number])[] {
  return OUTCOMES.map(outcome => [outcome, tally[outcome]]);
}
