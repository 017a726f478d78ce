/** Prometheus' kinds of metrics that this project uses. */
export type MetricType = 'counter' | 'gauge' | 'histogram'

/**
 * Owner of a figure. `process`: each worker has its own; queries sum them. `fleet`: all show the same; take the
 * maximum.
 */
export type MetricScope = 'process' | 'fleet'

/** One metric, with an example query. `Label` are the names of its labels. */
export interface MetricRow<Type extends MetricType = MetricType, Label extends string = string> {
  readonly type: Type
  readonly of: MetricScope
  /** For people, such as `seconds` or `jobs`. */
  readonly unit: string
  /** Each label with its possible values. No label holds an account, a job id or a request. */
  readonly labels: Readonly<Record<Label, string>>
  /** One sentence; also Prometheus' help text. */
  readonly meaning: string
  /** A query that answers an operator's question. */
  readonly example: string
  /** Upper bounds of a histogram, in its unit. */
  readonly buckets: readonly number[]
}

/** Description of the label `command`. */
export const COMMAND = 'the vendor’s command, such as `friend_delete_all`'

type RowInput<Label extends string> = Omit<MetricRow<MetricType, Label>, 'type' | 'labels' | 'buckets'> & {
  labels?: Readonly<Record<Label, string>>
}

const row =
  <Type extends MetricType>(type: Type) =>
  <Label extends string = never>(input: RowInput<Label>): MetricRow<Type, Label> => ({
    ...input,
    type,
    labels: input.labels ?? ({} as Readonly<Record<Label, string>>),
    buckets: [],
  })

/** Makes the row of a counter. */
export const counter: ReturnType<typeof row<'counter'>> = row('counter')
/** Makes the row of a gauge. */
export const gauge: ReturnType<typeof row<'gauge'>> = row('gauge')
/** Makes the row of a histogram. */
export const histogram = <Label extends string = never>(
  input: RowInput<Label> & { buckets: readonly number[] },
): MetricRow<'histogram', Label> => ({ ...row('histogram')(input), buckets: input.buckets })
