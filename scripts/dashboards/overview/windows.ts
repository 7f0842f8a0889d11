/** Windows: how full they are, when and why batches leave, and how close memory is to its limit. */

import { BLUE, GREEN, ORANGE, PURPLE, RED, YELLOW } from '../colours.ts';
import { bounded, coloured, heatmap, lines, PER_WINDOW, type Row, stacked } from '../panels.ts';
import { age, growth, quantile, rate, series } from '../promql.ts';

export function windows(): Row {
  return {
    id: 400,
    title: 'Windows and memory',
    panels: [
      bounded(
        {
          id: 401,
          title: 'Buffer against its limit',
          description:
            'Events and bytes in memory as a share of their limits; the fuller of the replicas counts. Healthy: well below 80 %, where batches begin to leave early; at 100 % partitions pause. High for long: more memory (window.maxBufferedBytes) or more replicas, unless TikTok is away.',
          unit: 'percentunit',
          width: 8,
          queries: [
            {
              expr: `max(${series('window_buffer_events')} / ${series('window_buffer_limit_events')})`,
              legend: 'events',
            },
            { expr: `max(${series('window_buffer_bytes')} / ${series('window_buffer_limit_bytes')})`, legend: 'bytes' },
          ],
        },
        ['transparent', [0.8, ORANGE], [1, RED]],
      ).axisSoftMax(1),
      coloured(
        lines({
          id: 402,
          title: 'Open windows and what waits in them',
          description:
            'Connections with an open window, and the events waiting for it to close. Healthy: a sawtooth. Windows of different connections close at different times by design.',
          unit: 'short',
          width: 8,
          queries: [
            { expr: `sum(${series('window_events')})`, legend: 'events waiting' },
            { expr: `sum(${series('windows_open')})`, legend: 'open windows' },
          ],
        }),
        { 'events waiting': BLUE, 'open windows': PURPLE },
      ),
      lines({
        id: 403,
        title: 'Time since a batch last left',
        description:
          'By replica. Healthy: at most a window while events flow. Longer with events in memory is a stall; longer without events is a quiet hour.',
        unit: 's',
        width: 8,
        queries: [{ expr: age('last_flush_timestamp_seconds', 'instance'), legend: '{{instance}}' }],
      }),
      coloured(
        stacked({
          id: 404,
          title: 'Why batches left',
          description:
            'Batches a second by trigger. window: its time was up. size: full, so a busy connection. pressure: memory was short, see the buffer. revoke and shutdown: partitions were given away.',
          unit: 'cps',
          width: 8,
          minInterval: PER_WINDOW,
          queries: [{ expr: `sum by (trigger) (${rate('flush_trigger_total')})`, legend: '{{trigger}}' }],
        }),
        { window: GREEN, size: BLUE, pressure: RED, revoke: PURPLE, shutdown: YELLOW },
      ),
      lines({
        id: 405,
        title: 'Time to deliver a batch',
        description:
          'From the start of a batch to its end, retries and bisecting included. Healthy: about one request. Minutes: TikTok throttles or fails, see retries and rate-limit wait.',
        unit: 's',
        width: 8,
        minInterval: PER_WINDOW,
        queries: [0.5, 0.99].map(q => ({ expr: quantile(q, 'flush_duration_seconds'), legend: `p${q * 100}` })),
      }),
      heatmap({
        id: 406,
        title: 'Batch sizes',
        description:
          'Events of the batches that left. The more in one batch, the fewer requests: many small batches mean many quiet connections (normal) or too many replicas for the traffic.',
        unit: 'short',
        width: 8,
        minInterval: PER_WINDOW,
        queries: [{ expr: `sum by (le) (${growth('batch_events_bucket')})`, legend: '{{le}}' }],
      }),
    ],
  };
}
