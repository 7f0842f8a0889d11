/**
 * Wires the story: every part of the pipeline from the configuration, and who tells whom.
 */

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { createKafka } from './adapters/kafka-client.ts';
import { KafkaRecordSource } from './adapters/kafka-record-source.ts';
import type { Schemas } from './adapters/schema-files.ts';
import { createEventsApi, type EventsApiClient } from './adapters/tiktok-events-api.ts';
import { createTokens } from './adapters/tokens.ts';
import { Claiming } from './claiming.ts';
import { Commits } from './commits.ts';
import type { Config } from './config.ts';
import { buildOptionsOf } from './config-build-options.ts';
import { ConnectionStates } from './connection-states.ts';
import { VERSION } from './control/version.ts';
import { createBuilder } from './core/build-event.ts';
import type { Connection } from './core/config-entry.ts';
import type { ConfigTable } from './core/config-table.ts';
import { createStatusDecoder } from './core/connection-status-record.ts';
import { createEventDecoder } from './core/decode.ts';
import { createDestinations } from './core/destination.ts';
import { type DraftTools, draft } from './core/draft.ts';
import type { SourceRecord } from './core/record.ts';
import { VendorOutage } from './core/vendor-outage.ts';
import { Delivery } from './delivery.ts';
import type { DeliveryOptions, DeliveryParts } from './delivery-parts.ts';
import { Pipeline, type PipelineParts } from './pipeline.ts';
import type {
  Claims,
  Clock,
  ConnectionStatusTopic,
  CredentialsLookup,
  DeadLetters,
  RequestLimits,
  SyncLog,
  Telemetry,
  Tokens,
} from './ports.ts';
import type { SchemaLearning } from './schema-learning.ts';
import { Settlement } from './settlement.ts';
import { StatusSharing } from './status-sharing.ts';
import { TokenChecks, type TokenChecksParts } from './token-checks.ts';

/** What was started before, and what the story is told by. */
export interface AssemblyParts {
  readonly claims: Claims;
  readonly limits: RequestLimits;
  readonly deadLetters: DeadLetters;
  readonly syncLog: SyncLog;
  readonly statusTopic: ConnectionStatusTopic;
  readonly table: ConfigTable;
  readonly schemas: Schemas;
  readonly learning: SchemaLearning;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  /** Whether all that the config topic holds now has been taken in; asks Kafka. */
  readonly isConfigRead: () => Promise<boolean>;
  /** Reading cannot go on. */
  readonly onFatal: (error: Error) => void;
}

export interface Assembled extends TikTok {
  readonly source: KafkaRecordSource;
  readonly pipeline: Pipeline;
  readonly delivery: Delivery;
  readonly sharing: StatusSharing;
  readonly checks: TokenChecks;
  readonly settlement: Settlement;
  readonly commits: Commits;
}

/** How a process speaks to TikTok, and as whom: one for all of its deliveries. */
export interface TikTok {
  readonly api: EventsApiClient;
  readonly states: ConnectionStates;
  /** The connection's token as it is now, looked up afresh. */
  readonly credentialsNow: (connectionId: string) => CredentialsLookup;
  readonly outage: VendorOutage;
}

type Environment = Readonly<Record<string, string | undefined>>;

const APPLICATION = 'tiktok-conversion-sync';

/** Builds all parts and starts none. `env` is for tokens only. */
export function assemble(config: Config, env: Environment, parts: AssemblyParts): Assembled {
  const { clock, onFatal, telemetry } = parts;
  const { conversions, revenueUpdates } = config.topics;
  const kafka = createKafka(config.kafka, 'events', telemetry);
  const options = { ...config.kafka, topics: [conversions, revenueUpdates] };
  const source = new KafkaRecordSource(options, { kafka, clock, telemetry, onFatal });
  const settlement = new Settlement({
    ...parts,
    random: Math.random,
    insistOnMarks: config.dedup.onUnavailable === 'pause',
    connectionTold: connectionId => sharing.told(connectionId),
    onSettled: assignment => pipeline.onSettled(assignment),
    onStalled: stalled => (stalled ? source.pause('settlement') : source.resume('settlement')),
  });
  const commits = new Commits(source, settlement, clock, config.kafka.commitIntervalMs);
  const tiktok = createTikTok(config, env, parts);
  const delivery = createDelivery(config, parts, tiktok, {
    backpressure: 'dead_letter',
    holdsLease: () => source.holdsLease(),
    settle: (assignment, items) => void settlement.settle(assignment, items),
  });
  const pipeline: Pipeline = new Pipeline({
    source,
    delivery,
    settlement,
    commits,
    telemetry,
    clock,
    ...beforeTheWindow(config, parts),
    ...flowLimits(config),
  });
  const sharing: StatusSharing = shareStates(parts, tiktok.states);
  const checks = createTokenChecks(config, parts, { ...tiktok, sharing });
  return { source, pipeline, delivery, sharing, checks, settlement, commits, ...tiktok };
}

/** Bounds on the flow that are tighter than the configuration's. */
interface Ceiling {
  readonly windowMs: number;
  readonly events: number;
  readonly bytes: number;
}

const NO_CEILING: Ceiling = {
  windowMs: Number.POSITIVE_INFINITY,
  events: Number.POSITIVE_INFINITY,
  bytes: Number.POSITIVE_INFINITY,
};

/** How long and how much is gathered, and what flows in an outage. */
export function flowLimits(
  { delivery, window }: Config,
  most = NO_CEILING,
): Pick<PipelineParts, 'window' | 'trickle' | 'budget'> {
  return {
    window: {
      sizeMs: Math.min(window.sizeMs, most.windowMs),
      batchMaxEvents: delivery.batchMaxEventsCount,
      batchMaxBytes: delivery.batchMaxBytes,
    },
    trickle: { recordsPerWindow: delivery.outageRecordsCount, windowMs: window.sizeMs },
    budget: {
      ...window,
      maxEvents: Math.min(window.maxBufferedEventsCount, most.events),
      maxBytes: Math.min(window.maxBufferedBytes, most.bytes),
    },
  };
}

type Sharing = Pick<AssemblyParts, 'clock' | 'learning' | 'schemas' | 'statusTopic' | 'table' | 'telemetry'>;

export function shareStates(parts: Sharing, states: ConnectionStates): StatusSharing {
  const { clock, learning, schemas, statusTopic: topic, table, telemetry } = parts;
  const decoder = createStatusDecoder(schemas.connectionStatus);
  return new StatusSharing({
    ...{ topic, states, decoder, clock, random: Math.random, telemetry },
    learnSchemas: records => learning.learn(decoder, records),
    workspaceOf: connectionId => table.connection(connectionId)?.workspace_id ?? null,
    // Two replicas may share a host.
    instance: `${hostname()}/${randomUUID()}`,
  });
}

type Asking = Pick<TokenChecksParts, 'api' | 'credentialsNow' | 'states' | 'sharing'>;

function createTokenChecks({ tiktok, tokens, window }: Config, parts: AssemblyParts, asking: Asking): TokenChecks {
  const { clock, isConfigRead, limits, table, telemetry } = parts;
  const destinationOf = createDestinations(tiktok.partnerName);
  return new TokenChecks({
    ...asking,
    ...{ clock, isConfigRead, limits, table, telemetry, random: Math.random },
    destinationOf: connection => destinationOf(connection, null),
    options: { check: tokens.check, intervalMs: window.sizeMs },
  });
}

/** Decode, resolve, build and claim. */
function beforeTheWindow(config: Config, parts: AssemblyParts) {
  const { claims, clock, telemetry } = parts;
  const { learnSchemas, tools } = draftTools(config, parts);
  const { dedup, redis } = config;
  return {
    learnSchemas,
    draft: (record: SourceRecord, now: number) => draft(record, tools, now),
    claiming: new Claiming(claims, clock, telemetry, { ...dedup, keyPrefix: redis.keyPrefix }),
  };
}

/** What turns a record into events, for the pipeline as for letters. */
export function draftTools(
  config: Config,
  { learning, schemas, table }: Pick<AssemblyParts, 'learning' | 'schemas' | 'table'>,
): { readonly tools: DraftTools; readonly learnSchemas: PipelineParts['learnSchemas'] } {
  const decoder = createEventDecoder(schemas);
  return {
    tools: { decoder, table, build: createBuilder(buildOptionsOf(config)) },
    learnSchemas: records => learning.learn(decoder, records),
  };
}

/** `env` is for tokens only. */
export function createTikTok(
  config: Config,
  env: Environment,
  { table, telemetry }: Pick<AssemblyParts, 'table' | 'telemetry'>,
): TikTok {
  const userAgent = `${APPLICATION}/${VERSION}`;
  const api = createEventsApi({ ...config.delivery, ...config.tiktok, userAgent });
  const tokens = createTokens(config.tokens, env);
  const lookUp = (connectionId: string): CredentialsLookup => lookUpToken(table, tokens, connectionId);
  const states = new ConnectionStates({
    credentialsNow: lookUp,
    telemetry,
    probeIntervalMs: config.window.sizeMs,
  });
  return { api, states, credentialsNow: lookUp, outage: new VendorOutage() };
}

/** Delivery of the events that one record source brings; `backpressure`: what becomes of what may be held no longer. */
export function createDelivery(
  config: Config,
  { clock, limits, table, telemetry }: Pick<AssemblyParts, 'clock' | 'limits' | 'table' | 'telemetry'>,
  tiktok: TikTok,
  { backpressure, ...owner }: Pick<DeliveryParts, 'holdsLease' | 'settle'> & Pick<DeliveryOptions, 'backpressure'>,
): Delivery {
  return new Delivery({
    ...tiktok,
    ...owner,
    clock,
    random: Math.random,
    telemetry,
    options: { ...config.delivery, backpressure },
    limits,
    enabledConnections: () => enabledConnections(table),
    connectionNow: connectionId => connectionNow(table, connectionId),
    isPixelShared: (pixelId, connectionId) => isPixelShared(table, pixelId, connectionId),
  });
}

function connectionNow(table: ConfigTable, connectionId: string): Connection | 'unusable' | null {
  const usable = table.connection(connectionId);
  if (usable !== null) return usable;
  return table.connectionOffset(connectionId) === null ? null : 'unusable';
}

function lookUpToken(table: ConfigTable, tokens: Tokens, connectionId: string): CredentialsLookup {
  const token = tokens.lookup(table.connection(connectionId)?.access_token ?? '', connectionId);
  if (token.kind === 'missing') return token;
  return { ...token, configOffset: table.connectionOffset(connectionId) ?? -1 };
}

function enabledConnections(table: ConfigTable): number {
  let enabled = 0;
  for (const connection of table.connections()) if (connection.enabled) enabled++;
  return enabled;
}

function isPixelShared(table: ConfigTable, pixelId: string, connectionId: string): boolean {
  const others = [...table.connections()].filter(other => other.connection_id !== connectionId);
  return others.some(({ enabled, pixel_id }) => enabled && pixel_id === pixelId);
}
