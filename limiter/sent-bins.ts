/** 10 ms of Redis' time, and the number of calls sent in it so far. */
export type SentBin = readonly [bin: number, count: number]

/** Counts the calls sent that Redis may not know of, by bins of 10 ms of Redis' time. */
export class SentBins {
  readonly #counts = new Map<number, number>()

  /** Whether there is anything to report. */
  get isEmpty(): boolean {
    return this.#counts.size === 0
  }

  /** Counts a call. `redisMs`: when it was sent, on Redis' clock. */
  count(redisMs: number): void {
    const bin = binOf(redisMs)
    this.#counts.set(bin, (this.#counts.get(bin) ?? 0) + 1)
  }

  /** Gives the bins to report to Redis. */
  unreported(): readonly SentBin[] {
    return [...this.#counts]
  }

  /** Forgets the bins that Redis has heard of, except for the present one, which may still grow. */
  forget(reported: readonly SentBin[], redisMs: number): void {
    const now = binOf(redisMs)
    for (const [bin, count] of reported) if (bin !== now && this.#counts.get(bin) === count) this.#counts.delete(bin)
  }
}

const binOf = (redisMs: number): number => Math.floor(redisMs / 10)
