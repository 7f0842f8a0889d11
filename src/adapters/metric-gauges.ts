/** Metrics that are asked for when somebody scrapes, rather than kept up to date. */

import { getHeapStatistics } from 'node:v8';
import { CIRCUIT_STATES, type CircuitState } from '../core/connection-health.ts';
import type { RecordSourceStatus } from '../ports.ts';
import { type ConnectionTally, OTHER, outcomesOf } from './connection-tally.ts';
import { CONNECTION_STATES, type ConnectionState, HOLD_REASONS } from './metric-catalogue.ts';
import type { Labels, MetricRegistry } from './metric-registry.ts';

/** Where gauges come from; asked at every scrape, so each must be cheap. */
export interface MetricSources {
  readonly source: () => RecordSourceStatus;
  readonly buffer: () => { events: number; limitEvents: number; bytes: number; limitBytes: number };
  readonly windows: () => { open: number; events: number; sizeMs: number };
  /** Events consumed and not settled, by connection. */
  readonly inFlight: () => ReadonlyMap<string, number>;
  /** Event time (epoch milliseconds) of the oldest unsettled event of each partition that has one. */
  readonly oldestUnsent: () => Iterable<{ topic: string; partition: number; eventTime: number }>;
  /** Timestamp in Kafka (epoch milliseconds) of the oldest unsettled record of each partition that has one. */
  readonly oldestUnsettled: () => Iterable<{ topic: string; partition: number; timestamp: number }>;
  /** When a broker last answered for the config topic, epoch milliseconds; null before the first time. */
  readonly configContactAt: () => number | null;
  readonly connections: () => Iterable<{ connectionId: string; state: ConnectionState }>;
  readonly requests: () => { inFlight: number; limit: number };
  /** Circuits that are not closed. */
  readonly circuits: () => ReadonlyMap<string, CircuitState>;
  /** Requests a second, of the connections that made one. */
  readonly rates: () => ReadonlyMap<string, number>;
  readonly vendorIsOut: () => boolean;
  readonly redisUp: () => boolean;
}

/** What the tally counted since the start of the process. */
export function publishTally(registry: MetricRegistry, tally: ConnectionTally): void {
  const consumed: [Labels, number][] = [];
  const ended: [Labels, number][] = [];
  for (const [connection, counts] of tally.entries()) {
    consumed.push([{ connection }, counts.consumed]);
    for (const [outcome, events] of outcomesOf(counts)) ended.push([{ connection, outcome }, events]);
  }
  registry.replace('connection_events_consumed_total', consumed);
  registry.replace('connection_events_total', ended);
}

/** Brings every gauge up to date. */
export function publishGauges(registry: MetricRegistry, tally: ConnectionTally, sources: MetricSources): void {
  publishSource(registry, sources.source());
  const buffer = sources.buffer();
  registry.set('window_buffer_events', buffer.events);
  registry.set('window_buffer_limit_events', buffer.limitEvents);
  registry.set('window_buffer_bytes', buffer.bytes);
  registry.set('window_buffer_limit_bytes', buffer.limitBytes);
  const windows = sources.windows();
  registry.set('window_size_seconds', windows.sizeMs / 1000);
  registry.set('windows_open', windows.open);
  registry.set('window_events', windows.events);
  const { inFlight, limit } = sources.requests();
  registry.set('api_inflight_requests', inFlight);
  registry.set('api_inflight_limit', limit);
  registry.set('vendor_outage', sources.vendorIsOut() ? 1 : 0);
  registry.set('redis_up', sources.redisUp() ? 1 : 0);
  registry.set('heap_limit_bytes', getHeapStatistics().heap_size_limit);
  const contactAt = sources.configContactAt();
  if (contactAt !== null) registry.set('config_last_contact_timestamp_seconds', contactAt / 1000);
  publishOldest(registry, sources);
  publishConnections(registry, tally, sources);
}

function publishOldest(registry: MetricRegistry, sources: MetricSources): void {
  const unsent = [...sources.oldestUnsent()];
  registry.replace(
    'oldest_unsent_event_timestamp_seconds',
    unsent.map(({ topic, partition, eventTime }) => [{ topic, partition: String(partition) }, eventTime / 1000]),
  );
  const unsettled = [...sources.oldestUnsettled()];
  registry.replace(
    'oldest_unsettled_record_timestamp_seconds',
    unsettled.map(({ topic, partition, timestamp }) => [{ topic, partition: String(partition) }, timestamp / 1000]),
  );
}

function publishSource(registry: MetricRegistry, status: RecordSourceStatus): void {
  const { assignment, partitions, paused } = status;
  registry.replace(
    'assigned_partitions',
    assignment.map(({ topic, partitions: owned }) => [{ topic }, owned.length]),
  );
  const lag = (from: 'position' | 'committed'): [Labels, number][] =>
    partitions.flatMap(partition => {
      const { topic, highWatermark, [from]: offset } = partition;
      if (highWatermark === null || offset === null) return [];
      return [[{ topic, partition: String(partition.partition) }, Math.max(0, highWatermark - offset)]];
    });
  registry.replace('consumer_lag_records', lag('committed'));
  registry.replace('consumer_position_lag_records', lag('position'));
  registry.replace(
    'consumer_paused_partitions',
    HOLD_REASONS.map(reason => {
      const all = paused.includes(reason);
      const held = all ? partitions.length : partitions.filter(partition => partition.held === reason).length;
      return [{ reason }, held];
    }),
  );
}

function publishConnections(registry: MetricRegistry, tally: ConnectionTally, sources: MetricSources): void {
  const inFlight = new Map<string, number>();
  for (const [label] of tally.entries()) inFlight.set(label, 0);
  for (const [connectionId, events] of sources.inFlight()) {
    const label = tally.label(connectionId);
    inFlight.set(label, (inFlight.get(label) ?? 0) + events);
  }
  registry.replace(
    'connection_events_in_flight',
    [...inFlight].map(([connection, events]) => [{ connection }, events]),
  );
  const connections = [...sources.connections()];
  // Where labels are scarce they belong to connections with events, not to those that come first in the config.
  const room = tally.hasRoomFor(connections.length);
  const labelled = connections.map(({ connectionId, state }) => {
    const connection = room ? tally.label(connectionId) : tally.labelOf(connectionId);
    return { connectionId, connection, state };
  });
  const circuits = sources.circuits();
  publishStates(registry, 'connection_state', CONNECTION_STATES, labelled);
  const circuitOf = (connectionId: string): CircuitState => circuits.get(connectionId) ?? 'closed';
  const fused = labelled.map(({ connectionId, connection }) => ({ connection, state: circuitOf(connectionId) }));
  publishStates(registry, 'circuit_state', CIRCUIT_STATES, fused);
  publishEach(registry, tally, labelled, sources.rates());
}

interface Labelled {
  readonly connectionId: string;
  readonly connection: string;
  readonly state: ConnectionState;
}

/** What the state of a connection says about its token; of the others nobody knows. */
const TOKEN_VALID: Readonly<Partial<Record<ConnectionState, number>>> = { active: 1, token_invalid: 0, parked: 0 };

/** What is true of one connection, for those there are: of one that was removed nothing is true any more. */
function publishEach(
  registry: MetricRegistry,
  tally: ConnectionTally,
  labelled: readonly Labelled[],
  rates: ReadonlyMap<string, number>,
): void {
  const own = labelled.filter(({ connection }) => connection !== OTHER);
  const eachOwn = (value: (one: Labelled) => number | undefined): [Labels, number][] =>
    own.flatMap(one => {
      const found = value(one);
      return found === undefined ? [] : [[{ connection: one.connection }, found]];
    });
  registry.replace(
    'connection_token_valid',
    eachOwn(({ state }) => TOKEN_VALID[state]),
  );
  registry.replace(
    'connection_request_rate',
    eachOwn(({ connectionId }) => rates.get(connectionId)),
  );
  const labels = new Set(labelled.map(({ connection }) => connection));
  registry.replace(
    'connection_last_success_timestamp_seconds',
    [...tally.lastSuccesses()]
      .filter(([connection]) => labels.has(connection))
      .map(([connection, at]) => [{ connection }, at / 1000]),
  );
}

/** A series for each label and state: how many connections of that label are in that state. */
function publishStates<State extends string>(
  registry: MetricRegistry,
  name: 'connection_state' | 'circuit_state',
  all: readonly State[],
  labelled: readonly { readonly connection: string; readonly state: State }[],
): void {
  const series = new Map<string, [Labels, number]>();
  for (const { connection, state: current } of labelled) {
    for (const state of all) {
      const key = `${state}|${connection}`;
      const before = series.get(key)?.[1] ?? 0;
      series.set(key, [{ connection, state }, before + (state === current ? 1 : 0)]);
    }
  }
  registry.replace(name, series.values());
}
