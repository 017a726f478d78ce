/**
 * The purpose of each rule of the limiter: without the rule, a fleet with certain faults breaks promise 1 or 2 of the
 * design; with the rule it does not. In virtual time, with the real script in a real Redis.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type PrivateRedis, startPrivateRedis } from '../../../private-redis/private-redis.ts'
import { type Played, play } from '../../helpers/virtual/limit-property.ts'
import { RULES, type Rule } from '../../helpers/virtual/limiter-rules.ts'
import { loadLimiterWith } from '../../helpers/virtual/limiter-without.ts'
import { realLimiter } from '../../helpers/virtual/virtual-fleet.ts'

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8]

let redis: PrivateRedis
beforeAll(async () => {
  redis = await startPrivateRedis()
})
afterAll(() => redis.stop())

const inTurn = ({ scenario }: Rule, seed: number, createLimiter: typeof realLimiter): Promise<Played> =>
  play({ ...scenario, seed }, { url: redis.url, prefix: `{rule-${seed}}` }, createLimiter)

/** Finds the first seed with which the fleet breaks a promise, and how. */
async function firstBroken(rule: Rule, createLimiter: typeof realLimiter): Promise<[number, Played] | undefined> {
  for (const seed of SEEDS) {
    const played = await inTurn(rule, seed, createLimiter)
    if (rule.broken(played)) return [seed, played]
  }
  return undefined
}

describe.each(RULES)('$name', rule => {
  it('is needed', async ({ annotate }) => {
    const found = await firstBroken(rule, await loadLimiterWith(rule.without))
    expect(found, 'a fleet that breaks a promise without the rule').toBeDefined()
    const [seed = 0, without] = found ?? []
    const withRule = await inTurn(rule, seed, realLimiter)
    await annotate(JSON.stringify({ without, withRule }))
    expect(rule.broken(withRule), 'whether the same fleet breaks it with the rule').toBe(false)
  })
})
