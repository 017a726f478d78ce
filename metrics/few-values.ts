const THE_REST = 'other'

/**
 * Bounds the values of a label: the first `most` values keep their names, and each later one becomes `other`. This is
 * the last guard; a label's values should be known beforehand.
 */
export class FewValues {
  readonly #seen = new Set<string>()
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  /** Gives the value for the label. */
  of(value: string): string {
    return this.has(value) ? value : THE_REST
  }

  /** Whether a value is among the first ones. A new value becomes one of them while there is room. */
  has(value: string): boolean {
    if (this.#seen.size < this.#most) this.#seen.add(value)
    return this.#seen.has(value)
  }
}

/** Keeps the `most` largest counts by name and adds up the others as `other`. Ties are decided by name. */
export function largest(counts: Readonly<Record<string, number>>, most: number): Record<string, number> {
  const sorted = Object.entries(counts).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
  const kept = Object.fromEntries(sorted.slice(0, most))
  const rest = sorted.slice(most).reduce((sum, [, n]) => sum + n, kept[THE_REST] ?? 0)
  return rest === 0 ? kept : { ...kept, [THE_REST]: rest }
}
