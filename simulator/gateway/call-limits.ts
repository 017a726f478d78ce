/** How the ceiling is counted. The vendor does not say which it uses, so a client must live with all three. */
export type LimitAlgorithm = 'aligned' | 'sliding' | 'bucket'

/** A ceiling and the way it is counted. */
export interface LimitRule {
  readonly perSecond: number
  /** `aligned`: whole seconds of the clock; `sliding`: the last 1,000 ms; `bucket`: refilled evenly. */
  readonly algorithm: LimitAlgorithm
  /** Whether a refused call counts against the ceiling too. */
  readonly countRefused: boolean
  /** Depth of the bucket in calls; only `bucket` uses it. */
  readonly burst: number
}

/** Decides on one call; `at` is the arrival's stamp in ms and never falls. */
type Take = (at: number) => boolean

/** A ceiling with its history. */
export interface CallLimit {
  readonly rule: LimitRule
  readonly take: Take
}

function aligned(rule: LimitRule): Take {
  let second = Number.NEGATIVE_INFINITY
  let counted = 0
  return at => {
    const current = Math.floor(at / 1000)
    if (current !== second) {
      second = current
      counted = 0
    }
    const allowed = counted < rule.perSecond
    if (allowed || rule.countRefused) counted += 1
    return allowed
  }
}

/**
 * Only the newest `perSecond` counted stamps matter: a call is refused when the oldest of them is younger than a
 * second. A ring of that size therefore answers exactly, whether refused calls are counted or not.
 */
function sliding(rule: LimitRule): Take {
  const newest = new Float64Array(Math.max(1, rule.perSecond)).fill(Number.NEGATIVE_INFINITY)
  let next = 0
  return at => {
    const allowed = rule.perSecond > 0 && at - (newest[next] ?? 0) >= 1000
    if (allowed || rule.countRefused) {
      newest[next] = at
      next = (next + 1) % newest.length
    }
    return allowed
  }
}

function bucket(rule: LimitRule): Take {
  let level = rule.burst
  let filledAt = Number.NEGATIVE_INFINITY
  return at => {
    const refill = filledAt === Number.NEGATIVE_INFINITY ? 0 : ((at - filledAt) * rule.perSecond) / 1000
    level = Math.min(rule.burst, level + refill)
    filledAt = at
    const allowed = level >= 1
    // A counted refusal digs at most one bucket deep, so that a hammering client is let in again once it stops.
    if (allowed || rule.countRefused) level = Math.max(-rule.burst, level - 1)
    return allowed
  }
}

const MAKERS: Readonly<Record<LimitAlgorithm, (rule: LimitRule) => Take>> = { aligned, sliding, bucket }

/** Makes a ceiling with an empty history. */
export const createCallLimit = (rule: LimitRule): CallLimit => ({ rule, take: MAKERS[rule.algorithm](rule) })
