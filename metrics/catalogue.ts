import type { MetricRow } from './catalogue-row.ts'
import { fleetMetrics } from './fleet-metrics.ts'
import { processMetrics } from './process-metrics.ts'

/** What every name begins with. */
export const PREFIX = 'clear_friends_'

/**
 * All metrics of ours: the one table that the worker, `docs/metrics.md` and the tests go by. A key is the name without
 * {@link PREFIX}. The names are fixed: dashboards and alerts rely on them.
 */
export const catalogue = { ...processMetrics, ...fleetMetrics } as const

/** A name in the {@link catalogue}. */
export type MetricName = keyof typeof catalogue

/**
 * What the metrics library says of the Node.js process, as far as it is kept: the rest is either a hundred series that
 * nobody asks for, or named against Prometheus' conventions.
 */
export const nodeMetrics: Readonly<Record<string, string>> = {
  process_cpu_seconds_total: 'Processor time used, in seconds.',
  process_start_time_seconds: 'When the process started, in epoch seconds.',
  process_resident_memory_bytes: 'Memory in use, as the system counts it.',
  process_open_fds: 'Open files and sockets.',
  process_max_fds: 'How many of them there may be.',
  nodejs_eventloop_lag_seconds: 'How late the event loop was at the scrape.',
  nodejs_eventloop_lag_mean_seconds: 'How late it was on average since the scrape before.',
  nodejs_eventloop_lag_max_seconds: 'How late it was at worst since the scrape before.',
  nodejs_eventloop_lag_p50_seconds: 'How late it was half of the time since the scrape before.',
  nodejs_eventloop_lag_p99_seconds: 'How late it was 1 % of the time since the scrape before.',
  nodejs_heap_size_total_bytes: 'Memory of the JavaScript heap.',
  nodejs_heap_size_used_bytes: 'What of it is in use.',
  nodejs_version_info: 'Which Node.js runs; always 1.',
}

/** The rows as a list with full names, in the order of the docs. */
export const metricRows: readonly (MetricRow & { readonly name: string })[] = Object.entries<MetricRow>(catalogue).map(
  ([name, row]) => ({ name: PREFIX + name, ...row }),
)
