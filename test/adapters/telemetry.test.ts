import { describe, expect, it } from 'vitest';
import {
  type ConnectionState,
  METRIC_PREFIX,
  METRICS,
  type MetricDefinition,
} from '../../src/adapters/metric-catalogue.ts';
import type { MetricSources } from '../../src/adapters/metric-gauges.ts';
import { createTelemetry, type ServiceTelemetry, type TelemetryOptions } from '../../src/adapters/telemetry.ts';
import type { MatchKey } from '../../src/core/tiktok-event.ts';
import { ManualClock } from '../fakes/manual-clock.ts';

const NOW = Date.UTC(2026, 0, 1);

interface Harness {
  readonly telemetry: ServiceTelemetry;
  readonly clock: ManualClock;
  readonly lines: Record<string, unknown>[];
  readonly raw: string[];
  /** Value of one series, e.g. `events_total{outcome="delivered",reason="accepted"}`. */
  value(series: string): Promise<number | undefined>;
}

function start(changes: Partial<TelemetryOptions> = {}): Harness {
  const clock = new ManualClock(NOW);
  const raw: string[] = [];
  const telemetry = createTelemetry({
    version: '1.2.3',
    commit: 'abc1234',
    nodeVersion: 'v24.0.0',
    level: 'debug',
    format: 'json',
    write: text => void raw.push(text),
    now: () => clock.now(),
    perConnection: true,
    maxLabelledConnectionsCount: 500,
    topics: ['conversions'],
    ...changes,
  });
  return {
    telemetry,
    clock,
    raw,
    get lines() {
      return raw.map(line => JSON.parse(line) as Record<string, unknown>);
    },
    async value(series) {
      return parse(await telemetry.metricsText()).get(METRIC_PREFIX + series);
    },
  };
}

function parse(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    const match = /^([^#\s]\S*(?:\{.*\})?) (\S+)$/.exec(line);
    if (match) samples.set(match[1]!, Number(match[2]));
  }
  return samples;
}

function batch(eventsByConnection: Record<string, number>) {
  return {
    topic: 'conversions',
    partition: 0,
    records: 2,
    bytes: 700,
    position: 12,
    highWatermark: 20,
    newestEventTime: NOW - 100_000,
    eventsByConnection: new Map(Object.entries(eventsByConnection)),
  };
}

const SOURCES: MetricSources = {
  source: () => ({
    joined: true,
    epoch: 3,
    suspended: false,
    assignment: [{ topic: 'conversions', partitions: [0, 1] }],
    paused: [],
    partitions: [
      { topic: 'conversions', partition: 0, position: 80, committed: 60, highWatermark: 100, held: 'claims' },
      { topic: 'conversions', partition: 1, position: null, committed: null, highWatermark: null, held: null },
    ],
    sinceHeartbeatMs: 10,
    sinceCommitMs: null,
    acceptingForMs: null,
  }),
  buffer: () => ({ events: 40, limitEvents: 50_000, bytes: 9_000, limitBytes: 1_000_000 }),
  windows: () => ({ open: 2, events: 30, sizeMs: 120_000 }),
  inFlight: () => new Map([['c1', 4]]),
  oldestUnsent: () => [{ topic: 'conversions', partition: 0, eventTime: NOW - 5_000 }],
  oldestUnsettled: () => [{ topic: 'conversions', partition: 0, timestamp: NOW - 4_000 }],
  configContactAt: () => NOW - 3_000,
  connections: () => [
    { connectionId: 'c1', state: 'active' },
    { connectionId: 'c2', state: 'parked' },
  ],
  requests: () => ({ inFlight: 1, limit: 16 }),
  circuits: () => new Map([['c2', 'open' as const]]),
  rates: () => new Map([['c1', 2.5]]),
  vendorIsOut: () => true,
  redisUp: () => true,
};

describe('the metric catalogue', () => {
  const entries = Object.entries<MetricDefinition>(METRICS);

  it('is what the registry holds, by name, type and help', async () => {
    const text = await start().telemetry.metricsText();
    const live = [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ (\S+)$/gm)].map(([, name, help, type]) => {
      return { name, help, type };
    });
    const described = entries.map(([name, { help, type }]) => ({ name: METRIC_PREFIX + name, help, type }));
    expect(live.filter(({ name }) => !/_(process|nodejs)_/.test(name ?? ''))).toEqual(described);
    expect(live.some(({ name }) => name === 'tiktok_sync_nodejs_eventloop_lag_seconds')).toBe(true);
  });

  it.each(entries)('names %s as Prometheus wants it', (name, { type, labels, help, buckets }) => {
    expect(name).toMatch(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    expect(name).not.toMatch(/_(count|sum|bucket|ms|milliseconds|minutes|kb|percent|gauge|counter|histogram)$/);
    if (type === 'histogram') expect(name).toMatch(/_(seconds|bytes|events)$/);
    for (const label of labels) expect(label).toMatch(/^(?!le$|quantile$)[a-z][a-z_]*$/);
    for (const label of labels) expect(name).not.toContain(`by_${label}`);
    expect(help).toMatch(/^[A-Z0-9].*\.$/);
    expect([...(buckets ?? [])]).toEqual([...(buckets ?? [])].sort((a, b) => a - b));
  });

  it('lets every known failure start at 0, so that the first one is an increase', async () => {
    const samples = parse(await start().telemetry.metricsText());
    for (const [name, { labels, known, type }] of entries) {
      for (const values of known ?? []) {
        const set = labels.map((label, i) => `${label}="${values[i]}"`).join(',');
        const first = type === 'histogram' ? '_count' : '';
        expect(samples.get(METRIC_PREFIX + name + first + (set ? `{${set}}` : '')), `${name} ${set}`).toBe(0);
      }
      if (name.endsWith('_timestamp_seconds')) expect(samples.get(METRIC_PREFIX + name), name).toBeUndefined();
    }
  });

  it('lets the series of each topic start at 0, too', async () => {
    const { value } = start();
    expect(await value('records_consumed_total{topic="conversions"}')).toBe(0);
    expect(await value('event_delivery_latency_seconds_count{topic="conversions"}')).toBe(0);
    expect(await value('ingest_delay_seconds_bucket{topic="conversions",le="+Inf"}')).toBe(0);
  });
});

describe('metrics', () => {
  it('are text of format 0.0.4', async () => {
    const { telemetry } = start();
    expect(telemetry.metricsContentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await telemetry.metricsText()).toMatch(
      /^tiktok_sync_build_info\{version="1.2.3",commit="abc1234",node="v24.0.0"\} 1$/m,
    );
  });

  it('count what was consumed and how it ended, and it adds up per connection', async () => {
    const { telemetry, value } = start();
    telemetry.observe(SOURCES);
    telemetry.batchConsumed(batch({ c1: 10, none: 1 }));
    telemetry.eventsSettled([
      { connectionId: 'c1', outcome: 'delivered', reason: 'accepted', events: 3 },
      { connectionId: 'c1', outcome: 'duplicate', reason: 'sent_before', events: 1 },
      { connectionId: 'c1', outcome: 'handed_over', reason: 'rebalance', events: 2 },
      { connectionId: 'none', outcome: 'skipped', reason: 'tombstone', events: 1 },
    ]);
    expect(await value('records_consumed_total{topic="conversions"}')).toBe(2);
    expect(await value('events_total{outcome="delivered",reason="accepted"}')).toBe(3);
    const samples = parse(await telemetry.metricsText());
    for (const connection of ['c1', 'none']) {
      const all = (name: string) =>
        [...samples]
          .filter(([series]) => series.startsWith(`${METRIC_PREFIX}${name}{connection="${connection}"`))
          .reduce((sum, [, count]) => sum + count, 0);
      const consumed = all('connection_events_consumed_total');
      expect(consumed).toBeGreaterThan(0);
      expect(all('connection_events_total') + all('connection_events_in_flight')).toBe(consumed);
    }
  });

  it('show every outcome of a connection from its first event on', async () => {
    const { telemetry, value } = start();
    telemetry.batchConsumed(batch({ c1: 1 }));
    expect(await value('connection_events_total{connection="c1",outcome="dead_lettered"}')).toBe(0);
  });

  it('count how well events can be matched, by connection, key and quality', async () => {
    const { telemetry, value } = start({ maxLabelledConnectionsCount: 1 });
    const [strong, best, nothing] = [['ttclid'], ['ttclid', 'email'], []] satisfies MatchKey[][];
    const counts = (of: readonly (readonly [readonly MatchKey[] | undefined, number])[]) =>
      new Map(of.map(([keys = [], events]) => [keys, events]));
    telemetry.eventsMatchable(
      new Map([
        [
          'c1',
          counts([
            [strong, 3],
            [best, 2],
          ]),
        ],
      ]),
    );
    telemetry.eventsMatchable(
      new Map([
        ['c1', counts([[nothing, 1]])],
        ['c2', counts([[strong, 3]])],
      ]),
    );
    const keys = (connection: string, key: string) =>
      value(`connection_match_keys_total{connection="${connection}",key="${key}"}`);
    const quality = (connection: string, tier: string) =>
      value(`connection_match_quality_total{connection="${connection}",quality="${tier}"}`);
    expect([await keys('c1', 'ttclid'), await keys('c1', 'email'), await keys('c1', 'phone')]).toEqual([5, 2, 0]);
    expect([await quality('c1', 'strong'), await quality('c1', 'near_perfect')]).toEqual([3, 2]);
    expect([await quality('c1', 'none'), await quality('other', 'strong')]).toEqual([1, 3]);
  });

  it('label only so many connections, the first that come, and for good', async () => {
    const { telemetry, value } = start({ maxLabelledConnectionsCount: 2 });
    telemetry.batchConsumed(batch({ c1: 1, c2: 1, c3: 1, c4: 1, none: 1 }));
    telemetry.batchConsumed(batch({ c4: 5, c1: 1 }));
    const consumed = (connection: string) => value(`connection_events_consumed_total{connection="${connection}"}`);
    expect(await consumed('c1')).toBe(2);
    expect(await consumed('c2')).toBe(1);
    expect(await consumed('c3')).toBeUndefined();
    expect(await consumed('other')).toBe(7);
    expect(await consumed('none')).toBe(1);
  });

  it('count every connection under one label where they are not wanted, and it still adds up', async () => {
    const { telemetry, value } = start({ perConnection: false });
    telemetry.observe(SOURCES);
    telemetry.batchConsumed(batch({ c1: 10, c2: 5, none: 1 }));
    telemetry.eventsSettled([{ connectionId: 'c2', outcome: 'delivered', reason: 'accepted', events: 11 }]);
    const request = { connectionId: 'c1', events: 5, httpStatus: 200, apiCode: 0, verdict: 'delivered' };
    telemetry.requestSent({ ...request, durationMs: 120, requestId: 'r-1', failure: null });
    telemetry.eventsMatchable(new Map([['c1', new Map([[['ttclid'], 3]])]]));
    const labels = [...(await telemetry.metricsText()).matchAll(/connection="([^"]*)"/g)].map(([, label]) => label);
    expect([...new Set(labels)].sort()).toEqual(['none', 'other']);
    expect(await value('connection_events_consumed_total{connection="other"}')).toBe(15);
    expect(await value('connection_events_total{connection="other",outcome="delivered"}')).toBe(11);
    expect(await value('connection_events_in_flight{connection="other"}')).toBe(4);
    expect(await value('connection_state{connection="other",state="parked"}')).toBe(1);
    expect(await value('connection_token_valid{connection="other"}')).toBeUndefined();
  });

  it('leave scarce labels to connections with events', async () => {
    const { telemetry, value } = start({ maxLabelledConnectionsCount: 1 });
    telemetry.observe({ ...SOURCES, inFlight: () => new Map() });
    expect(await value('connection_state{connection="other",state="active"}')).toBe(1);
    telemetry.batchConsumed(batch({ c2: 1 }));
    expect(await value('connection_state{connection="c2",state="parked"}')).toBe(1);
    expect(await value('connection_state{connection="other",state="parked"}')).toBe(0);
  });

  it('take gauges from their sources at each scrape', async () => {
    const { telemetry, value } = start();
    let redisUp = true;
    telemetry.observe({ ...SOURCES, redisUp: () => redisUp });
    expect(await value('consumer_lag_records{topic="conversions",partition="0"}')).toBe(40);
    expect(await value('consumer_position_lag_records{topic="conversions",partition="0"}')).toBe(20);
    expect(await value('consumer_lag_records{topic="conversions",partition="1"}')).toBeUndefined();
    expect(await value('assigned_partitions{topic="conversions"}')).toBe(2);
    expect(await value('consumer_paused_partitions{reason="claims"}')).toBe(1);
    expect(await value('consumer_paused_partitions{reason="buffer"}')).toBe(0);
    expect(await value('oldest_unsent_event_timestamp_seconds{topic="conversions",partition="0"}')).toBe(
      (NOW - 5_000) / 1000,
    );
    const oldestUnsettled = 'oldest_unsettled_record_timestamp_seconds{topic="conversions",partition="0"}';
    expect(await value(oldestUnsettled)).toBe((NOW - 4_000) / 1000);
    expect(await value('config_last_contact_timestamp_seconds')).toBe((NOW - 3_000) / 1000);
    expect(await value('window_size_seconds')).toBe(120);
    expect(await value('window_buffer_bytes')).toBe(9_000);
    expect(await value('connection_state{connection="c2",state="parked"}')).toBe(1);
    expect(await value('connection_state{connection="c1",state="parked"}')).toBe(0);
    expect(await value('circuit_state{connection="c1",state="closed"}')).toBe(1);
    expect(await value('circuit_state{connection="c2",state="closed"}')).toBe(0);
    expect(await value('circuit_state{connection="c2",state="open"}')).toBe(1);
    expect(await value('connection_request_rate{connection="c1"}')).toBe(2.5);
    expect(await value('vendor_outage')).toBe(1);
    expect(await value('redis_up')).toBe(1);
    redisUp = false;
    expect(await value('redis_up')).toBe(0);
  });

  it('drop the series of partitions that have gone', async () => {
    const { telemetry, value } = start();
    let status = SOURCES.source();
    telemetry.observe({ ...SOURCES, source: () => status, oldestUnsent: () => [] });
    expect(await value('assigned_partitions{topic="conversions"}')).toBe(2);
    status = { ...status, assignment: [], partitions: [] };
    expect(await value('assigned_partitions{topic="conversions"}')).toBeUndefined();
    expect(await value('consumer_lag_records{topic="conversions",partition="0"}')).toBeUndefined();
    expect(await value('oldest_unsent_event_timestamp_seconds{topic="conversions",partition="0"}')).toBeUndefined();
  });

  it('say of a token what is known by now, whoever learned it', async () => {
    const { telemetry, value } = start();
    let state = 'token_invalid' as ConnectionState;
    telemetry.observe({ ...SOURCES, connections: () => [{ connectionId: 'c1', state }] });
    const token = () => value('connection_token_valid{connection="c1"}');
    expect(await token()).toBe(0);
    state = 'undecided'; // a new token, about which nobody has asked
    expect(await token()).toBeUndefined();
    state = 'active';
    expect(await token()).toBe(1);
  });

  it('drop what is true of a connection when it is removed, and keep its counts', async () => {
    const { telemetry, value } = start();
    let connections = SOURCES.connections();
    telemetry.observe({ ...SOURCES, connections: () => connections });
    telemetry.batchConsumed(batch({ c1: 5 }));
    const request = { connectionId: 'c1', events: 5, httpStatus: 200, apiCode: 0, verdict: 'delivered' };
    telemetry.requestSent({ ...request, durationMs: 120, requestId: 'r-1', failure: null });
    const gauges = ['token_valid', 'request_rate', 'last_success_timestamp_seconds'];
    const ofC1 = () => Promise.all(gauges.map(name => value(`connection_${name}{connection="c1"}`)));
    expect(await ofC1()).toEqual([1, 2.5, NOW / 1000]);
    connections = [];
    expect(await ofC1()).toEqual([undefined, undefined, undefined]);
    expect(await value('connection_events_consumed_total{connection="c1"}')).toBe(5);
  });

  it('sort the latency of every event into its bucket', async () => {
    const { telemetry, value } = start();
    telemetry.eventsAccepted(
      'conversions',
      [30, 31, 120, 100_000, -5].map(seconds => NOW - seconds * 1000),
      [10, 10, 10, 90, 10].map(seconds => NOW - seconds * 1000),
    );
    const bucket = (le: string) => value(`event_delivery_latency_seconds_bucket{topic="conversions",le="${le}"}`);
    expect([await bucket('30'), await bucket('60'), await bucket('86400'), await bucket('+Inf')]).toEqual([2, 3, 4, 5]);
    expect(await value('event_delivery_latency_seconds_count{topic="conversions"}')).toBe(5);
    expect(await value('event_delivery_latency_seconds_sum{topic="conversions"}')).toBe(30 + 31 + 120 + 100_000);
    expect(await value('event_processing_latency_seconds_bucket{topic="conversions",le="60"}')).toBe(4);
    expect(await value('event_processing_latency_seconds_sum{topic="conversions"}')).toBe(130);
  });

  it('tell TikTok codes apart, the unknown as one', async () => {
    const { telemetry, value } = start();
    const request = {
      connectionId: 'c1',
      events: 5,
      httpStatus: 200,
      apiCode: 40105,
      verdict: 'connection-refused',
      durationMs: 120,
      requestId: 'r-1',
      failure: null,
    };
    telemetry.requestSent(request);
    telemetry.requestSent({ ...request, apiCode: 987_654, verdict: 'ambiguous' });
    telemetry.requestSent({ ...request, httpStatus: null, apiCode: null, verdict: 'retry', failure: 'ECONNREFUSED' });
    expect(await value('api_requests_total{http_status_class="2xx",api_code="40105"}')).toBe(1);
    expect(await value('api_requests_total{http_status_class="2xx",api_code="other"}')).toBe(1);
    expect(await value('api_requests_total{http_status_class="none",api_code="none"}')).toBe(1);
    telemetry.requestSent({ ...request, apiCode: 0, verdict: 'delivered' });
    expect(await value('api_request_duration_seconds_count')).toBe(4);
  });

  it('count every other happening once', async () => {
    const { telemetry, value } = start();
    telemetry.dedupChecks({ fresh: 5, replay: 1, duplicate: 2, takenOver: 3 });
    telemetry.eventNotes(new Map([['ip_private', 4]]));
    telemetry.decodeFailed('conversions', 'undecodable', 2);
    telemetry.flushed('size', 1_000);
    telemetry.claimsUnavailable('away', 3, 'pause');
    telemetry.claimsUnavailable('away', 2, 'pass_through');
    telemetry.claimsCalled('claim', 4);
    telemetry.flushFinished('settled', 700);
    telemetry.requestRetried('c1', 'ambiguous', 2, 500);
    telemetry.deadLettersWritten(new Map([['too_old', 3]]));
    telemetry.settlementFailed('dead_letter', 'no leader');
    telemetry.settlementFailed('mark', 'no Redis');
    telemetry.tokenChecked('c1', 'refused', 'code 40105');
    telemetry.connectionStatusFailed('write', 'no leader');
    telemetry.assignmentChanged({ epoch: 1, kind: 'assigned', partitions: 12 });
    telemetry.rebalanceFinished(3_000);
    telemetry.heartbeat();
    telemetry.commitFinished('committed', 12, 3, null);
    telemetry.commitFinished('retry', 12, 3, 'COORDINATOR_NOT_AVAILABLE');
    telemetry.configApplied({ entries: 9, invalid: 1, generation: 12, offset: 40, complete: true });
    telemetry.configRejected('mapping:m1', 'config_invalid');
    telemetry.schemaFetched(7, 30);
    telemetry.schemaFetchFailed(8, 'HTTP 503');
    const expected: Record<string, number> = {
      'dedup_checks_total{result="new"}': 5,
      'dedup_checks_total{result="taken_over"}': 3,
      'event_notes_total{note="ip_private"}': 4,
      'schema_decode_failures_total{reason="undecodable"}': 2,
      'flush_trigger_total{trigger="size"}': 1,
      batch_events_sum: 1_000,
      last_flush_timestamp_seconds: NOW / 1000,
      claims_failures_total: 2,
      'dedup_checks_total{result="error_closed"}': 3,
      'dedup_checks_total{result="error_open"}': 2,
      'redis_command_duration_seconds_sum{command="claim"}': 0.004,
      'flush_duration_seconds_sum{result="settled"}': 0.7,
      'api_retries_total{reason="ambiguous"}': 1,
      'dlq_records_total{stage="build",reason="too_old"}': 3,
      dlq_publish_failures_total: 1,
      'settlement_failures_total{what="mark"}': 1,
      'token_checks_total{result="refused"}': 1,
      'connection_status_failures_total{what="write"}': 1,
      'rebalances_total{kind="assigned"}': 1,
      rebalance_duration_seconds_sum: 3,
      last_heartbeat_timestamp_seconds: NOW / 1000,
      'offset_commit_duration_seconds_count{result="retry"}': 1,
      offset_commit_failures_total: 1,
      last_commit_timestamp_seconds: NOW / 1000,
      config_entries: 9,
      config_invalid_entries: 1,
      config_generation: 12,
      config_applied_offset: 40,
      config_bootstrap_complete: 1,
      config_last_update_timestamp_seconds: NOW / 1000,
      'config_rejections_total{reason="config_invalid"}': 1,
      'schema_registry_requests_total{result="failed"}': 1,
      'schema_registry_requests_total{result="fetched"}': 1,
      'log_lines_total{level="error"}': 2,
    };
    const samples = parse(await telemetry.metricsText());
    for (const [series, count] of Object.entries(expected)) {
      expect(samples.get(METRIC_PREFIX + series), series).toBe(count);
    }
    expect(await value('log_lines_total{level="warn"}')).toBeGreaterThan(0);
  });
});

describe('the log', () => {
  it('is JSON with a stable code, a message of our own and the time', () => {
    const harness = start();
    const { telemetry } = harness;
    telemetry.notice('info', 'STARTED', 'the service is up', { port: 8080, version: '1.2.3' });
    expect(harness.lines).toEqual([
      {
        level: 'info',
        time: '2026-01-01T00:00:00.000Z',
        code: 'STARTED',
        message: 'the service is up',
        port: 8080,
        version: '1.2.3',
      },
    ]);
  });

  it('drops every field it does not know', () => {
    const harness = start();
    const { telemetry } = harness;
    telemetry.notice('info', 'STARTED', 'up', {
      email: 'jane@example.com',
      access_token: 't',
      external_id: 'x',
      port: 1,
    });
    expect(harness.lines[0]).not.toHaveProperty('email');
    expect(harness.lines[0]).not.toHaveProperty('access_token');
    expect(harness.lines[0]).not.toHaveProperty('external_id');
    expect(harness.lines[0]).toHaveProperty('port', 1);
  });

  it('writes no line below its level', () => {
    const { telemetry, raw } = start({ level: 'warn' });
    telemetry.notice('info', 'A', 'a');
    telemetry.notice('warn', 'B', 'b');
    expect(raw).toHaveLength(1);
    const silent = start({ level: 'silent' });
    silent.telemetry.notice('error', 'C', 'c');
    expect(silent.raw).toHaveLength(0);
  });

  it('holds repeats back for ten seconds', () => {
    const harness = start();
    for (let i = 0; i < 5; i++) harness.telemetry.claimsUnavailable('away', 3, 'pause');
    harness.clock.advance(9_999);
    harness.telemetry.claimsUnavailable('away', 3, 'pause');
    expect(harness.lines).toHaveLength(1);
    harness.clock.advance(1);
    harness.telemetry.claimsUnavailable('away', 3, 'pause');
    expect(harness.lines).toHaveLength(2);
  });

  it('counts the repeats it held back in the next line', () => {
    const harness = start();
    for (let i = 0; i < 6; i++) harness.telemetry.claimsUnavailable('away', 3, 'pause');
    harness.clock.advance(10_000);
    harness.telemetry.claimsUnavailable('away', 3, 'pause');
    expect(harness.lines).toHaveLength(2);
    expect(harness.lines[0]).not.toHaveProperty('suppressed');
    expect(harness.lines[1]).toHaveProperty('suppressed', 5);
  });

  it('holds back neither another connection nor another reason', () => {
    const harness = start();
    harness.telemetry.connectionState('c1', 'parked', 'code 40105');
    harness.telemetry.connectionState('c2', 'parked', 'code 40105');
    harness.telemetry.deadLettersWritten(new Map([['too_old', 1] as const, ['undecodable', 1] as const]));
    expect(harness.lines).toHaveLength(4);
  });

  it('holds back no other config entry', () => {
    const harness = start();
    for (const key of ['mapping:m-1', 'mapping:m-2', 'mapping:m-1']) {
      harness.telemetry.notice('warn', 'CONFIG_ENTRY_DOUBTFUL', 'look at it', { key, problem: 'odd' });
    }
    expect(harness.lines.map(({ key }) => key)).toEqual(['mapping:m-1', 'mapping:m-2']);
  });

  it('can be read by people', () => {
    const { telemetry, raw } = start({ format: 'text' });
    telemetry.notice('warn', 'KAFKA_CLIENT', 'kafkajs: leader moved', { topic: 'conversions', partition: 3 });
    expect(raw).toEqual(['00:00:00.000 WARN  KAFKA_CLIENT  kafkajs: leader moved  (topic=conversions partition=3)\n']);
  });

  it('keeps one line for people whatever a key of the config topic holds', () => {
    const { telemetry, raw } = start({ format: 'text' });
    telemetry.configRejected('mapping:a\n00:00:00.000 INFO  FORGED\u001b[2K', 'undecodable');
    expect(raw.join('')).toMatch(/^[^\p{Cc}]*key=mapping:a 00:00:00.000 INFO {2}FORGED \[2K[^\p{Cc}]*\n$/u);
  });

  it('gives a line to a delivered request only when asked for details', () => {
    const harness = start({ level: 'info' });
    harness.telemetry.requestSent({
      connectionId: 'c1',
      events: 5,
      httpStatus: 200,
      apiCode: 0,
      verdict: 'delivered',
      durationMs: 12.3,
      requestId: 'r',
      failure: null,
    });
    expect(harness.raw).toEqual([]);
  });
});

describe('secrets and personal data', () => {
  const canaries = ['jane.doe@example.com', 'canarytoken0123456789abcdef0123456789abcdef', '+48 601 234 567'];

  it('get neither into the log nor into a label, whatever problem texts bring along', async () => {
    const { telemetry, raw } = start();
    const text = `could not take ${canaries.join(' nor ')}`;
    telemetry.claimsUnavailable(text, 1, 'pause');
    telemetry.settlementFailed('sync_log', text);
    telemetry.schemaFetchFailed(1, text);
    telemetry.commitFinished('retry', 1, 1, text);
    telemetry.connectionState('c1', 'parked', text);
    telemetry.connectionState('c1', 'active', text);
    telemetry.connectionState('c1', 'token_invalid', text);
    telemetry.tokenChecked('c1', 'undecided', text);
    telemetry.connectionStatusFailed('read', text);
    expect(raw).toHaveLength(9);
    const everything = raw.join('') + (await telemetry.metricsText());
    for (const canary of canaries) expect(everything).not.toContain(canary);
  });
});

describe('limits of requests', () => {
  it('count what waiting for them costs, and how often they held for this process alone', async () => {
    const harness = start();
    const { telemetry, value } = harness;
    telemetry.rateLimitWaited('c1', 1_500);
    telemetry.rateLimitWaited('c2', 500);
    telemetry.rateLimitsUnavailable('Redis at 127.0.0.1: not connected');
    expect(await value('rate_limit_wait_seconds_total')).toBe(2);
    expect(await value('rate_limit_fallbacks_total')).toBe(1);
    expect(harness.lines.at(-1)).toMatchObject({ level: 'warn', code: 'RATE_LIMITS_UNAVAILABLE' });
  });

  it('say when a circuit opens and closes, and an outage begins and ends', () => {
    const harness = start();
    const { telemetry } = harness;
    telemetry.circuitChanged('c1', 'open', 'code 50000, HTTP 200, ask bob@example.com');
    telemetry.circuitChanged('c1', 'half_open', 'a trial is under way');
    telemetry.circuitChanged('c1', 'closed', 'TikTok judged its events');
    telemetry.vendorOutage('began', 0);
    telemetry.vendorOutage('ended', 61_000);
    const { lines } = harness;
    expect(lines.map(({ level, code }) => [level, code])).toEqual([
      ['warn', 'CIRCUIT_OPEN'],
      ['debug', 'CIRCUIT_HALF_OPEN'],
      ['info', 'CIRCUIT_CLOSED'],
      ['error', 'VENDOR_OUTAGE_BEGAN'],
      ['info', 'VENDOR_OUTAGE_ENDED'],
    ]);
    expect(lines[0]).toMatchObject({ connection: 'c1' });
    expect(JSON.stringify(lines)).not.toContain('bob@');
    expect(lines.at(-1)).toMatchObject({ duration_ms: 61_000 });
  });
});
