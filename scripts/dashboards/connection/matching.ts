/** How well TikTok can match the connection's events to people: what its advertiser gets for them. */

import { MATCH_COLOURS } from '../colours.ts';
import { coloured, lines, PER_WINDOW, type Row, stacked } from '../panels.ts';
import { rate } from '../promql.ts';

const BUILT = `sum(${rate('connection_match_quality_total')})`;

export function matching(): Row {
  return {
    id: 300,
    title: 'How well TikTok can match its events',
    panels: [
      coloured(
        stacked({
          id: 301,
          title: 'Match quality',
          description:
            'Share of the events by how well TikTok can match them. Healthy: near_perfect and strong. weak: add click id (ttclid), e-mail or phone upstream. none: dead letters (no_match_key).',
          unit: 'percentunit',
          width: 12,
          minInterval: PER_WINDOW,
          queries: [
            {
              expr: `sum by (quality) (${rate('connection_match_quality_total')}) / ignoring (quality) group_left () (${BUILT} > 0)`,
              legend: '{{quality}}',
            },
          ],
        }).max(1),
        MATCH_COLOURS,
      ),
      lines({
        id: 302,
        title: 'Coverage of each match key',
        description:
          'Share of the events that had the key. Healthy: steady. A key that falls to zero: a form or a producer no longer passes it on.',
        unit: 'percentunit',
        width: 12,
        minInterval: PER_WINDOW,
        queries: [
          {
            expr: `sum by (key) (${rate('connection_match_keys_total')}) / ignoring (key) group_left () (${BUILT} > 0)`,
            legend: '{{key}}',
          },
        ],
      }).max(1),
    ],
  };
}
