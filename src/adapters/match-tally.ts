/** Counts per connection of how well its events can be matched, kept in plain maps until somebody scrapes. */

import { MATCH_QUALITIES, type MatchQuality, matchQuality } from '../core/match-quality.ts';
import { MATCH_KEYS, type MatchKey } from '../core/tiktok-event.ts';
import { type ConnectionTally, NONE } from './connection-tally.ts';
import type { Labels, MetricRegistry } from './metric-registry.ts';

interface Matched {
  readonly keys: Record<MatchKey, number>;
  readonly qualities: Record<MatchQuality, number>;
}

export class MatchTally {
  readonly #connections: ConnectionTally;
  readonly #matched = new Map<string, Matched>();

  /** Labels are those of `connections`, so that a connection has one label in all metrics. */
  constructor(connections: ConnectionTally) {
    this.#connections = connections;
  }

  /** Counts events of one connection that have the same match keys. */
  add(connectionId: string, keys: readonly MatchKey[], events: number): void {
    const { keys: ofKeys, qualities } = this.#of(this.#connections.label(connectionId));
    for (const key of keys) ofKeys[key] += events;
    qualities[matchQuality(keys)] += events;
  }

  publish(registry: MetricRegistry): void {
    // From the first scrape on, so that the first events are an increase.
    for (const [connection] of this.#connections.entries()) if (connection !== NONE) this.#of(connection);
    const keys: [Labels, number][] = [];
    const qualities: [Labels, number][] = [];
    for (const [connection, matched] of this.#matched) {
      for (const key of MATCH_KEYS) keys.push([{ connection, key }, matched.keys[key]]);
      for (const quality of MATCH_QUALITIES) qualities.push([{ connection, quality }, matched.qualities[quality]]);
    }
    registry.replace('connection_match_keys_total', keys);
    registry.replace('connection_match_quality_total', qualities);
  }

  #of(label: string): Matched {
    let matched = this.#matched.get(label);
    if (matched === undefined) {
      matched = {
        keys: { ttclid: 0, email: 0, phone: 0, external_id: 0, ttp: 0, ip: 0 },
        qualities: { near_perfect: 0, strong: 0, medium: 0, weak: 0, none: 0 },
      };
      this.#matched.set(label, matched);
    }
    return matched;
  }
}
