/**
 * Every metric as data: the registry is built from it, docs/metrics.md is generated from it, a test compares them.
 *
 * Sums over all labels mean something, label values come from closed lists (`known`, which start at 0 so that the
 * first failure is an increase), and only the per-connection and per-partition metrics grow with the installation.
 */

import { BUILD_NOTES } from '../core/build-notes.ts';
import { DEAD_LETTER_REASONS, DELIVERED_REASONS, DUPLICATE_REASONS, SKIP_REASONS, STAGE_OF } from '../core/outcome.ts';
import { LISTED_CODES } from '../core/tiktok-codes.ts';
import type { HoldReason } from '../ports.ts';

export const METRIC_PREFIX = 'tiktok_sync_';

/** Label values of one series, in the order of the metric's labels. */
export type LabelSet = readonly string[];

export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
  /** Series that exist from the start, counters and histograms at 0. */
  readonly known?: readonly LabelSet[];
}

/** A label whose values are all known. */
const each = (values: readonly string[]): LabelSet[] => values.map(value => [value]);

/** TikTok's codes that have a label of their own; the rest is `other`, and `none` stands for no code. */
export const API_CODES: ReadonlySet<string> = new Set([...LISTED_CODES].map(String));
export const HANDED_OVER_REASONS = ['rebalance', 'shutdown'] as const;

const OUTCOME_REASONS: readonly LabelSet[] = [
  ...DELIVERED_REASONS.map(reason => ['delivered', reason]),
  ...DUPLICATE_REASONS.map(reason => ['duplicate', reason]),
  ...SKIP_REASONS.map(reason => ['skipped', reason]),
  ...DEAD_LETTER_REASONS.map(reason => ['dead_lettered', reason]),
  ...HANDED_OVER_REASONS.map(reason => ['handed_over', reason]),
];
const VERDICTS = [
  'delivered',
  'retry',
  'throttled',
  'connection-refused',
  'poison',
  'split',
  'partial',
  'ambiguous',
] as const;
export const HOLD_REASONS = [
  'claims',
  'schema_registry',
  'config',
  'buffer',
  'suspended',
  'settlement',
  'vendor_outage',
] as const satisfies readonly HoldReason[];
export const CONNECTION_STATES = ['active', 'token_invalid', 'parked', 'undecided', 'disabled', 'unusable'] as const;
export type ConnectionState = (typeof CONNECTION_STATES)[number];
const DECODE_REASONS = DEAD_LETTER_REASONS.filter(reason => STAGE_OF[reason] === 'decode');

/** HTTP classes and TikTok codes that answers come with; a transport error has neither. */
const ANSWERS: readonly LabelSet[] = [
  ...[...API_CODES, 'other', 'none'].map(code => ['2xx', code]),
  ...['3xx', '4xx', '5xx', 'none'].map(status => [status, 'none']),
];

/** From a window's length to a day; the bounds of a service level must be among them. */
const EVENT_AGE_BUCKETS = [30, 60, 90, 120, 150, 180, 240, 300, 600, 1_800, 3_600, 21_600, 86_400];
const REQUEST_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30];
const FLUSH_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600];
const QUICK_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

function counter(help: string, labels: readonly string[] = [], known?: readonly LabelSet[]): MetricDefinition {
  return { type: 'counter', help, labels, known: known ?? (labels.length === 0 ? [[]] : []) };
}

function gauge(help: string, labels: readonly string[] = []): MetricDefinition {
  return { type: 'gauge', help, labels };
}

function histogram(
  help: string,
  buckets: readonly number[],
  labels: readonly string[] = [],
  known: readonly LabelSet[] = labels.length === 0 ? [[]] : [],
): MetricDefinition {
  return { type: 'histogram', help, labels, buckets, known };
}

/** By name without the prefix, in the order of the documentation. */
export const METRICS = {
  build_info: gauge(
    'Always 1; which version runs, built from which commit (TIKTOK_SYNC_COMMIT, which the image sets), on which Node.js.',
    ['version', 'commit', 'node'],
  ),

  records_consumed_total: counter('Records read from Kafka and admitted.', ['topic']),
  records_consumed_bytes_total: counter('Bytes of their values.', ['topic']),
  consumer_lag_records: gauge('Log end minus committed offset; a sawtooth of the window length.', [
    'topic',
    'partition',
  ]),
  consumer_position_lag_records: gauge('Log end minus position: what has not been read yet.', ['topic', 'partition']),
  oldest_unsent_event_timestamp_seconds: gauge(
    'Event time of the oldest unsettled event; absent while there is none.',
    ['topic', 'partition'],
  ),
  oldest_unsettled_record_timestamp_seconds: gauge(
    'Timestamp in Kafka of the oldest record that was read and is not settled: the lag in seconds is time() minus it; absent while there is none.',
    ['topic', 'partition'],
  ),
  ingest_delay_seconds: histogram('Event time of the newest record of a batch until it was read.', EVENT_AGE_BUCKETS, [
    'topic',
  ]),
  event_delivery_latency_seconds: histogram('Event time until TikTok had accepted it.', EVENT_AGE_BUCKETS, ['topic']),
  event_processing_latency_seconds: histogram(
    'Kafka’s timestamp of the record until TikTok had accepted its event: our own share of the latency.',
    EVENT_AGE_BUCKETS,
    ['topic'],
  ),

  events_total: counter(
    'Events settled or handed over, by outcome and reason.',
    ['outcome', 'reason'],
    OUTCOME_REASONS,
  ),
  connection_events_consumed_total: counter('Events that consumed records made, at least one per record.', [
    'connection',
  ]),
  connection_events_total: counter('Events settled or handed over, by connection.', ['connection', 'outcome']),
  connection_events_in_flight: gauge('Events consumed and not settled: consumed = outcomes + in flight.', [
    'connection',
  ]),
  connection_match_keys_total: counter(
    'Events that had the match key, replays counted again; its share of all qualities is the coverage of the key.',
    ['connection', 'key'],
  ),
  connection_match_quality_total: counter(
    'Events built, by how well TikTok can match them; `none` became dead letters (no_match_key).',
    ['connection', 'quality'],
  ),
  event_notes_total: counter('Parts left out or put right in events sent all the same.', ['note'], each(BUILD_NOTES)),
  schema_decode_failures_total: counter('Records that could not be decoded.', ['reason'], each(DECODE_REASONS)),

  window_buffer_events: gauge('Events in memory: consumed and not settled.'),
  window_buffer_limit_events: gauge('At this many partitions pause.'),
  window_buffer_bytes: gauge('Bytes they take.'),
  window_buffer_limit_bytes: gauge('At this many partitions pause.'),
  window_size_seconds: gauge('Length of a window: how long an event may wait for its batch when all is well.'),
  windows_open: gauge('Connections with an open window.'),
  window_events: gauge('Events waiting in open windows.'),
  flush_trigger_total: counter(
    'Batches that left their window, by why.',
    ['trigger'],
    each(['window', 'size', 'pressure', 'revoke', 'shutdown']),
  ),
  flush_duration_seconds: histogram(
    'From the start of a batch to its end, retries and bisecting included, by result.',
    FLUSH_BUCKETS,
    ['result'],
    each(['settled', 'abandoned']),
  ),
  batch_events: histogram('Events of a batch that left its window.', [1, 5, 10, 25, 50, 100, 250, 500, 1_000]),
  last_flush_timestamp_seconds: gauge('When a batch last left its window.'),
  consumer_paused_partitions: gauge('Assigned partitions that stand still, by why.', ['reason']),

  dedup_checks_total: counter(
    'Claims decided, by result.',
    ['result'],
    each(['new', 'replay', 'duplicate', 'taken_over', 'error_open', 'error_closed']),
  ),
  claims_failures_total: counter('Calls to Redis that failed, or whose answer did not come in time.'),
  redis_up: gauge('1 while Redis answers.'),
  redis_command_duration_seconds: histogram(
    'Duration of calls to Redis, failed ones included, each for many events.',
    QUICK_BUCKETS,
    ['command'],
    each(['claim', 'take_over', 'mark', 'release']),
  ),

  api_requests_total: counter(
    'Answers of the Events API, by HTTP status and body code.',
    ['http_status_class', 'api_code'],
    ANSWERS,
  ),
  api_verdicts_total: counter(
    'Requests to the Events API, by what their answer was judged to mean.',
    ['verdict'],
    [...each(VERDICTS)],
  ),
  api_request_duration_seconds: histogram('Duration of requests to the Events API.', REQUEST_BUCKETS),
  api_retries_total: counter('Requests to be made again, by the verdict on the last one.', ['reason'], each(VERDICTS)),
  api_inflight_requests: gauge('Requests under way.'),
  api_inflight_limit: gauge('Most requests under way at a time.'),
  connection_token_valid: gauge(
    'Whether TikTok takes its token as far as is known, 0 or 1; none while nobody knows, and none for `other`: see connection_state.',
    ['connection'],
  ),
  connection_state: gauge('1 for the state the connection is in; for `other` how many are in it.', [
    'connection',
    'state',
  ]),
  circuit_state: gauge('1 for the state of the connection’s circuit breaker; for `other` how many are in it.', [
    'connection',
    'state',
  ]),
  connection_request_rate: gauge('Requests a second that the connection may make, as of its last request.', [
    'connection',
  ]),
  rate_limit_wait_seconds_total: counter('Seconds that requests waited for a permit of their rate.'),
  rate_limit_fallbacks_total: counter('Times the rates of all replicas could not be asked; each limits itself then.'),
  vendor_outage: gauge('1 while TikTok as a whole seems to be away.'),
  token_checks_total: counter(
    'Probes of credentials that no request had had an answer about, by what was learned.',
    ['result'],
    each(['active', 'refused', 'undecided']),
  ),
  connection_status_failures_total: counter(
    'Reads and writes of the status topic that failed and are tried again.',
    ['what'],
    each(['read', 'write']),
  ),
  connection_last_success_timestamp_seconds: gauge('When TikTok last accepted events of it.', ['connection']),

  dlq_records_total: counter(
    'Dead letters acknowledged by all in-sync replicas.',
    ['stage', 'reason'],
    DEAD_LETTER_REASONS.map(reason => [STAGE_OF[reason], reason]),
  ),
  redrive_events_total: counter(
    'Events of dead letters that were redriven, by how they ended; they are not in the counts of events.',
    ['outcome', 'reason'],
    OUTCOME_REASONS.filter(([outcome]) => outcome !== 'handed_over'),
  ),
  redrive_rounds_total: counter(
    'Automatic redrives of the letters of a connection that works again.',
    ['result'],
    each(['finished', 'interrupted', 'failed']),
  ),
  dlq_publish_failures_total: counter('Dead letters that could not be written; tried again until they are.'),
  settlement_failures_total: counter(
    'Writes of a settlement that failed and are tried again.',
    ['what'],
    each(['dead_letter', 'sync_log', 'mark', 'release']),
  ),

  config_entries: gauge('Entries of the config topic.'),
  config_invalid_entries: gauge('Entries among them that are unusable, unreadable, or not on the topic any more.'),
  config_generation: gauge('Grows with every entry this process applied; replicas count for themselves.'),
  config_applied_offset: gauge('Highest offset of the config topic that was applied, to compare replicas by.'),
  config_last_update_timestamp_seconds: gauge('When an entry was last applied.'),
  config_last_contact_timestamp_seconds: gauge(
    'When a broker last answered for the config topic: the table was complete then. Its age is time() minus it.',
  ),
  config_bootstrap_complete: gauge('1 once the config topic was read to its end and every entry is readable.'),
  config_rejections_total: counter(
    'Entries that were applied as unusable, or not at all.',
    ['reason'],
    each(['undecodable', 'config_invalid']),
  ),

  assigned_partitions: gauge('Partitions this process owns.', ['topic']),
  rebalances_total: counter(
    'Changes of the assignment, by kind.',
    ['kind'],
    each(['assigned', 'suspended', 'resumed']),
  ),
  rebalance_duration_seconds: histogram(
    'From the first sign of a rebalance to the new assignment.',
    [0.5, 1, 2.5, 5, 10, 20, 30, 45, 60, 120],
  ),
  offset_commit_duration_seconds: histogram(
    'Duration of commits, by result.',
    QUICK_BUCKETS,
    ['result'],
    each(['committed', 'retry', 'fenced']),
  ),
  offset_commit_failures_total: counter('Commits that were fenced or must be tried again.'),
  last_commit_timestamp_seconds: gauge('When offsets were last committed.'),
  last_heartbeat_timestamp_seconds: gauge('When the coordinator last took a heartbeat.'),
  schema_registry_requests_total: counter('Schemas asked for, by result.', ['result'], each(['fetched', 'failed'])),

  log_lines_total: counter(
    'Lines logged, those held back as repeats included.',
    ['level'],
    each(['info', 'warn', 'error']),
  ),

  heap_limit_bytes: gauge('Most that the JavaScript heap may take; a process that needs more ends.'),
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricName = keyof typeof METRICS;

/** Where an area of the documentation begins: the heading before the metric. */
export const AREAS: Partial<Record<MetricName, string>> = {
  build_info: 'The build',
  records_consumed_total: 'Reading: what comes in, and how far behind',
  events_total: 'Events: what became of them',
  window_buffer_events: 'Windows and the buffer',
  dedup_checks_total: 'Claims on Redis',
  api_requests_total: 'TikTok: requests, and the state of connections',
  dlq_records_total: 'Dead letters and settlement',
  config_entries: 'Configuration',
  assigned_partitions: 'The consumer group, commits, schemas',
  log_lines_total: 'The log',
  heap_limit_bytes: 'The process',
};
