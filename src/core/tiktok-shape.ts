/**
 * The shapes in which an event can leave, and what each of them can carry.
 *
 * Guarantee: data only. An event never carries a field that TikTok's documents do not give its wire and event source;
 * what a shape cannot carry is left out. Sources: the Go client bububa/tiktok-business, which reproduces TikTok's
 * Events API 2.0 documentation; for 1.0 TikTok's SDK and SourceLoop's help page on the Events API.
 */

import type { Connection } from './config-entry.ts';
import type { MatchKey } from './tiktok-event.ts';

/** `web`: Events API 2.0 for a pixel. `offline`: 2.0 for an offline event set. `web_v1`: the 1.0 shape for a pixel. */
export type Shape = 'web' | 'offline' | 'web_v1';

export interface ShapeRules {
  /** Keys TikTok can join this shape's events on: an event without one of them cannot match anybody. */
  readonly matchKeys: readonly MatchKey[];
  /** Whether it says where the visitor landed. */
  readonly page: boolean;
  readonly limitedDataUse: boolean;
  /** Whether it says what was bought. */
  readonly contents: boolean;
  /** Whether names, zip, city, state and country go along. */
  readonly places: boolean;
}

export const SHAPES: Readonly<Record<Shape, ShapeRules>> = {
  web: {
    matchKeys: ['ttclid', 'email', 'phone', 'external_id', 'ttp', 'ip'],
    page: true,
    limitedDataUse: true,
    contents: true,
    places: true,
  },
  // Matched by e-mail or phone only (help page "supported-events-for-offline-event-sets", May 2025).
  offline: { matchKeys: ['email', 'phone'], page: false, limitedDataUse: false, contents: true, places: true },
  web_v1: {
    matchKeys: ['ttclid', 'email', 'phone', 'external_id', 'ttp'],
    page: true,
    limitedDataUse: false,
    contents: false,
    places: false,
  },
};

/** The shape a connection asks for; null for 1.0 with offline events, which does not exist. */
export function shapeOf({ wire, event_source }: Pick<Connection, 'wire' | 'event_source'>): Shape | null {
  if (event_source === 'OFFLINE') return wire === 'V2' ? 'offline' : null;
  return wire === 'V2' ? 'web' : 'web_v1';
}
