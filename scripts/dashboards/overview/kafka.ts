/** Kafka: how far behind the group is, whether it is stable, and whether it may read. */

import { BLUE, ORANGE, RED } from '../colours.ts';
import { bounded, colour, coloured, lines, PER_WINDOW, type Row, stacked } from '../panels.ts';
import { age, growth, quantile, rate, series } from '../promql.ts';

export function kafka(): Row {
  return {
    id: 300,
    title: 'Kafka',
    panels: [
      lines({
        id: 301,
        title: 'Not yet read (position lag)',
        description:
          'Records on the topics that no replica has fetched, by topic. Healthy: near zero. Growing: paused partitions, or more comes in than the replicas can carry (docs: scaling).',
        unit: 'short',
        width: 8,
        queries: [{ expr: `sum by (topic) (${series('consumer_position_lag_records')})`, legend: '{{topic}}' }],
      }),
      lines({
        id: 302,
        title: 'Not yet committed (committed lag)',
        description:
          'Log end minus committed offset. Healthy: a sawtooth as high as a window of events, because an offset is committed only when its events are settled. Compare with position lag: what is in one and not in the other is in memory.',
        unit: 'short',
        width: 8,
        queries: [{ expr: `sum by (topic) (${series('consumer_lag_records')})`, legend: '{{topic}}' }],
      }),
      bounded(
        {
          id: 303,
          title: 'Lag in seconds',
          description:
            'Time since the oldest record was written that was read and is not settled. Healthy: up to a window and a little more; a gap means nothing is pending. Growing without end: one event holds its partition back, look at paused partitions and settlement failures.',
          unit: 's',
          width: 8,
          queries: [{ expr: age('oldest_unsettled_record_timestamp_seconds', 'topic'), legend: '{{topic}}' }],
        },
        ['transparent', [300, ORANGE], [900, RED]],
      ),
      stacked({
        id: 304,
        title: 'Partitions by replica',
        description:
          'Partitions that each replica owns. Healthy: the sum is the number of partitions, evenly spread. A dip is a rebalance; a lower sum for longer means that some partitions have no reader.',
        unit: 'short',
        width: 8,
        queries: [{ expr: `sum by (instance) (${series('assigned_partitions')})`, legend: '{{instance}}' }],
      }),
      coloured(
        stacked({
          id: 305,
          title: 'Paused partitions, by why',
          description:
            'Partitions that stand still. claims: Redis is away. schema_registry: a schema cannot be fetched. config: the config table is incomplete. buffer: memory is full. settlement: sync log or dead letters cannot be written. vendor_outage: TikTok is away. suspended: a rebalance. Healthy: none for longer than a moment.',
          unit: 'short',
          width: 8,
          queries: [{ expr: `sum by (reason) (${series('consumer_paused_partitions')})`, legend: '{{reason}}' }],
        }),
        { settlement: RED, claims: ORANGE, suspended: BLUE },
      ),
      lines({
        id: 306,
        title: 'Rebalances',
        description:
          'Changes of the assignment per point. Healthy: only at deployments and when the group is scaled. A steady stream is a rebalance storm: compare with restarts and event-loop lag (row Process).',
        unit: 'short',
        width: 8,
        queries: [{ expr: `sum by (kind) (${growth('rebalances_total')})`, legend: '{{kind}}' }],
      }),
      lines({
        id: 307,
        title: 'Rebalance duration',
        description:
          'From the first sign of a rebalance to the new assignment. Healthy: a few seconds; near the session timeout a member did not leave cleanly.',
        unit: 's',
        width: 8,
        minInterval: PER_WINDOW,
        queries: [0.5, 0.99].map(q => ({ expr: quantile(q, 'rebalance_duration_seconds'), legend: `p${q * 100}` })),
      }),
      lines({
        id: 308,
        title: 'Commit duration',
        description:
          'How long the coordinator takes to commit. Healthy: milliseconds. Slow: the brokers are busy or offsets are not replicated.',
        unit: 's',
        width: 8,
        queries: [0.5, 0.99].map(q => ({ expr: quantile(q, 'offset_commit_duration_seconds'), legend: `p${q * 100}` })),
      }),
      lines({
        id: 309,
        title: 'Failed commits, and time since the last one',
        description:
          'Commits that were fenced or must be tried again, and how long ago each replica last committed and had a heartbeat taken. Healthy: no failures outside rebalances, heartbeats every few seconds; while events flow the last commit is at most a window old.',
        unit: 's',
        width: 8,
        queries: [
          { expr: `sum(${rate('offset_commit_failures_total')})`, legend: 'failures a second' },
          { expr: age('last_commit_timestamp_seconds', 'instance'), legend: 'since commit {{instance}}' },
          { expr: age('last_heartbeat_timestamp_seconds', 'instance'), legend: 'since heartbeat {{instance}}' },
        ],
      }).overrideByName('failures a second', [
        { id: 'unit', value: 'cps' },
        { id: 'custom.axisPlacement', value: 'right' },
        ...colour(RED),
      ]),
      lines({
        id: 310,
        title: 'Bytes read',
        description: 'Bytes a second of the records read, by topic. For sizing the buffer and the network.',
        unit: 'Bps',
        width: 24,
        height: 6,
        queries: [{ expr: `sum by (topic) (${rate('records_consumed_bytes_total')})`, legend: '{{topic}}' }],
      }),
    ],
  };
}
