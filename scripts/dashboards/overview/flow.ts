/** The second row: what comes in, what becomes of it, and what gets stuck or lost on the way. */

import { BLUE, GREEN, GREY, OUTCOME_COLOURS, PURPLE } from '../colours.ts';
import { coloured, lines, PER_WINDOW, type Row, stacked } from '../panels.ts';
import { quantile, rate, series } from '../promql.ts';

/** Letters for time that ran out, or for room. */
const TOO_LATE = 'reason=~"too_old|ambiguous_past_dedup|connection_backpressure"';

export function flow(): Row {
  return {
    id: 200,
    title: 'Flow',
    panels: [
      coloured(
        stacked({
          id: 201,
          title: 'Events by outcome',
          description:
            'Events a second by how they ended. Healthy: mostly delivered, some duplicates. Red: dead letters, see their row for reasons. Purple: given back at a rebalance or stop, read again by the next owner. One record may make several events.',
          unit: 'cps',
          width: 12,
          minInterval: PER_WINDOW,
          queries: [{ expr: `sum by (outcome) (${rate('events_total')})`, legend: '{{outcome}}' }],
        }),
        OUTCOME_COLOURS,
      ),
      coloured(
        lines({
          id: 202,
          title: 'From read to accepted',
          description:
            'The same events at each stage of the pipe. Healthy: the lines lie together, less the duplicates. A gap between two of them is where events pile up; between the claims and TikTok it is at most a window.',
          unit: 'cps',
          width: 12,
          minInterval: PER_WINDOW,
          queries: [
            { expr: `sum(${rate('records_consumed_total')})`, legend: 'records read' },
            { expr: `sum(${rate('dedup_checks_total')})`, legend: 'events claimed' },
            { expr: `sum(${rate('batch_events_sum')})`, legend: 'events sent' },
            { expr: `sum(${rate('events_total', 'outcome="delivered"')})`, legend: 'events accepted' },
          ],
        }),
        { 'records read': GREY, 'events claimed': PURPLE, 'events sent': BLUE, 'events accepted': GREEN },
      ),
      lines({
        id: 203,
        title: 'Records read',
        description:
          'Records a second by topic. Healthy: as your producers write. Zero while lag grows: partitions are paused (row Kafka).',
        unit: 'cps',
        width: 8,
        queries: [{ expr: `sum by (topic) (${rate('records_consumed_total')})`, legend: '{{topic}}' }],
      }),
      lines({
        id: 204,
        title: 'Ingest delay',
        description:
          'From the moment an event happened until it was read: what was late before it came here. High while lag is low: the delay is upstream. High together with lag: this service is behind.',
        unit: 's',
        width: 8,
        queries: [0.5, 0.99].map(q => ({
          expr: quantile(q, 'ingest_delay_seconds', ['topic']),
          legend: `p${q * 100} {{topic}}`,
        })),
      }),
      stacked({
        id: 205,
        title: 'Late, expired and crowded out',
        description:
          'Events that became dead letters because their time ran out (too_old, ambiguous_past_dedup) or their connection held too much of the buffer (connection_backpressure). Healthy: none. Backpressure letters are redriven when the connection recovers.',
        unit: 'cps',
        width: 8,
        queries: [{ expr: `sum by (reason) (${rate('events_total', TOO_LATE)})`, legend: '{{reason}}' }],
      }),
      stacked({
        id: 206,
        title: 'Skipped, by reason',
        description:
          'Events that nothing is made of. no_connection and no_mapping are normal where not every workspace uses TikTok; a sudden rise after a change of the config topic is a mapping that went missing.',
        unit: 'cps',
        width: 8,
        queries: [{ expr: `sum by (reason) (${rate('events_total', 'outcome="skipped"')})`, legend: '{{reason}}' }],
      }),
      stacked({
        id: 207,
        title: 'Sent with something left out',
        description:
          'Events sent without a value, currency or match key that could not be used, by what was wrong. Healthy: low and steady. A rise means that a producer changed what it writes.',
        unit: 'cps',
        width: 8,
        queries: [{ expr: `sum by (note) (${rate('event_notes_total')})`, legend: '{{note}}' }],
      }),
      lines({
        id: 208,
        title: 'Events in memory',
        description:
          'Events read and not settled, by replica. Healthy: about what a window holds, and even among the replicas. They are uncommitted: a crash makes the next owner read them again.',
        unit: 'short',
        width: 8,
        queries: [{ expr: `sum by (instance) (${series('window_buffer_events')})`, legend: '{{instance}}' }],
      }),
    ],
  };
}
