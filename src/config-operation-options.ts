/** The options of the sections `http`, `shutdown`, `watchdog`, `log` and `metrics`: how the service is run and observed. */

import { choice, count, duration, text, toggle } from './config-option.ts';
import { HOUR, MINUTE } from './config-units.ts';

export const HTTP = {
  host: text({
    describe: 'Address that health, metrics and status listen on.',
    default: '0.0.0.0',
    pattern: /^[^\s/]+$/,
    allowed: 'an address or host name',
    because: 'probes and scrapers come from outside the container',
  }),
  port: count({
    describe: 'Port that health, metrics and status listen on; 0 takes a free one.',
    default: 8_080,
    min: 0,
    max: 65_535,
    because: 'these are the ports there are',
    flag: '--http-port',
  }),
};

export const SHUTDOWN = {
  deadlineMs: duration({
    describe: 'How long a graceful stop may take: deliver what is buffered, commit, leave the group.',
    default: MINUTE,
    min: 1_000,
    max: 10 * MINUTE,
    because: "it must end before the platform's grace period does; what is left is read again, not lost",
  }),
};

export const WATCHDOG = {
  heartbeatMaxAgeMs: duration({
    describe: 'Without a good heartbeat for this long the process exits and is started anew.',
    default: {
      kind: 'derived',
      from: ['kafka.sessionTimeoutMs', 'kafka.rebalanceTimeoutMs'],
      text: '15m, or 15s above kafka.sessionTimeoutMs + kafka.rebalanceTimeoutMs where that is more',
      make: (session, rebalance) => Math.max(15 * MINUTE, Number(session) + Number(rebalance) + 15_000),
    },
    min: 12_000,
    max: 2 * HOUR,
    because: 'the Kafka client can hang without an error; an outage of Kafka alone should be sat out',
  }),
  batchMaxAgeMs: duration({
    describe: 'With one fetched batch in hand for this long the process is not alive: /livez fails, and it exits.',
    default: 2 * MINUTE,
    min: 10_000,
    max: 2 * HOUR,
    because: 'taking a batch waits for Redis and the registry within their timeouts, so a longer wait is a defect',
  }),
  commitMaxAgeMs: duration({
    describe: 'With settled offsets but no good commit for this long the process exits and is started anew.',
    default: {
      kind: 'derived',
      from: ['kafka.rebalanceTimeoutMs', 'kafka.commitIntervalMs'],
      text: '15m, or 1m above kafka.rebalanceTimeoutMs + kafka.commitIntervalMs where that is more',
      make: (rebalance, commit) => Math.max(15 * MINUTE, Number(rebalance) + Number(commit) + MINUTE),
    },
    min: 7_000,
    max: 2 * HOUR,
    because: 'commits can die while reading goes on, and a restart would then repeat all of it',
  }),
};

export const LOG = {
  level: choice({
    describe: 'Least severe lines to write.',
    values: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    default: 'info',
    because: 'info is a few lines a window, whatever the rate of events',
    flag: '--log-level',
  }),
  format: choice({
    describe: 'json for machines, text for people.',
    values: ['json', 'text'],
    default: 'json',
    because: 'log collectors read JSON',
    flag: '--log-format',
  }),
};

export const METRICS = {
  perConnection: toggle({
    describe: 'Whether connections have metrics of their own; if not, all are counted under "other".',
    default: true,
    because: 'sums stay the same, and /status still has them all; for those who pay by the series',
  }),
  maxLabelledConnectionsCount: count({
    describe: 'Connections that have metrics of their own; the rest is counted under "other".',
    default: 500,
    min: 0,
    max: 5_000,
    because: 'each costs some thirty series; /status has them all',
  }),
};
