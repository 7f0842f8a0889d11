/** Redis and de-duplication: whether claims can be made, how fast, and what they find. */

import { BLUE, GREEN, GREY, ORANGE, PURPLE, RED, YELLOW } from '../colours.ts';
import { bounded, coloured, lines, type Row, stacked, timeline } from '../panels.ts';
import { quantile, rate, series } from '../promql.ts';

export function claims(): Row {
  return {
    id: 700,
    title: 'Redis and de-duplication',
    panels: [
      timeline(
        {
          id: 701,
          title: 'Redis as each replica sees it',
          description:
            'Healthy: up. Down: with dedup.onUnavailable=pause partitions wait and nothing is lost; with pass_through events go out unchecked and are counted as error_open.',
          unit: 'none',
          width: 8,
          queries: [{ expr: `min by (instance) (${series('redis_up')})`, legend: '{{instance}}' }],
        },
        { 0: ['down', RED], 1: ['up', GREEN] },
      ),
      coloured(
        stacked({
          id: 702,
          title: 'Claims, by result',
          description:
            'new: first sight. duplicate: another record has it. replay: our own, after a restart. taken_over: repeated on purpose, or its claimant vanished. error_open and error_closed: Redis failed, and events passed or waited by policy.',
          unit: 'cps',
          width: 8,
          queries: [{ expr: `sum by (result) (${rate('dedup_checks_total')})`, legend: '{{result}}' }],
        }),
        { new: GREEN, duplicate: BLUE, replay: GREY, taken_over: PURPLE, error_open: RED, error_closed: ORANGE },
      ),
      lines({
        id: 703,
        title: 'Duplicate ratio',
        description:
          'Share of the claims that found a duplicate. Healthy: steady; it is a property of your producers. A jump: a producer sends twice, or a topic is replayed.',
        unit: 'percentunit',
        width: 8,
        queries: [
          {
            expr: `sum(${rate('dedup_checks_total', 'result="duplicate"')}) / (sum(${rate('dedup_checks_total', 'result!~"error_.*"')}) > 0)`,
            legend: 'duplicates',
          },
        ],
      }),
      bounded(
        {
          id: 704,
          title: 'Duration of calls',
          description:
            '99th percentile by command; each call is for many events. Healthy: a few milliseconds. Slow: Redis swaps, forks for a snapshot, or is far away.',
          unit: 's',
          width: 12,
          queries: [{ expr: quantile(0.99, 'redis_command_duration_seconds', ['command']), legend: '{{command}}' }],
        },
        ['transparent', [0.1, YELLOW], [1, RED]],
      ),
      lines({
        id: 705,
        title: 'Failed calls',
        description:
          'Calls a second that failed or were not answered in time, by replica. Healthy: none. One replica only: its network; all of them: Redis.',
        unit: 'cps',
        width: 12,
        queries: [{ expr: `sum by (instance) (${rate('claims_failures_total')})`, legend: '{{instance}}' }],
      }),
    ],
  };
}
