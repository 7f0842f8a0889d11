/** What the metrics client exports of the process and of Node.js beside the catalogue, on Linux; docs/metrics.md lists it, a live scrape is compared with it. */

/** By name without our prefix. */
export const RUNTIME_METRICS: Readonly<
  Record<string, readonly [type: 'counter' | 'gauge' | 'histogram', help: string]>
> = {
  process_cpu_user_seconds_total: ['counter', 'Processor time in user mode.'],
  process_cpu_system_seconds_total: ['counter', 'Processor time in system mode.'],
  process_cpu_seconds_total: ['counter', 'Processor time, both.'],
  process_start_time_seconds: ['gauge', 'When the process started.'],
  process_resident_memory_bytes: ['gauge', 'Resident memory: what a container’s limit counts.'],
  process_virtual_memory_bytes: ['gauge', 'Virtual memory.'],
  process_heap_bytes: ['gauge', 'Data segment of the process.'],
  process_open_fds: ['gauge', 'Open file descriptors.'],
  process_max_fds: ['gauge', 'Most file descriptors it may open.'],
  nodejs_eventloop_lag_seconds: ['gauge', 'Delay of the event loop at the scrape.'],
  nodejs_eventloop_lag_min_seconds: ['gauge', 'Least delay since the last scrape.'],
  nodejs_eventloop_lag_max_seconds: ['gauge', 'Greatest delay since the last scrape.'],
  nodejs_eventloop_lag_mean_seconds: ['gauge', 'Mean delay since the last scrape.'],
  nodejs_eventloop_lag_stddev_seconds: ['gauge', 'Standard deviation of the delay since the last scrape.'],
  nodejs_eventloop_lag_p50_seconds: ['gauge', 'Median delay since the last scrape.'],
  nodejs_eventloop_lag_p90_seconds: ['gauge', '90th percentile of the delay since the last scrape.'],
  nodejs_eventloop_lag_p99_seconds: ['gauge', '99th percentile of the delay since the last scrape.'],
  nodejs_active_resources: ['gauge', 'What keeps the event loop alive, by `type`.'],
  nodejs_active_handles: ['gauge', 'Open handles (sockets, timers …), by `type`.'],
  nodejs_active_requests: ['gauge', 'Requests to the system under way, by `type`.'],
  nodejs_heap_size_total_bytes: ['gauge', 'Size of the JavaScript heap.'],
  nodejs_heap_size_used_bytes: ['gauge', 'What of it is in use.'],
  nodejs_external_memory_bytes: ['gauge', 'Memory of buffers and the like, outside the heap.'],
  nodejs_heap_space_size_total_bytes: ['gauge', 'Size of the heap, by `space`.'],
  nodejs_heap_space_size_used_bytes: ['gauge', 'What of it is in use, by `space`.'],
  nodejs_heap_space_size_available_bytes: ['gauge', 'What of it is free, by `space`.'],
  nodejs_version_info: ['gauge', 'Always 1; `version`, `major`, `minor` and `patch` of Node.js.'],
  nodejs_gc_duration_seconds: ['histogram', 'Garbage collections, by `kind`.'],
};
