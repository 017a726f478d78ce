import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { catalogue, type MetricName, nodeMetrics, PREFIX } from './catalogue.ts'
import type { MetricRow } from './catalogue-row.ts'

type Kinds<Label extends string> = { counter: Counter<Label>; gauge: Gauge<Label>; histogram: Histogram<Label> }
type Defined<Row> = Row extends MetricRow<infer Type, infer Label> ? Kinds<Label>[Type] : never

/** The metrics of one process by their names in the catalogue, and the registry that prints them. */
export type Definitions = { readonly [Name in MetricName]: Defined<(typeof catalogue)[Name]> } & {
  readonly registry: Registry
}

/** Makes the metrics of one process from the {@link catalogue}, and those of Node.js itself. */
export function define(): Definitions {
  const registry = new Registry()
  const names = Object.keys(catalogue) as MetricName[]
  const defined = Object.fromEntries(names.map(name => [name, make(name, registry)]))
  registerNodeMetrics(registry)
  return { ...(defined as Omit<Definitions, 'registry'>), registry }
}

function make(metric: MetricName, registry: Registry): Counter | Gauge | Histogram {
  const row: MetricRow = catalogue[metric]
  const options = {
    name: PREFIX + metric,
    help: row.meaning,
    labelNames: Object.keys(row.labels),
    registers: [registry],
  }
  switch (row.type) {
    case 'counter':
      return new Counter(options)
    case 'gauge':
      return new Gauge(options)
    case 'histogram':
      return new Histogram({ ...options, buckets: [...row.buckets] })
    default:
      return row.type satisfies never
  }
}

function registerNodeMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry })
  for (const { name } of registry.getMetricsAsArray()) {
    if (!name.startsWith(PREFIX) && !Object.hasOwn(nodeMetrics, name)) registry.removeSingleMetric(name)
  }
}
