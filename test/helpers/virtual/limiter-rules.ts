/**
 * The rules of the limiter, each with its place in the sources and a scenario that breaks without it.
 * `docs/how-the-limit-holds.md` explains them by these names.
 */
import type { Fault, Played, Scenario } from './limit-property.ts'
import type { Change } from './limiter-without.ts'

/** One rule. */
export interface Rule {
  readonly name: string
  readonly without: readonly Change[]
  /** A scenario that needs the rule. */
  readonly scenario: Omit<Scenario, 'seed'>
  /** Whether the run shows the fault that appears when the rule is off, and never when it is on. */
  readonly broken: (played: Played) => boolean
}

const CEILING = 200
const isOver = ({ all }: Played): boolean => all.peakOfSecond > CEILING
const isUneven = ({ all }: Played): boolean => all.peakOf100ms > 23
const isBelow = ({ calm }: Played): boolean => calm.perSecond < 0.985 * CEILING

const at = (atMs: number, kind: Fault['kind'], ms = 0, process = 0): Fault => ({ kind, atMs, process, ms })
const PERMIT = 'permit.lua'
const LANE = 'lane.ts'
const CLOCK = 'redis-clock.ts'
/** A process keeps its permits when the connection breaks, or when the clock of Redis jumps. */
const notVoid: readonly Change[] = [
  { file: 'limiter.ts', from: 'lane => lane.voidAll())', to: '() => {})' },
  { file: LANE, from: 'this.#clockJumped = true\n    this.voidAll()', to: 'this.#clockJumped = true' },
]
/** No process reports to Redis how late a call left. */
const notTold: Change = { file: 'late-uses.ts', from: 'if (beyondMs <= 0) return', to: 'return' }
/** A permit is used however late it is. */
const notUsedBy: Change = { file: LANE, from: 'const USE_BY_MS = 5\n', to: 'const USE_BY_MS = 10000\n' }
const calm = { processes: 4, roundTripMs: 3, faults: [] }

/** All rules that can be shown without a vendor. */
export const RULES: readonly Rule[] = [
  {
    name: 'a window between a call and the one that is 200 behind it',
    without: [
      {
        file: PERMIT,
        from: 'earliest = math.max(earliest, aWindowBack + window)',
        to: 'earliest = earliest',
      },
    ],
    scenario: calm,
    broken: isOver,
  },
  {
    name: 'a window that is longer than a second',
    without: [{ file: PERMIT, from: '(SECOND + UNREPORTED) / (1 - margin)', to: 'SECOND' }],
    scenario: calm,
    broken: isOver,
  },
  {
    name: 'calls that are spread evenly',
    without: [
      { file: PERMIT, from: 'local gap = even * (isFirst and 1 or GAP)', to: 'local gap = 0' },
      { file: PERMIT, from: 'earliest = math.max(earliest, aBurstBack + burstSpan)', to: 'earliest = earliest' },
    ],
    scenario: calm,
    broken: isUneven,
  },
  {
    name: 'use a permit on time or not at all',
    without: [notUsedBy, notTold],
    scenario: { ...calm, faults: [at(6000, 'stall', 700), at(7500, 'stall', 700, 1)] },
    broken: isOver,
  },
  {
    name: 'a late answer is of a call that may have arrived late',
    without: [
      { file: 'answer-times.ts', from: 'return tookMs < this.#unusualFromMs ? 0 : ', to: 'return true ? 0 : ' },
    ],
    scenario: { ...calm, faults: Array.from({ length: 8 }, (_, n) => at(5000 + n * 400, 'jam', 30)) },
    broken: isOver,
  },
  {
    name: 'make up for permits that came back',
    without: [{ file: PERMIT, from: "redis.call('ZREM', KEYS[1], ARGV[i])", to: 'local _ = i' }],
    scenario: { ...calm, faults: Array.from({ length: 144 }, (_, n) => at(4000 + n * 125, 'stall', 12, n)) },
    // A stall of 12 ms wastes a permit or two; without the rule it wastes all that the process held.
    broken: ({ calm }) => calm.perSecond < 0.98 * CEILING,
  },
  {
    name: 'one clock',
    without: [
      {
        file: CLOCK,
        from: 'if (known === undefined) return this.#startFrom(seen, true)',
        to: 'return this.#startFrom({ ...seen, most: seen.least }, true)',
      },
    ],
    scenario: { ...calm, roundTripMs: 100 },
    broken: isOver,
  },
  {
    name: 'wait until the clock is known',
    without: [{ file: CLOCK, from: 'if (this.#bounds === undefined) return false', to: 'return true' }],
    scenario: { ...calm, roundTripMs: 200, faults: [at(6000, 'kill'), at(7000, 'kill', 0, 1), at(8000, 'kill', 0, 2)] },
    // With answers that take up to 200 ms one fleet in six sends a call too many, with the rule as well.
    broken: ({ all }) => all.peakOfSecond > CEILING + 1,
  },
  {
    name: 'hold when nothing is known',
    without: [{ file: PERMIT, from: 'last = now + window + LONGEST\n', to: 'last = now\n' }],
    scenario: { ...calm, faults: [at(6000, 'forgetAll')] },
    broken: isOver,
  },
  {
    name: 'hold when another server answers',
    without: [{ file: PERMIT, from: 'if not isKnown or not last', to: 'if not last' }, ...notVoid],
    scenario: { ...calm, roundTripMs: 100, faults: [at(6000, 'failover', 1000)] },
    broken: isOver,
  },
  {
    name: 'hold when the clock of Redis jumped',
    without: [{ file: PERMIT, from: " or jumped == '1' then", to: ' then' }, ...notVoid],
    scenario: { ...calm, faults: [at(6000, 'stepClock', 800)] },
    broken: isOver,
  },
  {
    name: 'watch the clock before the first permit',
    without: [{ file: LANE, from: 'return this.#askPace.horizonMs - ', to: 'return 0 * ' }],
    scenario: { ...calm, faults: [at(6000, 'stepClock', 3_600_000), at(6001, 'start')] },
    broken: isOver,
  },
  {
    name: 'start anew where the last permit lies impossibly far ahead',
    without: [{ file: PERMIT, from: ' or last > now + window + LONGEST + SECOND', to: '' }],
    scenario: { processes: 1, roundTripMs: 3, faults: [at(6000, 'stepClock', -3_600_000), at(6000, 'kill')] },
    broken: isBelow,
  },
  {
    name: 'give up a connection that is silent',
    without: [{ file: 'limiter.ts', from: 'const ANSWER_WITHIN_MS = 3000', to: 'const ANSWER_WITHIN_MS = 3_000_000' }],
    scenario: { ...calm, processes: 1, faults: [at(6000, 'loseReplies')] },
    broken: isBelow,
  },
]
