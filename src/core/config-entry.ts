/**
 * The two kinds of entry of the compacted config topic, compiled: every default of the contract is filled in here,
 * so that nothing later asks "is it set?".
 *
 * Guarantee: an entry of these types is usable as it stands; what is not usable never becomes one.
 */

import type { Trigger } from './record.ts';

/** One advertiser's link to TikTok: a pixel and where its token is found. */
export interface Connection {
  readonly connection_id: string;
  readonly workspace_id: string;
  readonly advertiser_name: string | null;
  readonly pixel_id: string;
  /** A reference (`file:NAME`, `env:NAME`) or an `aesgcm:` envelope; never a token in clear. */
  readonly access_token: string;
  readonly test_event_code: string | null;
  readonly event_source: 'WEB' | 'OFFLINE';
  readonly wire: 'V2' | 'V1';
  /** ISO 3166-1 alpha-2, for phone numbers without a country code. */
  readonly default_country: string | null;
  readonly fallback_page_url: string | null;
  readonly max_requests_per_second: number | null;
  readonly enabled: boolean;
}

/** "When this trigger happens, send that TikTok event with that value." */
export interface Mapping {
  readonly mapping_id: string;
  readonly connection_id: string;
  /** `null` only in `preview`, where a mapping without a trigger matches the event. */
  readonly trigger: Trigger | null;
  /** Exact and case-sensitive; empty matches every event name. */
  readonly event_name_filter: string;
  readonly attribution: 'LAST_TOUCH' | 'FIRST_TOUCH';
  readonly tiktok_event_name: string;
  readonly include_value: boolean;
  /** Set where `include_value` is true. */
  readonly value_source: 'QUOTE_VALUE' | 'SALES_VALUE' | 'FIXED' | null;
  /** Canonical decimal string, set where the source is `FIXED`. */
  readonly fixed_value: string | null;
  /** ISO 4217, upper case. The event's currency wins over it, except for a `FIXED` value. */
  readonly currency: string | null;
  readonly currency_policy: 'OMIT' | 'FIXED' | 'DEAD_LETTER';
  /** 0 = no de-duplication beyond our own replays. */
  readonly dedup_window_minutes: number;
  readonly event_id_source: 'CONVERSION' | 'UPDATE';
  readonly event_time: 'TRIGGER' | 'CONVERSION';
  readonly enabled: boolean;
}

/**
 * Entries that are known but unusable: their events become dead letters (`config_invalid`), never skips. What decides
 * which events these are is kept as far as it could be read.
 */
export interface UnusableConnection {
  readonly connection_id: string;
  /** `null`: no event can be told to be its own. */
  readonly workspace_id: string | null;
  readonly enabled: boolean;
  /** What is wrong with it, for an operator. Never holds a token. */
  readonly problem: string;
}

export interface UnusableMapping {
  readonly mapping_id: string;
  /** `null`: no event can be told to be its own. */
  readonly connection_id: string | null;
  /** `null`: unreadable, so every trigger counts. */
  readonly trigger: Trigger | null;
  readonly event_name_filter: string;
  readonly enabled: boolean;
  readonly problem: string;
}

/** What a record of the config topic says. */
export type ConfigEntry =
  | { readonly kind: 'connection'; readonly connection: Connection }
  | { readonly kind: 'mapping'; readonly mapping: Mapping }
  | { readonly kind: 'unusable_connection'; readonly connection: UnusableConnection }
  | { readonly kind: 'unusable_mapping'; readonly mapping: UnusableMapping };
