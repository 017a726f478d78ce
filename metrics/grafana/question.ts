/** A query and what its lines are called; `{{label}}` stands for a label's value. */
interface Query {
  readonly expr: string
  readonly legend: string
}

/** One panel: what it answers, in which unit, and what to do when the answer looks bad. */
export interface Question {
  /** A question, or a fact. */
  readonly title: string
  /** What it shows, and what to do when it looks bad. */
  readonly says: string
  /** A unit of Grafana. */
  readonly unit: string
  /** `number`: the present value in large; `lines`: its course. */
  readonly shows: 'number' | 'lines' | 'stacked'
  /** Of the 24 columns. */
  readonly width: number
  /** Default 8 units of the grid. */
  readonly height?: number
  /** Whether negative values make sense; default no. */
  readonly signed?: true
  readonly queries: readonly Query[]
  /** From here on the value is bad; below it, where `badBelow` says so. */
  readonly badFrom?: number
  readonly badBelow?: number
  /** What a number is called instead, by its series rather than its value. */
  readonly namesOnly?: true
}

/** Panels that belong together. */
export interface Row {
  readonly title: string
  readonly questions: readonly Question[]
}

/** The selector of the fleet that is looked at. Every query has it. */
export const FLEET = 'job=~"$job"'

/** Queries for the time that a share of all took at most, with what each share is called. */
export const quantiles = (histogram: string, shares: Readonly<Record<string, number>>): Query[] =>
  Object.entries(shares).map(([legend, share]) => ({
    expr: `histogram_quantile(${share}, sum by (le) (rate(${histogram}_bucket{${FLEET}}[$__rate_interval])))`,
    legend,
  }))
