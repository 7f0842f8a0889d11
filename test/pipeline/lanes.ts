/** Delivery alone, with connections that a test changes while their events wait, and TikTok as a test wants it. */

import { createProcessRateLimits } from '../../src/adapters/redis-rate-limits.ts';
import { Assignment } from '../../src/assignment.ts';
import { ConnectionStates } from '../../src/connection-states.ts';
import type { BudgetOptions } from '../../src/core/buffer-budget.ts';
import type { Connection } from '../../src/core/config-entry.ts';
import type { PendingEvent } from '../../src/core/pending-event.ts';
import type { RateOptions } from '../../src/core/rate-limit.ts';
import type { Settled } from '../../src/core/settled.ts';
import { VendorOutage } from '../../src/core/vendor-outage.ts';
import { Delivery } from '../../src/delivery.ts';
import type { DeliveryOptions } from '../../src/delivery-parts.ts';
import type { CredentialsLookup, EventsApi } from '../../src/ports.ts';
import { connectionOf } from '../core/business-events.ts';
import { destinationOf, pendingOf, TOPIC, tiktokEvent } from '../core/pending-events.ts';
import { recordingTelemetry } from '../fakes/recording-telemetry.ts';
import { ScriptedEventsApi } from '../fakes/scripted-events-api.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { BUDGET, WINDOW } from './assignments.ts';
import { DELIVERY_OPTIONS, FAST } from './delivery-options.ts';

export const PROBE_INTERVAL_MS = 120_000;

export interface LaneChanges {
  /** May stand between delivery and the scripted TikTok. */
  readonly around?: (api: ScriptedEventsApi) => EventsApi;
  readonly options?: Partial<DeliveryOptions>;
  readonly rates?: Partial<RateOptions>;
  readonly budget?: Partial<BudgetOptions>;
  /** Where another delivery of the process has one. */
  readonly outage?: VendorOutage;
  /** Ids of connections beside the first one. */
  readonly others?: readonly string[];
}

export function setUpLanes({
  around = api => api,
  budget,
  options,
  outage = new VendorOutage(),
  rates,
  others = [],
}: LaneChanges = {}) {
  const clock = new VirtualClock();
  const api = new ScriptedEventsApi();
  const telemetry = recordingTelemetry();
  const settled: Settled[] = [];
  const connections = new Map<string, Connection>([['connection-1', connectionOf()]]);
  for (const id of others) connections.set(id, connectionOf({ connection_id: id }));
  const state = { lease: true };
  const credentialsNow = (connectionId: string): CredentialsLookup => {
    const token = connections.get(connectionId)?.access_token ?? '';
    return { kind: 'token', token, tokenDigest: token, configOffset: 0 };
  };
  const states = new ConnectionStates({ credentialsNow, telemetry, probeIntervalMs: PROBE_INTERVAL_MS });
  const delivery = new Delivery({
    api: around(api),
    credentialsNow,
    states,
    clock,
    random: () => 0.5,
    telemetry,
    options: { ...DELIVERY_OPTIONS, ...options },
    limits: createProcessRateLimits({ ...FAST, ...rates }, clock),
    outage,
    enabledConnections: () => [...connections.values()].filter(({ enabled }) => enabled).length,
    connectionNow: connectionId => connections.get(connectionId) ?? null,
    isPixelShared: (pixelId, connectionId) =>
      [...connections.values()].some(
        ({ connection_id, enabled, pixel_id }) => connection_id !== connectionId && enabled && pixel_id === pixelId,
      ),
    holdsLease: () => state.lease,
    settle: (assignment, items) => {
      settled.push(...items);
      assignment.finish(items);
    },
  });
  const assignment = new Assignment(1, [{ topic: TOPIC, partition: 0, offset: 0 }], WINDOW, { ...BUDGET, ...budget });
  let next = 0;

  /** Hands over a batch of new events; they are named after their offset: conversion-0, conversion-1 and so on. */
  function deliver(count: number, { connectionId = 'connection-1', pixel = 'PIXEL1' } = {}): PendingEvent[] {
    const destination = destinationOf({ connectionId, eventSourceId: pixel });
    const events = Array.from({ length: count }, () => {
      const offset = next++;
      const ticket = assignment.ledger.account(TOPIC, 0)!.track(offset, 1, 0, 0);
      const event = tiktokEvent({ eventId: `conversion-${offset}`, destination });
      return pendingOf(ticket, offset, { claimedAt: clock.now() }, event);
    });
    assignment.admit(new Map([[connectionId, count]]), 1_000 * count);
    delivery.deliver(assignment, events);
    return events;
  }

  /** How each event ended, by its number. */
  const endings = () => settled.map(({ entry, reason }) => `${entry?.event_id?.replace('conversion-', '')} ${reason}`);

  return { clock, api, telemetry, settled, connections, state, states, delivery, assignment, deliver, endings };
}
