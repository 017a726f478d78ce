/**
 * Sums up the arrivals of calls, as the vendor stamped them. Stamps are ms on a clock that never jumps, ascending.
 */

/** Figures of a run at the vendor. */
export interface ArrivalFigures {
  readonly calls: number
  /**
   * Calls per second over whole windows of the limit, without the first and the last tenth of the calls, where
   * processes start and retries trickle.
   */
  readonly steadyPerSecond: number
  /** Calls in the fullest rolling second. */
  readonly worstSecond: number
  /** Calls in the fullest rolling 100 ms. */
  readonly worst100ms: number
  /** Calls at whose moment the rolling second held more than the limit. */
  readonly callsOver: number
  /** Seconds from the first call to the last. */
  readonly seconds: number
}

/** Sums up a run. `limitPerSecond` is the vendor's, without any margin. */
export function arrivalFigures(stamps: readonly number[], limitPerSecond: number): ArrivalFigures {
  return {
    calls: stamps.length,
    steadyPerSecond: steadyPerSecond(stamps, limitPerSecond),
    worstSecond: mostIn(stamps, 1000),
    worst100ms: mostIn(stamps, 100),
    callsOver: callsOver(stamps, limitPerSecond),
    seconds: ((stamps.at(-1) ?? 0) - (stamps[0] ?? 0)) / 1000,
  }
}

/** Gives the most calls in any span; two that are exactly the span apart are not both in it. */
function mostIn(stamps: readonly number[], spanMs: number): number {
  let oldest = 0
  let most = 0
  for (const [index, at] of stamps.entries()) {
    while (at - (stamps[oldest] ?? at) >= spanMs) oldest += 1
    most = Math.max(most, index - oldest + 1)
  }
  return most
}

/**
 * Gives the rate over whole windows of the limit, because uneven calls are uneven again in each window: at an end of
 * any other span a hole of 20 ms in 7 s is 0.6/s. Of all spans of that many calls the middle one counts.
 */
function steadyPerSecond(stamps: readonly number[], limitPerSecond: number): number {
  const steady = stamps.slice(Math.floor(stamps.length * 0.1), Math.ceil(stamps.length * 0.9))
  // Leaves one window over, so that spans begin everywhere in it.
  const windows = Math.floor((steady.length - 1) / limitPerSecond) - 1
  const calls = windows > 0 ? windows * limitPerSecond : steady.length - 1
  const spansMs = steady.slice(calls).map((at, index) => at - (steady[index] ?? at))
  const middleMs = spansMs.toSorted((a, b) => a - b)[Math.floor(spansMs.length / 2)] ?? 0
  return middleMs > 0 ? (calls / middleMs) * 1000 : 0
}

function callsOver(stamps: readonly number[], limitPerSecond: number): number {
  // A call is one too many if the call `limitPerSecond` places before it lies less than a second back.
  return stamps.filter((at, index) => at - (stamps[index - limitPerSecond] ?? Number.NEGATIVE_INFINITY) < 1000).length
}

/** Counts the calls in each span of `spanMs` since the first call; a span without a call counts 0. */
export function countPerSpan(stamps: readonly number[], spanMs: number): number[] {
  const first = stamps[0]
  const last = stamps.at(-1)
  if (first === undefined || last === undefined) return []
  const counts = Array.from({ length: Math.floor((last - first) / spanMs) + 1 }, () => 0)
  for (const at of stamps) {
    const span = Math.floor((at - first) / spanMs)
    counts[span] = (counts[span] ?? 0) + 1
  }
  return counts
}
