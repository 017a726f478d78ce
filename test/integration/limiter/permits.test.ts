/** The permit script alone, at times that the test decides, with any callers, losses and ceilings. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allowedRateLua } from '../../../limiter/allowed-rate.ts'
import { parseReservation, type ReserveRequest, reserveArguments } from '../../../limiter/reservation.ts'
import { keysOf } from '../../../redis/keys.ts'
import { type KeySpace, testRedis } from '../../helpers/redis/redis.ts'
import { runSteered, steer } from '../../helpers/virtual/steered-redis.ts'

const COMMAND = 'friend_get'
const steered = steer(allowedRateLua + readFileSync(new URL('../../../limiter/permit.lua', import.meta.url), 'utf8'))

let keySpace: KeySpace
let redis: Redis
beforeAll(() => {
  keySpace = testRedis()
  redis = new Redis(keySpace.url)
})
afterAll(async () => {
  await keySpace.cleanUp()
  redis.disconnect()
})

interface Settings {
  readonly ceiling: number
  readonly margin: number
}

/** A caller's ask or a fault of the server, `afterMs` after the step before. */
type Step = { readonly afterMs: number } & (
  | {
      readonly kind: 'ask'
      readonly want: number
      readonly leadMs: number
      readonly horizonMs: number
      readonly holds: boolean
      readonly giveBack: number
    }
  | { readonly kind: 'forget' }
  | { readonly kind: 'restart' }
  | { readonly kind: 'rate'; readonly share: number }
  | { readonly kind: 'garbage'; readonly atMs: number }
)

const afterMs = fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 120 }) }, fc.integer({ min: 0, max: 3000 }))
const anAsk: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant('ask' as const),
  afterMs,
  want: fc.integer({ min: 0, max: 300 }),
  leadMs: fc.integer({ min: 2, max: 400 }),
  horizonMs: fc.integer({ min: 60, max: 900 }),
  holds: fc.boolean(),
  giveBack: fc.nat({ max: 5 }),
})
const aMishap: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('forget' as const, 'restart' as const), afterMs }),
  fc.record({ kind: fc.constant('rate' as const), afterMs, share: fc.double({ min: 0.01, max: 1, noNaN: true }) }),
  fc.record({ kind: fc.constant('garbage' as const), afterMs, atMs: fc.integer({ min: -10_000, max: 10_000 }) }),
)
const steps = fc.array(fc.oneof({ weight: 12, arbitrary: anAsk }, aMishap), { minLength: 1, maxLength: 60 })
const settings = fc.record({
  ceiling: fc.oneof(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1000, max: 1500 })),
  margin: fc.double({ min: 0, max: 0.3, noNaN: true }),
})

/** One fleet's state with a clock; remembers the slots that may be used. */
class Counter {
  readonly #settings: Settings
  readonly #keys = keysOf(keySpace.prefix)
  nowUs = 1_700_000_000_000_000
  #runs = 1
  #asks = 0
  /** Slots that were granted and not given back. */
  slots: number[] = []

  constructor(given: Settings) {
    this.#settings = given
  }

  async ask(request: Partial<ReserveRequest>): Promise<void> {
    this.#asks += 1
    const full = {
      want: 1,
      leadMs: 2,
      horizonMs: 60,
      holdsPermits: true,
      clockJumped: false,
      probe: false,
      returned: [],
      usedLate: [],
      sentBins: [],
      ...request,
    }
    const args = reserveArguments(
      {
        ask: this.#asks,
        caller: 'a caller',
        command: COMMAND,
        ceilingPerSecond: this.#settings.ceiling,
        margin: this.#settings.margin,
        contract: '',
      },
      full,
    )
    const scriptKeys = [this.#keys.permits(COMMAND), this.#keys.fleet, this.#keys.sent(COMMAND)]
    const answer = await runSteered(redis, steered, { now: this.nowUs, runId: `run${this.#runs}` }, scriptKeys, args)
    const reservation = parseReservation(answer, this.#asks)
    if (reservation?.kind !== 'granted') throw new Error(`no answer to an ask: ${JSON.stringify(answer)}`)
    for (const slot of reservation.slots) expect(slot).toBeGreaterThanOrEqual(this.nowUs + full.leadMs * 1000)
    this.slots = this.slots.filter(slot => !full.returned.includes(slot)).concat(reservation.slots)
  }

  async take(step: Step): Promise<void> {
    this.nowUs += step.afterMs * 1000
    if (step.kind === 'forget') await redis.del(this.#keys.permits(COMMAND))
    if (step.kind === 'restart') this.#runs += 1
    if (step.kind === 'rate') {
      const rate = Math.max(1, Math.floor(step.share * this.#settings.ceiling))
      await redis.hset(this.#keys.fleet, 'rate', rate)
    }
    if (step.kind === 'garbage') {
      await redis.zadd(this.#keys.permits(COMMAND), this.nowUs + step.atMs * 1000, 'garbage')
    }
    if (step.kind === 'ask') {
      const passed = this.slots.filter(slot => slot < this.nowUs)
      const unused = passed.slice(-step.giveBack || passed.length)
      await this.ask({ ...step, holdsPermits: step.holds, returned: unused.slice(0, step.giveBack) })
    }
  }
}

/** Gives the shortest time, in µs, from a slot to the one that is `ceiling` behind it. */
function shortestWindow(slots: readonly number[], ceiling: number): number {
  const sorted = slots.toSorted((a, b) => a - b)
  return Math.min(...sorted.slice(ceiling).map((slot, index) => slot - (sorted[index] ?? 0)), Number.POSITIVE_INFINITY)
}

describe('the permit script', () => {
  it('never grants more than the ceiling in any second and its margin, whoever asks and whatever is lost', async () => {
    await fc.assert(
      fc.asyncProperty(settings, steps, async (given, all) => {
        await keySpace.cleanUp()
        const counter = new Counter(given)
        for (const step of all) await counter.take(step)
        const window = 1_002_500 / (1 - given.margin)
        expect(shortestWindow(counter.slots, given.ceiling)).toBeGreaterThanOrEqual(Math.floor(window))
      }),
      { numRuns: 60 },
    )
  })

  it('grants the whole ceiling less its margin to callers that want it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 20, max: 400 }), fc.integer({ min: 1, max: 8 }), async (ceiling, callers) => {
        await keySpace.cleanUp()
        const counter = new Counter({ ceiling, margin: 0.01 })
        await counter.ask({})
        for (let elapsedMs = 0; elapsedMs < 6000; elapsedMs += 20) {
          counter.nowUs += 20_000
          for (let caller = 0; caller < callers; caller++) await counter.ask({ want: 50 })
        }
        const until = counter.nowUs
        // Over whole windows, since slots need not lie evenly within one.
        const spanUs = (3 * 1_003_000) / 0.99
        const inThreeWindows = counter.slots.filter(slot => slot >= until - spanUs && slot < until).length
        expect(inThreeWindows).toBeGreaterThanOrEqual(Math.floor((spanUs / 1_000_000) * ceiling * 0.985))
      }),
      { numRuns: 3 },
    )
  })
})

it('counts a call from when it really left', async () => {
  await keySpace.cleanUp()
  const counter = new Counter({ ceiling: 10, margin: 0 })
  const grant = async (request: Partial<ReserveRequest> = {}): Promise<number> => {
    const before = counter.slots.length
    while (counter.slots.length === before) {
      counter.nowUs += 50_000
      await counter.ask(request)
    }
    return counter.slots.at(-1) ?? 0
  }
  const slots: number[] = []
  for (let n = 0; n < 10; n++) slots.push(await grant())
  const [first = 0] = slots
  // Reports one late use twice, as after a lost answer, and one of a slot that Redis no longer knows.
  const usedLate = [
    [first, first + 5000],
    [first, first + 5000],
    [1, first],
  ] as const
  expect(await grant({ usedLate })).toBeGreaterThanOrEqual(first + 5000 + 1_002_500)
  expect(await redis.zscore(keysOf(keySpace.prefix).permits(COMMAND), '1')).toBeNull()
})
