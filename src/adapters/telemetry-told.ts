/** What every part of the telemetry tells things to: the metrics, and the operator's log. */

import type { ConnectionTally } from './connection-tally.ts';
import type { MatchTally } from './match-tally.ts';
import type { MetricRegistry } from './metric-registry.ts';
import type { OperatorLog } from './operator-log.ts';

/** A part is given this and answers its calls. */
export interface Told {
  readonly registry: MetricRegistry;
  readonly tally: ConnectionTally;
  readonly matches: MatchTally;
  readonly now: () => number;
  readonly say: OperatorLog['line'];
}

/** The log's lines, counted as they are written. */
export function countedLines(log: OperatorLog, registry: MetricRegistry): OperatorLog['line'] {
  return (level, code, message, fields) => {
    if (level !== 'debug') registry.add('log_lines_total', 1, { level });
    log.line(level, code, message, fields);
  };
}
