/** The processes: utilisation, saturation and errors of what they run on. */

import { BLUE, GREEN, ORANGE, RED, YELLOW } from '../colours.ts';
import { bounded, coloured, lines, type Row, stacked, table } from '../panels.ts';
import { growth, rate, series } from '../promql.ts';

export function processes(): Row {
  return {
    id: 1000,
    title: 'Process',
    panels: [
      bounded(
        {
          id: 1001,
          title: 'CPU',
          description:
            'Cores used by each replica. One thread does the work, so that about 1 is all it can use: near it for long, lag grows and heartbeats come late. Then add replicas. A CPU limit below 1 throttles it.',
          unit: 'none',
          width: 8,
          queries: [{ expr: `sum by (instance) (${rate('process_cpu_seconds_total')})`, legend: '{{instance}}' }],
        },
        ['transparent', [0.8, YELLOW], [1, RED]],
      ),
      lines({
        id: 1002,
        title: 'Memory',
        description:
          'Resident memory, and of it the JavaScript heap and buffers outside it. Healthy: level, and well below the container’s limit. Steady growth over days is a leak: note the version and tell us.',
        unit: 'bytes',
        width: 8,
        queries: [
          { expr: `sum by (instance) (${series('process_resident_memory_bytes')})`, legend: 'resident {{instance}}' },
          { expr: `sum by (instance) (${series('nodejs_heap_size_used_bytes')})`, legend: 'heap {{instance}}' },
          { expr: `sum by (instance) (${series('nodejs_external_memory_bytes')})`, legend: 'external {{instance}}' },
        ],
      }),
      bounded(
        {
          id: 1003,
          title: 'Event-loop lag',
          description:
            'How late timers run, 99th percentile by replica. Healthy: tens of milliseconds. Near a second heartbeats are at risk: CPU is short, or throttled.',
          unit: 's',
          width: 8,
          queries: [
            { expr: `max by (instance) (${series('nodejs_eventloop_lag_p99_seconds')})`, legend: '{{instance}}' },
          ],
        },
        ['transparent', [0.25, YELLOW], [1, RED]],
      ),
      lines({
        id: 1004,
        title: 'Garbage collection',
        description:
          'Seconds a second spent collecting, by kind. Healthy: below 0.05. High together with a heap near its limit: the container has too little memory.',
        unit: 's',
        width: 8,
        queries: [{ expr: `sum by (kind) (${rate('nodejs_gc_duration_seconds_sum')})`, legend: '{{kind}}' }],
      }),
      lines({
        id: 1005,
        title: 'Uptime',
        description:
          'Time since each process started. A line that falls to zero is a restart; without a deployment (blue marks) look at the exit code: 137 is out of memory.',
        unit: 's',
        width: 8,
        queries: [
          { expr: `max by (instance) (time() - ${series('process_start_time_seconds')})`, legend: '{{instance}}' },
        ],
      }),
      coloured(
        stacked({
          id: 1006,
          title: 'Log lines, by level',
          description:
            'Lines logged, those held back as repeats included. Healthy: no errors. Each line has a stable `code` to search for.',
          unit: 'short',
          width: 8,
          queries: [{ expr: `sum by (level) (${growth('log_lines_total')})`, legend: '{{level}}' }],
        }),
        { info: BLUE, warn: ORANGE, error: RED },
      ),
      bounded(
        {
          id: 1009,
          title: 'Heap against its limit',
          description:
            'What the JavaScript heap takes of the most it may, which follows the container’s memory limit. Healthy: below 80 %. Near 100 % the process collects garbage all the time and then ends: give it more memory, or lower window.maxBufferedBytes.',
          unit: 'percentunit',
          width: 12,
          queries: [
            {
              expr: `max by (instance) (${series('nodejs_heap_size_used_bytes')} / ${series('heap_limit_bytes')})`,
              legend: '{{instance}}',
            },
          ],
        },
        ['transparent', [0.8, YELLOW], [0.95, RED]],
      ),
      lines({
        id: 1007,
        title: 'Open files',
        description:
          'File descriptors open, sockets included, against the most that may be, as a share. Healthy: a few per cent.',
        unit: 'percentunit',
        width: 12,
        queries: [
          {
            expr: `max by (instance) (${series('process_open_fds')} / ${series('process_max_fds')})`,
            legend: '{{instance}}',
          },
        ],
      }),
      table({
        id: 1008,
        title: 'Versions',
        description: 'What runs where. Healthy: one version, except while a deployment is under way.',
        unit: 'none',
        width: 24,
        height: 6,
        queries: [{ expr: `count by (namespace, job, instance, version, commit, node) (${series('build_info')})` }],
      })
        .withTransformation({
          id: 'organize',
          options: {
            excludeByName: { Time: true, Value: true },
            indexByName: { namespace: 0, job: 1, instance: 2, version: 3, commit: 4, node: 5 },
            renameByName: {
              namespace: 'Namespace',
              job: 'Job',
              instance: 'Instance',
              version: 'Version',
              commit: 'Commit',
              node: 'Node.js',
            },
          },
        })
        .overrideByName('Version', [{ id: 'color', value: { mode: 'fixed', fixedColor: GREEN } }]),
    ],
  };
}
