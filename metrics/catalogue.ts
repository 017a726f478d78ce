import type { MetricRow } from './catalogue-row.ts'
import { fleetMetrics } from './fleet-metrics.ts'
import { processMetrics } from './process-metrics.ts'

/** Start of every metric's name. */
export const PREFIX = 'clear_friends_'

/**
 * All metrics of this project. The worker, `docs/metrics.md` and the tests use this table. A key is the metric's name
 * without {@link PREFIX}. Names must not change: dashboards and alerts rely on them.
 */
export const catalogue = { ...processMetrics, ...fleetMetrics } as const

/** A name in the {@link catalogue}. */
export type MetricName = keyof typeof catalogue

/**
 * Metrics of the Node.js process that the worker keeps, of those that the metrics library makes. The others are a
 * hundred series without a question, or break Prometheus' rules for names.
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
