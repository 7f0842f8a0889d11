/** What delivery needs of its surroundings, and its options. */

import type { Assignment } from './assignment.ts';
import type { ConnectionStates } from './connection-states.ts';
import type { Connection } from './core/config-entry.ts';
import type { Settled } from './core/settled.ts';
import type { VendorOutage } from './core/vendor-outage.ts';
import type { RequestBounds } from './lane.ts';
import type { Clock, CredentialsLookup, EventsApi, RequestLimits, Telemetry } from './ports.ts';

export interface DeliveryOptions extends RequestBounds {
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
  /** No request holds an event whose first possible attempt is older (47 h; TikTok remembers for 48 h). */
  readonly ambiguousHorizonMs: number;
  /** What happens to events that may be held no longer: they become dead letters, or they wait on. */
  readonly backpressure: 'dead_letter' | 'wait';
  /** No event waits longer, counted from its connection's first failure since its last success. */
  readonly maxHoldMs: number;
  /** Most of the buffer that a failing, throttled or slow connection may hold once the buffer is under pressure. */
  readonly maxBufferShareRatio: number;
  /** After so many failures in a row of its own a connection's circuit opens. */
  readonly circuitFailuresCount: number;
}

export interface DeliveryParts {
  readonly api: EventsApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly telemetry: Telemetry;
  readonly options: DeliveryOptions;
  readonly limits: RequestLimits;
  /** Shared by all deliveries of a process: each learns from the other's requests. */
  readonly outage: VendorOutage;
  /** The connection as the config table has it now: gone, unusable, or as it stands. */
  readonly connectionNow: (connectionId: string) => Connection | 'unusable' | null;
  /** How many connections are enabled now. */
  readonly enabledConnections: () => number;
  /** The connection's token as it is now, looked up afresh. */
  readonly credentialsNow: (connectionId: string) => CredentialsLookup;
  readonly states: ConnectionStates;
  /** Whether an enabled connection other than this one has the pixel. */
  readonly isPixelShared: (pixelId: string, connectionId: string) => boolean;
  /** Whether the last heartbeat is fresh enough to be sure of our partitions. */
  readonly holdsLease: () => boolean;
  readonly settle: (assignment: Assignment, items: readonly Settled[]) => void;
}
