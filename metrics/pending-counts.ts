import type { Counter, LabelValues } from 'prom-client'

/**
 * Counts for a counter, which is told at the next scrape: to look its labels up for each event costs more than the event
 * itself at some thousand jobs a second.
 */
export class PendingCounts<Label extends string> {
  readonly #counter: Counter<Label>
  readonly #counts = new Map<string, { readonly labels: LabelValues<Label>; events: number }>()

  constructor(counter: Counter<Label>) {
    this.#counter = counter
  }

  /**
   * Counts an event.
   *
   * @param key stands for the labels
   */
  add(key: string, labels: LabelValues<Label>): void {
    const count = this.#counts.get(key)
    if (count === undefined) this.#counts.set(key, { labels, events: 1 })
    else count.events += 1
  }

  /** Tells the counter. */
  flush(): void {
    for (const { labels, events } of this.#counts.values()) this.#counter.inc(labels, events)
    this.#counts.clear()
  }
}
