/**
 * One TikTok event, fixed: what `build` makes of an event, a mapping and a connection.
 *
 * Guarantee: pixel, test code and payload never change after this; only the token is looked up at each attempt.
 */

import type { Coordinates } from './record.ts';

/** Where a request goes. Events that share a destination (by `key`) may share a request. */
export interface Destination {
  /** Connection, wire, event source, source id and test code as one string; equal keys may share a request. */
  readonly key: string;
  readonly connectionId: string;
  readonly wire: 'V2' | 'V1';
  readonly eventSource: 'web' | 'offline';
  /** The pixel code (web) or event set id (offline). */
  readonly eventSourceId: string;
  readonly testEventCode: string | null;
  /** The name TikTok has registered for a partner; absent where there is none, and on wire V1, which has no such field. */
  readonly partnerName?: string;
}

/** Match keys TikTok can join an event on, in the order of the sync log. `ip` counts only with a user agent. */
export const MATCH_KEYS = ['ttclid', 'email', 'phone', 'external_id', 'ttp', 'ip'] as const;
export type MatchKey = (typeof MATCH_KEYS)[number];

/** A built event. Its JSON is serialised once, here; a batch body is the joined JSON of its events. */
export interface TikTokEvent {
  readonly destination: Destination;
  readonly workspaceId: string;
  readonly mappingId: string;
  readonly conversionId: string;
  /** TikTok's event name, part of the de-duplication key. */
  readonly eventName: string;
  /** Byte for byte the conversion's or the update's id. */
  readonly eventId: string;
  /** Epoch seconds, as sent. */
  readonly eventTime: number;
  /** The element of `data[]` (2.0) or `batch[]` (1.0), as sent. */
  readonly json: string;
  /** Bytes of `json` in UTF-8. */
  readonly jsonBytes: number;
  /** Canonical decimal string as sent; null when value and currency were left out. */
  readonly value: string | null;
  readonly currency: string | null;
  readonly matchKeys: readonly MatchKey[];
  /** Things left out or corrected while building, for counters; closed list in `build-notes`. */
  readonly notes: readonly string[];
  /** How long another record with the same claim key is a duplicate; 0 = only our own replay is recognised. */
  readonly dedupWindowMs: number;
}

/** The source record as kept for a possible dead letter, with its schema id for the letter's header. */
export interface RecordCopy extends Coordinates {
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | readonly Buffer[]>>;
  /** Bytes this copy holds on to. */
  readonly bytes: number;
}
