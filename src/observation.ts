/**
 * What operators see of the running service: the gauges of /metrics and the answer of /status, from one place.
 *
 * Exists from the start, so that probes are answered while the service still waits for its configuration; until the
 * pipeline runs there are no partitions and nothing is under way.
 */

import type { MetricSources } from './adapters/metric-gauges.ts';
import type { Config } from './config.ts';
import type { ConnectionStates } from './connection-states.ts';
import type { ConnectionStatus, ServiceStatus } from './control/admin-status.ts';
import { VERSION } from './control/version.ts';
import type { Connection } from './core/config-entry.ts';
import type { ConfigTable } from './core/config-table.ts';
import { DISABLED_REASON, type StateName } from './core/connection-state.ts';
import type { Delivery } from './delivery.ts';
import type { Pipeline } from './pipeline.ts';
import type { Clock, RecordSource, RecordSourceStatus } from './ports.ts';

/** The parts that exist once the pipeline is assembled. */
export interface Running {
  readonly pipeline: Pipeline;
  readonly source: RecordSource;
  readonly delivery: Delivery;
  readonly states: ConnectionStates;
}

export interface Surroundings {
  readonly config: Config;
  readonly table: ConfigTable;
  readonly clock: Clock;
  readonly nodeVersion: string;
  readonly commit: string;
  readonly configComplete: () => boolean;
  /** Milliseconds since a broker answered for the config topic; null before the first time. */
  readonly sinceConfigContactMs: () => number | null;
  readonly redisUp: () => boolean;
}

type ShownState = StateName | 'unusable';
type ShownConnection = ConnectionStatus & { readonly state: ShownState };

const NOT_JOINED: RecordSourceStatus = {
  joined: false,
  epoch: 0,
  suspended: false,
  assignment: [],
  paused: [],
  partitions: [],
  sinceHeartbeatMs: null,
  sinceCommitMs: null,
  acceptingForMs: null,
};
const NOTHING: ReadonlyMap<string, number> = new Map();
const NO_ANSWER = { since: null, api_code: null, request_id: null } as const;

export class Observation {
  /** Set when the pipeline is assembled. */
  running: Running | null = null;
  readonly #surroundings: Surroundings;
  readonly #startedAt: number;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#startedAt = surroundings.clock.now();
  }

  metricSources(): MetricSources {
    const { config, redisUp } = this.#surroundings;
    const { maxBufferedBytes: limitBytes, maxBufferedEventsCount: limitEvents } = config.window;
    return {
      source: () => this.#source(),
      buffer: () => ({ ...this.#buffer(), limitEvents, limitBytes }),
      windows: () => ({ ...this.#windows(), sizeMs: config.window.sizeMs }),
      inFlight: () => this.#assignment()?.inFlight ?? NOTHING,
      oldestUnsent: () => this.#oldestUnsent(),
      oldestUnsettled: () => this.#oldestUnsettled(),
      configContactAt: () => this.#configContactAt(),
      connections: () =>
        this.#connections().map(({ connection_id, state }) => ({ connectionId: connection_id, state })),
      requests: () => ({
        inFlight: this.running?.delivery.requestsInFlight ?? 0,
        limit: config.delivery.maxConnectionsCount,
      }),
      circuits: () => this.running?.delivery.circuits() ?? new Map(),
      rates: () => this.running?.delivery.rates() ?? NOTHING,
      vendorIsOut: () => this.running?.delivery.vendorIsOut ?? false,
      redisUp,
    };
  }

  status(): ServiceStatus {
    const { clock, commit, config, nodeVersion } = this.#surroundings;
    const source = this.#source();
    return {
      version: VERSION,
      commit,
      node: nodeVersion,
      started_at: new Date(this.#startedAt).toISOString(),
      uptime_seconds: Math.round((clock.now() - this.#startedAt) / 1000),
      group: {
        id: config.kafka.groupId,
        joined: source.joined,
        epoch: source.epoch,
        suspended: source.suspended,
        paused: source.paused,
        since_heartbeat_ms: source.sinceHeartbeatMs,
        since_commit_ms: source.sinceCommitMs,
      },
      partitions: source.partitions.map(({ topic, partition, position, committed, highWatermark, held }) => {
        return { topic, partition, position, committed, log_end: highWatermark, held };
      }),
      buffer: this.#buffer(),
      windows: this.#windows(),
      config: this.#config(),
      connections: this.#connections(),
    };
  }

  #assignment() {
    return this.running?.pipeline.assignment ?? null;
  }

  #source(): RecordSourceStatus {
    return this.running?.source.status() ?? NOT_JOINED;
  }

  #buffer(): { events: number; bytes: number } {
    const budget = this.#assignment()?.budget;
    return { events: budget?.events ?? 0, bytes: budget?.bytes ?? 0 };
  }

  #windows(): { open: number; events: number } {
    const windows = this.#assignment()?.windows;
    return { open: windows?.openCount ?? 0, events: windows?.events ?? 0 };
  }

  *#oldestUnsent(): Iterable<{ topic: string; partition: number; eventTime: number }> {
    for (const account of this.#assignment()?.ledger.accounts() ?? []) {
      const eventTime = account.oldestUnsettledEventTime();
      if (eventTime !== null) yield { topic: account.topic, partition: account.partition, eventTime };
    }
  }

  *#oldestUnsettled(): Iterable<{ topic: string; partition: number; timestamp: number }> {
    for (const account of this.#assignment()?.ledger.accounts() ?? []) {
      const timestamp = account.oldestUnsettledTimestamp();
      // Records in formats older than Kafka 0.10 have none, and Kafka says -1.
      if (timestamp !== null && timestamp >= 0) yield { topic: account.topic, partition: account.partition, timestamp };
    }
  }

  #configContactAt(): number | null {
    const { clock, sinceConfigContactMs } = this.#surroundings;
    const since = sinceConfigContactMs();
    return since === null ? null : clock.now() - since;
  }

  #config(): ServiceStatus['config'] {
    const { configComplete, sinceConfigContactMs, table } = this.#surroundings;
    const problems = table.problems().map(({ key, kind, problem, earlierVersionInForce }) => {
      return { key, kind, problem, earlier_version_in_force: earlierVersionInForce };
    });
    const since_contact_ms = sinceConfigContactMs();
    return {
      generation: table.generation,
      complete: configComplete(),
      entries: table.size,
      since_contact_ms,
      problems,
    };
  }

  #connections(): ShownConnection[] {
    const { table } = this.#surroundings;
    const usable = [...table.connections()].map(connection => this.#usableConnection(connection));
    const unusable = [...table.unusableConnections()].map(({ connection_id, workspace_id, problem: reason }) => {
      const unknown = { advertiser_name: null, pixel_id: null, events_in_flight: 0 };
      return { connection_id, workspace_id, ...unknown, ...NO_ANSWER, state: 'unusable' as const, reason };
    });
    return [...usable, ...unusable];
  }

  #usableConnection({ connection_id, workspace_id, advertiser_name, pixel_id, enabled }: Connection): ShownConnection {
    const events_in_flight = (this.#assignment()?.inFlight ?? NOTHING).get(connection_id) ?? 0;
    const shown = { connection_id, workspace_id, advertiser_name, pixel_id, events_in_flight };
    const known = this.running?.states.of(connection_id) ?? null;
    // What is known of an earlier entry, until somebody has looked at this one.
    if (known === null || enabled === (known.state === 'disabled')) {
      const [state, reason] = enabled ? (['undecided', null] as const) : (['disabled', DISABLED_REASON] as const);
      return { ...shown, ...NO_ANSWER, state, reason };
    }
    const { apiCode: api_code, reason, requestId: request_id, since, state } = known;
    return { ...shown, state, reason, since: new Date(since).toISOString(), api_code, request_id };
  }
}
