/** Time over which the rate is measured. */
const RATE_OVER_MS = 60_000

/** Measures how fast a count grows, over the last minute. */
export class RateMeter {
  readonly #nowMs: () => number
  #samples: { readonly atMs: number; readonly count: number }[] = []

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs
  }

  /** Takes the present count, and gives its growth per second; 0 at the first one. */
  perSecond(count: number): number {
    const now = { atMs: this.#nowMs(), count }
    this.#samples = [...this.#samples.filter(({ atMs }) => now.atMs - atMs <= RATE_OVER_MS), now]
    const first = this.#samples[0] ?? now
    const seconds = (now.atMs - first.atMs) / 1000
    return seconds === 0 ? 0 : Math.max(0, now.count - first.count) / seconds
  }

  /** Forgets the past, where it is no measure any more. */
  forget(): void {
    this.#samples = []
  }
}
