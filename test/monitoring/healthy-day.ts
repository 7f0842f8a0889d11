/**
 * Six hours in the life of a healthy service, as promtool's unit tests take them: a busy morning of two replicas with
 * its sawtooth of lag, a rolling restart with a leader's move, a night with three events of which one is late, and a
 * morning on which letters are redriven. No alert may fire.
 */

import { RULE_FILES, ruleFile } from './rule-files.ts';

const STEP = 30;
const HOUR = 3_600;
const END = 6 * HOUR;
const WINDOW = 120;
const NIGHT = { from: 2.5 * HOUR, to: 5 * HOUR };
/** The second event of the night is answered only after eight minutes of trouble with TikTok. */
const NIGHTLY_EVENTS = [3.5 * HOUR, 4 * HOUR, 4.5 * HOUR];
const LATE = { at: 4 * HOUR, tookSeconds: 480 };
const REDRIVE_AT = 5.5 * HOUR;

/** A replica: alive from `from` until `to`; it serves the night's events, too, where it is the one that is `awake`. */
interface Pod {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly awake?: boolean;
}

const RESTART_AT = 1.5 * HOUR;
const PODS: readonly Pod[] = [
  { name: 'a', from: 0, to: RESTART_AT },
  { name: 'b', from: 0, to: RESTART_AT + 300 },
  { name: 'c', from: RESTART_AT + 60, to: END + STEP, awake: true },
  { name: 'd', from: RESTART_AT + 360, to: END + STEP },
];

/** Everything that a pod's metrics follow from, at one scrape. */
interface Moment {
  readonly at: number;
  readonly consumed: number;
  readonly settled: number;
  readonly late: number;
  readonly handedOver: number;
  readonly inWindow: number;
  readonly oldest: number | null;
  readonly lastFlush: number | null;
}

/** Events per second; nothing but single ones by night. */
function rateAt(at: number): number {
  return at >= NIGHT.from && at < NIGHT.to ? 0 : 10;
}

/** Walks through a pod's life: windows close every two minutes, and TikTok answers within one scrape. */
function* lifeOf({ from, to, awake = false }: Pod): Generator<Moment> {
  let [consumed, settled, late, handedOver, inWindow, sent] = [0, 0, 0, 0, 0, 0];
  let oldest: number | null = null;
  let lastFlush: number | null = null;
  let busyUntil: number | null = null;
  for (let at = from; at < to; at += STEP) {
    if (sent > 0 && at >= (busyUntil ?? 0)) {
      settled += sent;
      if (busyUntil !== null) late += sent;
      [sent, busyUntil, oldest] = [0, null, inWindow > 0 ? at - (at % WINDOW) : null];
    }
    const more = rateAt(at) * STEP + (awake && NIGHTLY_EVENTS.includes(at) ? 1 : 0);
    if (more > 0) oldest ??= at;
    consumed += more;
    inWindow += more;
    if (at % WINDOW === WINDOW - STEP && inWindow > 0) {
      if (at - WINDOW < LATE.at && at >= LATE.at) busyUntil = LATE.at + LATE.tookSeconds;
      [sent, inWindow, lastFlush] = [sent + inWindow, 0, at];
    }
    if (at + STEP >= to && to <= END) [handedOver, inWindow, sent] = [inWindow + sent, 0, 0];
    yield { at, consumed, settled, late, handedOver, inWindow, oldest, lastFlush };
  }
}

type Reading = (moment: Moment) => number | null;

/** The series of a pod: name with its labels, and what it reads. */
function seriesOf(pod: Pod): Readonly<Record<string, Reading>> {
  const since = ({ at }: Moment) => at - pod.from;
  const waiting = ({ consumed, settled, handedOver }: Moment) => consumed - settled - handedOver;
  const ready: Reading = moment => (since(moment) < 60 ? null : 1);
  const after =
    (at: number, value: number): Reading =>
    moment =>
      moment.at >= at ? value : 0;
  return {
    'build_info{version="1.0.0"}': () => 1,
    process_start_time_seconds: () => pod.from,
    'assigned_partitions{topic="conversions"}': moment => ready(moment) && 6,
    'rebalances_total{kind="assigned"}': ({ at }) => 1 + (at >= RESTART_AT ? 4 : 0),
    last_heartbeat_timestamp_seconds: moment => ready(moment) && moment.at - 3,
    last_commit_timestamp_seconds: ({ lastFlush }) => lastFlush,
    offset_commit_failures_total: after(RESTART_AT, 2),
    'consumer_lag_records{topic="conversions",partition="0"}': waiting,
    'oldest_unsettled_record_timestamp_seconds{topic="conversions",partition="0"}': ({ oldest }) => oldest,
    'consumer_paused_partitions{reason="schema_registry"}': () => 0,
    'events_total{outcome="delivered",reason="accepted"}': ({ settled }) => settled,
    'events_total{outcome="handed_over",reason="rebalance"}': ({ handedOver }) => handedOver,
    'events_total{outcome="dead_lettered",reason="connection_backpressure"}': () => 0,
    'event_processing_latency_seconds_count{topic="conversions"}': ({ settled }) => settled,
    'event_processing_latency_seconds_bucket{topic="conversions",le="300"}': ({ settled, late }) => settled - late,
    'connection_events_consumed_total{connection="acme"}': ({ consumed }) => consumed,
    'connection_events_total{connection="acme",outcome="delivered"}': ({ settled }) => settled,
    'connection_events_total{connection="acme",outcome="handed_over"}': ({ handedOver }) => handedOver,
    'connection_events_in_flight{connection="acme"}': waiting,
    'connection_state{connection="acme",state="active"}': () => 1,
    'connection_state{connection="acme",state="token_invalid"}': () => 0,
    'circuit_state{connection="acme",state="open"}': () => 0,
    window_events: ({ inWindow }) => inWindow,
    window_size_seconds: () => WINDOW,
    last_flush_timestamp_seconds: ({ lastFlush }) => lastFlush,
    window_buffer_events: waiting,
    window_buffer_limit_events: () => 50_000,
    redis_up: () => 1,
    claims_failures_total: after(RESTART_AT, 2),
    rate_limit_wait_seconds_total: after(REDRIVE_AT, 90),
    vendor_outage: () => 0,
    dlq_publish_failures_total: after(RESTART_AT, 3),
    'settlement_failures_total{what="sync_log"}': after(RESTART_AT, 3),
    'dlq_records_total{stage="build",reason="no_match_key"}': () => 0,
    'redrive_rounds_total{result="finished"}': after(REDRIVE_AT, 1),
    'redrive_rounds_total{result="failed"}': after(REDRIVE_AT, 1),
    'redrive_events_total{outcome="delivered",reason="accepted"}': after(REDRIVE_AT, 5_000),
    'schema_decode_failures_total{reason="undecodable"}': after(HOUR, 1),
    config_bootstrap_complete: moment => (since(moment) < 60 ? 0 : 1),
    config_invalid_entries: () => 0,
    config_last_update_timestamp_seconds: () => pod.from + 60,
    config_last_contact_timestamp_seconds: moment => ready(moment) && moment.at - 5,
  };
}

interface InputSeries {
  readonly series: string;
  readonly values: string;
}

function inputOf(pod: Pod): InputSeries[] {
  const life = [...lifeOf(pod)];
  const before = pod.from === 0 ? [] : [`_x${pod.from / STEP}`];
  return Object.entries(seriesOf(pod)).map(([name, read]) => {
    const labels = `namespace="shop",job="sync",pod="${pod.name}"`;
    const labelled = name.endsWith('}') ? `${name.slice(0, -1)},${labels}}` : `${name}{${labels}}`;
    const values = life.map(moment => read(moment) ?? 'stale');
    return { series: `tiktok_sync_${labelled}`, values: [...before, ...values, 'stale'].join(' ') };
  });
}

/** A test file for promtool (JSON is YAML): what fired in these hours, and figures that show they were lived through. */
export function healthyDay(): string {
  const minutes = (at: number) => `${at / 60}m`;
  const labels = 'namespace="shop", job="sync"';
  const sample = (name: string, value: number, more = '') => [{ labels: `${name}{${labels}${more}}`, value }];
  const lag = 'sum by (namespace, job) (max_over_time(tiktok_sync_consumer_lag_records[10m]))';
  const age = 'time() - min by (namespace, job) (tiktok_sync_oldest_unsettled_record_timestamp_seconds)';
  const expectations = [
    { eval_time: minutes(END), expr: `count_over_time(ALERTS{alertstate="firing"}[${minutes(END)}])`, exp_samples: [] },
    // The sawtooth rises to two minutes' events in each of two replicas, and the late event was late.
    { eval_time: minutes(HOUR), expr: lag, exp_samples: sample('', 2 * 10 * WINDOW) },
    { eval_time: minutes(4.25 * HOUR), expr: `max_over_time((${age})[1h:30s])`, exp_samples: sample('', 450) },
  ];
  return JSON.stringify({
    rule_files: RULE_FILES.map(ruleFile),
    // Not a divisor of a window, so that every phase of the sawtooth is looked at.
    evaluation_interval: '90s',
    tests: [{ interval: `${STEP}s`, input_series: PODS.flatMap(inputOf), promql_expr_test: expectations }],
  });
}
