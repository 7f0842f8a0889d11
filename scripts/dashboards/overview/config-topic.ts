/** The config topic: whether the table of connections and mappings is whole, usable and fresh. */

import { BLUE, GREEN, ORANGE, RED } from '../colours.ts';
import { bounded, coloured, lines, type Row, stacked, timeline } from '../panels.ts';
import { age, growth, rate, series } from '../promql.ts';

export function configTopic(): Row {
  return {
    id: 800,
    title: 'Config topic and schemas',
    panels: [
      coloured(
        lines({
          id: 801,
          title: 'Entries',
          description:
            'Connections and mappings, and those that are unusable, unreadable or lost from the topic. Healthy: none. `tiktok-sync get` prints the entries, /status names these and why; events of unusable ones are dead letters (config_invalid).',
          unit: 'short',
          width: 8,
          queries: [
            { expr: `max(${series('config_entries')})`, legend: 'entries' },
            { expr: `max(${series('config_invalid_entries')})`, legend: 'unusable' },
          ],
        }),
        { entries: BLUE, unusable: RED },
      ),
      bounded(
        {
          id: 802,
          title: 'Age of the table',
          description:
            'Time since a broker last answered for the config topic, the oldest of the replicas. Healthy: seconds. Growing: the service goes on with the table it has, and changes do not take effect.',
          unit: 's',
          width: 8,
          queries: [
            { expr: age('config_last_contact_timestamp_seconds'), legend: 'since the last contact' },
            { expr: age('config_last_update_timestamp_seconds'), legend: 'since the last change' },
          ],
        },
        ['transparent', [300, ORANGE], [900, RED]],
      ),
      timeline(
        {
          id: 803,
          title: 'Complete',
          description:
            'Whether a replica has read the whole table and every entry is readable. Healthy: complete within seconds of a start. Incomplete: not ready, and no event is processed; the log names the key (CONFIG_INCOMPLETE).',
          unit: 'none',
          width: 8,
          queries: [{ expr: `min by (instance) (${series('config_bootstrap_complete')})`, legend: '{{instance}}' }],
        },
        { 0: ['incomplete', RED], 1: ['complete', GREEN] },
      ),
      lines({
        id: 804,
        title: 'Generation',
        description:
          'Grows with every applied entry, by replica, and counts from the start of the process. A replica whose line stays flat while others grow does not get the changes.',
        unit: 'short',
        width: 8,
        queries: [{ expr: `max by (instance) (${series('config_generation')})`, legend: '{{instance}}' }],
      }),
      stacked({
        id: 805,
        title: 'Rejected entries',
        description:
          'Entries applied as unusable (config_invalid) or not at all (undecodable). Healthy: none. Whoever wrote the entry last has to correct it; an undecodable one leaves its last good version in force.',
        unit: 'short',
        width: 8,
        queries: [{ expr: `sum by (reason) (${growth('config_rejections_total')})`, legend: '{{reason}}' }],
      }),
      coloured(
        lines({
          id: 806,
          title: 'Schema registry',
          description:
            'Writer schemas asked for. Healthy: a few after a start or a producer’s release, and none failed. Failed: the partition that needs the schema waits.',
          unit: 'short',
          width: 8,
          queries: [{ expr: `sum by (result) (${growth('schema_registry_requests_total')})`, legend: '{{result}}' }],
        }),
        { fetched: GREEN, failed: RED },
      ),
      lines({
        id: 807,
        title: 'Status topic failures',
        description:
          'Reads and writes of the connection status topic that failed and are tried again. Healthy: none. While it fails each replica learns of refused tokens by itself.',
        unit: 'cps',
        width: 24,
        height: 6,
        queries: [{ expr: `sum by (what) (${rate('connection_status_failures_total')})`, legend: '{{what}}' }],
      }),
    ],
  };
}
