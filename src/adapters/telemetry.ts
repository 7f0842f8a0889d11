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
import { API_CODES } from './metric-catalogue.ts';
import { type MetricSources, publishGauges, publishTally } from './metric-gauges.ts';
import { createMetricRegistry, type MetricRegistry } from './metric-registry.ts';
import { createOperatorLog, type OperatorLog, type OperatorLogOptions } from './operator-log.ts';

export interface TelemetryOptions extends OperatorLogOptions {
  readonly version: string;
  readonly nodeVersion: string;
  /** Connections with metrics of their own. */
  readonly maxLabelledConnectionsCount: number;
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
  registry.set('build_info', 1, { version: options.version, node: options.nodeVersion });
  const tally = new ConnectionTally(options.maxLabelledConnectionsCount);
  const matches = new MatchTally(tally);
  registry.onScrape(() => publishTally(registry, tally));
  registry.onScrape(() => matches.publish(registry));
  const log = createOperatorLog(options);
  const told: Told = { registry, tally, matches, now: options.now, say: countedLines(log, registry) };
  return {
    ...recordsAndEvents(told),
    ...requests(told),
    ...limits(told),
    ...settlement(told),
    ...group(told),
    ...configuration(told),
    notice: (level, code, message, fields) => told.say(level, code, message, fields),
    observe: sources => registry.onScrape(() => publishGauges(registry, tally, sources)),
    metricsText: () => registry.text(),
    metricsContentType: registry.contentType,
  };
}

/** What every part below tells things to. */
interface Told {
  readonly registry: MetricRegistry;
  readonly tally: ConnectionTally;
  readonly matches: MatchTally;
  readonly now: () => number;
  readonly say: OperatorLog['line'];
}

function countedLines(log: OperatorLog, registry: MetricRegistry): OperatorLog['line'] {
  return (level, code, message, fields) => {
    if (level !== 'debug') registry.add('log_lines_total', 1, { level });
    log.line(level, code, message, fields);
  };
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
    eventsAccepted(topic, eventTimes) {
      const at = now();
      const ages = eventTimes.map(eventTime => age(at, eventTime));
      registry.observe('event_delivery_latency_seconds', ages, { topic });
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

function requests({
  registry,
  tally,
  now,
  say,
}: Told): Pick<Telemetry, 'requestSent' | 'requestRetried' | 'connectionState'> {
  return {
    requestSent(request) {
      const { connectionId, apiCode, httpStatus, verdict, durationMs } = request;
      registry.add('api_requests_total', 1, {
        http_status_class: httpStatus === null ? 'none' : `${Math.floor(httpStatus / 100)}xx`,
        api_code: apiCode === null ? 'none' : API_CODES.has(String(apiCode)) ? String(apiCode) : 'other',
      });
      registry.add('api_verdicts_total', 1, { verdict });
      registry.observe('api_request_duration_seconds', [durationMs / 1000]);
      const connection = tally.label(connectionId);
      const delivered = verdict === 'delivered';
      if (delivered) registry.set('connection_last_success_timestamp_seconds', now() / 1000, { connection });
      const refused = verdict === 'connection-refused';
      if (delivered || refused) registry.set('connection_token_valid', refused ? 0 : 1, { connection });
      const message = delivered ? 'TikTok accepted a batch' : 'TikTok did not accept a batch';
      say(delivered ? 'debug' : 'warn', delivered ? 'REQUEST_DELIVERED' : 'REQUEST_NOT_DELIVERED', message, {
        connection: connectionId,
        reason: verdict,
        events: request.events,
        http_status: httpStatus,
        api_code: apiCode,
        failure: request.failure,
        request_id: request.requestId,
        duration_ms: Math.round(durationMs),
      });
    },
    requestRetried(connectionId, reason, attempt, delayMs) {
      registry.add('api_retries_total', 1, { reason });
      const fields = { connection: connectionId, reason, attempt, delay_ms: Math.round(delayMs) };
      say('debug', 'REQUEST_RETRIED', 'the batch is sent again with the same event ids', fields);
    },
    connectionState(connectionId, state, reason) {
      const fields = { connection: connectionId, state, reason: redact(reason) };
      if (state === 'parked') say('warn', 'CONNECTION_PARKED', 'TikTok refuses the connection', fields);
      else if (state === 'token_invalid') say('warn', 'CONNECTION_TOKEN_INVALID', 'TikTok refuses the token', fields);
      else say('info', `CONNECTION_${state.toUpperCase()}`, `the connection is ${state}`, fields);
    },
  };
}

type Limits = 'rateLimitWaited' | 'rateLimitsUnavailable' | 'circuitChanged' | 'vendorOutage';

function limits({ registry, say }: Told): Pick<Telemetry, Limits> {
  return {
    rateLimitWaited(connectionId, waitMs) {
      registry.add('rate_limit_wait_seconds_total', waitMs / 1000);
      const fields = { connection: connectionId, delay_ms: Math.round(waitMs) };
      say('debug', 'RATE_LIMIT_WAITED', 'a request waits for its permit', fields);
    },
    rateLimitsUnavailable(problem) {
      registry.add('rate_limit_fallbacks_total', 1);
      const message = 'Redis does not answer; request rates hold for this process alone';
      say('warn', 'RATE_LIMITS_UNAVAILABLE', message, { problem: redact(problem) });
    },
    circuitChanged(connectionId, state, reason) {
      const fields = { connection: connectionId, state, reason: redact(reason) };
      if (state === 'half_open') return say('debug', 'CIRCUIT_HALF_OPEN', 'a trial request starts', fields);
      if (state === 'open') return say('warn', 'CIRCUIT_OPEN', 'the connection fails again and again', fields);
      say('info', 'CIRCUIT_CLOSED', 'the connection is tried as usual again', fields);
    },
    vendorOutage(change, lastedMs) {
      if (change === 'began') {
        const message = 'TikTok fails for most connections: only a trickle is read until one of them succeeds';
        return say('error', 'VENDOR_OUTAGE_BEGAN', message);
      }
      const fields = { duration_ms: Math.round(lastedMs) };
      say('info', 'VENDOR_OUTAGE_ENDED', 'TikTok works again; everything is read as usual', fields);
    },
  };
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
    configApplied({ entries, invalid, generation, complete }) {
      registry.set('config_entries', entries);
      registry.set('config_invalid_entries', invalid);
      registry.set('config_generation', generation);
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
