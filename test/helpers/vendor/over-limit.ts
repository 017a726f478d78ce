/** An event of a test, and its time in epoch ms. */
export interface Happening {
  readonly at: number
  readonly what: string
}

const LOOK_BACK_MS = 5000

/**
 * Gives a text for each rolling second with more calls than the ceiling: the calls, and the events of the five seconds
 * before. So a failure shows where to look.
 *
 * @param stamps arrivals, epoch ms, ascending
 */
export function tellOverLimit(
  stamps: readonly number[],
  ceiling: number,
  happenings: readonly Happening[],
): readonly string[] {
  const told: string[] = []
  let oldest = 0
  let toldUntil = Number.NEGATIVE_INFINITY
  for (const [index, at] of stamps.entries()) {
    while (at - (stamps[oldest] ?? at) >= 1000) oldest += 1
    const calls = index - oldest + 1
    if (calls <= ceiling || at < toldUntil) continue
    toldUntil = at + 1000
    const before = happenings.filter(each => each.at <= at && at - each.at < LOOK_BACK_MS)
    told.push(
      [`${calls} calls`, ...before.map(each => `${each.what} ${Math.round(at - each.at)} ms before`)].join(', '),
    )
  }
  return told
}
