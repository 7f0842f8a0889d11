/** The first row: is the promise kept, and if not, where to look next. */

import { BLUE, GREEN, ORANGE, PURPLE, RED, YELLOW } from '../colours.ts';
import { bounded, coloured, PER_WINDOW, type Row, stat, stateNow } from '../panels.ts';
import { age, overRange, quantile, rate, series } from '../promql.ts';
import { COMPLETENESS_OBJECTIVE, FRESHNESS_OBJECTIVE, IN_TIME, OURS, WITHIN_SECONDS } from '../service-level.ts';

type Counted = typeof rate;

const NOT_WORKING = 'state=~"token_invalid|parked|unusable"';
const MINUTES = WITHIN_SECONDS / 60;

/** Share of the accepted events that were accepted late, counted over a time. */
function lateShare(counted: Counted): string {
  const inTime = counted('event_processing_latency_seconds_bucket', IN_TIME);
  return `1 - sum(${inTime}) / (sum(${counted('event_processing_latency_seconds_count')}) > 0)`;
}

/** Share of the ended events that became dead letters for reasons of ours, counted over a time. */
function lostShare(counted: Counted): string {
  const lost = counted('events_total', 'outcome="dead_lettered"', `reason=~"${OURS.join('|')}"`);
  return `sum(${lost}) / (sum(${lost}) + sum(${counted('events_total', 'outcome="delivered"')}) > 0)`;
}

/** How much of its budget a share uses up: 1 is all of it. */
function ofBudget(share: string, objective: number): string {
  return `(${share}) / ${Number((1 - objective).toFixed(6))}`;
}

export function promise(): Row {
  return { id: 100, title: 'Are we meeting the promise?', panels: [...levels(), ...troubles(), ...overTime()] };
}

function levels() {
  return [
    stat(
      {
        id: 101,
        title: `Delivered within ${MINUTES} minutes`,
        description: `Of the events TikTok accepted in the time shown, the share that it accepted within ${WITHIN_SECONDS} s after their records came to Kafka. Healthy: ${FRESHNESS_OBJECTIVE * 100} % or more. Below: is the delay in Kafka (lag in seconds), in the windows, or at TikTok? What upstream sends late does not count here (row Flow, ingest delay).`,
        unit: 'percentunit',
        width: 6,
        queries: [{ expr: `1 - (${lateShare(overRange)})`, legend: 'in time' }],
      },
      [RED, [FRESHNESS_OBJECTIVE, YELLOW], [(1 + FRESHNESS_OBJECTIVE) / 2, GREEN]],
    )
      .decimals(2)
      .noValue('nothing delivered'),
    stat(
      {
        id: 102,
        title: 'Delivered at all',
        description: `Of the events that were delivered or became dead letters for a reason this service's operators answer for (${OURS.join(', ')}), the share that was delivered, in the time shown. Healthy: ${COMPLETENESS_OBJECTIVE * 100} % or more. Refusals of single events and of tokens do not count here.`,
        unit: 'percentunit',
        width: 6,
        queries: [{ expr: `1 - (${lostShare(overRange)})`, legend: 'delivered' }],
      },
      [RED, [COMPLETENESS_OBJECTIVE, YELLOW], [(1 + COMPLETENESS_OBJECTIVE) / 2, GREEN]],
    )
      .decimals(3)
      .noValue('nothing delivered'),
    stat(
      {
        id: 103,
        title: 'Budgets left',
        description:
          'Of the events that may be late, and of those that may be lost, in the time shown, the share not yet used up. Below zero the objective is missed. Choose 30 days for the month’s budgets.',
        unit: 'percentunit',
        width: 6,
        queries: [
          { expr: `1 - ${ofBudget(lateShare(overRange), FRESHNESS_OBJECTIVE)}`, legend: 'in time' },
          { expr: `1 - ${ofBudget(lostShare(overRange), COMPLETENESS_OBJECTIVE)}`, legend: 'at all' },
        ],
      },
      [RED, [0, ORANGE], [0.25, YELLOW], [0.5, GREEN]],
    )
      .decimals(0)
      .noValue('nothing delivered'),
    stat(
      {
        id: 104,
        title: 'Oldest event not yet settled',
        description:
          'Time since the oldest event happened that was read and has no outcome yet. Healthy: up to a window (2 minutes) and a little more, or nothing. Growing: the row TikTok API says whether TikTok takes nothing, Kafka whether partitions are paused, Redis whether claims fail.',
        unit: 's',
        width: 6,
        queries: [{ expr: age('oldest_unsent_event_timestamp_seconds'), legend: 'age' }],
      },
      [GREEN, [WITHIN_SECONDS, YELLOW], [1_200, RED]],
    )
      .decimals(0)
      .noValue('nothing waits'),
  ];
}

function troubles() {
  return [
    stat(
      {
        id: 105,
        title: 'Dead letters',
        description:
          'Events that became dead letters in the time shown. Healthy: none. Otherwise the row Dead letters tells the reasons; `tiktok-sync dead-letters list` shows them, and `dead-letters redrive` sends them again once the cause is gone.',
        unit: 'short',
        width: 6,
        queries: [{ expr: `sum(${overRange('dlq_records_total')})`, legend: 'dead letters' }],
      },
      [GREEN, [1, YELLOW], [100, RED]],
    ).decimals(0),
    stat(
      {
        id: 106,
        title: 'Connections that cannot deliver',
        description:
          'Connections whose token TikTok refuses, that are parked, or whose entry is unusable. Healthy: none. Their events are dead letters until somebody pastes a new token; the row Connections names them.',
        unit: 'short',
        width: 6,
        queries: [
          {
            expr: `sum(max by (namespace, job, connection, state) (${series('connection_state', NOT_WORKING)}))`,
            legend: 'connections',
          },
        ],
      },
      [GREEN, [1, RED]],
    ).noValue('no connections'),
    stateNow(
      {
        id: 107,
        title: 'TikTok as a whole',
        description:
          'Whether the connections together show that TikTok itself is away: then only a trickle is read, and everything waits without loss. Is it reachable from here (proxy, DNS, network policy)? Otherwise there is nothing to repair.',
        unit: 'none',
        width: 6,
        queries: [{ expr: `max(${series('vendor_outage')})`, legend: 'TikTok' }],
      },
      { 0: ['reachable', GREEN], 1: ['away', RED] },
    ),
    stat(
      {
        id: 108,
        title: 'Replicas',
        description:
          'Processes that Prometheus scrapes. Healthy: as many as the deployment has. None: the service is down, or its pods are not found by the PodMonitor.',
        unit: 'short',
        width: 6,
        queries: [{ expr: `count(${series('build_info')}) or vector(0)`, legend: 'replicas' }],
      },
      [RED, [1, GREEN]],
    ),
  ];
}

function overTime() {
  return [
    coloured(
      bounded(
        {
          id: 109,
          title: 'Delivery latency',
          description: `From the moment an event happened until TikTok accepted it. Healthy: the median near half a window, the 99th percentile below ${WITHIN_SECONDS} s (the dashed line). Since Kafka is our own share of it: where the two 99th percentiles part, events come late from upstream.`,
          unit: 's',
          width: 12,
          minInterval: PER_WINDOW,
          queries: [
            ...[0.5, 0.95, 0.99].map(q => ({
              expr: quantile(q, 'event_delivery_latency_seconds'),
              legend: `p${q * 100}`,
            })),
            { expr: quantile(0.99, 'event_processing_latency_seconds'), legend: 'p99 since Kafka' },
          ],
        },
        ['transparent', [WITHIN_SECONDS, RED]],
      ),
      { p50: GREEN, p95: YELLOW, p99: ORANGE, 'p99 since Kafka': PURPLE },
    ),
    coloured(
      bounded(
        {
          id: 110,
          title: 'How fast the budgets burn',
          description:
            'How many times faster than allowed late and lost events use their budgets up. Healthy: below 1. At 6 a month’s budget lasts five days, at 14.4 two: the alerts TikTokSyncDeliveryBudgetBurnFast and Slow start there.',
          unit: 'none',
          width: 12,
          minInterval: PER_WINDOW,
          queries: [
            { expr: ofBudget(lateShare(rate), FRESHNESS_OBJECTIVE), legend: 'late' },
            { expr: ofBudget(lostShare(rate), COMPLETENESS_OBJECTIVE), legend: 'lost' },
          ],
        },
        ['transparent', [1, YELLOW], [6, ORANGE], [14.4, RED]],
      ),
      { late: BLUE, lost: PURPLE },
    ).axisSoftMax(2),
  ];
}
