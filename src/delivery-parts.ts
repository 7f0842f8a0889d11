/** What delivery needs of its surroundings, and its options. */

import type { Assignment } from './assignment.ts';
import type { ConnectionStates } from './connection-states.ts';
import type { Connection } from './core/config-entry.ts';
import type { Settled } from './core/settled.ts';
import type { Clock, CredentialsLookup, EventsApi, Telemetry } from './ports.ts';

export interface DeliveryOptions {
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
  /** No request holds an event whose first possible attempt is older (47 h; TikTok remembers for 48 h). */
  readonly ambiguousHorizonMs: number;
}

export interface DeliveryParts {
  readonly api: EventsApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly telemetry: Telemetry;
  readonly options: DeliveryOptions;
  /** The connection as the config table has it now: gone, unusable, or as it stands. */
  readonly connectionNow: (connectionId: string) => Connection | 'unusable' | null;
  /** The connection's token as it is now, looked up afresh. */
  readonly credentialsNow: (connectionId: string) => CredentialsLookup;
  readonly states: ConnectionStates;
  /** Whether an enabled connection other than this one has the pixel. */
  readonly isPixelShared: (pixelId: string, connectionId: string) => boolean;
  /** Whether the last heartbeat is fresh enough to be sure of our partitions. */
  readonly holdsLease: () => boolean;
  readonly settle: (assignment: Assignment, items: readonly Settled[]) => void;
}
