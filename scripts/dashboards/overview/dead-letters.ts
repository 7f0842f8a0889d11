/** Dead letters: why events became one, whether they can be written, and what became of those sent again. */

import { BLUE, GREEN, OUTCOME_COLOURS, RED, YELLOW } from '../colours.ts';
import { bounded, coloured, lines, type Row, stacked } from '../panels.ts';
import { growth, rate } from '../promql.ts';

export function deadLetters(): Row {
  return {
    id: 900,
    title: 'Dead letters',
    panels: [
      stacked({
        id: 901,
        title: 'Dead letters, by reason',
        description:
          'Healthy: none. docs/operations.md says for each reason what happened, who acts and how. connection_parked: a token; refused_by_tiktok: that event; undecodable, not_framed: a producer; config_invalid: an entry.',
        unit: 'short',
        width: 12,
        queries: [{ expr: `sum by (reason) (${growth('dlq_records_total')}) > 0`, legend: '{{reason}}' }],
      }),
      coloured(
        stacked({
          id: 902,
          title: 'Dead letters, by stage',
          description:
            'Where in the pipe. decode: producers wrote what cannot be read. config: an entry is wrong. build: no valid event can be made of it. deliver: TikTok does not take it.',
          unit: 'short',
          width: 12,
          queries: [{ expr: `sum by (stage) (${growth('dlq_records_total')})`, legend: '{{stage}}' }],
        }),
        { decode: RED, config: YELLOW, build: BLUE },
      ),
      bounded(
        {
          id: 903,
          title: 'Dead letters that could not be written',
          description:
            'Failed writes to the dead-letter topic, a second. Healthy: none. Otherwise act now: nothing is committed until they are written, partitions pause (settlement). Look at the topic: does it exist, are two replicas in sync, may we write, is max.message.bytes large enough (`tiktok-sync topics check`)?',
          unit: 'cps',
          width: 8,
          queries: [{ expr: `sum(${rate('dlq_publish_failures_total')})`, legend: 'failures' }],
        },
        ['transparent', [0.001, RED]],
      ),
      lines({
        id: 904,
        title: 'Settlements that failed',
        description:
          'What must be acknowledged before an offset is committed, and was not: dead letter, sync log entry, sent mark on Redis, release of a claim. All are tried again; while dead_letter, sync_log or mark fail nothing is committed.',
        unit: 'cps',
        width: 8,
        queries: [{ expr: `sum by (what) (${rate('settlement_failures_total')})`, legend: '{{what}}' }],
      }),
      stacked({
        id: 905,
        title: 'Records that could not be decoded',
        description:
          'By reason, at the moment of reading. Healthy: none. A burst right after a producer’s release: its schema or its framing.',
        unit: 'short',
        width: 8,
        queries: [{ expr: `sum by (reason) (${growth('schema_decode_failures_total')})`, legend: '{{reason}}' }],
      }),
      coloured(
        stacked({
          id: 906,
          title: 'Redriven events, by outcome',
          description:
            'What became of dead letters that were sent again, by hand or by the service itself once a connection worked. What fails again stays on the dead-letter topic.',
          unit: 'short',
          width: 12,
          queries: [{ expr: `sum by (outcome) (${growth('redrive_events_total')})`, legend: '{{outcome}}' }],
        }),
        OUTCOME_COLOURS,
      ),
      coloured(
        lines({
          id: 907,
          title: 'Automatic redrives',
          description:
            'Rounds for connections that work again. failed: the log says why, and it is tried again; interrupted: the replica was stopped, another goes on.',
          unit: 'short',
          width: 12,
          queries: [{ expr: `sum by (result) (${growth('redrive_rounds_total')})`, legend: '{{result}}' }],
        }),
        { finished: GREEN, interrupted: YELLOW, failed: RED },
      ),
    ],
  };
}
