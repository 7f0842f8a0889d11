/** What came in for the connection and what became of it: consumed = outcomes + in flight. */

import { BLUE, OUTCOME_COLOURS } from '../colours.ts';
import { coloured, lines, PER_WINDOW, type Row, stacked } from '../panels.ts';
import { rate, series } from '../promql.ts';

export function books(): Row {
  return {
    id: 200,
    title: 'What became of its events',
    panels: [
      coloured(
        stacked({
          id: 201,
          title: 'Events by outcome',
          description:
            'Events a second by how they ended. Healthy: delivered, and the duplicates that your producers write. Red: dead letters.',
          unit: 'cps',
          width: 12,
          minInterval: PER_WINDOW,
          queries: [{ expr: `sum by (outcome) (${rate('connection_events_total')})`, legend: '{{outcome}}' }],
        }),
        OUTCOME_COLOURS,
      ),
      coloured(
        lines({
          id: 202,
          title: 'Consumed and settled',
          description:
            'Events read for it against events that ended, both a second. Healthy: the same, a window apart. Consumed above settled: it piles up.',
          unit: 'cps',
          width: 12,
          minInterval: PER_WINDOW,
          queries: [
            { expr: `sum(${rate('connection_events_consumed_total')})`, legend: 'consumed' },
            { expr: `sum(${rate('connection_events_total')})`, legend: 'settled or handed over' },
          ],
        }),
        { consumed: BLUE, 'settled or handed over': OUTCOME_COLOURS.delivered },
      ),
      lines({
        id: 203,
        title: 'In flight, by replica',
        description: 'Events read and not settled. Healthy: a sawtooth of the window’s length.',
        unit: 'short',
        width: 12,
        queries: [{ expr: `sum by (instance) (${series('connection_events_in_flight')})`, legend: '{{instance}}' }],
      }),
      lines({
        id: 204,
        title: 'Permitted requests a second',
        description:
          'What it may ask of TikTok, as of its last request. Falls when TikTok throttles it, and recovers step by step up to max_requests_per_second of its entry.',
        unit: 'reqps',
        width: 12,
        queries: [{ expr: `max by (instance) (${series('connection_request_rate')})`, legend: '{{instance}}' }],
      }),
    ],
  };
}
