import { metricRows, nodeMetrics } from '../metrics/catalogue.ts'
import type { MetricScope } from '../metrics/catalogue-row.ts'
import { line } from './docs-pages.ts'

const head = [line(['metric', 'type', 'unit', 'what it says', 'labels', 'example query']), line(Array(6).fill('---'))]

const tableOf = (scope: MetricScope): string[] => [
  ...head,
  ...metricRows
    .filter(row => row.of === scope)
    .map(row => {
      const labels = Object.entries(row.labels).map(([label, holds]) => `\`${label}\`: ${holds}`)
      return line([`\`${row.name}\``, row.type, row.unit, row.meaning, labels.join('<br>'), `\`${row.example}\``])
    }),
]

/** Makes the page of metrics from their table. */
export function metricsPage(): string {
  return [
    '# Metrics',
    '',
    'Every worker serves these at `GET /metrics` on `HTTP_PORT`, in the text format of Prometheus: at most 300 series, and',
    'never an account, a job id or a request in a label. A scrape takes a second at most, whatever Redis does.',
    '',
    '## Of each worker',
    '',
    'Each worker counts what it does itself, so `sum` over workers. Counters start at 0 with the process.',
    '',
    ...tableOf('process'),
    '',
    '## Of the fleet',
    '',
    'Read from Redis in one round trip when a worker is scraped, and the same on every worker, so take the `max`, never the',
    '`sum`. While Redis does not answer they are absent and `clear_friends_redis_up` is 0. The counters among them go on',
    'over restarts of workers; each is as old as the data in Redis.',
    '',
    ...tableOf('fleet'),
    '',
    '## Of the Node.js process',
    '',
    line(['metric', 'what it says']),
    line(['---', '---']),
    ...Object.entries(nodeMetrics).map(([name, says]) => line([`\`${name}\``, says])),
    '',
  ].join('\n')
}
