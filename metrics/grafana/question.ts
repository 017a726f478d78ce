/** A query with the name of its lines; `{{label}}` stands for a label's value. */
interface Query {
  readonly expr: string
  readonly legend: string
}

/** One panel: its question, its unit, and advice for a bad answer. */
export interface Question {
  /** A question, or a fact. */
  readonly title: string
  /** Meaning of the panel, and advice for a bad answer. */
  readonly says: string
  /** A unit of Grafana. */
  readonly unit: string
  /** `number`: the present value; `lines`: its course; `stacked`: the course of several, one upon the other. */
  readonly shows: 'number' | 'lines' | 'stacked'
  /** Width in columns, of 24. */
  readonly width: number
  /** Height in units of the grid; default 8. */
  readonly height?: number
  /** Whether negative values make sense; default no. */
  readonly signed?: true
  readonly queries: readonly Query[]
  /** Values from `badFrom` on are bad, or values below `badBelow`. */
  readonly badFrom?: number
  readonly badBelow?: number
  /** A `number` shows the name of its series instead of the value. */
  readonly namesOnly?: true
}

/** Panels that belong together. */
export interface Row {
  readonly title: string
  readonly questions: readonly Question[]
}

/** Selector of the fleet that the viewer has chosen. Every query has it. */
export const FLEET = 'job=~"$job"'

/** Makes a query for each share of a histogram. `shares` maps the name of a line to its share, such as 0.99. */
export const quantiles = (histogram: string, shares: Readonly<Record<string, number>>): Query[] =>
  Object.entries(shares).map(([legend, share]) => ({
    expr: `histogram_quantile(${share}, sum by (le) (rate(${histogram}_bucket{${FLEET}}[$__rate_interval])))`,
    legend,
  }))
