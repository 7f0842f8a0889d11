import { describe, expect, it } from 'vitest';
import { ConfigTable } from '../../src/core/config-table.ts';
import { Observation } from '../../src/observation.ts';
import { testConfig } from '../config/test-config.ts';
import { connectionChange } from '../core/config-records.ts';
import { coded } from '../fakes/scripted-events-api.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { eventValue, startPipeline, TOPIC, WINDOW_MS } from './whole-pipeline.ts';

const config = testConfig({ 'kafka.groupId': 'group-1', 'window.maxBufferedEventsCount': 1_234 });

function observe(clock: VirtualClock, table: ConfigTable, complete = true, sinceContactMs: number | null = null) {
  const process = { nodeVersion: 'v24.0.0', commit: 'abc1234', redisUp: () => true };
  const surroundings = { config, table, clock, ...process, sinceConfigContactMs: () => sinceContactMs };
  return new Observation({ ...surroundings, configComplete: () => complete });
}

async function running() {
  const pipeline = await startPipeline();
  const { clock, delivery, source, states, table } = pipeline;
  const observation = observe(clock, table);
  observation.running = { pipeline: pipeline.pipeline, source, delivery, states };
  const stateOf = () => observation.status().connections.map(({ connection_id, state }) => [connection_id, state]);
  return { ...pipeline, observation, stateOf };
}

describe('before the pipeline runs', () => {
  it('the status is that of a service that has not joined, with what is known of the configuration', async () => {
    const clock = new VirtualClock();
    const table = new ConfigTable();
    table.apply(4, 'connection:c-1', connectionChange());
    table.apply(5, 'mapping:m-1', { kind: 'undecodable', problem: 'truncated' });
    const observation = observe(clock, table, false);
    await clock.advance(61_400);
    expect(observation.status()).toEqual({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      commit: 'abc1234',
      node: 'v24.0.0',
      started_at: '2026-01-01T00:00:00.000Z',
      uptime_seconds: 61,
      group: {
        id: 'group-1',
        joined: false,
        epoch: 0,
        suspended: false,
        paused: [],
        since_heartbeat_ms: null,
        since_commit_ms: null,
      },
      partitions: [],
      buffer: { events: 0, bytes: 0 },
      windows: { open: 0, events: 0 },
      config: {
        generation: 2,
        complete: false,
        entries: 2,
        since_contact_ms: null,
        problems: [{ key: 'mapping:m-1', kind: 'undecodable', problem: 'truncated', earlier_version_in_force: false }],
      },
      connections: [
        {
          connection_id: 'c-1',
          workspace_id: 'ws-1',
          advertiser_name: null,
          pixel_id: 'PIXEL',
          state: 'undecided',
          since: null,
          reason: null,
          api_code: null,
          request_id: null,
          events_in_flight: 0,
        },
      ],
    });
  });

  it('a connection that is known and cannot be used is shown with what is wrong with it', () => {
    const table = new ConfigTable();
    table.apply(1, 'connection:c-1', connectionChange({ access_token: 'a-token-in-clear' }));
    const observation = observe(new VirtualClock(), table);
    const [connection] = observation.status().connections;
    expect(connection).toMatchObject({ connection_id: 'c-1', workspace_id: 'ws-1', state: 'unusable', pixel_id: null });
    expect(connection?.reason).toMatch(/access_token/);
    expect([...observation.metricSources().connections()]).toEqual([{ connectionId: 'c-1', state: 'unusable' }]);
  });

  it('the gauges say that nothing is under way, and what the limits are', () => {
    const gauges = observe(new VirtualClock(), new ConfigTable()).metricSources();
    const { maxBufferedBytes: limitBytes } = config.window;
    expect(gauges.source()).toMatchObject({ joined: false, partitions: [], sinceHeartbeatMs: null });
    expect(gauges.buffer()).toEqual({ events: 0, bytes: 0, limitEvents: 1_234, limitBytes });
    expect(gauges.windows()).toEqual({ open: 0, events: 0, sizeMs: config.window.sizeMs });
    expect(gauges.configContactAt()).toBeNull();
    expect(gauges.requests()).toEqual({ inFlight: 0, limit: config.delivery.maxConnectionsCount });
    expect([[...gauges.inFlight()], [...gauges.oldestUnsent()], [...gauges.connections()]]).toEqual([[], [], []]);
    expect([...gauges.oldestUnsettled()]).toEqual([]);
  });

  it('the gauges and the status know how old the configuration may be', () => {
    const clock = new VirtualClock();
    const observation = observe(clock, new ConfigTable(), true, 1_500);
    expect(observation.metricSources().configContactAt()).toBe(clock.now() - 1_500);
    expect(observation.status().config.since_contact_ms).toBe(1_500);
  });
});

describe('while the pipeline runs', () => {
  it('the status tells what is read, what waits, and for whom', async () => {
    const { clock, feed, observation, source } = await running();
    for (const id of ['a', 'b']) feed(id);
    feed('c', { workspace: 'ws-2', partition: 1 });
    await source.deliver();
    const waiting = observation.status();
    expect(waiting.group).toMatchObject({ joined: true, epoch: 1, since_heartbeat_ms: 0, since_commit_ms: null });
    expect(waiting.partitions).toEqual([
      { topic: TOPIC, partition: 0, position: 2, committed: null, log_end: 2, held: null },
      { topic: TOPIC, partition: 1, position: 1, committed: null, log_end: 1, held: null },
    ]);
    expect([waiting.windows, waiting.buffer.events]).toEqual([{ open: 2, events: 3 }, 3]);
    expect(waiting.buffer.bytes).toBeGreaterThan(0);
    expect(waiting.connections.map(({ events_in_flight }) => events_in_flight)).toEqual([2, 1]);
    await clock.advance(2 * WINDOW_MS);
    const settled = observation.status();
    expect([settled.windows, settled.buffer]).toEqual([
      { open: 0, events: 0 },
      { events: 0, bytes: 0 },
    ]);
    expect(settled.partitions.map(({ committed }) => committed)).toEqual([2, 1]);
    expect(settled.connections.map(({ events_in_flight }) => events_in_flight)).toEqual([0, 0]);
  });

  it('the gauges know the oldest event that is not settled, of each partition that has one', async () => {
    const { clock, feed, observation, source } = await running();
    const { inFlight, oldestUnsent } = observation.metricSources();
    const eventTime = clock.now();
    feed('a');
    await clock.advance(100);
    feed('b');
    await source.deliver();
    expect([...oldestUnsent()]).toEqual([{ topic: TOPIC, partition: 0, eventTime }]);
    expect([...inFlight()]).toEqual([['c-1', 2]]);
    await clock.advance(2 * WINDOW_MS);
    expect([[...oldestUnsent()], [...inFlight()]]).toEqual([[], []]);
  });

  it('the lag in seconds starts with what waits to be claimed, and ends when it is settled', async () => {
    const { claims, clock, feed, observation, source } = await running();
    const { oldestUnsent, oldestUnsettled } = observation.metricSources();
    const timestamp = clock.now();
    claims.failure = 'lost-request';
    feed('a');
    await source.deliver();
    await clock.advance(60_000);
    expect([...oldestUnsent()]).toEqual([]);
    expect([...oldestUnsettled()]).toEqual([{ topic: TOPIC, partition: 0, timestamp }]);
    claims.failure = null;
    feed('b');
    await clock.advance(1_000);
    await source.deliver();
    expect([...oldestUnsettled()]).toEqual([{ topic: TOPIC, partition: 0, timestamp }]);
    await clock.advance(2 * WINDOW_MS);
    expect([...oldestUnsettled()]).toEqual([]);
  });

  it('a record without a timestamp is no lag since 1970', async () => {
    const { observation, source } = await running();
    source.feed(TOPIC, 0, [{ value: eventValue('a'), timestamp: -1 }]);
    await source.deliver();
    expect([...observation.metricSources().oldestUnsettled()]).toEqual([]);
  });

  it('a connection is undecided before the first answer, active, refused with TikTok’s reason, or disabled', async () => {
    const { api, clock, feed, observation, source, stateOf, table } = await running();
    expect(stateOf()).toEqual([
      ['c-1', 'undecided'],
      ['c-2', 'undecided'],
    ]);
    api.answer = ({ accessToken }) =>
      accessToken === 'file:c-1' ? coded(40105, 'Access token is incorrect') : coded(0);
    feed('a');
    feed('b', { workspace: 'ws-2' });
    await source.deliver();
    await clock.advance(2 * WINDOW_MS);
    expect(stateOf()).toEqual([
      ['c-1', 'token_invalid'],
      ['c-2', 'active'],
    ]);
    const ids = { connection_id: 'c-2', workspace_id: 'ws-2' };
    table.apply(9, 'connection:c-2', connectionChange({ ...ids, enabled: false }));
    expect(stateOf()[1]).toEqual(['c-2', 'disabled']);
    expect(observation.status().connections[1]?.reason).toBe('disabled by its entry');
    const [refused] = observation.status().connections;
    expect(refused).toMatchObject({ api_code: 40105, request_id: 'req-40105' });
    expect(refused?.reason).toContain('40105');
    expect(Date.parse(refused?.since ?? '')).toBeLessThanOrEqual(clock.now());
    expect([...observation.metricSources().connections()]).toEqual([
      { connectionId: 'c-1', state: 'token_invalid' },
      { connectionId: 'c-2', state: 'disabled' },
    ]);
  });

  it('a parked connection that is disabled is disabled, and one that is removed is gone', async () => {
    const { api, clock, feed, source, stateOf, table } = await running();
    api.answer = () => coded(40105);
    feed('a');
    await source.deliver();
    await clock.advance(2 * WINDOW_MS);
    const ids = { connection_id: 'c-1', workspace_id: 'ws-1' };
    table.apply(9, 'connection:c-1', connectionChange({ ...ids, enabled: false }));
    table.apply(10, 'connection:c-2', { kind: 'tombstone' });
    expect(stateOf()).toEqual([['c-1', 'disabled']]);
  });
});
