/** The whole pipeline on fakes, in virtual time: one topic of two partitions, two workspaces with a connection each. */

import { createProcessRateLimits } from '../../src/adapters/redis-rate-limits.ts';
import { Claiming } from '../../src/claiming.ts';
import { Commits } from '../../src/commits.ts';
import { ConnectionStates } from '../../src/connection-states.ts';
import { createBuilder } from '../../src/core/build-event.ts';
import { ConfigTable } from '../../src/core/config-table.ts';
import { createEventDecoder } from '../../src/core/decode.ts';
import { draft } from '../../src/core/draft.ts';
import type { RateOptions } from '../../src/core/rate-limit.ts';
import { VendorOutage } from '../../src/core/vendor-outage.ts';
import { Delivery } from '../../src/delivery.ts';
import { Pipeline, type PipelineParts } from '../../src/pipeline.ts';
import type { CredentialsLookup } from '../../src/ports.ts';
import { Settlement } from '../../src/settlement.ts';
import { DEFAULT_BUILD_OPTIONS } from '../core/business-events.ts';
import { connectionChange, mappingChange } from '../core/config-records.ts';
import { conversion, framed, schemas } from '../core/event-records.ts';
import { MemoryClaims } from '../fakes/memory-claims.ts';
import { MemoryDeadLetters } from '../fakes/memory-dead-letters.ts';
import { MemoryRecordSource } from '../fakes/memory-record-source.ts';
import { MemorySyncLog } from '../fakes/memory-sync-log.ts';
import { recordingTelemetry } from '../fakes/recording-telemetry.ts';
import { ScriptedEventsApi } from '../fakes/scripted-events-api.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { DELIVERY_OPTIONS, FAST } from './delivery-options.ts';

export const TRICKLE = 6;
export const TOPIC = 'sourceloop.conversions';
export const WINDOW_MS = 2_000;
const HOUR = 3_600_000;

export type Changes = Partial<Pick<PipelineParts, 'window' | 'budget'>>;

export async function startPipeline(changes: Changes = {}, rates: Partial<RateOptions> = {}) {
  const clock = new VirtualClock();
  const source = new MemoryRecordSource({ [TOPIC]: 2 }, clock);
  const claims = new MemoryClaims(clock);
  const api = new ScriptedEventsApi();
  const [deadLetters, syncLog, telemetry] = [new MemoryDeadLetters(), new MemorySyncLog(), recordingTelemetry()];
  const state = { registryAway: false };
  const random = () => 0.5;
  const decoder = createEventDecoder(schemas);
  decoder.learn(7, { kind: 'schema', schema: schemas.conversionCreated, references: [] });
  const table = configTable();
  const tools = { decoder, table, build: createBuilder(DEFAULT_BUILD_OPTIONS) };
  const settlement = new Settlement({
    ...{ syncLog, deadLetters, claims, telemetry, clock, random, insistOnMarks: true, onStalled: () => {} },
    connectionTold: () => Promise.resolve(),
    onSettled: assignment => pipeline.onSettled(assignment),
  });
  const commits = new Commits(source, settlement, clock, 500);
  const credentialsNow = (connectionId: string): CredentialsLookup => {
    const token = table.connection(connectionId)?.access_token ?? '';
    return { kind: 'token', token, tokenDigest: token, configOffset: 0 };
  };
  const states = new ConnectionStates({ credentialsNow, telemetry, probeIntervalMs: WINDOW_MS });
  const { window = { sizeMs: WINDOW_MS, batchMaxEvents: 4, batchMaxBytes: 100_000 } } = changes;
  const delivery = new Delivery({
    ...{ api, clock, random, telemetry },
    credentialsNow,
    states,
    options: { ...DELIVERY_OPTIONS, batchMaxEventsCount: window.batchMaxEvents },
    limits: createProcessRateLimits({ ...FAST, ...rates }, clock),
    outage: new VendorOutage(),
    enabledConnections: () => [...table.connections()].length,
    connectionNow: id => table.connection(id),
    isPixelShared: () => false,
    holdsLease: () => source.holdsLease(),
    settle: (assignment, items) => void settlement.settle(assignment, items),
  });
  const dedup = { pendingTakeoverMs: HOUR, replayHorizonMs: 72 * HOUR };
  const claiming = new Claiming(claims, clock, telemetry, { keyPrefix: '', onUnavailable: 'pause', ...dedup });
  const pipeline = new Pipeline({
    ...{ source, claiming, delivery, settlement, commits, telemetry, clock },
    learnSchemas: async () => !state.registryAway,
    draft: (record, now) => draft(record, tools, now),
    trickle: { recordsPerWindow: TRICKLE, windowMs: WINDOW_MS },
    budget: { maxEvents: 1_000, maxBytes: 10_000_000, pressureRatio: 0.8, resumeRatio: 0.5 },
    ...changes,
    window,
  });
  await source.start(pipeline);
  const all = { clock, source, claims, api, deadLetters, syncLog, telemetry, state, pipeline, table, delivery, states };
  return { ...all, ...conveniences(all) };
}

/** A conversion as its producer writes it. */
export function eventValue(
  id: string,
  workspace = 'ws-1',
  occurredAt = Date.UTC(2026, 0, 1),
  changes: Readonly<Record<string, unknown>> = {},
): Buffer {
  const person = { contact_id: `contact of ${id}` };
  const record = conversion({
    conversion_id: id,
    workspace_id: workspace,
    occurred_at: occurredAt,
    ...person,
    ...changes,
  });
  return framed(7, schemas.conversionCreated, record);
}

/** `ws-1` has connection `c-1`, `ws-2` has `c-2`; each sends `SubmitForm`. `ws-0` has none. */
export function configTable(): ConfigTable {
  const table = new ConfigTable();
  for (const [offset, n] of [1, 2].entries()) {
    const ids = {
      connection_id: `c-${n}`,
      workspace_id: `ws-${n}`,
      pixel_id: `PIXEL${n}`,
      access_token: `file:c-${n}`,
    };
    table.apply(offset, `connection:c-${n}`, connectionChange(ids));
    const mapping = { mapping_id: `m-${n}`, connection_id: `c-${n}` };
    table.apply(offset, `mapping:m-${n}`, mappingChange(mapping));
  }
  return table;
}

interface Parts {
  readonly clock: VirtualClock;
  readonly source: MemoryRecordSource;
  readonly telemetry: ReturnType<typeof recordingTelemetry>;
  readonly pipeline: Pipeline;
  readonly syncLog: MemorySyncLog;
}

function conveniences({ clock, source, telemetry, pipeline, syncLog }: Parts) {
  return {
    /** Appends a conversion and returns its offset. */
    feed(id: string, { workspace = 'ws-1', partition = 0, changes = {} } = {}): number {
      return source.feed(TOPIC, partition, [{ value: eventValue(id, workspace, clock.now(), changes) }])[0]!;
    },
    /** What is consumed and what became of it; the two must be equal at any time. */
    balance(): { consumed: number; accounted: number } {
      const { consumed, ...outcomes } = telemetry.totals();
      const settled = Object.values(outcomes).reduce((sum, events) => sum + events, 0);
      return { consumed, accounted: settled + (pipeline.assignment?.inFlightTotal ?? 0) };
    },
    /** The ways in which events ended, as the sync log tells it. */
    logged(): string[] {
      return syncLog.entries.map(({ event_id, outcome, reason }) => `${event_id} ${outcome} ${reason}`);
    },
    committed: () => [0, 1].map(partition => source.committed(TOPIC, partition)),
  };
}
