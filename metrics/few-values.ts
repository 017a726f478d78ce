const THE_REST = 'other'

/**
 * Keeps the values of a label few, whatever comes: each value after the first so many is called `other`. A last guard;
 * whoever counts should know beforehand which values there are.
 */
export class FewValues {
  readonly #seen = new Set<string>()
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  /** The value to use. */
  of(value: string): string {
    return this.has(value) ? value : THE_REST
  }

  /** Whether a value is among the first ones; a new one becomes one of them while there is room. */
  has(value: string): boolean {
    if (this.#seen.size < this.#most) this.#seen.add(value)
    return this.#seen.has(value)
  }
}

/** Keeps the largest so many counts by name, and puts all others together as `other`. The same input gives the same. */
export function largest(counts: Readonly<Record<string, number>>, most: number): Record<string, number> {
  const sorted = Object.entries(counts).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
  const kept = Object.fromEntries(sorted.slice(0, most))
  const rest = sorted.slice(most).reduce((sum, [, n]) => sum + n, kept[THE_REST] ?? 0)
  return rest === 0 ? kept : { ...kept, [THE_REST]: rest }
}
