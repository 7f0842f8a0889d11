/**
 * What happened, told once: each call is its metric and, where somebody should read it, its log line.
 *
 * Calls come per batch. Gauges are not kept up to date but asked for when somebody scrapes. Free text from outside
 * (problems, TikTok's reasons) is redacted before it gets into a line.
 */

import { STAGE_OF } from '../core/outcome.ts';
import { redact } from '../core/redact.ts';
import type { CommitResult, Telemetry } from '../ports.ts';
import { ConnectionTally } from './connection-tally.ts';
import { MatchTally } from './match-tally.ts';
import { type MetricSources, publishGauges, publishTally } from './metric-gauges.ts';
import { createMetricRegistry, type MetricRegistry } from './metric-registry.ts';
import { createOperatorLog, type OperatorLogOptions } from './operator-log.ts';
import { requestTelemetry } from './telemetry-requests.ts';
import { countedLines, type Told } from './telemetry-told.ts';

export interface TelemetryOptions extends OperatorLogOptions {
  readonly version: string;
  readonly commit: string;
  readonly nodeVersion: string;
  /** Whether connections have metrics of their own; without, all are counted under `other`. */
  readonly perConnection: boolean;
  /** How many may have them. */
  readonly maxLabelledConnectionsCount: number;
  /** Topics whose records are counted, so that their series begin at 0. */
  readonly topics: readonly string[];
}

export interface ServiceTelemetry extends Telemetry {
  /** Gauges come from here from now on. */
  observe(sources: MetricSources): void;
  /** All metrics in Prometheus' text format. */
  metricsText(): Promise<string>;
  readonly metricsContentType: string;
}

export function createTelemetry(options: TelemetryOptions): ServiceTelemetry {
  const registry = createMetricRegistry();
  const { commit, nodeVersion: node, version } = options;
  registry.set('build_info', 1, { version, commit, node });
  for (const topic of options.topics) startTopic(registry, topic);
  const tally = new ConnectionTally(options.perConnection ? options.maxLabelledConnectionsCount : 0);
  const matches = new MatchTally(tally);
  registry.onScrape(() => publishTally(registry, tally));
  registry.onScrape(() => matches.publish(registry));
  const log = createOperatorLog(options);
  const told: Told = { registry, tally, matches, now: options.now, say: countedLines(log, registry) };
  return {
    ...recordsAndEvents(told),
    ...requestTelemetry(told),
    ...settlement(told),
    ...group(told),
    ...configuration(told),
    notice: (level, code, message, fields) => told.say(level, code, message, fields),
    observe: sources => registry.onScrape(() => publishGauges(registry, tally, sources)),
    metricsText: () => registry.text(),
    metricsContentType: registry.contentType,
  };
}

/** The first batch may be all that a topic sees for hours; it must be an increase. */
function startTopic(registry: MetricRegistry, topic: string): void {
  registry.add('records_consumed_total', 0, { topic });
  registry.add('records_consumed_bytes_total', 0, { topic });
  registry.observe('ingest_delay_seconds', [], { topic });
  registry.observe('event_delivery_latency_seconds', [], { topic });
  registry.observe('event_processing_latency_seconds', [], { topic });
}

type RecordsAndEvents =
  | 'batchConsumed'
  | 'eventsSettled'
  | 'eventsAccepted'
  | 'dedupChecks'
  | 'eventNotes'
  | 'eventsMatchable'
  | 'decodeFailed'
  | 'flushed'
  | 'claimsCalled'
  | 'claimsUnavailable'
  | 'flushFinished';

function recordsAndEvents({ registry, tally, matches, now, say }: Told): Pick<Telemetry, RecordsAndEvents> {
  return {
    batchConsumed({ topic, records, bytes, newestEventTime, eventsByConnection }) {
      registry.add('records_consumed_total', records, { topic });
      registry.add('records_consumed_bytes_total', bytes, { topic });
      if (newestEventTime !== null) registry.observe('ingest_delay_seconds', [age(now(), newestEventTime)], { topic });
      for (const [connectionId, events] of eventsByConnection) tally.consumed(connectionId, events);
    },
    eventsSettled(counts) {
      for (const { connectionId, outcome, reason, events } of counts) {
        registry.add('events_total', events, { outcome, reason });
        tally.ended(connectionId, outcome, events);
      }
    },
    eventsAccepted(topic, eventTimes, recordTimes) {
      const at = now();
      const ages = (times: readonly number[]) => times.map(time => age(at, time));
      registry.observe('event_delivery_latency_seconds', ages(eventTimes), { topic });
      registry.observe('event_processing_latency_seconds', ages(recordTimes), { topic });
    },
    dedupChecks({ fresh, replay, duplicate, takenOver }) {
      const results = { new: fresh, replay, duplicate, taken_over: takenOver };
      for (const [result, count] of Object.entries(results)) registry.add('dedup_checks_total', count, { result });
    },
    eventNotes(counts) {
      for (const [note, count] of counts) registry.add('event_notes_total', count, { note });
    },
    eventsMatchable(counts) {
      for (const [connectionId, byKeys] of counts) {
        for (const [keys, events] of byKeys) matches.add(connectionId, keys, events);
      }
    },
    decodeFailed(topic, reason, count) {
      registry.add('schema_decode_failures_total', count, { reason });
      say('warn', 'DECODE_FAILED', 'records cannot be decoded and become dead letters', { topic, reason, count });
    },
    flushed(trigger, events) {
      registry.add('flush_trigger_total', 1, { trigger });
      registry.observe('batch_events', [events]);
      registry.set('last_flush_timestamp_seconds', now() / 1000);
    },
    flushFinished(result, durationMs) {
      registry.observe('flush_duration_seconds', [durationMs / 1000], { result });
    },
    claimsCalled(command, durationMs) {
      registry.observe('redis_command_duration_seconds', [durationMs / 1000], { command });
    },
    claimsUnavailable(problem, events, policy) {
      registry.add('dedup_checks_total', events, { result: policy === 'pause' ? 'error_closed' : 'error_open' });
      registry.add('claims_failures_total', 1);
      say('warn', 'CLAIMS_UNAVAILABLE', 'Redis does not answer; partitions wait', { problem: redact(problem) });
    },
  };
}

function age(now: number, eventTime: number): number {
  return Math.max(0, now - eventTime) / 1000;
}

type Settlement =
  | 'eventsRedriven'
  | 'redriveRound'
  | 'tokenChecked'
  | 'connectionStatusFailed'
  | 'deadLettersWritten'
  | 'settlementFailed';

function settlement({ registry, say }: Told): Pick<Telemetry, Settlement> {
  return {
    tokenChecked(connectionId, result, problem) {
      registry.add('token_checks_total', 1, { result });
      const fields = { connection: connectionId, result, problem: problem === null ? null : redact(problem) };
      // What was decided is told as a change of state.
      say(result === 'undecided' ? 'info' : 'debug', 'TOKEN_CHECKED', 'TikTok was asked about a token', fields);
    },
    connectionStatusFailed(what, problem) {
      registry.add('connection_status_failures_total', 1, { what });
      const message = 'the status topic cannot be used; connections go on without it, and it is tried again';
      say('warn', `CONNECTION_STATUS_${what.toUpperCase()}_FAILED`, message, { what, problem: redact(problem) });
    },
    eventsRedriven(counts) {
      for (const { events, outcome, reason } of counts)
        registry.add('redrive_events_total', events, { outcome, reason });
    },
    redriveRound(result) {
      registry.add('redrive_rounds_total', 1, { result });
    },
    deadLettersWritten(counts) {
      for (const [reason, count] of counts) {
        const stage = STAGE_OF[reason];
        registry.add('dlq_records_total', count, { stage, reason });
        say('warn', 'DEAD_LETTERED', 'events became dead letters', { reason, stage, count });
      }
    },
    settlementFailed(what, problem) {
      registry.add('settlement_failures_total', 1, { what });
      if (what === 'dead_letter') registry.add('dlq_publish_failures_total', 1);
      const message = 'settling events failed and is tried again; nothing is committed before it works';
      say('error', `SETTLEMENT_FAILED_${what.toUpperCase()}`, message, { what, problem: redact(problem) });
    },
  };
}

type Group = 'assignmentChanged' | 'rebalanceFinished' | 'heartbeat' | 'commitFinished';

function group({ registry, now, say }: Told): Pick<Telemetry, Group> {
  return {
    assignmentChanged({ epoch, kind, partitions }) {
      registry.add('rebalances_total', 1, { kind });
      say('info', `ASSIGNMENT_${kind.toUpperCase()}`, `the assignment was ${kind}`, { epoch, partitions });
    },
    rebalanceFinished(durationMs) {
      registry.observe('rebalance_duration_seconds', [durationMs / 1000]);
      say('info', 'REBALANCE_FINISHED', 'the group has settled', { duration_ms: Math.round(durationMs) });
    },
    heartbeat() {
      registry.set('last_heartbeat_timestamp_seconds', now() / 1000);
    },
    commitFinished(result, durationMs, partitions, problem) {
      registry.observe('offset_commit_duration_seconds', [durationMs / 1000], { result });
      if (result === 'committed') return registry.set('last_commit_timestamp_seconds', now() / 1000);
      registry.add('offset_commit_failures_total', 1);
      const fields = { reason: result, partitions, problem: problem === null ? null : redact(problem) };
      say(result === 'retry' ? 'warn' : 'info', COMMIT_CODES[result], COMMIT_MESSAGES[result], fields);
    },
  };
}

const COMMIT_CODES: Record<Exclude<CommitResult, 'committed'>, string> = {
  retry: 'COMMIT_FAILED',
  fenced: 'COMMIT_FENCED',
};
const COMMIT_MESSAGES: typeof COMMIT_CODES = {
  retry: 'offsets could not be committed; tried again',
  fenced: 'offsets were not committed: the partitions are going to somebody else',
};

type Configuration = 'configApplied' | 'configRejected' | 'schemaFetched' | 'schemaFetchFailed';

function configuration({ registry, now, say }: Told): Pick<Telemetry, Configuration> {
  let wasComplete = false;
  return {
    configApplied({ entries, invalid, generation, offset, complete }) {
      registry.set('config_entries', entries);
      registry.set('config_invalid_entries', invalid);
      registry.set('config_generation', generation);
      registry.set('config_applied_offset', offset);
      registry.set('config_bootstrap_complete', complete ? 1 : 0);
      registry.set('config_last_update_timestamp_seconds', now() / 1000);
      if (complete === wasComplete) return;
      wasComplete = complete;
      const fields = { entries, invalid, generation };
      if (complete) say('info', 'CONFIG_COMPLETE', 'the config table is complete', fields);
      else say('warn', 'CONFIG_INCOMPLETE', 'the config table is incomplete: an entry cannot be read', fields);
    },
    configRejected(key, reason) {
      registry.add('config_rejections_total', 1, { reason });
      say('warn', 'CONFIG_ENTRY_REJECTED', 'a config entry is unusable; see /status', { key, reason });
    },
    schemaFetched(schemaId, durationMs) {
      registry.add('schema_registry_requests_total', 1, { result: 'fetched' });
      const fields = { schema_id: schemaId, duration_ms: Math.round(durationMs) };
      say('debug', 'SCHEMA_FETCHED', 'a writer schema was fetched', fields);
    },
    schemaFetchFailed(schemaId, problem) {
      registry.add('schema_registry_requests_total', 1, { result: 'failed' });
      const fields = { schema_id: schemaId, problem: redact(problem) };
      say('warn', 'SCHEMA_FETCH_FAILED', 'a writer schema cannot be fetched; its partition waits', fields);
    },
  };
}
