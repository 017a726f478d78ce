/**
 * Counts calls where they arrive: at the simulator, which imports nothing of this project. Stamps are ms, ascending.
 */

/**
 * Calls above the ceiling that a rolling second may show before a fault test fails; no other allowance exists.
 *
 * The slots leave 12 ms of play in a second (1 % margin, and 2.5 ms). A late call may use up 2 ms of it; the rest covers
 * the way to the simulator, and the time until the simulator gets a core to stamp the call. Where two cores carry four
 * workers, Redis, the simulator and the tests, that takes longer now and then, and one call counts in the second behind
 * its own. Two would be the limiter's fault.
 */
export const LATE_BY_NOISE = 1

/** Counts the calls in the fullest span of this length; two calls exactly `spanMs` apart are not both in it. */
function peakOf(stamps: readonly number[], spanMs: number): number {
  let peak = 0
  let oldest = 0
  for (const [index, at] of stamps.entries()) {
    while (at - (stamps[oldest] ?? at) >= spanMs) oldest += 1
    peak = Math.max(peak, index - oldest + 1)
  }
  return peak
}

/** Gives the longest time between a call and the next, in ms; 0 where there are fewer than two calls. */
function longestGapMs(stamps: readonly number[]): number {
  return stamps.reduce((longest, at, index) => Math.max(longest, at - (stamps[index - 1] ?? at)), 0)
}

/** Figures of the calls that arrived at the simulator in a span. */
export interface Seen {
  readonly calls: number
  readonly peakOfSecond: number
  readonly peakOf100ms: number
  /** Calls per second from the first call to the last. */
  readonly perSecond: number
  readonly longestGapMs: number
}

/** Sums up the calls from `from` up to but not including `to`. */
export function sumUp(stamps: readonly number[], from: number, to: number = Number.POSITIVE_INFINITY): Seen {
  const seen = stamps.filter(at => at >= from && at < to)
  const spanMs = (seen.at(-1) ?? 0) - (seen[0] ?? 0)
  return {
    calls: seen.length,
    peakOfSecond: peakOf(seen, 1000),
    peakOf100ms: peakOf(seen, 100),
    perSecond: spanMs === 0 ? 0 : ((seen.length - 1) / spanMs) * 1000,
    longestGapMs: longestGapMs(seen),
  }
}
