/**
 * Sums up when calls arrived, as the vendor stamped them. Stamps are ms on a clock that never jumps, ascending.
 */

/** What a run looked like from the vendor's side. */
export interface ArrivalFigures {
  readonly calls: number
  /** Calls per second without the first and the last tenth of the calls, where processes start and retries trickle. */
  readonly steadyPerSecond: number
  /** The fullest rolling second. */
  readonly worstSecond: number
  /** The fullest rolling 100 ms. */
  readonly worst100ms: number
  /** Calls at whose moment the rolling second held more than the limit. */
  readonly callsOver: number
  /** From the first call to the last. */
  readonly seconds: number
}

/** Sums up a run. `limitPerSecond` is the vendor's, without any margin. */
export function arrivalFigures(stamps: readonly number[], limitPerSecond: number): ArrivalFigures {
  return {
    calls: stamps.length,
    steadyPerSecond: steadyPerSecond(stamps),
    worstSecond: mostIn(stamps, 1000),
    worst100ms: mostIn(stamps, 100),
    callsOver: callsOver(stamps, limitPerSecond),
    seconds: ((stamps.at(-1) ?? 0) - (stamps[0] ?? 0)) / 1000,
  }
}

/** The most calls in any span; two that are exactly the span apart are not both in it. */
function mostIn(stamps: readonly number[], spanMs: number): number {
  let oldest = 0
  let most = 0
  for (const [index, at] of stamps.entries()) {
    while (at - (stamps[oldest] ?? at) >= spanMs) oldest += 1
    most = Math.max(most, index - oldest + 1)
  }
  return most
}

function steadyPerSecond(stamps: readonly number[]): number {
  const from = Math.floor(stamps.length * 0.1)
  const to = Math.ceil(stamps.length * 0.9) - 1
  const spanMs = (stamps[to] ?? 0) - (stamps[from] ?? 0)
  return spanMs > 0 ? ((to - from) / spanMs) * 1000 : 0
}

function callsOver(stamps: readonly number[], limitPerSecond: number): number {
  // Where the call that many places before lies less than a second back, this call is one too many.
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
